"""Work that takes longer than a page: builds of explanation sets and rehearsals, done by a background worker.

The row is all that page and worker share: the worker writes progress and a sign of life, the page asks for a
cancellation. Each start has a number, so that a worker that was thought dead and comes back finds itself
replaced and stops.
"""

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from .explanation_sets import ExplanationSet
from .studies import Study

# What goes into a command line: no word begins with a dash, so none is taken for a flag.
METHOD_NAMES = RegexValidator(
    r"\A[a-z0-9][\w:@.-]*( +[a-z0-9][\w:@.-]*)*\Z",
    "Write the methods’ short names with spaces between them, as in: normlime lime smoothgrad vargrad",
)
NO_DASH = RegexValidator(r"\A[^\s,-][^\n\0]*\Z", "Begin with a letter or a digit.")

SIGN_OF_LIFE = timedelta(seconds=2)  # between two that a worker gives
DEAD_AFTER = timedelta(seconds=30)  # without one


class JobQuerySet(models.QuerySet):
    def active(self):
        return self.filter(status__in=[Job.Status.QUEUED, Job.Status.RUNNING])

    def alive(self):
        """Those that a worker has touched a moment ago."""
        return self.filter(status=Job.Status.RUNNING, seen_at__gt=timezone.now() - DEAD_AFTER)

    @transaction.atomic
    def start(self, job):
        """Queues `job`, new or stopped, for the next worker. False if it is queued or running already."""
        if job.pk is None:
            job.save()
        elif (
            not self.filter(pk=job.pk)
            .filter(Job.may_start_again())
            .update(
                status=Job.Status.QUEUED,
                attempt=F("attempt") + 1,
                queued_at=timezone.now(),
                started_at=None,
                finished_at=None,
                cancel_asked=False,
                error="",
                done=0,
                total=0,
                doing="",
            )
        ):
            return False
        job.refresh_from_db()
        job.enqueue()
        return True

    def cancel(self, job):
        """Asks a running job to stop; ends at once one that no worker has taken, or whose worker died."""
        stopped = {"status": Job.Status.CANCELLED, "finished_at": timezone.now(), "attempt": F("attempt") + 1}
        return bool(
            self.filter(pk=job.pk).filter(Q(status=Job.Status.QUEUED) | Job.lost()).update(**stopped)
            or self.filter(pk=job.pk, status=Job.Status.RUNNING).update(cancel_asked=True)
        )


