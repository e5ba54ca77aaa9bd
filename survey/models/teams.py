"""Who works together: a study belongs to a team, and the role of a member says what they may do with it."""

from django.conf import settings
from django.db import models

FIRST_TEAM = "Our team"


class TeamQuerySet(models.QuerySet):
    def of(self, user):
        """The teams whose studies this person sees."""
        return self if user.is_superuser else self.filter(memberships__user=user)


class Team(models.Model):
    name = models.CharField(max_length=80, unique=True)

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def keeps_an_administrator(self, user, role):
        """Whether the team still has one once `user` has this role; None is leaving. In a transaction."""
        administrator = Membership.Role.ADMINISTRATOR
        # locked, so that two administrators who leave at once see each other
        others = self.memberships.select_for_update().filter(role=administrator).exclude(user=user)
        return role == administrator or others.exists()


def first_team():
    """The key of the team that a site begins with, for studies that nobody gave to another."""
    team = Team.objects.order_by("pk").first() or Team.objects.create(name=FIRST_TEAM)
    return team.pk


class Membership(models.Model):
    class Role(models.TextChoices):
        RESEARCHER = "researcher", "Researcher: makes and runs studies"
        ANALYST = "analyst", "Analyst: results and exports, no editing"
        ADMINISTRATOR = "administrator", "Administrator: everything, and who is in the team"

    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=13, choices=Role.choices, default=Role.RESEARCHER)

    class Meta:
        ordering = ["user__username"]
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="once_in_a_team"),
            models.CheckConstraint(
                condition=models.Q(role__in=["researcher", "analyst", "administrator"]),
                name="a_role_that_there_is",
            ),
        ]

    def __str__(self):
        return f"{self.user} in {self.team}: {self.role}"
