"""Who takes part, in which place, and how it ended.

A participation is a state machine: `MOVES` says which state follows which, the constraints of `Participation`
say what is true in each. Whoever is answering, or complete and kept, holds a place: a number below the
quota of the study, unique in it, from which the orders of the options are drawn. So the database itself keeps
the quota, and a place that comes free is given again: the orders stay balanced over those who are kept.

One thing that balance can't have: who loses a place and comes back to another one goes on with the orders of
the first, since the answers given and the page that is open belong to them. Each such person who ends
complete may put one order of a question above its share, and another one below.
"""

import logging
import secrets
from datetime import timedelta
from itertools import count

from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from ..recruitment import Outcome
from .plans import Answer, PlannedQuestion, draw_plan
from .questions import Question, new_token
from .studies import Study, StudyFull, StudyNotOpen, new_seed

log = logging.getLogger(__name__)

CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is taken for another


class MoveRefused(Exception):
    """No participation goes from this state to that one."""


def new_completion_code():
    letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def code_of(number, archived_code):
    """The name in exported tables of the participation with this key."""
    return archived_code or f"P{number:05d}"


class ParticipationQuerySet(models.QuerySet):
    @transaction.atomic
    def enrol(self, study, public_id, *, arrival=None, simulated=False, language=None):
        """The participation of this arrival, or with this id, begun now in a free place if there is none yet.

        Who is new takes part in `language`, or else in the study's default one. Raises StudyNotOpen or
        StudyFull. Enrolments of one study queue for its row, so that none takes another's place.
        """
        study = Study.objects.locked().get(pk=study.pk)
        begun = self.begun(study, public_id, arrival)
        if begun:
            return begun
        if not study.is_open:
            raise StudyNotOpen
        place = self.free_place(study, simulated=simulated)
        participation = self.model(
            study=study,
            public_id=public_id,
            simulated=simulated,
            place=place,
            language=language or study.default_language,
        )
        if not study.frozen().is_screening:
            participation.screened_at = participation.consented_at
        plan = draw_plan(study, participation.seed, place)
        participation.first_position = participation.next_position = plan[0].position
        participation.last_position = plan[-1].position
        participation.save(force_insert=True)
        for planned in plan:
            planned.participation = participation
        PlannedQuestion.objects.bulk_create(plan)
        if arrival:
            study.identities.create(participation=participation, platform=study.platform, **vars(arrival))
        return participation

    def begun(self, study, public_id, arrival=None):
        """Who has begun the study already: known to the platform, or else by the id. None if nobody has."""
        begun = self.filter(study=study)
        if arrival:
            return begun.filter(identity__platform=study.platform, identity__person=arrival.person).first()
        return begun.filter(public_id=public_id).first()

    def free_place(self, study, *, simulated):
        """The lowest place of a locked study that nobody holds, after those idle for too long lost theirs."""
        others = self.filter(study=study, simulated=simulated)
        others.idle(study).update(status=Participation.Status.TIMED_OUT, place=None)
        taken = set(others.filter(place__isnull=False).values_list("place", flat=True))
        place = next(number for number in count() if number not in taken)
        if study.quota is not None and not simulated and place >= study.quota:
            raise StudyFull
        return place

    @transaction.atomic
    def withdraw(self, study, receipt_code):
        """Withdraws who has this receipt; returns the participation, None if there is none."""
        participation = self.locked().filter(study=study, receipt_code=receipt_code.strip().upper()).first()
        if participation:
            participation.withdraw()
        return participation

    def idle(self, study):
        """Those who could still answer but did nothing for as long as the study allows."""
        since = timezone.now() - timedelta(minutes=study.idle_minutes)
        return self.filter(status__in=Participation.UNDER_WAY, active_at__lt=since)

    def excluded(self):
        """Those who are not part of the analysis, with what their `exclusion` is told from, in one query."""
        return self.filter(kept=False).select_related("study")

    def locked(self):
        """With the row locked to the end of the transaction; its study comes with it, unlocked."""
        return self.select_for_update(of=["self"]).select_related("study")


