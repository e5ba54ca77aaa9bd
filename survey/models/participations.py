"""Who takes part, in which order they see the questions, and what they answered."""

import random
import secrets

from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from .studies import Option, Question, Study, new_seed

CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # none that is taken for another


class AnswerRefused(Exception):
    """The answer was not stored; the message is for the participant."""


def new_completion_code():
    letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def draw_plan(questions, seed):
    """The order of the questions and of each question's options: practice first, then all others shuffled.

    `questions` come with their options; returns unsaved PlannedQuestions, the same for the same seed.
    """
    rng = random.Random(seed)
    practice = [question for question in questions if question.kind == Question.Kind.PRACTICE]
    others = [question for question in questions if question.kind != Question.Kind.PRACTICE]
    rng.shuffle(others)
    plan = []
    for position, question in enumerate(practice + others, start=1 - len(practice)):
        numbers = [str(option.number) for option in question.options.all()]
        rng.shuffle(numbers)
        plan.append(PlannedQuestion(question=question, position=position, option_order="".join(numbers)))
    return plan


class ParticipationQuerySet(models.QuerySet):
    @transaction.atomic
    def enrol(self, study, public_id, *, simulated=False):
        """The participation with this id, begun now with a plan of its own if there is none yet."""
        participation, created = self.get_or_create(
            public_id=public_id, defaults={"study": study, "simulated": simulated}
        )
        if created:
            plan = draw_plan(study.questions.prefetch_related("options"), participation.seed)
            for planned in plan:
                planned.participation = participation
            PlannedQuestion.objects.bulk_create(plan)
        return participation


class Participation(models.Model):
    class Status(models.TextChoices):
        ANSWERING = "answering"
        COMPLETE = "complete"

    study = models.ForeignKey(Study, models.PROTECT, related_name="participations")
    public_id = models.CharField("id in the participant's own links", max_length=32, unique=True)
    seed = models.BigIntegerField("seed of the plan", default=new_seed)
    simulated = models.BooleanField("answered by a program", default=False)
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.ANSWERING)
    consented_at = models.DateTimeField(auto_now_add=True)
    last_answer_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    checks_passed = models.PositiveSmallIntegerField(null=True)
    kept = models.BooleanField("part of the analysis", default=False)
    completion_code = models.CharField(max_length=9, unique=True, default=new_completion_code)

    objects = ParticipationQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(status="answering", finished_at=None, checks_passed=None, kept=False)
                    | Q(status="complete", finished_at__isnull=False, checks_passed__isnull=False)
                ),
                name="participation_outcome_fits_its_status",
            )
        ]

    def __str__(self):
        return self.code

    def get_absolute_url(self):
        return reverse("participant:resume", args=[self.public_id])

    @property
    def code(self):
        """The name of this participant in exported tables; unlike the public id, it opens no page."""
        return f"P{self.pk:05d}"

    @property
    def is_complete(self):
        return self.status == self.Status.COMPLETE

    def next_planned(self):
        """The first question without an answer, None when all are answered."""
        return self.plan.filter(answer=None).select_related("question").first()

    def finish(self):
        """Marks a participation whose last question is answered as complete, and says whether it is kept."""
        self.checks_passed = Answer.objects.filter(
            planned__participation=self, planned__question__kind=Question.Kind.CHECK, option__is_right=True
        ).count()
        self.kept = self.checks_passed >= self.study.min_passed
        self.status = self.Status.COMPLETE
        self.finished_at = timezone.now()
        self.save(update_fields=["checks_passed", "kept", "status", "finished_at"])


class PlannedQuestion(models.Model):
    """A question's place in one participation: its position (practice 0, then from 1), its options' order."""

    participation = models.ForeignKey(Participation, models.CASCADE, related_name="plan")
    question = models.ForeignKey(Question, models.PROTECT, related_name="planned")
    position = models.PositiveSmallIntegerField()
    option_order = models.CharField("numbers of the options, as shown from first to last", max_length=8)

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
        by_number = {str(option.number): option for option in self.question.options.all()}
        return [by_number[number] for number in self.option_order]

    def place_of(self, option):
        """Where `option` stands for this participant, from 1."""
        return self.option_order.index(str(option.number)) + 1

    def record_answer(self, chosen_position, shown_at):
        """Stores the answer, once, and ends the participation after its last; the one place that does so.

        The same answer again is harmless. A different one is refused, and so is one out of turn.
        """
        option = self.question.options.get(number=self.option_order[chosen_position - 1])
        with transaction.atomic():
            locked = Participation.objects.select_for_update(of=["self"]).select_related("study")
            participation = locked.get(pk=self.participation_id)
            if not participation.study.is_open:
                raise AnswerRefused("This study has closed. The answers that you gave before are kept.")
            if participation.plan.filter(position__lt=self.position, answer=None).exists():
                raise AnswerRefused("Please answer the questions before this one first.")
            answered_at = timezone.now()
            answer, created = Answer.objects.get_or_create(
                planned=self,
                defaults={
                    "option": option,
                    "shown_at": min(shown_at, answered_at),  # a clock may have been set back in between
                    "answered_at": answered_at,
                },
            )
            if created:
                participation.last_answer_at = answered_at
                participation.save(update_fields=["last_answer_at"])
                if participation.next_planned() is None:
                    participation.finish()
        if answer.option_id != option.pk:
            raise AnswerRefused("You had already answered this question. Your first answer is kept.")
        return answer


class Answer(models.Model):
    planned = models.OneToOneField(PlannedQuestion, models.PROTECT, primary_key=True, related_name="answer")
    option = models.ForeignKey(Option, models.PROTECT, related_name="answers")
    shown_at = models.DateTimeField()
    answered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(answered_at__gte=models.F("shown_at")), name="answered_after_it_was_shown"
            )
        ]

    def __str__(self):
        return f"{self.planned}: {self.option}"

    @property
    def chosen_position(self):
        return self.planned.place_of(self.option)

    @property
    def response_ms(self):
        return round((self.answered_at - self.shown_at).total_seconds() * 1000)
