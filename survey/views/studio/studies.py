"""The first page of the studio, and a study's design: made, edited, reviewed, opened."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ...designing.design_effect import effect_of
from ...designing.review import risks
from ...models import AuditEvent, ExplanationSet, SetBuild, Study
from ...rights import Action, teams_for
from ...studio_forms import DesignForm, Frozen
from .finding import find_study, find_to_post, require_maker


@login_required
@require_safe
def studies(request):
    own = Study.objects.visible_to(request.user).filter(rehearsal=None)
    context = {
        "studies": own.with_counts().select_related("explanation_set").prefetch_related("texts"),
        "explanation_sets": ExplanationSet.objects.defer("manifest"),
        "builds": SetBuild.objects.filter(explanation_set=None),
    }
    return render(request, "studio/studies.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_study(request, slug):
    chosen_set = get_object_or_404(ExplanationSet, slug=slug)
    require_maker(request)
    teams = teams_for(request.user, Action.EDIT)
    new = Study(explanation_set=chosen_set, owner=request.user, **({"team_id": teams[0]} if teams else {}))
    form = DesignForm(request.POST or None, instance=new)
    if form.is_valid():
        made = form.save()
        AuditEvent.objects.record(request.user, AuditEvent.Action.CREATED, made)
        return redirect(made)
    return render(request, "studio/new_study.html", {"form": form, "explanation_set": chosen_set})


@login_required
@require_POST
def effect(request, slug):
    """What the choices made so far in the design's form come to; nothing is stored."""
    chosen_set = get_object_or_404(ExplanationSet, slug=slug)
    form = DesignForm(request.POST, instance=Study(explanation_set=chosen_set))
    form.full_clean()
    context = {"effect": effect_of(form.cleaned_data, chosen_set)}
    return render(request, "studio/effect.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def design(request, slug):
    """The form of a draft; the facts of a study that has opened."""
    found = find_to_post(request, slug, Action.EDIT, Study.objects.select_related("owner"))
    context = {"study": found, "tab": "design", "explanation_set": found.explanation_set}
    if not found.is_draft or not found.may[Action.EDIT]:
        if request.method == "POST":
            return _frozen(request, slug)
        return render(request, "studio/frozen_design.html", context | _facts(found))
    form = DesignForm(request.POST or None, instance=found)
    if form.is_valid():
        try:
            form.save()
        except Frozen:
            return _frozen(request, slug)
        AuditEvent.objects.record(request.user, AuditEvent.Action.CHANGED, found, detail="design")
        messages.success(request, "The draft is saved.")
        return redirect("studio:design", slug)
    return render(request, "studio/design.html", context | {"form": form})


@login_required
@require_safe
def study(request, slug):
    """Where a study stands: a draft's review before it opens, or its live page."""
    found = find_study(request, slug, Study.objects.select_related("owner"))
    if not found.is_draft:
        return redirect("studio:live", slug)
    return render(request, "studio/review.html", {"study": found, "tab": "live", **_facts(found)})


@login_required
@require_safe
def review_risks(request, slug):
    """What is risky in a draft: a part of its own, since pictures are compared and studies simulated."""
    found = find_study(request, slug)
    return render(request, "studio/risks.html", {"study": found, "risks": risks(found)})


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
    return redirect("studio:live", slug)


def _frozen(request, slug):
    messages.warning(request, "The questions and texts of this study are frozen since it opened.")
    return redirect("studio:design", slug)


def _facts(found):
    return {
        "text": found.text_in(None),
        "methods": list(found.methods()),
        "labels": found.labels(),
        "texts": list(found.texts.all()),
    }
