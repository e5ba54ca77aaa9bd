"""The questions of a study and the pictures that each offers. Frozen once the study opens."""

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.functional import cached_property

from .explanation_sets import ClassMap, new_token

__all__ = ["Option", "Question", "new_token"]


class Question(models.Model):
    class Kind(models.TextChoices):
        PRACTICE = "practice"
        SCORED = "scored"
        CHECK = "check"

    class CheckKind(models.TextChoices):
        OTHER_CLASS = "other class", "one picture of the class, the others of another class"
        NOISE = "noise", "one picture of the class, the others without any pattern"
        INSTRUCTED = "instructed", "the question itself says which picture to choose"

    study = models.ForeignKey("Study", models.CASCADE, related_name="questions")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    check_kind = models.CharField(max_length=12, choices=CheckKind.choices, blank=True)
    label = models.CharField(max_length=200)
    replicate = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "kind", "label", "replicate"], name="question_once_in_a_study"
            ),
            models.CheckConstraint(
                condition=Q(kind="check", check_kind__in=["other class", "noise", "instructed"])
                | (~Q(kind="check") & Q(check_kind="")),
                name="a_check_is_of_a_kind_and_nothing_else_is",
            ),
        ]

    def __str__(self):
        return self.code

    @property
    def code(self):
        """How the vote table names the question: `9-2`, `check-4-1`, `practice-7-1`."""
        return self.code_of(self.kind, self.label, self.replicate)

    @classmethod
    def code_of(cls, kind, label, replicate):
        """The code of the question that has these."""
        name = f"{label}-{replicate}"
        return name if kind == cls.Kind.SCORED else f"{kind}-{name}"

    def in_order(self, option_order):
        """The options with these numbers, for example "3142"."""
        return [self._options_by_number[number] for number in option_order]

    @cached_property
    def _options_by_number(self):
        return {str(option.number): option for option in self.options.all()}

    @property
    def is_instructed(self):
        return self.check_kind == self.CheckKind.INSTRUCTED


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
