from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from survey.models import Answer, Participation, PlannedQuestion
from survey.models.plans import AnswerRefused, draw_plan
from survey.models.studies import StudyNotOpen

pytestmark = pytest.mark.django_db


def orders(plan):
    return [(planned.question_id, planned.option_order) for planned in plan]


def choose(participation, place, shown_at=None, *, position=0):
    """Records the choice of a place, in practice unless another position is given; gives what is stored."""
    PlannedQuestion.objects.record_answer(
        participation.public_id, position, place, shown_at or timezone.now()
    )
    return Answer.objects.get(planned__position=position)


def test_a_plan_has_practice_first_then_twenty_scored_questions_and_five_checks(participation):
    kinds = list(participation.plan.values_list("question__kind", flat=True))
    assert kinds[0] == "practice"
    assert sorted(kinds[1:]) == ["check"] * 5 + ["scored"] * 20
    assert list(participation.plan.values_list("position", flat=True)) == list(range(26))


def test_a_plan_is_the_same_for_the_same_seed_and_place_and_another_for_others(open_study):
    plan = orders(draw_plan(open_study, seed=7, place=0))
    assert orders(draw_plan(open_study, seed=7, place=0)) == plan
    assert orders(draw_plan(open_study, seed=8, place=0)) != plan
    assert sorted(orders(draw_plan(open_study, seed=7, place=1))) != sorted(plan)


def test_the_order_of_questions_and_options_is_drawn_once_and_stored(participation):
    drawn = draw_plan(participation.study, participation.seed, participation.place)
    assert orders(participation.plan.all()) == orders(drawn)


def test_every_option_stands_in_every_place_equally_often(open_study):
    people = [Participation.objects.enrol(open_study, f"person-{n}") for n in range(8)]
    for question in open_study.questions.all():
        placed = PlannedQuestion.objects.filter(participation__in=people, question=question)
        for order in zip(*placed.values_list("option_order", flat=True), strict=True):
            assert sorted(order) == sorted("1234" * 2)


def test_the_orders_of_one_person_do_not_follow_one_another(participation):
    """24 orders are possible; 26 questions of one person show more than a Latin square's four."""
    assert len(set(participation.plan.values_list("option_order", flat=True))) > 8


def test_enrolling_twice_with_one_invitation_begins_one_participation(open_study):
    first = Participation.objects.enrol(open_study, "same")
    second = Participation.objects.enrol(open_study, "same")
    assert first == second
    assert first.plan.count() == 26


def test_the_same_answer_twice_is_harmless(participation):
    now = timezone.now()
    first = choose(participation, 2, now)
    second = choose(participation, 2, now + timedelta(seconds=1))
    assert first == second
    assert Answer.objects.count() == 1


def test_a_second_answer_to_a_question_is_refused_and_the_first_is_kept(participation):
    first = choose(participation, 2)
    with pytest.raises(
        AnswerRefused, match=r"^You had already answered this question. Your first answer is kept.$"
    ):
        choose(participation, 3)
    assert Answer.objects.get() == first
    assert Answer.objects.get().chosen_position == 2


def test_an_answer_out_of_turn_is_refused(participation):
    with pytest.raises(AnswerRefused, match=r"^Please answer the questions before this one first.$"):
        choose(participation, 1, position=1)
    assert not Answer.objects.exists()


def test_an_answer_to_a_closed_study_is_refused(participation):
    participation.study.close()
    with pytest.raises(StudyNotOpen):
        choose(participation, 1)


def test_an_answer_keeps_the_chosen_option_and_where_it_stood(participation):
    planned = participation.plan.get(position=0)
    choose(participation, 3)
    stored = Answer.objects.get()
    assert str(stored.option.number) == planned.option_order[2]
    assert stored.chosen_position == 3


def test_the_response_time_is_from_page_to_answer(participation):
    answer = choose(participation, 1, timezone.now() - timedelta(seconds=5))
    assert 5000 <= answer.response_ms < 7000


def test_a_clock_set_back_gives_no_negative_response_time(participation):
    answer = choose(participation, 1, timezone.now() + timedelta(hours=1))
    assert answer.response_ms == 0


def test_the_last_answer_completes_the_participation(participation, answer):
    answer(participation, 25)
    assert not participation.is_complete
    answer(participation, 26)
    assert participation.is_complete
    assert participation.checks_passed == 5
    assert participation.kept


@pytest.mark.parametrize(("wrong", "kept"), [(0, True), (1, True), (2, False), (5, False)])
def test_who_passes_four_of_five_checks_is_kept(participation, answer, wrong, kept):
    answer(participation, 26, wrong_checks=wrong)
    assert (participation.checks_passed, participation.kept) == (5 - wrong, kept)


def test_who_is_not_kept_keeps_every_answer(participation, answer):
    answer(participation, 26, wrong_checks=5)
    assert Answer.objects.filter(planned__participation=participation).count() == 26


@pytest.mark.parametrize(
    "change",
    [
        {"kept": True},
        {"checks_passed": 5},
        {"status": "complete"},
        {"status": "complete", "checks_passed": 5},
    ],
)
def test_the_database_refuses_an_outcome_that_does_not_fit_the_status(participation, change):
    with pytest.raises(IntegrityError), transaction.atomic():
        Participation.objects.filter(pk=participation.pk).update(**change)


def test_what_was_answered_cannot_be_deleted(complete_participation):
    study = complete_participation.study
    for protected in (study, study.explanation_set, study.questions.first(), complete_participation):
        with pytest.raises(ProtectedError):
            protected.delete()


def test_codes_of_participants_open_no_page(participation):
    assert participation.code == f"P{participation.pk:05d}"
    assert participation.code != participation.public_id


def test_who_is_excluded_is_told_why_in_one_query(open_study, answer, django_assert_num_queries):
    answer(Participation.objects.enrol(open_study, "kept"), 26)
    answer(Participation.objects.enrol(open_study, "careless"), 26, wrong_checks=3)
    answer(Participation.objects.enrol(open_study, "begun"), 5)
    with django_assert_num_queries(1):
        reasons = [participation.exclusion for participation in open_study.participations.excluded()]
    assert reasons == ["2 of 5 attention checks passed, 4 needed", "not complete: answering"]
