"""A study: which maps are compared, in which words, with which attention checks; and its frozen questions."""

import random
import secrets
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Count, F, Max, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from ..likeness import least_alike
from ..recruitment import PLATFORMS
from .explanation_sets import ClassMap, ExplanationSet, Method

N_OPTIONS = 4  # pictures in a question, so also the methods that a study compares


class StudyFull(Exception):
    """Every place is taken by somebody who is complete and kept, or answering."""


class StudyNotOpen(Exception):
    """The study has closed, or not opened yet."""


def new_token():
    return secrets.token_urlsafe(12)


def new_seed():
    return secrets.randbits(63)


class StudyQuerySet(models.QuerySet):
    def with_counts(self):
        """Adds how many people started, completed and were kept, how many are simulated, the last answer."""
        people = Q(participations__simulated=False)
        return self.annotate(
            started=Count("participations", people),
            completed=Count("participations", people & Q(participations__status="complete")),
            kept=Count("participations", people & Q(participations__kept=True)),
            simulated=Count("participations", Q(participations__simulated=True)),
            last_answer_at=Max("participations__last_answer_at"),
        )

    def locked(self):
        """With the row locked to the end of the transaction; answers, which only refer to it, don't wait."""
        return self.select_for_update(no_key=True)


@lru_cache(maxsize=64)
def frozen_study(study_id, seed, opened_at):
    """An opened study with its set and texts, and its questions. Frozen, so a process reads them only once.

    The moment and the seed tell apart two studies that had one id, as after a restored backup.
    """
    study = (
        Study.objects.select_related("explanation_set")
        .prefetch_related("texts")
        .defer("explanation_set__manifest")
        .get(pk=study_id)
    )
    study.frozen_texts = {text.language: text for text in study.texts.all()}
    return study, _questions(study_id)


def _questions(study_id):
    questions = Question.objects.filter(study=study_id).prefetch_related("options")
    return {question.pk: question for question in questions}


