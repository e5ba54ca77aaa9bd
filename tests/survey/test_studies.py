import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from PIL import Image

from survey.designing.likeness import least_alike
from survey.designing.reference_study import create_reference_study
from survey.models import ClassMap, Option, Participation, Study

pytestmark = pytest.mark.django_db


def test_the_reference_study_is_the_papers(draft_study):
    kinds = list(draft_study.questions.values_list("kind", flat=True))
    assert (kinds.count("scored"), kinds.count("check"), kinds.count("practice")) == (20, 5, 1)
    assert draft_study.min_passed == 4
    assert [str(method) for method in draft_study.methods()] == ["NormLIME", "LIME", "SmoothGrad", "VarGrad"]
    assert draft_study.text_in("en").wording("9") == (
        "Which picture best highlights the pixels that distinguish the number 9 "
        "from the other nine possible digits?"
    )


def test_a_scored_question_offers_one_picture_by_each_method(draft_study):
    for question in draft_study.questions.filter(kind="scored"):
        maps = [option.class_map for option in question.options.all()]
        assert [class_map.method.slug for class_map in maps] == ["normlime", "lime", "smoothgrad", "vargrad"]
        assert {(class_map.label, class_map.replicate) for class_map in maps} == {
            (question.label, question.replicate)
        }


def test_a_check_has_one_fitting_picture_and_three_of_another_class_two_of_them_the_same(draft_study):
    for question in draft_study.questions.filter(kind="check"):
        right, *wrong = question.options.all()
        assert (right.is_right, right.class_map.label) == (True, question.label)
        assert len({option.class_map.label for option in wrong}) == 1
        assert wrong[0].class_map.label != question.label
        assert len({option.class_map_id for option in wrong}) == 2


def test_pictures_of_checks_and_practice_come_from_no_compared_method(draft_study):
    options = Option.objects.filter(question__study=draft_study).exclude(question__kind="scored")
    assert set(options.values_list("class_map__method__slug", flat=True)) == {"class-mean"}


def test_the_checks_ask_about_different_classes(draft_study):
    labels = list(draft_study.questions.filter(kind="check").values_list("label", flat=True))
    assert len(set(labels)) == 5


def test_more_checks_than_classes_ask_again(explanation_set):
    study = Study.objects.create(
        slug="s",
        explanation_set=explanation_set,
        n_checks=12,
        min_passed=9,
    )
    study.write_questions(explanation_set.compared_methods(), explanation_set.labels())
    assert study.questions.filter(kind="check").count() == 12


def test_a_study_of_two_classes_without_checks_can_be_written(explanation_set):
    study = Study.objects.create(
        slug="s",
        explanation_set=explanation_set,
        n_checks=0,
        min_passed=0,
    )
    study.write_questions(explanation_set.compared_methods(), ["4", "9"])
    assert study.labels() == ["4", "9"]
    assert study.questions.count() == 5
    assert all(question.options.count() == 4 for question in study.questions.all())


def test_the_other_pictures_of_a_check_look_unlike_the_asked_class(explanation_set):
    """Classes 0 to 3 are one pattern, 4 to 9 its negative: the half least like 0 is made of the latter."""
    means = {m.label: m for m in ClassMap.objects.filter(method__slug="class-mean", replicate=1)}
    pattern = np.arange(64).reshape(8, 8).astype(np.uint8)
    for label, class_map in means.items():
        picture = Image.fromarray(pattern if label < "4" else 63 - pattern, "P")
        picture.putpalette(list(range(256)) * 3)
        with class_map.image.storage.open(class_map.image.name, "wb") as file:
            picture.save(file, "png")
    assert set(least_alike("0", means)) <= set("456789")
    assert len(least_alike("0", means)) == 5


def test_questions_are_frozen_once_the_study_is_open(open_study):
    with pytest.raises(ValidationError, match="frozen since it opened"):
        open_study.write_questions(open_study.methods(), open_study.labels())
    assert open_study.questions.count() == 26


def test_opening_and_closing_happen_once(draft_study):
    assert not draft_study.close()
    assert draft_study.open()
    assert not draft_study.open()
    assert draft_study.close()
    assert not draft_study.close()
    assert not draft_study.open()


@pytest.mark.parametrize(
    "change", [{"min_passed": 6}, {"status": "open"}, {"status": "closed"}, {"status": "no such"}]
)
def test_the_database_refuses_a_study_that_contradicts_itself(draft_study, change):
    with pytest.raises(IntegrityError), transaction.atomic():
        Study.objects.filter(pk=draft_study.pk).update(**change)


def test_one_right_option_at_most(draft_study):
    check = draft_study.questions.filter(kind="check").first()
    with pytest.raises(IntegrityError), transaction.atomic():
        check.options.update(is_right=True)


def test_counts_set_simulated_participants_apart(complete_participation, open_study, answer):
    answer(Participation.objects.enrol(open_study, "bot", simulated=True), 26)
    answer(Participation.objects.enrol(open_study, "careless"), 26, wrong_checks=5)
    Participation.objects.enrol(open_study, "begun")
    study = Study.objects.with_counts().get(pk=open_study.pk)
    assert (study.started, study.completed, study.kept, study.simulated) == (3, 2, 1, 1)


def test_two_studies_of_one_set_have_pictures_of_their_own(explanation_set):
    first = create_reference_study(explanation_set, slug="first")
    second = create_reference_study(explanation_set, slug="second")
    tokens = [
        set(Option.objects.filter(question__study=s).values_list("token", flat=True)) for s in (first, second)
    ]
    assert not tokens[0] & tokens[1]
