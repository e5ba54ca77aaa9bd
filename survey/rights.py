"""Who may do what: the one place that every view and the API ask.

A study is seen by its team and by superusers; what a member may do with it follows from the role. Shares of
votes stay hidden until a study closes, since stopping by results makes false findings more likely; who looks
earlier says why, and the audit log keeps it.
"""

from datetime import timedelta
from enum import StrEnum

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.utils import timezone

from .models import AuditEvent, Membership, Study

LOOK_LASTS = timedelta(hours=1)  # then a reason is asked for again
SHORTEST_REASON = 10  # characters


class Action(StrEnum):
    VIEW = "view"  # the study, its design and how it fills, without shares
    EDIT = "edit"  # create and change drafts, make new versions
    RUN = "run"  # open, pause, resume, close, extend the quota, rehearse
    RESULTS = "results"
    EXPORT = "export"
    AUDIT = "audit"
    ADMINISTER = "administer"  # the team


ANALYST = {Action.VIEW, Action.RESULTS, Action.EXPORT}
RESEARCHER = ANALYST | {Action.EDIT, Action.RUN}
ALLOWED = {
    Membership.Role.ANALYST: ANALYST,
    Membership.Role.RESEARCHER: RESEARCHER,
    Membership.Role.ADMINISTRATOR: set(Action),
}


def allowed(user, action, study):
    """Whether this person may do this with the study; with a rehearsal's copy, nothing that would keep it."""
    return _bears(study, action) and allowed_in(user, action, study.team_id)


def _bears(study, action):
    return action not in (Action.EDIT, Action.RUN) or not study.is_rehearsal


def allowed_in(user, action, team_id):
    """Whether this person may do this with the team's studies, or with the team."""
    if not user.is_authenticated or not user.is_active:
        return False
    return user.is_superuser or Action(action) in ALLOWED.get(roles(user).get(team_id), ())


def roles(user):
    """The roles of this person by team, read once for each request's user."""
    if not hasattr(user, "_roles"):
        user._roles = dict(Membership.objects.filter(user=user).values_list("team_id", "role"))
    return user._roles


def teams_for(user, action):
    """The keys of the teams in which this person may do this; a superuser's own, not everybody's."""
    return [team for team in roles(user) if allowed_in(user, action, team)]


def find_study(user, slug, action=Action.VIEW, studies=None):
    """The study of this short name; Http404 if this person sees none, PermissionDenied if they may not."""
    studies = Study.objects.all() if studies is None else studies
    found = studies.visible_to(user).filter(slug=slug).first()
    if found is None:
        raise Http404(f"There is no study {slug!r}.")
    if not _bears(found, action):
        raise PermissionDenied(f"{slug} is the copy of a rehearsal: it is looked at, and erased.")
    if not allowed(user, action, found):
        role = roles(user).get(found.team_id)
        raise PermissionDenied(f"You are {role} of {found.team}; this needs a role that may {action}.")
    return found


def must_say_why(user, study, simulated="include"):
    """Whether this person, before seeing shares of votes, must say why: early, and not said in the last hour.

    `simulated` "only" shows no vote of a person, so nothing is given away.
    """
    if study.is_closed or study.is_draft or simulated == "only":
        return False
    since = timezone.now() - LOOK_LASTS
    looks = AuditEvent.objects.filter(study=study, action=AuditEvent.Action.LOOKED_EARLY, at__gt=since)
    return not looks.filter(user=user).exists()


def look_early(user, study, reason):
    """Records why this person looks at results before the study closes; ValidationError for no reason."""
    if study.is_rehearsal:
        raise ValidationError(f"{study.slug} is a rehearsal: its shares are not hidden.")
    reason = " ".join(reason.split())
    if len(reason) < SHORTEST_REASON:
        raise ValidationError(
            f"Please say in a sentence, of {SHORTEST_REASON} characters at least, why you look early."
        )
    limit = AuditEvent._meta.get_field("reason").max_length
    if len(reason) > limit:
        raise ValidationError(f"The reason has {len(reason)} characters; allowed are {limit}.")
    return AuditEvent.objects.record(user, AuditEvent.Action.LOOKED_EARLY, study, reason=reason)
