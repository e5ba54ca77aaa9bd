"""What was done with studies and teams, by whom and when. Written once: nothing changes or deletes a line."""

from django.conf import settings
from django.db import models

from .studies import Study
from .teams import Membership, Team

COMMAND = "command line"  # who did it, where nobody is logged in


class AppendOnly(Exception):
    """A line of the audit log stays as it was written."""


class AuditQuerySet(models.QuerySet):
    def record(self, user, action, study=None, *, team=None, detail="", reason=""):
        """Writes one line; `user` None is the command line.

        What is done with a rehearsal's copy stands under the study that is rehearsed: the copy is erased,
        and no line of the log is.
        """
        who = user.get_username() if user else COMMAND
        if study and study.is_rehearsal:
            study, detail = study.rehearsal.study, f"of its rehearsal: {detail}"[:300]
        team = team or (study and study.team)
        line = self.model(
            user=user, who=who, action=action, study=study, team=team, detail=detail, reason=reason
        )
        line.save(force_insert=True)
        return line

    def visible_to(self, user):
        """Lines about the teams that this person administers."""
        if user.is_superuser:
            return self
        administered = Membership.objects.filter(user=user, role=Membership.Role.ADMINISTRATOR)
        return self.filter(team__in=administered.values("team"))

    def update(self, **changes):
        raise AppendOnly("The audit log is only written to.")

    def delete(self):
        raise AppendOnly("The audit log is only written to.")


class AuditEvent(models.Model):
    class Action(models.TextChoices):
        CREATED = "created"
        CHANGED = "changed"
        OPENED = "opened"
        PAUSED = "paused"
        RESUMED = "resumed"
        CLOSED = "closed"
        EXTENDED = "extended the quota"
        NEW_VERSION = "made a new version"
        LOOKED_EARLY = "looked early"
        EXPORTED = "exported"
        IMPORTED = "imported"
        TEAM_CHANGED = "changed the team"

    at = models.DateTimeField(auto_now_add=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    who = models.CharField("name of the user, kept when the account goes", max_length=150)
    action = models.CharField(max_length=20, choices=Action.choices)
    study = models.ForeignKey(Study, models.PROTECT, null=True, related_name="audit")
    team = models.ForeignKey(Team, models.PROTECT, null=True, related_name="audit")
    detail = models.CharField("what exactly", max_length=300, blank=True)
    reason = models.CharField("why, in the person's own words", max_length=500, blank=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["study", "-at"], name="audit_of_a_study")]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(action="looked early") | ~models.Q(reason=""),
                name="who_looks_early_says_why",
            )
        ]

    def __str__(self):
        return f"{self.at:%Y-%m-%d %H:%M} {self.who} {self.action} {self.study or self.team or ''}".strip()

    def save(self, *args, **options):
        if self.pk is not None:
            raise AppendOnly("The audit log is only written to.")
        super().save(*args, **options)

    def delete(self, *args, **options):
        raise AppendOnly("The audit log is only written to.")