class Job(models.Model):
    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.QUEUED)
    attempt = models.PositiveIntegerField("which start of the job this is", default=1)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, editable=False)
    seen_at = models.DateTimeField("the worker's last sign of life", null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    cancel_asked = models.BooleanField(default=False, editable=False)
    done = models.FloatField("work done, in the job's own unit", default=0, editable=False)
    total = models.FloatField("all work; 0 until it is known", default=0, editable=False)
    doing = models.CharField(max_length=200, blank=True, editable=False)
    error = models.TextField("what went wrong, whole", blank=True, editable=False)

    objects = JobQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-pk"]

    @classmethod
    def lost(cls):
        """The condition of a job whose worker has given no sign of life for too long."""
        return Q(status=cls.Status.RUNNING, seen_at__lt=timezone.now() - DEAD_AFTER)

    @classmethod
    def may_start_again(cls):
        return Q(status__in=[cls.Status.FAILED, cls.Status.CANCELLED]) | cls.lost()

    def enqueue(self):
        """Hands this start of the job to the queue; each kind of job knows its task."""
        raise NotImplementedError

    @property
    def is_active(self):
        return self.status in (self.Status.QUEUED, self.Status.RUNNING)

    @property
    def is_lost(self):
        return self.status == self.Status.RUNNING and self.seen_at < timezone.now() - DEAD_AFTER

    @property
    def is_done(self):
        return self.status == self.Status.DONE

    @property
    def has_stopped(self):
        """Ended without being done: it may be started again."""
        return self.is_lost or self.status in (self.Status.FAILED, self.Status.CANCELLED)

    @property
    def percent(self):
        return int(100 * self.done / self.total) if self.total else 0

    @property
    def seconds_left(self):
        """At the pace so far; None before there is one."""
        if not (self.is_active and self.started_at and self.seen_at and 0 < self.done < self.total):
            return None
        passed = (self.seen_at - self.started_at).total_seconds()
        return round(passed * (self.total - self.done) / self.done)

    @property
    def time_left(self):
        """In words; empty before there is a pace."""
        seconds = self.seconds_left
        if seconds is None:
            return ""
        minutes = round(seconds / 60)
        if seconds < 120:
            return f"{seconds} s"
        return f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"

    @property
    def waits_for_a_worker(self):
        """Nobody has taken this up for so long that a worker that had nothing else to do would have."""
        return self.status == self.Status.QUEUED and self.queued_at < timezone.now() - timedelta(seconds=8)


class Classifier(models.Model):
    """A classifier with its data that builds may be started of; registered in a shell, since it is code."""

    name = models.CharField(max_length=80, unique=True)
    factory = models.CharField("package.module:factory", max_length=200)
    weights = models.CharField("file of weights, on the server", max_length=400)
    data = models.CharField(
        "folder or .npz of images, on the server; empty: MNIST", max_length=400, blank=True
    )
    preprocessing = models.TextField(
        "what it wants of pictures, a word of --preprocessing a line", blank=True
    )

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def options(self):
        """What it adds to the command line of a build."""
        words = ["--model", self.factory, "--weights", self.weights]
        words += ["--data", self.data] if self.data else []
        # "--preprocessing" takes all words that follow, so it comes last
        return words + (["--preprocessing", *self.preprocessing.splitlines()] if self.preprocessing else [])


class SetBuild(Job):
    """One run of `python -m explanations build`, in a folder of its own that a later start goes on in."""

    name = models.CharField("name of the set", max_length=60, validators=[NO_DASH])
    classifier = models.ForeignKey(
        Classifier,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="builds",
        help_text="Empty: the network of the NormLIME paper on MNIST.",
    )
    methods = models.CharField(
        max_length=400,
        validators=[METHOD_NAMES],
        default="normlime lime smoothgrad vargrad",
        help_text="Short names with spaces between them. As filled in: those of the NormLIME paper.",
    )
    classes = models.CharField(
        max_length=2000,
        blank=True,
        validators=[NO_DASH],
        help_text="Names with commas between them. Empty: all classes of the data.",
    )
    replicates = models.PositiveSmallIntegerField(
        default=2,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
        help_text="Maps of each class by each method, from separate samples of images.",
    )
    seed = models.PositiveIntegerField(
        default=0, help_text="The same seed gives the same set, to the last byte."
    )
    images = models.PositiveIntegerField(
        "images of a class",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="That a map summarises. Empty: each method’s own default.",
    )
    samples = models.PositiveIntegerField(
        "samples of an image",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Perturbed copies of it. Empty: each method’s own default. More take longer and vary less.",
    )
    explanation_set = models.ForeignKey(
        ExplanationSet, models.SET_NULL, null=True, editable=False, related_name="builds"
    )

    class Meta(Job.Meta):
        abstract = False

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("studio:build", args=[self.pk])

    def class_names(self):
        return [name.strip() for name in self.classes.split(",") if name.strip()]

    def clean(self):
        super().clean()
        if any(name.startswith("-") for name in self.class_names()):
            raise ValidationError({"classes": "The name of a class does not begin with a dash."})

    @property
    def folder(self):
        return settings.DATA_DIR / "builds" / str(self.pk)

    def enqueue(self):
        from ..background.building import build_set  # the task imports the models

        build_set.enqueue(self.pk, self.attempt)


class Rehearsal(Job):
    """Simulated participants in a copy of a study: what they answer never touches the study itself."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="rehearsals", editable=False)
    copy = models.OneToOneField(
        Study, models.PROTECT, related_name="rehearsal", editable=False, verbose_name="which they answer"
    )
    participants = models.PositiveSmallIntegerField(
        "simulated participants",
        default=20,
        # each enrols from the server's own address, and so many are let in each minute
        validators=[MinValueValidator(1), MaxValueValidator(150)],
        help_text="1 to 150 programs, which answer over HTTP as a browser does.",
    )
    site = models.URLField("where the site answers", max_length=400, editable=False)

    class Meta(Job.Meta):
        abstract = False

    def __str__(self):
        return f"Rehearsal of {self.study}"

    def get_absolute_url(self):
        return reverse("studio:rehearsal", args=[self.study.slug])

    def enqueue(self):
        from ..background.rehearsing import rehearse  # the task imports the models

        rehearse.enqueue(self.pk, self.attempt)
