"""Who is in which team with which role, and the audit log of what was done."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from ...models import AuditEvent, Membership, Team
from ...rights import Action, allowed_in
from ...studio_forms import MemberForm

LINES_ON_A_PAGE = 50


@login_required
@require_safe
def teams(request):
    return render(request, "studio/teams.html", _context(request, MemberForm()))


@login_required
@require_POST
def set_role(request, pk):
    """Takes somebody into the team, or changes their role."""
    team = _team(request, pk)
    form = MemberForm(request.POST)
    if not form.is_valid():
        return render(request, "studio/teams.html", _context(request, form, wrong=team), status=400)
    role = form.cleaned_data["role"]
    with transaction.atomic():
        if not team.keeps_an_administrator(form.user, role):
            messages.warning(request, "Nothing was changed: the team needs an administrator.")
            return redirect("studio:teams")
        Membership.objects.update_or_create(team=team, user=form.user, defaults={"role": role})
        _record(request, team, f"{form.user} is {role}")
    messages.success(request, f"{form.user} is {role} of {team}.")
    return redirect("studio:teams")


@login_required
@require_POST
def remove(request, pk, user_pk):
    team = _team(request, pk)
    with transaction.atomic():
        member = team.memberships.select_related("user").filter(user=user_pk).first()
        if member is None:
            raise Http404("Nobody of the team has this number.")
        if not team.keeps_an_administrator(member.user, None):
            messages.warning(request, "Nothing was changed: the team needs an administrator.")
            return redirect("studio:teams")
        member.delete()
        _record(request, team, f"{member.user} is removed")
    messages.success(request, f"{member.user} is no longer in {team}.")
    return redirect("studio:teams")


@login_required
@require_safe
def audit(request):
    """What was done in the teams that this person administers; the latest first."""
    lines = AuditEvent.objects.visible_to(request.user).select_related("study", "team")
    lines = lines.prefetch_related("study__texts")
    page = Paginator(lines, LINES_ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "studio/audit.html", {"page": page})


def _context(request, form, wrong=None):
    found = Team.objects.of(request.user).prefetch_related("memberships__user")
    rows = [
        {
            "team": team,
            "members": team.memberships.all(),
            "form": form if wrong in (None, team) else MemberForm(),
            "may": allowed_in(request.user, Action.ADMINISTER, team.pk),
        }
        for team in found
    ]
    return {"rows": rows, "administers": any(row["may"] for row in rows)}


def _team(request, pk):
    team = Team.objects.of(request.user).filter(pk=pk).first()
    if team is None:
        raise Http404("There is no such team.")
    if not allowed_in(request.user, Action.ADMINISTER, team.pk):
        raise PermissionDenied("Only an administrator of the team changes who is in it.")
    return team


def _record(request, team, what):
    AuditEvent.objects.record(request.user, AuditEvent.Action.TEAM_CHANGED, team=team, detail=what)
