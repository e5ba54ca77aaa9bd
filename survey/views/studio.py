"""What researchers see: studies and explanation sets, a study's form and preview, opening, closing."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..forms import AnswerForm, StudyForm
from ..models import ClassMap, ExplanationSet, Study
from ..models.plans import draw_plan
from ..question_page import QuestionPage


@login_required
@require_safe
def studies(request):
    context = {
        "studies": Study.objects.with_counts().select_related("explanation_set").prefetch_related("texts"),
        "explanation_sets": ExplanationSet.objects.all(),
    }
    return render(request, "studio/studies.html", context)


@login_required
@require_safe
def explanation_set(request, slug):
    found = get_object_or_404(ExplanationSet, slug=slug)
    methods = found.methods.all()
    context = {"explanation_set": found, "methods": methods, "rows": found.sheet()}
    return render(request, "studio/explanation_set.html", context)


@login_required
@cache_control(private=True, max_age=86400)
@require_safe
def class_map(request, pk):
    found = get_object_or_404(ClassMap, pk=pk)
    with found.image.open() as file:
        return HttpResponse(file.read(), content_type="image/png")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_study(request, slug):
    chosen_set = get_object_or_404(ExplanationSet, slug=slug)
    form = StudyForm(request.POST or None, instance=Study(explanation_set=chosen_set, owner=request.user))
    if form.is_valid():
        return redirect(form.save())
    return render(request, "studio/new_study.html", {"form": form, "explanation_set": chosen_set})


@login_required
@require_safe
def study(request, slug):
    found = get_object_or_404(
        Study.objects.with_counts().select_related("explanation_set", "owner").prefetch_related("texts"),
        slug=slug,
    )
    context = {
        "study": found,
        "text": _text(request, found),
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
    found = _study(slug)
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
    found = _study(slug)
    if found.open():
        messages.success(request, "The study is open. Its questions and texts are frozen from now on.")
    else:
        messages.warning(
            request, f"The study was not opened: it is {found.get_status_display().lower()} already."
        )
    return redirect(found)


@login_required
@require_POST
def close_study(request, slug):
    found = _study(slug)
    if found.close():
        messages.success(request, "The study is closed. Nobody can start or answer any more.")
    else:
        messages.warning(request, f"The study was not closed: it is {found.get_status_display().lower()}.")
    return redirect(found)


@login_required
@require_safe
def preview_welcome(request, slug):
    return _preview(request, "welcome", _study(slug), action=_preview_url(slug, "instructions"))


@login_required
@require_safe
def preview_instructions(request, slug):
    return _preview(request, "instructions", _study(slug), next_url=_preview_url(slug, "practice"))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preview_question(request, slug, position):
    """A question as a participant sees it; choosing goes on without storing anything."""
    found = _study(slug)
    plan = {planned.position: planned for planned in draw_plan(found, found.seed, place=0)}
    planned = plan.get(position)
    if planned is None:
        return redirect("studio:preview", slug)
    total = max(plan)
    is_last = position == total
    next_url = (
        _preview_url(slug, "thanks")
        if is_last
        else reverse("studio:preview_question", args=[slug, position + 1])
    )
    chosen = None
    if request.method == "POST":
        form = AnswerForm(request.POST, page=request.path)
        if form.is_valid() and position > 0:
            return redirect(next_url)
        chosen = form.cleaned_data.get("choice")  # practice: shows its feedback
    page = QuestionPage.of(planned, found, _text(request, found), total, chosen)
    shown = AnswerForm(page=request.path).stamp()
    return _preview(request, "question", found, page=page, shown=shown, next_url=next_url)


@login_required
@require_safe
def preview_thanks(request, slug):
    return _preview(request, "thanks", _study(slug))


def _preview(request, name, found, **context):
    """A participant's page, in the default language unless the address names another."""
    text = _text(request, found)
    with override(text.language):
        context |= {"study": found, "text": text, "preview": True}
        return render(request, f"participant/{name}.html", context)


def _text(request, found):
    return found.text_in(request.GET.get("language"))


def _study(slug):
    return get_object_or_404(
        Study.objects.select_related("explanation_set").prefetch_related("texts"), slug=slug
    )


def _preview_url(slug, step):
    return reverse(f"studio:preview_{step}", args=[slug])
