"""The first page of the studio, and a study's own: made, edited, opened, closed."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ...forms import StudyForm
from ...models import AuditEvent, ExplanationSet, SetBuild, Study
from ...rights import Action, teams_for
from .finding import find_study, text_asked_for


@login_required
@require_safe
def studies(request):
    context = {
        "studies": Study.objects.visible_to(request.user)
        .with_counts()
        .select_related("explanation_set")
        .prefetch_related("texts"),
        "explanation_sets": ExplanationSet.objects.defer("manifest"),
        "builds": SetBuild.objects.filter(explanation_set=None),
    }
    return render(request, "studio/studies.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_study(request, slug):
    chosen_set = get_object_or_404(ExplanationSet, slug=slug)
    teams = teams_for(request.user, Action.EDIT)
    if not teams and not request.user.is_superuser:
        raise PermissionDenied("Nobody has given you a role that may make studies.")
    new = Study(explanation_set=chosen_set, owner=request.user, **({"team_id": teams[0]} if teams else {}))
    form = StudyForm(request.POST or None, instance=new)
    if form.is_valid():
        return redirect(form.save())
    return render(request, "studio/new_study.html", {"form": form, "explanation_set": chosen_set})


@login_required
@require_safe
def study(request, slug):
    found = find_study(request, slug, Study.objects.with_counts().select_related("owner"))
    context = {
        "study": found,
        "text": text_asked_for(request, found),
        "tab": "overview",
        "participant_url": request.build_absolute_uri(reverse("participant:welcome", args=[slug])),
        "methods": found.methods(),
        "labels": found.labels(),
        "n_scored": found.questions.filter(kind="scored").count(),
    }
    return render(request, "studio/study.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit_study(request, slug):
    found = find_study(request, slug, action=Action.EDIT)
    if not found.is_draft:
        messages.warning(request, "The questions and texts of this study are frozen since it opened.")
        return redirect(found)
    form = StudyForm(request.POST or None, instance=found)
    if form.is_valid():
        return redirect(form.save())
    context = {"form": form, "study": found, "explanation_set": found.explanation_set, "tab": "edit"}
    return render(request, "studio/study_form.html", context)


@login_required
@require_POST
def open_study(request, slug):
    found = find_study(request, slug, action=Action.RUN)
    if found.open():
        AuditEvent.objects.record(request.user, AuditEvent.Action.OPENED, found)
        messages.success(request, "The study is open. Its questions and texts are frozen from now on.")
    else:
        messages.warning(
            request, f"The study was not opened: it is {found.get_status_display().lower()} already."
        )
    return redirect(found)


@login_required
@require_POST
def close_study(request, slug):
    found = find_study(request, slug, action=Action.RUN)
    if found.close():
        AuditEvent.objects.record(request.user, AuditEvent.Action.CLOSED, found)
        messages.success(request, "The study is closed. Nobody can start or answer any more.")
    else:
        messages.warning(request, f"The study was not closed: it is {found.get_status_display().lower()}.")
    return redirect(found)
