"""The analysis plan of a study, named before anybody answers and frozen with the study."""

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from ..planning import contrast_fault, primary_tests

MAX_CONTRASTS = 20


def validate_contrasts(value):
    """Raises ValidationError unless `value` is a list of different texts; `plan_faults` reads them."""
    if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
        raise ValidationError("Contrasts must be a list of texts, such as NormLIME - mean(others).")
    if len(value) > MAX_CONTRASTS or len(set(value)) < len(value):
        raise ValidationError(f"Enter at most {MAX_CONTRASTS} contrasts, each of them once.")


class AnalysisPlan(models.Model):
    class Comparisons(models.TextChoices):
        MAX_T = "max-t", "Paired t tests, adjusted together (single-step max-t)"
        HOLM = "paired-t-holm", "Paired t tests with Holm’s correction"
        TUKEY = "tukey-hsd", "Tukey’s HSD, as in the NormLIME paper"

    primary_test = models.CharField(
        max_length=24,
        choices=primary_tests,
        default="repeated-measures",
        help_text="Decides whether the methods differ at all. Fixed when the study opens.",
    )
    comparisons = models.CharField(
        "pairwise comparisons",
        max_length=16,
        choices=Comparisons.choices,
        default=Comparisons.MAX_T,
        help_text="Decides which method is ahead of which.",
    )
    contrasts = models.JSONField(
        "planned contrasts",
        default=list,
        blank=True,
        validators=[validate_contrasts],
        help_text="One per line, such as: NormLIME - mean(others). They are tested together, besides the "
        "comparisons of all pairs. Leave empty for none.",
    )
    baseline = models.CharField(
        max_length=120,
        default="",
        blank=True,
        help_text="Every other method is compared with this one, too. Leave empty for none.",
    )
    smallest_difference = models.DecimalField(
        "smallest difference of interest",
        max_digits=4,
        decimal_places=3,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.001")), MaxValueValidator(Decimal("0.999"))],
        help_text="As a share of the votes: 0.05 is 5 points. The report tests whether methods differ by "
        "less. Leave empty for no such test.",
    )
    alpha = models.DecimalField(
        "significance level",
        max_digits=5,
        decimal_places=4,
        default=Decimal("0.05"),
        validators=[MinValueValidator(Decimal("0.0001")), MaxValueValidator(Decimal("0.5"))],
        help_text="A p value below this counts as a finding.",
    )
    expected_lead = models.DecimalField(
        "expected lead",
        max_digits=4,
        decimal_places=3,
        default=Decimal("0.1"),
        validators=[MinValueValidator(Decimal("0.001")), MaxValueValidator(Decimal("0.999"))],
        help_text="By how much you expect the best method to lead, as a share of the votes: 0.1 is 10 "
        "points. The review checks that you have enough participants to see it.",
    )

    class Meta:
        abstract = True

    def plan_faults(self, titles):
        """Faults of the methods that the plan names, a sentence by field.

        `titles` are those of the methods compared.
        """
        faults = {}
        if self.baseline and self.baseline not in titles:
            faults["baseline"] = f"There is no method {self.baseline!r}; choose from {', '.join(titles)}."
        wrong = [fault for text in self.contrasts if (fault := contrast_fault(text, titles))]
        if wrong:
            faults["contrasts"] = f"{wrong[0][0].upper()}{wrong[0][1:]}."
        return faults
