"""Studies of single images: the image stands beside the pictures that explain it, in every question."""

import io
import re
import shutil
import zipfile

import pytest
from django.urls import reverse
from django.utils.html import escape

from explanations import manifest as manifests
from survey.background import rehearsing
from survey.files.archive import restore_archive, write_archive
from survey.files.study_file import export_study, import_study
from survey.importing import ImportRefused, import_set
from survey.models import Answer, AuditEvent, ExplanationSet, Original, Participation, PlannedQuestion, Study
from survey.models.jobs import Job
from survey.models.plans import draw_plan

pytestmark = pytest.mark.django_db

SEEN = {"cat": "tiger cat", "cup": "espresso", "rocket": "missile", "flower": "daisy", "house": "palace"}


@pytest.fixture
def image_participation(open_image_study):
    return Participation.objects.enrol(open_image_study, "begun-participation")


def page(client, participation, position):
    address = reverse("participant:question", args=[participation.public_id, position])
    return client.get(address).content.decode()


def original_in(html):
    found = re.findall(r'<p class="original"><img src="(/pictures/[\w-]{16}\.png)"', html)
    assert len(found) == 1
    return found[0]


def test_every_image_becomes_a_label_with_its_original(image_set):
    assert image_set.labels() == list(SEEN)
    assert (image_set.original_width, image_set.original_height) == (12, 9)
    assert {o.label: o.seen for o in Original.objects.all()} == SEEN


def test_a_question_shows_the_image_that_it_asks_about_and_says_what_the_network_sees(
    participant, image_participation, answer
):
    originals = image_participation.study.explanation_set.originals_by_label
    for planned in image_participation.plan.filter(position__gt=0).select_related("question"):
        answer(image_participation, planned.position)
        html = page(participant, image_participation, planned.position)
        original = originals[planned.question.label]
        assert original_in(html) == original.get_absolute_url()
        assert escape(f"A computer sees “{original.seen}” in this image.") in html


def test_practice_shows_its_image_too_before_and_after_the_answer(participant, image_participation):
    practice = reverse("participant:practice", args=[image_participation.public_id])
    label = image_participation.plan.get(position=0).question.label
    address = image_participation.study.explanation_set.originals_by_label[label].get_absolute_url()
    assert original_in(participant.get(practice).content.decode()) == address
    PlannedQuestion.objects.record_answer(
        image_participation.public_id, 0, 1, image_participation.consented_at
    )
    assert original_in(participant.get(practice).content.decode()) == address


def test_the_next_questions_image_is_fetched_ahead(participant, image_participation, answer):
    answer(image_participation, 1)
    html = page(participant, image_participation, 1)
    following = image_participation.plan.get(position=2).question.label
    address = image_participation.study.explanation_set.originals_by_label[following].get_absolute_url()
    assert f'<link rel="prefetch" as="image" href="{address}">' in html


def test_an_original_is_sent_as_any_other_picture(participant, open_image_study, image_folder):
    original = Original.objects.get(label="cup")
    response = participant.get(original.get_absolute_url())
    option = open_image_study.questions.first().options.first()
    assert (
        response.content == (image_folder / manifests.read(image_folder).original("cup").image).read_bytes()
    )
    headers = [dict(participant.get(one.get_absolute_url()).headers) for one in (original, option)]
    assert [h.pop("Content-Length") for h in headers]
    assert headers[0] == headers[1]


def skeleton(html, participation):
    html = html.replace(participation.public_id, "ID")
    html = re.sub(r'<link rel="prefetch"[^>]*>\s*', "", html)
    html = re.sub(r'value="[^"]{20,}"', 'value="SIGNED"', html)
    html = re.sub(r"/pictures/[\w-]{16}\.png", "/pictures/TOKEN.png", html)
    html = re.sub("|".join(SEEN.values()), "SEEN", html)
    return re.sub(r"\d+ of \d+|value=\"\d+\" max", "N", html)


def test_pages_of_checks_and_scored_questions_differ_in_nothing_but_images_and_names(
    participant, image_participation, answer
):
    seen = {"scored": set(), "check": set()}
    for planned in image_participation.plan.filter(position__gt=0).select_related("question"):
        answer(image_participation, planned.position)
        html = page(participant, image_participation, planned.position)
        seen[planned.question.kind].add(skeleton(html, image_participation))
    assert seen["scored"] == seen["check"]
    assert len(seen["check"]) == 1


