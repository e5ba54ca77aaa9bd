"""The same moment, from many sides. On both databases: SQLite queues writers, PostgreSQL lets them meet."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from survey.models import Answer, Participation, PlannedQuestion, Study
from survey.models.plans import AnswerRefused
from survey.models.studies import StudyFull, StudyQuerySet
from survey.models.throttles import Limit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

THREADS = 8


def at_once(function, arguments, *, is_crowd=False):
    """Calls `function` with each argument in a thread of its own, all at one moment; the results in order.

    A crowd is larger than the pool of connections, so nobody waits for the others with one in hand.
    """
    arguments = list(arguments)
    barrier = Barrier(len(arguments), timeout=20)

    def call(argument):
        try:
            if not is_crowd:
                connection.ensure_connection()
            barrier.wait()
            return function(argument)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(call, arguments))


def choose(participation, position, place):
    return PlannedQuestion.objects.record_answer(participation.public_id, position, place, timezone.now())


def test_of_different_answers_at_the_same_moment_exactly_one_is_stored(participation):
    def answer(place):
        try:
            choose(participation, 0, place)
            return place
        except AnswerRefused as refusal:
            return str(refusal)

    outcomes = at_once(answer, [1, 2, 3, 4])
    stored = Answer.objects.get().chosen_position
    assert outcomes.count(stored) == 1
    assert outcomes.count("You had already answered this question. Your first answer is kept.") == 3


def test_the_same_answer_many_times_at_one_moment_is_stored_once_and_acknowledged_each_time(participation):
    def answer(_):
        return choose(participation, 0, 3)

    assert at_once(answer, range(THREADS)) == [1] * THREADS
    assert Answer.objects.get().chosen_position == 3


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

    def finish(_):
        choose(participation, 25, 1)
        return Participation.objects.get(pk=participation.pk).finished_at

    assert len(set(at_once(finish, range(THREADS)))) == 1


def test_a_limit_holds_for_all_processes_together(db):
    limit = Limit("knocks", times=3, seconds=3600)
    within = at_once(lambda _: limit.count("192.0.2.7"), range(THREADS))
    assert within.count(True) == 3


CROWD, QUOTA = 200, 50


def rush(study):
    """What becomes of a crowd that enrols at one moment: a place for each, or the name of the refusal."""

    def enrol(number):
        try:
            return Participation.objects.enrol(study, f"person-{number}").place
        except (StudyFull, IntegrityError) as refusal:
            return type(refusal).__name__

    return at_once(enrol, range(CROWD), is_crowd=True)


def test_of_two_hundred_participants_at_once_exactly_the_quota_gets_a_place(open_study):
    Study.objects.update(quota=QUOTA)
    outcomes = rush(open_study)
    assert sorted(place for place in outcomes if place != "StudyFull") == list(range(QUOTA))
    assert outcomes.count("StudyFull") == CROWD - QUOTA
    assert Participation.objects.count() == QUOTA


def test_without_the_lock_the_crowd_collides(open_study, monkeypatch):
    """The negative control of the test above: those who take one place at a time meet in the constraint.

    On PostgreSQL only: SQLite has one writer, with or without the lock.
    """
    monkeypatch.setattr(StudyQuerySet, "locked", lambda studies: studies)
    Study.objects.update(quota=QUOTA)
    assert ("IntegrityError" in rush(open_study)) == (connection.vendor == "postgresql")


def test_without_lock_and_constraint_the_quota_is_overrun(open_study, monkeypatch):
    monkeypatch.setattr(StudyQuerySet, "locked", lambda studies: studies)
    Study.objects.update(quota=QUOTA)
    constraint = next(c for c in Participation._meta.constraints if c.name == "place_held_once_in_a_study")
    with connection.schema_editor() as editor:
        editor.remove_constraint(Participation, constraint)
    try:
        rush(open_study)
        assert (Participation.objects.count() > QUOTA) == (connection.vendor == "postgresql")
    finally:
        PlannedQuestion.objects.all().delete()
        Participation.objects.all().delete()
        with connection.schema_editor() as editor:
            editor.add_constraint(Participation, constraint)


def test_places_freed_by_idleness_are_taken_once_each_by_a_crowd(open_study):
    Study.objects.update(quota=8)
    for number in range(8):
        Participation.objects.enrol(open_study, f"early-{number}")
    Participation.objects.filter(place__lt=3).update(active_at=timezone.now() - timedelta(days=1))
    outcomes = rush(open_study)
    assert sorted(place for place in outcomes if place != "StudyFull") == [0, 1, 2]
