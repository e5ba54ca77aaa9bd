"""Designs that differ from the paper's: 2 to 6 methods, kinds of checks, practice, none of these, reasons."""

from pathlib import Path

import numpy as np
import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from explanations.rendering import Rendering, draw
from survey.designing.noise import noise_maps
from survey.exporting import columns_of
from survey.models import Answer, Participation, PlannedQuestion, Study
from survey.models.plans import NotOffered
from survey.models.studies import StudyNotOpen
from survey.question_page import QuestionPage

pytestmark = pytest.mark.django_db


def rewritten(study, *, methods=None, labels=None, **changes):
    """The draft with another design, its questions written anew."""
    for name, value in changes.items():
        setattr(study, name, value)
    study.save()
    methods = methods or list(study.methods())
    study.write_questions(methods, labels or study.labels())
    return study


def choose(participation, position, place, reason=""):
    return PlannedQuestion.objects.record_answer(
        participation.public_id, position, place, timezone.now(), reason
    )


@pytest.mark.parametrize("n_methods", [2, 3, 4])
def test_every_question_offers_as_many_pictures_as_methods_are_compared(draft_study, n_methods):
    methods = list(draft_study.methods())[:n_methods]
    study = rewritten(draft_study, methods=methods, checks_noise=True, checks_instructed=True)
    assert {question.options.count() for question in study.questions.all()} == {n_methods}
    assert study.n_options == n_methods
    assert f"method_{n_methods}" in columns_of(study)
    assert f"method_{n_methods + 1}" not in columns_of(study)


@pytest.mark.parametrize("n_methods", [1, 7])
def test_one_method_or_seven_are_refused(draft_study, n_methods):
    methods = (list(draft_study.methods()) * 2)[:n_methods]
    with pytest.raises(ValidationError, match=f"{n_methods} methods are compared; allowed are 2 to 6"):
        draft_study.write_questions(methods, draft_study.labels())


def test_kinds_of_checks_take_turns(draft_study):
    study = rewritten(draft_study, checks_noise=True, checks_instructed=True)
    kinds = list(study.questions.filter(kind="check").values_list("check_kind", flat=True))
    assert kinds == ["other class", "noise", "instructed", "other class", "noise"]


def test_the_wrong_pictures_of_a_noise_check_are_the_right_ones_pixels_shuffled(draft_study):
    study = rewritten(draft_study, checks_noise=True, checks_other_class=False)
    for question in study.questions.filter(kind="check"):
        right, *wrong = (Path(option.class_map.image.path).read_bytes() for option in question.options.all())
        assert len({right, *wrong}) == 4
        assert {len(picture) for picture in wrong} == {len(right)}


def test_noise_is_drawn_once_for_a_set(draft_study):
    study = rewritten(draft_study, checks_noise=True, checks_other_class=False)
    count = study.explanation_set.class_maps.count()
    study.write_questions(study.methods(), study.labels())
    assert study.explanation_set.class_maps.count() == count


def test_an_instructed_check_names_the_place_of_its_right_picture(draft_study):
    study = rewritten(draft_study, checks_instructed=True, checks_other_class=False)
    study.open()
    someone = Participation.objects.enrol(study, "someone")
    planned = someone.plan.filter(question__kind="check").first()
    [right] = planned.question.options.filter(is_right=True)
    page = QuestionPage.of(planned, study.frozen(), study.text_in("en"), 25)
    assert page.heading == (
        f"To show that you read the questions, please choose picture {planned.place_of(right)} here."
    )


def test_checks_of_no_kind_are_refused_by_the_database(draft_study):
    with pytest.raises(IntegrityError), transaction.atomic():
        Study.objects.filter(pk=draft_study.pk).update(checks_other_class=False)


@pytest.mark.parametrize("n_practice", [0, 1, 3])
def test_practice_comes_before_the_first_question(draft_study, answer, n_practice):
    study = rewritten(draft_study, n_practice=n_practice)
    study.open()
    someone = Participation.objects.enrol(study, "someone")
    practised = [planned.position for planned in someone.plan.filter(question__kind="practice")]
    assert practised == list(range(1 - n_practice, 1))
    answer(someone, 26)
    assert someone.is_complete


def test_three_practice_questions_have_pages_of_their_own(participant, draft_study):
    study = rewritten(draft_study, n_practice=3)
    study.open()
    Participation.objects.enrol(study, "someone")
    page = participant.get("/p/someone/instructions/").content.decode()
    assert "/p/someone/practice/2/" in page
    first = participant.get("/p/someone/practice/2/")
    assert "Practice" in first.content.decode()