def test_no_page_names_a_method_or_the_image_by_its_label(participant, image_participation, answer):
    for planned in image_participation.plan.filter(position__gt=0).select_related("question"):
        answer(image_participation, planned.position)
        html = page(participant, image_participation, planned.position).lower()
        for word in ("lime", "smoothgrad", "vargrad", "check", "replicate", "rocket", "house"):
            assert word not in html


def test_an_original_is_no_answer(participant, image_participation, answer):
    answer(image_participation, 1)
    assert page(participant, image_participation, 1).count("<button") == 4


def test_every_question_of_the_preview_shows_its_image_and_nothing_is_stored(researcher, image_study):
    originals = image_study.explanation_set.originals_by_label
    plan = draw_plan(image_study, image_study.seed, place=0)
    assert len(plan) == 16
    for planned in plan:
        step = planned.position or "practice"
        html = researcher.get(f"/studio/studies/photos/preview/{step}/").content.decode()
        original = originals[planned.question.label]
        assert original_in(html) == original.get_absolute_url()
        assert escape(f"A computer sees “{original.seen}” in this image.") in html
        assert html.count('<img src="/pictures/') == 1 + 4
    assert not Participation.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_programs_rehearse_a_study_of_images_over_http(image_study, live_server):
    rehearsal = rehearsing.begin(image_study, 2, live_server.url, None)
    rehearsing.rehearse.call(rehearsal.pk, rehearsal.attempt)
    rehearsal.refresh_from_db()
    assert (rehearsal.error, rehearsal.status) == ("", Job.Status.DONE)
    answers = Answer.objects.filter(planned__participation__study=rehearsal.copy)
    assert answers.count() == 2 * 16
    assert {label for (label,) in answers.values_list("planned__question__label")} == set(SEEN)


def test_the_gallery_shows_every_image_with_what_the_network_sees(
    researcher, image_set, django_assert_max_num_queries
):
    with django_assert_max_num_queries(9):
        html = researcher.get(image_set.get_absolute_url()).content.decode()
    assert html.count('class="row-original"') == len(SEEN)
    assert "rocket: missile" in html


@pytest.mark.parametrize("language", ["en", "de", "es", "zh-hans"])
def test_the_texts_speak_of_the_image_in_every_language(image_study, language):
    text = image_study.texts.get(language=language)
    assert "{label}" in text.question
    others = text.question, text.instructions
    assert not any("pixel" in words.lower() for words in others)


def test_the_study_file_makes_the_same_study_again(image_study):
    file = export_study(image_study)
    assert export_study(import_study(file, slug="again")) == file


def answered(study, answer):
    for number in range(2):
        answer(Participation.objects.enrol(study, f"person-{number}"), 16)
    study.close()
    return Study.objects.get(pk=study.pk)


def test_an_archive_holds_the_images_and_restores_them(open_image_study, answer, image_folder, participant):
    study, file = answered(open_image_study, answer), io.BytesIO()
    write_archive(study, file)
    names = set(zipfile.ZipFile(file).namelist())
    assert {f"set/{original.image}" for original in manifests.read(image_folder).originals} <= names
    AuditEvent.objects.all()._raw_delete("default")
    for model in (Answer, PlannedQuestion, Participation, Study, ExplanationSet):
        model.objects.all().delete()
    restored = restore_archive(file)
    again = io.BytesIO()
    write_archive(restored, again)
    assert again.getvalue() == file.getvalue()
    original = restored.explanation_set.originals_by_label["cup"]
    assert participant.get(original.get_absolute_url()).status_code == 200


def test_votes_name_the_image(open_image_study, answer, votes_of):
    study = answered(open_image_study, answer)
    assert {row["label"] for row in votes_of(study)} == set(SEEN)


def test_an_original_that_was_changed_stops_the_import(image_folder):
    path = image_folder / manifests.read(image_folder).originals[0].image
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(ImportRefused, match=r"originals/\w+\.png: SHA-256 is"):
        import_set(image_folder)
    assert not ExplanationSet.objects.exists()


def test_a_zip_may_hold_originals(researcher, image_folder, tmp_path):
    zipped = shutil.make_archive(str(tmp_path / "zipped"), "zip", image_folder)
    with open(zipped, "rb") as file:
        assert researcher.post("/studio/sets/upload/", {"file": file}).status_code == 302
    assert Original.objects.count() == len(SEEN)


def test_a_set_of_classes_asks_nothing_of_originals(explanation_set, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert explanation_set.asked_for("3") == "3"
        assert not explanation_set.is_of_images
