"""The preview: a study as a participant sees it, in any of its languages, with nothing stored."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.http import require_http_methods, require_safe

from ...answering import PostedAnswer, stamp
from ...models.plans import draw_plan
from ...question_page import QuestionPage
from .finding import find_study, text_asked_for


@login_required
@require_safe
def welcome(request, slug):
    found = find_study(request, slug)
    return _shown(
        request, "welcome", found, action=_step(request, slug, "instructions"), languages=_switch(found)
    )


@login_required
@require_safe
def instructions(request, slug):
    found = find_study(request, slug)
    first = min(_plan(found), default=1)
    return _shown(request, "instructions", found, next_url=_question(request, slug, first))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def question(request, slug, position):
    """A question as a participant sees it; choosing goes on without storing anything."""
    found = find_study(request, slug)
    plan = _plan(found)
    planned = plan.get(position)
    if planned is None:
        return redirect("studio:preview", slug)
    total = max(plan)
    is_last = position == total
    next_url = _step(request, slug, "thanks") if is_last else _question(request, slug, position + 1)
    chosen = None
    if request.method == "POST":
        posted = PostedAnswer.read(request.POST, request.path)
        if posted and position > 0:
            return redirect(next_url)
        chosen = posted and posted.place  # practice: shows its feedback
    page = QuestionPage.of(planned, found, text_asked_for(request, found), total, chosen)
    shown = stamp(request.path)
    return _shown(request, "question", found, page=page, shown=shown, next_url=next_url)


@login_required
@require_safe
def thanks(request, slug):
    return _shown(request, "thanks", find_study(request, slug))


def _shown(request, name, found, **context):
    """A participant's page, in the default language unless the address names another."""
    text = text_asked_for(request, found)
    with override(text.language):
        context |= {"study": found, "text": text, "preview": True}
        return render(request, f"participant/{name}.html", context)


def _switch(found):
    """Each language of a study that has several, with the address that shows this page in it."""
    names = dict(settings.LANGUAGES)
    codes = found.languages() if len(found.languages()) > 1 else []
    return [{"code": code, "name": names[code], "address": f"?language={code}"} for code in codes]


def _plan(found):
    return {planned.position: planned for planned in draw_plan(found, found.seed, place=0)}


def _step(request, slug, step):
    return _in_language(request, reverse(f"studio:preview_{step}", args=[slug]))


def _question(request, slug, position):
    """The address of a question; practice ends at position 0."""
    if position == 0:
        return _step(request, slug, "practice")
    name = "preview_question" if position > 0 else "preview_early_practice"
    return _in_language(request, reverse(f"studio:{name}", args=[slug, position]))


def _in_language(request, path):
    """An address of the preview, in the language of this page."""
    language = request.GET.get("language")
    return f"{path}?{urlencode({'language': language})}" if language else path
