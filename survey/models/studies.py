"""A study: which maps are compared, with which attention checks, from draft to closed.

The defaults are the NormLIME paper's study (arXiv:1909.04200, section 4).
"""

import secrets
from functools import lru_cache

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Count, F, Max, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from ..designing.question_writing import write_questions
from .analysis_plans import AnalysisPlan
from .explanation_sets import ExplanationSet, Method
from .questions import Question, new_token
from .recruiting import Recruitment
from .teams import Membership, first_team

__all__ = ["Study", "StudyFull", "StudyNotOpen", "new_seed", "new_token"]

MIN_METHODS, MAX_METHODS = 2, 6  # that a study compares, so also the pictures in a question
MAX_PRACTICE = 5


class StudyFull(Exception):
    """Every place is taken by somebody who is complete and kept, or answering."""


class StudyNotOpen(Exception):
    """The study has closed, or not opened yet."""


def new_seed():
    return secrets.randbits(63)


class StudyQuerySet(models.QuerySet):
    def with_counts(self):
        """Adds how many people started, completed and were kept, how many are simulated, the last answer."""
        return self.annotate(
            started=_counted(simulated=False),
            completed=_counted(simulated=False, status="complete"),
            kept=_counted(simulated=False, kept=True),
            simulated=_counted(simulated=True),
            last_answer_at=_of_participations(Max("last_answer_at")),
        )

    def visible_to(self, user):
        """The studies of the teams that this person is in."""
        return (
            self
            if user.is_superuser
            else self.filter(team__in=Membership.objects.filter(user=user).values("team"))
        )

    def locked(self):
        """With the row locked to the end of the transaction; answers, which only refer to it, don't wait."""
        return self.select_for_update(no_key=True)


def _counted(**which):
    """How many participations of a study are such, in a query of studies."""
    return Coalesce(_of_participations(Count("pk"), **which), 0)


def _of_participations(aggregate, **which):
    """One number for each study. Not by a join: all columns of a study would be sorted for each person."""
    people = Study._meta.get_field("participations").related_model.objects
    people = people.filter(study=OuterRef("pk"), **which).order_by()
    return Subquery(people.values("study").annotate(found=aggregate).values("found"))


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