class Study(models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"

    class Withdrawal(models.TextChoices):
        ERASE = "erase", "the answers are erased"
        KEEP = "keep", "the answers are kept, cut from the person"

    slug = models.SlugField(max_length=80, unique=True)
    explanation_set = models.ForeignKey(ExplanationSet, models.PROTECT, related_name="studies")
    owner = models.ForeignKey("auth.User", models.PROTECT, related_name="studies", null=True, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.DRAFT)
    seed = models.BigIntegerField(default=new_seed)

    n_checks = models.PositiveSmallIntegerField(
        "attention checks",
        default=5,
        validators=[MaxValueValidator(50)],
        help_text="Questions with one right answer, mixed among the scored ones. The NormLIME study used 5.",
    )
    min_passed = models.PositiveSmallIntegerField(
        "checks to pass",
        default=4,
        help_text="Who passes fewer is left out of the analysis; the answers stay in the table.",
    )
    quota = models.PositiveIntegerField(
        "participants wanted",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Complete and kept. Who comes when all places are taken gets a kind page. Empty: no limit.",
    )
    idle_minutes = models.PositiveIntegerField(
        "minutes without an answer",
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(60 * 24 * 30)],
        help_text="Who does nothing for so long loses the place to the next. Coming back takes a free one.",
    )
    platform = models.CharField(
        "recruitment",
        max_length=12,
        choices=[(name, platform.TITLE) for name, platform in PLATFORMS.items()],
        default="link",
        help_text="Where participants come from, and go back to.",
    )
    return_url = models.URLField(
        "return address",
        max_length=500,
        blank=True,
        help_text="SONA’s completion URL, or Connect’s redirect URL.",
    )
    code_complete = models.CharField("code: complete", max_length=40, blank=True)
    code_failed_checks = models.CharField(
        "code: failed attention checks",
        max_length=40,
        blank=True,
        help_text="Empty: the code for complete. Leaving answers out of the analysis and refusing payment "
        "are two different things; Beholder records only the first, and says why.",
    )
    code_screened_out = models.CharField("code: screened out", max_length=40, blank=True)
    code_no_consent = models.CharField("code: no consent", max_length=40, blank=True)
    on_withdrawal = models.CharField(
        "who withdraws",
        max_length=5,
        choices=Withdrawal.choices,
        default=Withdrawal.ERASE,
        help_text="Everybody gets a receipt code, with which to withdraw at any time.",
    )
    default_language = models.CharField(
        "language",
        max_length=10,
        choices=settings.LANGUAGES,
        default=settings.LANGUAGE_CODE,
        help_text="Of who asks for none that the study has texts in.",
    )

    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = StudyQuerySet.as_manager()
    frozen_texts = None  # by language, where `frozen_study` has read them

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "studies"
        constraints = [
            models.CheckConstraint(
                condition=Q(min_passed__lte=F("n_checks")),
                name="no_more_checks_to_pass_than_asked",
                violation_error_message="There are fewer attention checks than must be passed.",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status="draft", opened_at=None, closed_at=None)
                    | Q(status="open", opened_at__isnull=False, closed_at=None)
                    | Q(status="closed", opened_at__isnull=False, closed_at__isnull=False)
                ),
                name="study_dates_fit_its_status",
            ),
            models.CheckConstraint(condition=Q(quota=None) | Q(quota__gte=1), name="quota_of_one_at_least"),
            models.CheckConstraint(condition=Q(idle_minutes__gte=1), name="a_minute_of_idleness_at_least"),
        ]

    def __str__(self):
        return self.title or self.slug

    def get_absolute_url(self):
        return reverse("studio:study", args=[self.slug])

    @property
    def is_draft(self):
        return self.status == self.Status.DRAFT

    @property
    def is_open(self):
        return self.status == self.Status.OPEN

    def methods(self):
        """The methods compared."""
        return Method.objects.filter(
            purpose=Method.Purpose.COMPARISON, class_maps__options__question__study=self
        ).distinct()

    def labels(self):
        """The classes asked about in scored questions, in the set's order."""
        scored = (
            self.questions.filter(kind=Question.Kind.SCORED).order_by("pk").values_list("label", flat=True)
        )
        return list(dict.fromkeys(scored))

    def questions_by_id(self):
        """The questions with their options: from the process's memory once the study has opened."""
        if self.is_draft:
            return _questions(self.pk)
        return frozen_study(self.pk, self.seed, self.opened_at)[1]

    def frozen(self):
        """This opened study with all its texts and its set, from the process's memory; not its status."""
        return frozen_study(self.pk, self.seed, self.opened_at)[0]

    @property
    def recruitment(self):
        """The module of the platform that sends participants."""
        return PLATFORMS[self.platform]

    @property
    def is_framed(self):
        """Shown in a frame of the platform's own."""
        return self.platform == "mturk"

    def code(self, outcome):
        """What the researcher wants shown to, or sent with, who ends with this Outcome; may be empty."""
        return getattr(self, f"code_{outcome}")

    def text_in(self, language):
        """The texts in this language, or else in the study's default one."""
        texts = self.frozen_texts or {text.language: text for text in self.texts.all()}
        return texts.get(language) or texts[self.default_language]

    @property
    def title(self):
        """In the default language; a study that is being made has none yet."""
        titles = {text.language: text.title for text in self.texts.all()} if self.pk else {}
        return titles.get(self.default_language, "")

    @property
    def is_screening(self):
        """Whether questions decide who takes part; they are as many in every language."""
        return bool(self.text_in(self.default_language).screening_questions())

    def languages(self):
        """The codes of the languages that the study speaks, its default first."""
        others = [text.language for text in self.texts.all() if text.language != self.default_language]
        return [self.default_language, *others]

    def clean(self):
        super().clean()
        faults = self.recruitment.faults(self)
        if faults:
            raise ValidationError(faults)

    @transaction.atomic
    def write_questions(self, methods, labels):
        """Writes the questions anew: one practice, each label and replicate scored, and the attention checks.

        `methods` are N_OPTIONS compared methods of the study's set, `labels` at least two of its classes.
        """
        if not self.is_draft:
            raise ValidationError(f"The questions of “{self}” are frozen since it opened.")
        rng = random.Random(self.seed)
        methods = list(methods)  # before the questions go that `self.methods()` is read from
        self.questions.all().delete()
        self._write_practice(labels, rng)
        self._write_scored(methods, labels)
        self._write_checks(labels, rng)

    def _write_practice(self, labels, rng):
        label, *others = rng.sample(labels, min(len(labels), N_OPTIONS))
        wrong = [self._mean(other) for other in others]
        wrong += [wrong[-1]] * (N_OPTIONS - 1 - len(wrong))
        self._write_question(Question.Kind.PRACTICE, label, 1, wrong, right=self._mean(label))

    def _write_scored(self, methods, labels):
        maps = ClassMap.objects.filter(method__in=methods)
        by_question = {}
        for class_map in maps.order_by("pk"):
            by_question.setdefault((class_map.label, class_map.replicate), []).append(class_map)
        for (label, replicate), class_maps in by_question.items():
            if label in labels:
                self._write_question(Question.Kind.SCORED, label, replicate, class_maps)

    def _write_checks(self, labels, rng):
        """One picture of the asked class, and three of another: two the same, as in the paper's figure 3."""
        asked = (rng.sample(labels, len(labels)) * (self.n_checks // len(labels) + 1))[: self.n_checks]
        means = {label: self._mean(label) for label in self.explanation_set.labels()}
        for number, label in enumerate(asked):
            other = rng.choice(least_alike(label, means))
            wrong = [means[other], means[other], self._mean(other, last=True)]
            self._write_question(
                Question.Kind.CHECK, label, number // len(labels) + 1, wrong, right=means[label]
            )

    def _mean(self, label, *, last=False):
        means = self.explanation_set.class_maps.filter(method__purpose=Method.Purpose.CHECK, label=label)
        return means.order_by("-replicate" if last else "replicate").first()

    def _write_question(self, kind, label, replicate, class_maps, *, right=None):
        question = self.questions.create(kind=kind, label=label, replicate=replicate)
        pictures = ([right] if right else []) + class_maps
        Option.objects.bulk_create(
            Option(
                question=question,
                number=number,
                class_map=class_map,
                is_right=right is not None and number == 1,
            )
            for number, class_map in enumerate(pictures, start=1)
        )

    def open(self):
        """Opens a draft to participants; from now on its questions are frozen."""
        opened = Study.objects.filter(pk=self.pk, status=self.Status.DRAFT).update(
            status=self.Status.OPEN, opened_at=timezone.now()
        )
        self.refresh_from_db()
        return bool(opened)

    def close(self):
        """Closes an open study: nobody can start or answer any more."""
        closed = Study.objects.filter(pk=self.pk, status=self.Status.OPEN).update(
            status=self.Status.CLOSED, closed_at=timezone.now()
        )
        self.refresh_from_db()
        return bool(closed)


class Question(models.Model):
    class Kind(models.TextChoices):
        PRACTICE = "practice"
        SCORED = "scored"
        CHECK = "check"

    study = models.ForeignKey(Study, models.CASCADE, related_name="questions")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    label = models.CharField(max_length=80)
    replicate = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "kind", "label", "replicate"], name="question_once_in_a_study"
            )
        ]

    def __str__(self):
        return self.code

    @property
    def code(self):
        """How the vote table names the question: `9-2`, `check-4-1`, `practice-7-1`."""
        name = f"{self.label}-{self.replicate}"
        return name if self.kind == self.Kind.SCORED else f"{self.kind}-{name}"

    def in_order(self, option_order):
        """The options with these numbers, for example "3142"."""
        return [self._options_by_number[number] for number in option_order]

    @cached_property
    def _options_by_number(self):
        return {str(option.number): option for option in self.options.all()}


class Option(models.Model):
    """A picture offered in a question. Its token, not its map, names it to participants."""

    question = models.ForeignKey(Question, models.CASCADE, related_name="options")
    number = models.PositiveSmallIntegerField()
    class_map = models.ForeignKey(ClassMap, models.PROTECT, related_name="options")
    is_right = models.BooleanField("the one right answer of a check or practice question", default=False)
    # Two options may show one map (two of a check's pictures are the same): a name made from the map would
    # tell a check.
    token = models.CharField(max_length=16, unique=True, default=new_token)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["question", "number"], name="option_number_once_in_a_question"),
            models.UniqueConstraint(
                fields=["question"], condition=Q(is_right=True), name="one_right_option_at_most"
            ),
        ]

    def __str__(self):
        return f"{self.question} option {self.number}"

    def get_absolute_url(self):
        return self._address

    @cached_property
    def _address(self):
        return reverse("participant:picture", args=[self.token])
