"""Where the participants of a study come from, what they are paid, and with which code they go back."""

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from ..recruitment import PLATFORMS


class Recruitment(models.Model):
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
    pay = models.DecimalField(
        "pay for a participant",
        max_digits=7,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text="Without the platform’s fees.",
    )
    currency = models.CharField(
        max_length=3,
        default="USD",
        validators=[RegexValidator("^[A-Z]{3}$", "Three capital letters, such as USD, EUR or GBP.")],
    )
    minutes = models.PositiveSmallIntegerField(
        "expected minutes",
        default=5,
        validators=[MinValueValidator(1), MaxValueValidator(600)],
        help_text="That a participation takes.",
    )

    class Meta:
        abstract = True

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
