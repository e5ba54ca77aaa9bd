"""A participation as a state machine: Hypothesis plays people who answer, pause, return, compete for it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as play

from survey.models import Answer, Participation, PlannedQuestion, Study
from survey.models.participations import MoveRefused
from survey.models.plans import AnswerRefused
from survey.models.studies import StudyFull, StudyNotOpen, new_token

pytestmark = pytest.mark.django_db

QUOTA = 2
LAST = 5  # one question for practice, four scored, one check
Status = Participation.Status


def small_study(explanation_set, **fields):
    """An open study of two classes with one check: six questions, the first for practice."""
    study = Study.objects.create(
        slug=new_token(), explanation_set=explanation_set, **{"n_checks": 1, "min_passed": 1, **fields}
    )
    study.texts.create(language="en", title="Small", question="{label}")
    study.write_questions(explanation_set.compared_methods(), ["4", "9"])
    study.open()
    return study


@pytest.mark.slow
def test_no_order_of_events_breaks_a_promise(explanation_set):
    class People(RuleBasedStateMachine):
        """Beside the database stands a model of it: what each person was told was stored."""

        people = Bundle("people")

        @initialize()
        def open_a_study(self):
            self.study = small_study(explanation_set, quota=QUOTA)
            self.acknowledged = {}  # (public id, position): place of the chosen picture
            self.is_closed = False

        @rule(target=people)
        def enrol(self):
            public_id = new_token()
            try:
                participation = Participation.objects.enrol(self.study, public_id)
            except StudyFull:
                assert self.held() == QUOTA
                return "nobody"
            except StudyNotOpen:
                assert self.is_closed
                return "nobody"
            assert participation.status == Status.STARTED
            return public_id

        @rule(public_id=people)
        def enrol_again(self, public_id):
            before = Participation.objects.filter(public_id=public_id).values().first()
            if before:
                Participation.objects.enrol(self.study, public_id)
                assert Participation.objects.filter(public_id=public_id).values().get() == before

        @rule(public_id=people, position=st.integers(0, LAST + 1), place=st.integers(1, 4))
        def answer(self, public_id, position, place):
            self.record(public_id, position, place)

        @rule(public_id=people, place=st.integers(1, 4), careful=st.booleans())
        def answer_in_turn(self, public_id, place, careful):
            planned = (
                PlannedQuestion.objects.filter(participation__public_id=public_id, answer=None)
                .select_related("question")
                .first()
            )
            if planned:
                if careful and planned.question.kind == "check":
                    place = planned.option_order.index("1") + 1
                self.record(public_id, planned.position, place)

        def record(self, public_id, position, place):
            known = self.acknowledged.get((public_id, position))
            try:
                PlannedQuestion.objects.record_answer(public_id, position, place, timezone.now())
            except AnswerRefused:
                assert known != place
            except StudyFull:
                assert self.held() == QUOTA
            except StudyNotOpen:
                assert self.is_closed
            except PlannedQuestion.DoesNotExist:
                assert public_id == "nobody" or position > LAST
            else:
                assert known in (None, place)
                self.acknowledged[public_id, position] = place

        @rule(public_id=people)
        def pause_for_too_long(self, public_id):
            long_ago = timezone.now() - timedelta(minutes=self.study.idle_minutes + 1)
            Participation.objects.filter(public_id=public_id).update(active_at=long_ago)

        @rule(public_id=consumes(people))
        def leave_for_good(self, public_id):
            pass

        @rule(public_id=consumes(people))
        def withdraw(self, public_id):
            participation = Participation.objects.filter(public_id=public_id).first()
            if participation:
                assert Participation.objects.withdraw(self.study, participation.receipt_code)
                self.acknowledged = {key: v for key, v in self.acknowledged.items() if key[0] != public_id}

        @rule(sure=st.integers(0, 9))
        def close(self, sure):
            if sure == 0:
                self.is_closed = self.study.close() or self.is_closed

        def held(self):
            return self.study.participations.filter(place__isnull=False).count()

        @invariant()
        def every_acknowledged_answer_is_stored_once_as_it_was_given(self):
            if hasattr(self, "study"):
                answers = Answer.objects.filter(planned__participation__study=self.study).select_related(
                    "planned__participation", "option"
                )
                stored = {
                    (a.planned.participation.public_id, a.planned.position): a.chosen_position
                    for a in answers
                }
                assert stored == self.acknowledged

        @invariant()
        def nobody_is_kept_or_answering_without_a_place_below_the_quota(self):
            if hasattr(self, "study"):
                for participation in self.study.participations.all():
                    holds = participation.is_under_way or participation.kept
                    assert holds == (participation.place is not None)
                    assert not holds or participation.place < QUOTA

    play(
        People,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("status", Status.values)
def test_every_state_says_what_may_follow(status):
    participation = Participation(pk=1, status=status)
    for following in set(Status.values) - Participation.MOVES[status]:
        with pytest.raises(
            MoveRefused, match=f"^P00001 is {status}; from there nobody goes to {following}.$"
        ):
            participation.move_to(following)
    assert participation.status == status


@pytest.mark.parametrize("status", [status for status in Status.values if status != Status.STARTED])
def test_the_database_refuses_a_state_without_what_belongs_to_it(participation, status):
    change = {"status": status, "next_position": 3} if status == Status.SCREENED_OUT else {"status": status}
    with pytest.raises(IntegrityError), transaction.atomic():
        Participation.objects.filter(pk=participation.pk).update(**change)


def test_a_place_is_held_once(open_study):
    for public_id in ("first", "second"):
        Participation.objects.enrol(open_study, public_id)
    with pytest.raises(IntegrityError), transaction.atomic():
        Participation.objects.filter(public_id="second").update(place=0)


def test_who_comes_when_all_places_are_taken_is_refused(explanation_set):
    study = small_study(explanation_set, quota=1)
    Participation.objects.enrol(study, "first")
    with pytest.raises(StudyFull):
        Participation.objects.enrol(study, "second")


def test_who_is_not_kept_gives_the_place_back(explanation_set, answer):
    study = small_study(explanation_set, quota=1)
    careless = answer(Participation.objects.enrol(study, "careless"), LAST + 1, wrong_checks=1)
    assert (careless.is_complete, careless.kept, careless.place) == (True, False, None)
    assert Participation.objects.enrol(study, "next").place == 0


def idle(participation):
    long_ago = timezone.now() - timedelta(minutes=participation.study.idle_minutes + 1)
    Participation.objects.filter(pk=participation.pk).update(active_at=long_ago)


def test_who_pauses_for_too_long_loses_the_place_to_the_next(explanation_set):
    study = small_study(explanation_set, quota=1)
    first = Participation.objects.enrol(study, "first")
    idle(first)
    assert Participation.objects.enrol(study, "second").place == 0
    first.refresh_from_db()
    assert (first.status, first.place) == (Status.TIMED_OUT, None)


def test_who_comes_back_from_a_pause_goes_on_if_there_is_a_place(explanation_set, answer):
    study = small_study(explanation_set, quota=2)
    first = answer(Participation.objects.enrol(study, "first"), 2)
    idle(first)
    Participation.objects.enrol(study, "second")
    first = answer(first, 3)
    assert (first.status, first.next_position, first.place) == (Status.ANSWERING, 3, 1)


def test_who_comes_back_from_a_pause_to_a_full_study_is_told_so(explanation_set, answer):
    study = small_study(explanation_set, quota=1)
    first = answer(Participation.objects.enrol(study, "first"), 2)
    idle(first)
    Participation.objects.enrol(study, "second")
    with pytest.raises(StudyFull):
        answer(first, 3)
    assert Answer.objects.filter(planned__participation=first).count() == 2


def test_simulated_participants_take_no_places_of_people(explanation_set):
    study = small_study(explanation_set, quota=1)
    for number in range(3):
        Participation.objects.enrol(study, f"program-{number}", simulated=True)
    assert Participation.objects.enrol(study, "person").place == 0