def test_one_replicate_gives_half_as_many_questions(draft_study):
    study = rewritten(draft_study, replicates=1)
    assert study.questions.filter(kind="scored").count() == 10


@pytest.fixture
def none_study(draft_study):
    """Open, with a button for none of the pictures, and a field for the reason."""
    study = rewritten(draft_study, allows_none=True, asks_reason=True)
    study.open()
    return study


def test_none_of_these_is_an_answer_without_a_method(none_study, answer, votes_of):
    someone = Participation.objects.enrol(none_study, "someone")
    answer(someone, 1)
    choose(someone, 1, 0)
    row = votes_of(none_study)[-1]
    assert (row["position"], row["chosen_position"], row["chosen_method"]) == ("1", "0", "")


def test_the_page_says_that_none_was_chosen(participant, none_study, answer):
    someone = Participation.objects.enrol(none_study, "someone")
    answer(someone, 1)
    assert "None of these" in participant.get("/p/someone/1/").content.decode()
    choose(someone, 1, 0)
    assert "You chose none of these." in participant.get("/p/someone/1/").content.decode()


def test_none_of_these_is_refused_where_it_is_not_offered(participation):
    with pytest.raises(NotOffered):
        choose(participation, 0, 0)


def test_a_reason_is_stored_with_the_answer_and_is_in_no_vote_table(none_study, answer, votes_of):
    someone = Participation.objects.enrol(none_study, "someone")
    answer(someone, 1)
    choose(someone, 1, 2, "the loop is clear")
    assert Answer.objects.get(planned__position=1).reason == "the loop is clear"
    assert all("the loop" not in str(row) for row in votes_of(none_study))


def test_a_reason_is_not_stored_where_it_is_not_asked(participation):
    choose(participation, 0, 1, "unasked")
    assert Answer.objects.get().reason == ""


def test_withdrawing_erases_reasons_even_where_the_answers_stay(none_study, answer):
    Study.objects.filter(pk=none_study.pk).update(on_withdrawal="keep")
    someone = Participation.objects.enrol(none_study, "someone")
    answer(someone, 1)
    choose(someone, 1, 2, "I am known for this")
    Participation.objects.withdraw(none_study, someone.receipt_code)
    assert set(Answer.objects.values_list("reason", flat=True)) == {""}


def test_who_fails_too_many_checks_ends_at_once_where_the_study_says_so(draft_study, answer):
    study = rewritten(draft_study, on_failed_checks="at once")
    study.open()
    someone = Participation.objects.enrol(study, "someone")
    for position in range(26):
        if not someone.may_answer:
            break
        answer(someone, position + 1, wrong_checks=1)
    assert (someone.status, someone.checks_passed, someone.place, someone.kept) == ("failed", 0, None, False)
    assert someone.outcome == "failed_checks"
    assert someone.exclusion == "0 of 5 attention checks passed, 4 needed"


def test_a_pause_keeps_people_from_starting_but_not_from_going_on(open_study, participation, answer):
    assert open_study.pause()
    assert not open_study.pause()
    with pytest.raises(StudyNotOpen):
        Participation.objects.enrol(open_study, "late")
    assert answer(participation, 26).is_complete
    assert open_study.resume()
    assert Participation.objects.enrol(open_study, "late")


def test_a_paused_study_can_be_closed(open_study):
    open_study.pause()
    assert open_study.close()
    assert not open_study.resume()


def test_the_welcome_page_of_a_paused_study_lets_nobody_start(participant, open_study):
    open_study.pause()
    assert participant.get(reverse("participant:welcome", args=["digits"])).status_code == 410


def test_the_quota_of_an_open_study_only_grows(open_study):
    Study.objects.filter(pk=open_study.pk).update(quota=10)
    assert not open_study.extend_quota(9)
    assert open_study.extend_quota(12)
    assert open_study.quota == 12
    assert open_study.extend_quota(None)
    assert not open_study.extend_quota(5)


def test_noise_fits_into_the_length_of_compressed_pictures(draft_study):
    """A compressed picture is shorter than its pixels in disorder: similar colours are merged."""
    mean = draft_study.explanation_set.class_maps.filter(method__slug="class-mean").first()
    maps = {"smooth": np.outer(np.hanning(60), np.hanning(60))}
    content = draw(maps, Rendering())["smooth"]
    with mean.image.storage.open(mean.image.name, "wb") as file:
        file.write(content)
    [noise] = noise_maps(mean, 1)
    assert noise.image.size == len(content)
    assert Path(noise.image.path).read_bytes() != content
