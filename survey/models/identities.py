"""Who a participant is to the platform that sent them: the only personal data, in a table of its own."""

from django.db import models

from ..recruitment.arrivals import MAX_LENGTH
from .participations import Participation
from .studies import Study


class PlatformIdentity(models.Model):
    """Gone when the study is purged or the person withdraws; answers, plan and outcome don't need it."""

    participation = models.OneToOneField(Participation, models.CASCADE, related_name="identity")
    study = models.ForeignKey(Study, models.CASCADE, related_name="identities")
    platform = models.CharField(max_length=12)
    person = models.CharField("the platform's id of the person", max_length=MAX_LENGTH)
    submission = models.CharField("the platform's id of this visit", max_length=MAX_LENGTH, blank=True)
    return_to = models.URLField("where the platform wants its answer", max_length=MAX_LENGTH, blank=True)

    class Meta:
        verbose_name_plural = "platform identities"
        constraints = [
            models.UniqueConstraint(
                fields=["study", "platform", "person"], name="one_participation_for_each_person_of_a_platform"
            )
        ]

    def __str__(self):
        return f"{self.participation} on {self.platform}"
