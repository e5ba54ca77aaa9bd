"""The same moment, from many sides. On both databases: SQLite queues writers, PostgreSQL lets them meet."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from survey.models import Answer, Participation, PlannedQuestion, Study
from survey.models.participations import AnswerRefused

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

THREADS = 8


def at_once(function, arguments):
    """Calls `function` with each argument in a thread of its own, all at one moment; the results in order."""
    arguments = list(arguments)
    barrier = Barrier(len(arguments), timeout=20)

    def call(argument):
        try:
            connection.ensure_connection()
            barrier.wait()
            return function(argument)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(call, arguments))


def test_of_different_answers_at_the_same_moment_exactly_one_is_stored(participation):
    def answer(place):
        planned = PlannedQuestion.objects.get(participation=participation, position=0)
        try:
            return planned.record_answer(place, timezone.now()).chosen_position
        except AnswerRefused as refusal:
            return str(refusal)

    outcomes = at_once(answer, [1, 2, 3, 4])
    stored = Answer.objects.get().chosen_position
    assert outcomes.count(stored) == 1
    assert outcomes.count("You had already answered this question. Your first answer is kept.") == 3


def test_the_same_answer_many_times_at_one_moment_is_stored_once_and_acknowledged_each_time(participation):
    def answer(_):
        planned = PlannedQuestion.objects.get(participation=participation, position=0)
        return planned.record_answer(3, timezone.now()).chosen_position

    assert at_once(answer, range(THREADS)) == [3] * THREADS
    assert Answer.objects.count() == 1


def test_one_invitation_used_many_times_at_one_moment_begins_one_participation(open_study):
    def enrol(_):
        return Participation.objects.enrol(open_study, "invited").pk

    assert len(set(at_once(enrol, range(THREADS)))) == 1
    assert PlannedQuestion.objects.count() == 26


def test_many_participants_start_at_one_moment(open_study):
    at_once(lambda number: Participation.objects.enrol(open_study, f"participant-{number}"), range(THREADS))
    assert Participation.objects.count() == THREADS
    assert PlannedQuestion.objects.count() == THREADS * 26


def test_a_study_opened_twice_at_one_moment_is_opened_once(draft_study):
    opened = at_once(lambda pk: Study.objects.get(pk=pk).open(), [draft_study.pk] * THREADS)
    assert sorted(opened) == [False] * (THREADS - 1) + [True]


def test_the_last_answer_many_times_at_one_moment_finishes_once(participation, answer):
    answer(participation, 25)
    last = participation.plan.get(position=25)

    def finish(_):
        PlannedQuestion.objects.get(pk=last.pk).record_answer(1, timezone.now())
        return Participation.objects.get(pk=participation.pk).finished_at

    assert len(set(at_once(finish, range(THREADS)))) == 1
