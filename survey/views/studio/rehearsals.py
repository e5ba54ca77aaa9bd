"""The preview's door, and the rehearsal: programs answer a copy of the study, to be erased by one click."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ... import monitoring
from ...background import rehearsing, ways_back
from ...models import Rehearsal
from ...rights import Action
from ...studio_forms import RehearsalForm
from .finding import find_study, find_to_post


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def rehearsal(request, slug):
    study = find_to_post(request, slug, Action.RUN)
    form = RehearsalForm(request.POST or None)
    if form.is_valid():
        site = request.build_absolute_uri("/")
        try:
            rehearsing.begin(study, form.cleaned_data["participants"], site, request.user)
        except rehearsing.StillRehearsing:
            messages.warning(request, "A rehearsal is running already: let it end, or cancel it.")
        return redirect("studio:rehearsal", slug)
    return render(request, "studio/rehearsal.html", _context(study) | {"form": form})


@login_required
@never_cache
@require_safe
def progress(request, slug):
    """The changing part of the page."""
    return render(request, "studio/rehearsal_progress.html", _context(find_study(request, slug)))


@login_required
@require_POST
def cancel(request, slug):
    if not any(
        Rehearsal.objects.cancel(one) for one in find_study(request, slug, action=Action.RUN).rehearsals.all()
    ):
        messages.warning(request, "There is no rehearsal to cancel: it has ended already.")
    return redirect("studio:rehearsal", slug)


@login_required
@require_POST
def go_on(request, slug):
    if not any(
        Rehearsal.objects.start(one) for one in find_study(request, slug, action=Action.RUN).rehearsals.all()
    ):
        messages.warning(request, "The rehearsal was not started again: it is running or done already.")
    return redirect("studio:rehearsal", slug)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request, slug):
    """Asks before it erases: nothing brings a rehearsal back."""
    study = find_study(request, slug, action=Action.RUN)
    if request.method != "POST":
        return render(request, "studio/erase_rehearsal.html", _context(study))
    try:
        for one in study.rehearsals.all():
            rehearsing.erase(one)
    except rehearsing.StillRehearsing:
        messages.warning(request, "Nothing was erased: programs are still answering. Cancel them first.")
    else:
        messages.success(request, "The rehearsal is erased, with all that was answered in it.")
    return redirect("studio:rehearsal", slug)


def _context(study):
    job = study.rehearsals.select_related("copy").first()
    context = {"study": study, "tab": "preview", "job": job, "languages": study.texts.all()}
    if job:
        context |= {
            "counts": monitoring.counts(job.copy, simulated=True),
            "minutes": monitoring.median_minutes(job.copy, simulated=True),
            "exclusions": monitoring.exclusions(job.copy, simulated=True),
            "ways_back": list(ways_back.summary(job.copy)),
            "worker_busy": Rehearsal.objects.alive().exclude(pk=job.pk).exists(),
        }
    return context
