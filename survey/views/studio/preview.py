"""The preview: a study as a participant sees it, with nothing stored."""

from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from ...forms import AnswerForm
from ...models.plans import draw_plan
from ...question_page import QuestionPage
from .finding import find_study


@login_required
@require_safe
def welcome(request, slug):
    context = {
        "study": find_study(request, slug),
        "action": _preview_url(slug, "instructions"),
        "preview": True,
    }
    return render(request, "participant/welcome.html", context)


@login_required
@require_safe
def instructions(request, slug):
    context = {
        "study": find_study(request, slug),
        "next_url": _preview_url(slug, "practice"),
        "preview": True,
    }
    return render(request, "participant/instructions.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def question(request, slug, position):
    """A question as a participant sees it; choosing goes on without storing anything."""
    found = find_study(request, slug)
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
    context = {
        "study": found,
        "page": QuestionPage.of(planned, found, total, chosen),
        "shown": AnswerForm(page=request.path).stamp(),
        "next_url": next_url,
        "preview": True,
    }
    return render(request, "participant/question.html", context)


@login_required
@require_safe
def thanks(request, slug):
    return render(request, "participant/thanks.html", {"study": find_study(request, slug), "preview": True})


def _preview_url(slug, step):
    return reverse(f"studio:preview_{step}", args=[slug])