class Study(Recruitment, AnalysisPlan, models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        OPEN = "open", "Open"
        PAUSED = "paused", "Paused"
        CLOSED = "closed", "Closed"

    class Withdrawal(models.TextChoices):
        ERASE = "erase", "the answers are erased"
        KEEP = "keep", "the answers are kept, cut from the person"

    class OnFailedChecks(models.TextChoices):
        END = "end", "goes on to the end, and is left out of the analysis"
        AT_ONCE = "at once", "is told so as soon as too few can still be passed"

    slug = models.SlugField(max_length=80, unique=True)
    version = models.PositiveSmallIntegerField(default=1)
    previous = models.OneToOneField(
        "self",
        models.PROTECT,
        related_name="next",
        null=True,
        blank=True,
        verbose_name="the version before, which answers are attached to as they were given",
    )
    explanation_set = models.ForeignKey(ExplanationSet, models.PROTECT, related_name="studies")
    team = models.ForeignKey("Team", models.PROTECT, related_name="studies", default=first_team)
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
    checks_other_class = models.BooleanField(
        "checks with another class",
        default=True,
        help_text="One picture is of the class that is asked for, the others of another; as in the paper.",
    )
    checks_noise = models.BooleanField(
        "checks with noise",
        default=False,
        help_text="One picture is of the class that is asked for, the others have no pattern at all.",
    )
    checks_instructed = models.BooleanField(
        "instructed checks",
        default=False,
        help_text="The question itself says which picture to choose. Kinds that are ticked take turns.",
    )
    on_failed_checks = models.CharField(
        "who fails too many checks",
        max_length=8,
        choices=OnFailedChecks.choices,
        default=OnFailedChecks.END,
        help_text="Some platforms forbid to send people away in the middle: the review says which.",
    )
    n_practice = models.PositiveSmallIntegerField(
        "practice questions",
        default=1,
        validators=[MaxValueValidator(MAX_PRACTICE)],
        help_text="Before the others, with feedback; they count for nothing.",
    )
    replicates = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Pictures of each class by each method, from disjoint samples. Empty: all of the set.",
    )
    n_shown = models.PositiveSmallIntegerField(
        "scored questions for each participant",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Fewer than there are: each person gets a part, each question equally many people. "
        "Empty: all.",
    )
    allows_none = models.BooleanField(
        "“None of these”",
        default=False,
        help_text="Adds an answer to the scored questions that counts for no method.",
    )
    asks_reason = models.BooleanField(
        "asks why",
        default=False,
        help_text="Adds an optional line of text. People may write who they are: it is stored with the "
        "answer, but is in no vote table and no archive.",
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
    # What was opened, verbatim: the study file of that moment, which nothing changes afterwards.
    design = models.TextField("frozen study file", blank=True)
    design_sha256 = models.CharField("SHA-256 of the frozen study file", max_length=64, blank=True)
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
                    | Q(status__in=["open", "paused"], opened_at__isnull=False, closed_at=None)
                    | Q(status="closed", opened_at__isnull=False, closed_at__isnull=False)
                ),
                name="study_dates_fit_its_status",
            ),
            models.CheckConstraint(
                condition=Q(version__gte=2) | Q(version=1, previous=None),
                name="the_first_version_follows_no_other",
            ),
            models.CheckConstraint(
                condition=~Q(status="draft") | Q(design="", design_sha256=""),
                name="a_draft_is_not_frozen",
            ),
            models.CheckConstraint(condition=Q(quota=None) | Q(quota__gte=1), name="quota_of_one_at_least"),
            models.CheckConstraint(condition=Q(idle_minutes__gte=1), name="a_minute_of_idleness_at_least"),
            models.CheckConstraint(
                condition=Q(n_checks=0)
                | Q(checks_other_class=True)
                | Q(checks_noise=True)
                | Q(checks_instructed=True),
                name="checks_are_of_some_kind",
                violation_error_message="There are attention checks, but of no kind: choose one or more.",
            ),
            models.CheckConstraint(condition=Q(n_practice__lte=MAX_PRACTICE), name="few_practice_questions"),
            models.CheckConstraint(
                condition=(Q(replicates=None) | Q(replicates__gte=1)) & (Q(n_shown=None) | Q(n_shown__gte=1)),
                name="one_replicate_and_one_question_at_least",
            ),
            models.CheckConstraint(condition=Q(minutes__gte=1), name="a_minute_of_work_at_least"),
            models.CheckConstraint(condition=Q(pay=None) | Q(pay__gte=0), name="pay_is_not_negative"),
            models.CheckConstraint(
                condition=Q(alpha__gt=0, alpha__lt=1, expected_lead__gt=0, expected_lead__lt=1),
                name="alpha_and_expected_lead_are_shares",
            ),
        ]

    def __str__(self):
        return self.title or self.slug

    def save(self, *args, **options):
        self.refuse_change_after_opening()
        super().save(*args, **options)

    def get_absolute_url(self):
        return reverse("studio:study", args=[self.slug])

    def refuse_change_after_opening(self):
        """Raises ValidationError once the study has opened, in the database and not just in this object."""
        if self.pk and Study.objects.filter(pk=self.pk).exclude(status=self.Status.DRAFT).exists():
            raise ValidationError(f"“{self}” is frozen since it opened; make a new version to change it.")

    @property
    def is_rehearsal(self):
        """Whether this is the copy that programs answer in a rehearsal."""
        return getattr(self, "rehearsal", None) is not None

    @property
    def is_draft(self):
        return self.status == self.Status.DRAFT

    @property
    def is_open(self):
        return self.status == self.Status.OPEN

    @property
    def is_paused(self):
        return self.status == self.Status.PAUSED

    @property
    def takes_answers(self):
        """Of who has begun: a pause only keeps others from starting."""
        return self.is_open or self.is_paused

    @property
    def is_closed(self):
        return self.status == self.Status.CLOSED

    def methods(self):
        """The methods compared."""
        return Method.objects.filter(
            purpose=Method.Purpose.COMPARISON, class_maps__options__question__study=self
        ).distinct()

    @cached_property
    def _sizes(self):
        """Of each question its kind and how many pictures it has; read once, until they are written anew."""
        return list(self.questions.annotate(n=Count("options")).values_list("kind", "n"))

    @property
    def n_options(self):
        """Pictures in a question: one by each method."""
        return self._sizes[0][1] if self._sizes else MIN_METHODS

    @property
    def n_scored(self):
        """How many scored questions there are, of which each participant may get a part."""
        return sum(kind == Question.Kind.SCORED for kind, _ in self._sizes)

    @property
    def n_votes(self):
        """How many scored questions each participant gets."""
        return min(self.n_shown or self.n_scored, self.n_scored)

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

    def write_questions(self, methods, labels):
        """Writes the questions of a draft anew, from `methods` of its set and at least two of its classes."""
        if not self.is_draft:
            raise ValidationError(f"The questions of “{self}” are frozen since it opened.")
        methods = list(methods)  # before the questions go that `self.methods()` is read from
        self._refuse_design(methods, labels)
        write_questions(self, methods, labels)
        self.__dict__.pop("_sizes", None)

    def _refuse_design(self, methods, labels):
        if not MIN_METHODS <= len(methods) <= MAX_METHODS:
            raise ValidationError(
                f"{len(methods)} methods are compared; allowed are {MIN_METHODS} to {MAX_METHODS}."
            )
        if len(labels) < 2:
            raise ValidationError("Choose at least two classes: an attention check needs another class.")

    def check_kinds(self):
        """The kinds of attention checks, in the order in which they take turns."""
        kinds = {
            Question.CheckKind.OTHER_CLASS: self.checks_other_class,
            Question.CheckKind.NOISE: self.checks_noise,
            Question.CheckKind.INSTRUCTED: self.checks_instructed,
        }
        return [kind for kind, is_asked in kinds.items() if is_asked]

    def open(self):
        """Opens a draft to participants; freezes design, texts and plan of the analysis under one hash."""
        from ..files.study_file import export_study, study_sha256  # which reads what is defined here

        with transaction.atomic():
            draft = Study.objects.locked().filter(pk=self.pk, status=self.Status.DRAFT).first()
            design = export_study(draft) if draft else ""
            return self._move(
                self.Status.OPEN,
                [self.Status.DRAFT],
                opened_at=timezone.now(),
                design=design,
                design_sha256=study_sha256(design),
            )

    def pause(self):
        """Lets nobody start any more; who has begun may go on to the end."""
        return self._move(self.Status.PAUSED, [self.Status.OPEN])

    def resume(self):
        """Opens a paused study again."""
        return self._move(self.Status.OPEN, [self.Status.PAUSED])

    def close(self):
        """Closes a study: nobody can start or answer any more."""
        under_way = [self.Status.OPEN, self.Status.PAUSED]
        return self._move(self.Status.CLOSED, under_way, closed_at=timezone.now())

    def extend_quota(self, quota):
        """Wants more participants than before; says whether that was so. None is any number."""
        under_way = Study.objects.filter(pk=self.pk, status__in=[self.Status.OPEN, self.Status.PAUSED])
        fewer = under_way.filter(quota__isnull=False)
        fewer = fewer if quota is None else fewer.filter(quota__lt=quota)
        extended = fewer.update(quota=quota)
        self.refresh_from_db()
        return bool(extended)

    def _move(self, status, sources, **changes):
        moved = Study.objects.filter(pk=self.pk, status__in=sources).update(status=status, **changes)
        self.refresh_from_db()
        return bool(moved)