class Participation(models.Model):
    class Status(models.TextChoices):
        STARTED = "started"  # consented, nothing answered yet
        ANSWERING = "answering"
        COMPLETE = "complete"
        SCREENED_OUT = "screened out"
        FAILED = "failed"  # too many attention checks, in a study that then ends at once
        WITHDRAWN = "withdrawn"
        TIMED_OUT = "timed out"  # lost the place; may take a free one again

    UNDER_WAY = (Status.STARTED, Status.ANSWERING)
    MOVES = {
        Status.STARTED: {Status.ANSWERING, Status.SCREENED_OUT, Status.TIMED_OUT, Status.WITHDRAWN},
        Status.ANSWERING: {Status.COMPLETE, Status.FAILED, Status.TIMED_OUT, Status.WITHDRAWN},
        Status.TIMED_OUT: {Status.STARTED, Status.ANSWERING, Status.WITHDRAWN},
        Status.COMPLETE: {Status.WITHDRAWN},
        Status.FAILED: {Status.WITHDRAWN},
        Status.SCREENED_OUT: {Status.WITHDRAWN},
        Status.WITHDRAWN: set(),
    }

    study = models.ForeignKey(Study, models.PROTECT, related_name="participations")
    archived_code = models.CharField(
        "name in tables, where an archive was restored", max_length=12, blank=True
    )
    public_id = models.CharField("id in the participant's own links", max_length=32, unique=True)
    language = models.CharField("language that the study is shown in", max_length=10, default="en")
    seed = models.BigIntegerField("seed of the order of the questions", default=new_seed)
    simulated = models.BooleanField("answered by a program", default=False)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.STARTED)
    place = models.PositiveIntegerField("place held, from 0", null=True)
    # 0 is the last practice question, where there is one; several begin below
    first_position = models.SmallIntegerField("position of the first question", default=0)
    next_position = models.SmallIntegerField("position of the first question not answered", default=0)
    last_position = models.PositiveSmallIntegerField("position of the last question", default=0)
    consented_at = models.DateTimeField(default=timezone.now)
    screened_at = models.DateTimeField("passed the screening, or there was none", null=True)
    active_at = models.DateTimeField("last thing done", default=timezone.now)
    last_answer_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    checks_passed = models.PositiveSmallIntegerField(null=True)
    kept = models.BooleanField("part of the analysis", default=False)
    withdrawn_at = models.DateTimeField(null=True)
    completion_code = models.CharField(max_length=9, unique=True, default=new_completion_code)
    receipt_code = models.CharField(
        "with which the participant may withdraw",
        max_length=9,
        unique=True,
        default=new_completion_code,
    )

    objects = ParticipationQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "simulated", "place"], name="place_held_once_in_a_study"
            ),
            models.CheckConstraint(
                condition=(
                    Q(
                        status__in=["started", "answering"],
                        place__isnull=False,
                        finished_at=None,
                        checks_passed=None,
                        kept=False,
                    )
                    | Q(
                        status__in=["complete", "withdrawn"],
                        place__isnull=False,
                        finished_at__isnull=False,
                        checks_passed__isnull=False,
                        kept=True,
                    )
                    | Q(
                        status__in=["complete", "failed"],
                        place=None,
                        finished_at__isnull=False,
                        checks_passed__isnull=False,
                        kept=False,
                    )
                    | Q(
                        status__in=["screened out", "timed out"],
                        place=None,
                        finished_at=None,
                        checks_passed=None,
                        kept=False,
                    )
                    | Q(status="withdrawn", place=None, kept=False)
                ),
                name="participation_outcome_fits_its_status",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status__in=["started", "screened out"], next_position=F("first_position"))
                    | Q(
                        status="answering",
                        next_position__gt=F("first_position"),
                        next_position__lte=F("last_position"),
                    )
                    | Q(status="complete", next_position=F("last_position") + 1)
                    | Q(status__in=["timed out", "failed"], next_position__lte=F("last_position"))
                    | Q(status="withdrawn")
                ),
                name="participation_position_fits_its_status",
            ),
            models.CheckConstraint(
                condition=Q(screened_at__isnull=False)
                | Q(status__in=["started", "screened out", "withdrawn"])
                | Q(status="timed out", next_position=F("first_position")),
                name="screened_before_answering",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status="withdrawn", withdrawn_at__isnull=False)
                    | (~Q(status="withdrawn") & Q(withdrawn_at=None))
                ),
                name="withdrawn_at_a_moment",
            ),
        ]

    def __str__(self):
        return self.code

    def get_absolute_url(self):
        return reverse("participant:resume", args=[self.public_id])

    @property
    def code(self):
        """The name of this participant in exported tables; unlike the public id, it opens no page."""
        return code_of(self.pk, self.archived_code)

    @property
    def is_under_way(self):
        return self.status in self.UNDER_WAY

    @property
    def may_answer(self):
        """Under way, or idle for too long: then the next answer takes a free place again, if there is one."""
        return self.is_under_way or self.is_timed_out

    @property
    def to_answer(self):
        """The position of the question to answer next, None if there is none for this person."""
        return self.next_position if self.may_answer else None

    @property
    def is_complete(self):
        return self.status == self.Status.COMPLETE

    @property
    def has_failed(self):
        """Ended before the last question: too few attention checks could still be passed."""
        return self.status == self.Status.FAILED

    @property
    def is_timed_out(self):
        return self.status == self.Status.TIMED_OUT

    @property
    def is_screened_out(self):
        return self.status == self.Status.SCREENED_OUT

    @property
    def outcome(self):
        """How it ended for the platform, None while it goes on or after a withdrawal."""
        if self.is_screened_out:
            return Outcome.SCREENED_OUT
        if self.is_complete and self.kept:
            return Outcome.COMPLETE
        return Outcome.FAILED_CHECKS if self.is_complete or self.has_failed else None

    @property
    def exclusion(self):
        """Why this participation is not part of the analysis; empty if it is. Says nothing of payment."""
        if self.kept:
            return ""
        if self.is_complete or self.has_failed:
            return (
                f"{self.checks_passed} of {self.study.n_checks} attention checks passed, "
                f"{self.study.min_passed} needed"
            )
        return f"not complete: {self.status}"

    def way_back(self):
        """Where the platform wants this person to go now."""
        identity = getattr(self, "identity", None)
        return self.study.recruitment.way_back(self.study, identity, self.outcome)

    @transaction.atomic
    def screen(self, *, passed):
        """Records the answer to the screening, once."""
        locked = Participation.objects.locked().get(pk=self.pk)
        if locked.screened_at is None and locked.status == self.Status.STARTED:
            if passed:
                locked.screened_at = locked.active_at = timezone.now()
            else:
                locked.move_to(self.Status.SCREENED_OUT)
                locked.place = None
            locked.save(update_fields=["screened_at", "active_at", "status", "place"])
        return locked

    def withdraw(self):
        """Ends this locked participation for good: its links die, and its answers, if the study says so."""
        self.move_to(self.Status.WITHDRAWN)
        self.withdrawn_at = timezone.now()
        self.receipt_code = new_completion_code()
        self.public_id = new_token()
        self.study.identities.filter(participation=self).delete()
        if self.study.on_withdrawal == Study.Withdrawal.ERASE:
            Answer.objects.filter(planned__participation=self).delete()
            self.place = self.finished_at = self.checks_passed = self.last_answer_at = None
            self.kept, self.next_position = False, self.first_position
        else:
            Answer.objects.filter(planned__participation=self).update(reason="")  # may tell of the person
            if not self.kept:
                self.place = None
        self.save()
        log.info("withdrawn", extra={"participation": self.code, "answers": self.study.on_withdrawal})

    def move_to(self, status):
        if status not in self.MOVES[self.status]:
            raise MoveRefused(f"{self} is {self.status}; from there nobody goes to {status}.")
        self.status = status

    def take_place(self):
        """Gives this locked, timed-out participation a place again."""
        study = Study.objects.locked().get(pk=self.study_id)
        if not study.takes_answers:
            raise StudyNotOpen
        self.place = Participation.objects.free_place(study, simulated=self.simulated)
        self.active_at = timezone.now()
        has_begun = self.next_position > self.first_position
        self.move_to(self.Status.ANSWERING if has_begun else self.Status.STARTED)

    def advance(self, answered_at, *, failed_check=False):
        """Moves this locked participation past the question that was just answered, or to its end.

        A failed check ends it, if the study says so and too few checks are left to be passed.
        """
        self.active_at = self.last_answer_at = answered_at
        self.next_position += 1
        if self.status == self.Status.STARTED:
            self.move_to(self.Status.ANSWERING)
        changed = ["active_at", "last_answer_at", "next_position", "status", "place"]
        if self.next_position > self.last_position:
            self._complete()
            changed += ["finished_at", "checks_passed", "kept"]
        elif failed_check and self._can_not_pass():
            self._fail()
            changed += ["finished_at", "checks_passed"]
        self.save(update_fields=changed)

    def _complete(self):
        """Ends a participation whose last question is answered; who is not kept gives the place back."""
        self.move_to(self.Status.COMPLETE)
        self.finished_at = timezone.now()
        self.checks_passed = self._checks().filter(option__is_right=True).count()
        self.kept = self.checks_passed >= self.study.frozen().min_passed
        if not self.kept:
            self.place = None

    def _fail(self):
        self.move_to(self.Status.FAILED)
        self.finished_at = timezone.now()
        self.checks_passed = self._checks().filter(option__is_right=True).count()
        self.place = None

    def _can_not_pass(self):
        """Whether too few checks are left to be kept, in a study that then ends at once."""
        study = self.study.frozen()
        if study.on_failed_checks != Study.OnFailedChecks.AT_ONCE:
            return False
        checks = self._checks()
        failed = checks.count() - checks.filter(option__is_right=True).count()
        return study.n_checks - failed < study.min_passed

    def _checks(self):
        """The answers to attention checks."""
        return Answer.objects.filter(planned__participation=self, planned__question__kind=Question.Kind.CHECK)
