"""A study while it fills: counts that tell nothing of which method is ahead; pause, resume, close, extend."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ... import monitoring
from ...models import AuditEvent, Participation
from ...rights import Action
from ...studio_forms import QuotaForm
from .finding import find_study

PEOPLE_ON_A_PAGE = 50


@login_required
@never_cache
@require_safe
def live(request, slug):
    study = find_study(request, slug)
    if study.is_draft:
        return redirect(study)
    participant_url = request.build_absolute_uri(reverse("participant:welcome", args=[slug]))
    context = _numbers(study) | {"quota_form": QuotaForm(study=study), "participant_url": participant_url}
    return render(request, "studio/live.html", context)


@login_required
@never_cache
@require_safe
def numbers(request, slug):
    """The changing part of the live page."""
    return render(request, "studio/live_numbers.html", _numbers(find_study(request, slug)))


@login_required
@never_cache
@require_safe
def left_out(request, slug):
    """Everybody who is not part of the analysis, and why; the latest first."""
    study = find_study(request, slug)
    people = study.participations.filter(kept=False, simulated=False)
    people = people.exclude(status__in=Participation.UNDER_WAY).order_by("-active_at", "-pk")
    page = Paginator(people, PEOPLE_ON_A_PAGE).get_page(request.GET.get("page"))
    for participation in page:
        participation.study = study  # `exclusion` asks it for its rules
    return render(request, "studio/left_out.html", {"study": study, "tab": "live", "page": page})


@login_required
@require_POST
def pause(request, slug):
    study = find_study(request, slug, action=Action.RUN)
    if study.pause():
        _record(request, study, AuditEvent.Action.PAUSED)
        messages.success(request, "Paused: nobody can start; who has begun may go on to the end.")
    else:
        _say_unchanged(request, study, "paused")
    return redirect("studio:live", slug)


@login_required
@require_POST
def resume(request, slug):
    study = find_study(request, slug, action=Action.RUN)
    if study.resume():
        _record(request, study, AuditEvent.Action.RESUMED)
        messages.success(request, "The study is open again.")
    else:
        _say_unchanged(request, study, "opened again")
    return redirect("studio:live", slug)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def close(request, slug):
    """Asks before it closes: no study opens again."""
    study = find_study(request, slug, action=Action.RUN)
    if request.method != "POST":
        return render(request, "studio/close.html", _numbers(study))
    if study.close():
        _record(request, study, AuditEvent.Action.CLOSED)
        messages.success(request, "The study is closed. Nobody can start or answer any more.")
    else:
        _say_unchanged(request, study, "closed")
    return redirect(study)


@login_required
@require_POST
def extend_quota(request, slug):
    study = find_study(request, slug, action=Action.RUN)
    form = QuotaForm(request.POST, study=study)
    if not form.is_valid():
        return render(request, "studio/live.html", _numbers(study) | {"quota_form": form}, status=400)
    if study.extend_quota(form.cleaned_data["quota"]):
        _record(request, study, AuditEvent.Action.EXTENDED, f"to {study.quota}")
        messages.success(request, f"{study.quota or 'Any number of'} participants are wanted now.")
    else:
        _say_unchanged(request, study, "extended")
    return redirect("studio:live", slug)


def _record(request, study, action, detail=""):
    AuditEvent.objects.record(request.user, action, study, detail=detail)


def _say_unchanged(request, study, done):
    messages.warning(request, f"The study was not {done}: it is {study.get_status_display().lower()}.")


def _numbers(study):
    counts = monitoring.counts(study)
    return {
        "study": study,
        "tab": "live",
        "counts": counts,
        "dropouts": monitoring.dropouts(study),
        "minutes": monitoring.median_minutes(study),
        "exclusions": monitoring.exclusions(study),
        "pace": monitoring.pace(study, counts),
        "simulated": study.participations.filter(simulated=True).count(),
    }
