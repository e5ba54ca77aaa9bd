"""The plan of a study's analysis, named before anybody answers and frozen with the study."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from ..planning import primary_tests


class AnalysisPlan(models.Model):
    class Comparisons(models.TextChoices):
        HOLM = "paired-t-holm", "every pair by paired t tests, adjusted by Holm"
        TUKEY = "tukey-hsd", "every pair by Tukey’s HSD, as in the NormLIME paper"

    primary_test = models.CharField(
        max_length=24,
        choices=primary_tests,
        default="repeated-measures",
        help_text="The one test that decides whether the methods differ; named before anybody answers.",
    )
    comparisons = models.CharField(
        max_length=16,
        choices=Comparisons.choices,
        default=Comparisons.HOLM,
        help_text="Which method is ahead of which.",
    )
    alpha = models.DecimalField(
        "significance level",
        max_digits=5,
        decimal_places=4,
        default=Decimal("0.05"),
        validators=[MinValueValidator(Decimal("0.0001")), MaxValueValidator(Decimal("0.5"))],
    )
    expected_lead = models.DecimalField(
        "expected lead",
        max_digits=4,
        decimal_places=3,
        default=Decimal("0.1"),
        validators=[MinValueValidator(Decimal("0.001")), MaxValueValidator(Decimal("0.999"))],
        help_text="By what share of the votes the best method should be ahead of the others: 0.1 is ten of "
        "a hundred. The review says whether enough participants are wanted to find it.",
    )

    class Meta:
        abstract = True
