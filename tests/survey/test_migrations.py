"""What was stored by an older version is there, as it was meant, in a newer one."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def migrate():
    """The function that brings the database to a migration and gives the models of that time."""

    def to(name):
        executor = MigrationExecutor(connection)
        executor.migrate([("survey", name)])
        return MigrationExecutor(connection).loader.project_state([("survey", name)]).apps

    yield to
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def study_of(apps, **fields):
    """A study with one explanation set and two questions, as an older version stored it."""
    explanation_set = apps.get_model("survey", "ExplanationSet").objects.create(
        slug="set",
        digest="0",
        manifest="{}",
        seed=0,
        test_accuracy=1,
        picture_width=8,
        picture_height=8,
    )
    study = apps.get_model("survey", "Study").objects.create(
        slug="old",
        title="Old",
        explanation_set=explanation_set,
        consent_text="Consent",
        instructions_text="Instructions",
        question_text="Which {label}?",
        thanks_text="Thanks",
        **fields,
    )
    method = explanation_set.methods.create(slug="m", title="M", purpose="comparison")
    class_map = method.class_maps.create(label="3", replicate=1)
    for kind in ("practice", "scored"):
        question = study.questions.create(kind=kind, label="3", replicate=1)
        question.options.create(number=1, class_map=class_map, token=kind)
    return study


def begin(apps, study, public_id, *, answered, **fields):
    participation = study.participations.create(
        public_id=public_id, completion_code=public_id, consented_at=NOON, **fields
    )
    for position, question in enumerate(study.questions.order_by("pk")):
        planned = participation.plan.create(question=question, position=position, option_order="1")
        if position < answered:
            apps.get_model("survey", "Answer").objects.create(
                planned=planned, option=question.options.get(), shown_at=NOON, answered_at=NOON
            )
    return participation


def test_places_positions_and_receipts_are_given_to_who_took_part_before_there_were_any(migrate):
    apps = migrate("0002_add_places_and_quotas")
    study = study_of(apps)
    begin(
        apps, study, "complete", answered=2, status="complete", finished_at=NOON, checks_passed=1, kept=True
    )
    begin(apps, study, "careless", answered=2, status="complete", finished_at=NOON, checks_passed=0)
    begin(apps, study, "answering", answered=1, status="answering", last_answer_at=NOON)
    begin(apps, study, "begun", answered=0, status="answering")
    apps = migrate("0007_constrain_screening_and_withdrawal")
    people = apps.get_model("survey", "Participation").objects.order_by("pk")
    assert list(people.values_list("public_id", "status", "place", "next_position", "last_position")) == [
        ("complete", "complete", 0, 2, 1),
        ("careless", "complete", None, 2, 1),
        ("answering", "answering", 1, 1, 1),
        ("begun", "started", 2, 0, 1),
    ]
    assert len(set(people.values_list("receipt_code", flat=True))) == 4
    assert set(people.values_list("screened_at", flat=True)) == {NOON}


def test_the_texts_of_a_study_become_its_english_ones(migrate):
    apps = migrate("0007_constrain_screening_and_withdrawal")
    study_of(apps, screening_questions="Of age?")
    apps = migrate("0010_remove_texts_of_one_language")
    text = apps.get_model("survey", "StudyText").objects.values().get()
    del text["id"], text["study_id"]
    assert text == {
        "language": "en",
        "title": "Old",
        "screening": "Of age?",
        "question": "Which {label}?",
        "consent": "Consent",
        "instructions": "Instructions",
        "thanks": "Thanks",
    }


def test_images_of_older_sets_were_explained_for_the_class_that_is_seen(migrate):
    apps = migrate("0044_let_a_plan_name_contrasts_a_baseline_and_a_smallest_difference")
    explanation_set = apps.get_model("survey", "ExplanationSet").objects.create(
        slug="set", digest="0", manifest="{}", seed=0, test_accuracy=1, picture_width=8, picture_height=8
    )
    explanation_set.originals.create(label="cat-1", seen="lynx")
    original = migrate("0045_let_sets_leave_facts_unstated").get_model("survey", "Original").objects.get()
    assert original.target == "lynx"
