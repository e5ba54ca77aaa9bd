"""In which order a participant sees the questions and their options, and what was answered.

The plan of a participation is drawn once, when it begins, and stored: a reload, a second tab or another web
process show the same thing. `record_answer` is the one place that stores an answer.
"""

import random

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..designing.sampling import block
from .questions import Option, Question
from .studies import StudyNotOpen
from .turns import answer_in_turn


class AnswerRefused(Exception):
    """The answer was not stored; the message is for the participant."""

    class Reason(models.TextChoices):
        ANSWERED = "answered", _("You had already answered this question. Your first answer is kept.")
        EARLY = "early", _("Please answer the questions before this one first.")
        ENDED = "ended", _("You have ended your participation, so this answer was not stored.")

    def __init__(self, reason):
        super().__init__(reason.label)
        self.reason = reason


class NotOffered(Exception):
    """The question has no picture there."""


def balanced_order(n_options, seed, question_id, turn):
    """The numbers of a question's options as its `turn`-th participant sees them, for example "3142".

    Row `turn % n` of a random Latin square, a new square for each question and every n turns: each option
    stands in each position once in every n turns, and one question's order tells nothing of another's. The
    turn is the place where everybody gets every question.
    """
    rng = random.Random(f"{seed}/{question_id}/{turn // n_options}")
    rows, columns, numbers = (rng.sample(range(n_options), n_options) for _ in range(3))
    row = rows[turn % n_options]
    return "".join(str(numbers[(row + column) % n_options] + 1) for column in columns)


def draw_plan(study, seed, place):
    """The order of the questions, from `seed`; which ones and their options' orders, from `place`.

    Practice comes first, and ends at position 0. Returns unsaved PlannedQuestions, the same for the same seed
    and place.
    """
    by_kind = {kind: [] for kind in Question.Kind}
    for question in study.questions_by_id().values():
        by_kind[question.kind].append(question)
    scored = block(by_kind[Question.Kind.SCORED], study.n_shown, study.seed, place)
    practice = [(question, place) for question in by_kind[Question.Kind.PRACTICE]]
    others = scored + [(question, place) for question in by_kind[Question.Kind.CHECK]]
    others.sort(key=lambda pair: pair[0].pk)
    random.Random(seed).shuffle(others)
    return [
        PlannedQuestion(
            question=question,
            position=position,
            option_order=balanced_order(len(question.options.all()), study.seed, question.pk, turn),
        )
        for position, (question, turn) in enumerate(practice + others, start=1 - len(practice))
    ]


class PlannedQuestionQuerySet(models.QuerySet):
    def record_answer(self, public_id, position, place, shown_at, reason=""):
        """Stores the choice of the picture in this place, from 1, once; the one way to store an answer.

        Place 0 chooses none of the pictures, where the study allows it, and `reason` is stored where it asks.
        Gives the position of the question to show next, None after the last. The same answer again is
        harmless. A different one is refused, and so is one out of turn. Raises AnswerRefused, NotOffered,
        StudyNotOpen, StudyFull (after too long a pause), PlannedQuestion.DoesNotExist.
        """
        if not reason and answer_in_turn(public_id, position, place, shown_at):
            return position + 1
        return self._record_out_of_the_ordinary(public_id, position, place, shown_at, reason)

    @transaction.atomic
    def _record_out_of_the_ordinary(self, public_id, position, place, shown_at, reason):
        planned = (
            self.select_related("participation__study", "question")
            .select_for_update(of=["participation"])
            .get(participation__public_id=public_id, position=position)
        )
        participation = planned.participation
        option = planned.option_at(place)
        if position < participation.next_position:
            if planned.answer.option_id != (option and option.pk):
                raise AnswerRefused(AnswerRefused.Reason.ANSWERED)
            return participation.to_answer
        if not participation.study.takes_answers:
            raise StudyNotOpen
        if participation.is_timed_out:
            participation.take_place()
        if participation.screened_at is None:
            raise AnswerRefused(AnswerRefused.Reason.EARLY)
        if not participation.is_under_way:
            raise AnswerRefused(AnswerRefused.Reason.ENDED)
        if position > participation.next_position:
            raise AnswerRefused(AnswerRefused.Reason.EARLY)
        answered_at = timezone.now()
        Answer.objects.create(
            planned=planned,
            option=option,
            reason=reason if participation.study.frozen().asks_reason else "",
            shown_at=min(shown_at, answered_at),
            answered_at=answered_at,
        )
        is_check = planned.question.kind == Question.Kind.CHECK
        participation.advance(answered_at, failed_check=is_check and not (option and option.is_right))
        return participation.to_answer


class PlannedQuestion(models.Model):
    """A question's place in one participation: its position, its options' order."""

    participation = models.ForeignKey("Participation", models.CASCADE, related_name="plan")
    question = models.ForeignKey(Question, models.PROTECT, related_name="planned")
    position = models.SmallIntegerField("from 1; practice ends at 0")
    option_order = models.CharField("numbers of the options, as shown from first to last", max_length=8)

    objects = PlannedQuestionQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["participation", "question"], name="question_once_in_a_participation"
            ),
            models.UniqueConstraint(
                fields=["participation", "position"], name="position_once_in_a_participation"
            ),
        ]

    def __str__(self):
        return f"{self.participation_id} at {self.position}: {self.question}"

    def shown_options(self):
        """The options in the order in which this participant sees them."""
        return self.question.in_order(self.option_order)

    @property
    def may_choose_none(self):
        """In checks as well, or the missing button would tell them; in practice not."""
        return self.position > 0 and self.participation.study.frozen().allows_none

    def option_at(self, position):
        """The option that stands there for this participant, from 1; None at 0, where that is allowed."""
        if position == 0 and self.may_choose_none:
            return None
        if not 1 <= position <= len(self.option_order):
            raise NotOffered(f"{self} has no option at {position}.")
        return self.shown_options()[position - 1]

    def place_of(self, option):
        """Where `option` stands for this participant, from 1."""
        return self.option_order.index(str(option.number)) + 1


class Answer(models.Model):
    planned = models.OneToOneField(PlannedQuestion, models.PROTECT, primary_key=True, related_name="answer")
    option = models.ForeignKey(
        Option,
        models.PROTECT,
        related_name="answers",
        null=True,
        verbose_name="chosen; nothing is none of them",
    )
    reason = models.CharField("why, in the participant's own words", max_length=500, blank=True)
    shown_at = models.DateTimeField()
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at__gte=F("shown_at")), name="answered_after_it_was_shown"
            )
        ]

    def __str__(self):
        return f"{self.planned}: {self.option}"

    @property
    def chosen_position(self):
        return self.planned.place_of(self.option) if self.option else 0

    @property
    def response_ms(self):
        """Milliseconds between the two moments, a whole number."""
        return round((self.answered_at - self.shown_at).total_seconds() * 1000)
