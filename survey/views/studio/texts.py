"""A study's texts, a page a language, with a preview that follows the typing."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ...designing.reference_study import TITLES, default_texts
from ...models import AuditEvent, StudyText
from ...rights import Action
from ...studio_forms import Frozen, LanguageForm, TextForm
from .finding import find_study, find_to_post


@login_required
@require_safe
def texts(request, slug):
    study = find_study(request, slug)
    context = {"study": study, "tab": "texts", "texts": study.texts.all(), "form": LanguageForm(study=study)}
    return render(request, "studio/texts.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def text(request, slug, language):
    study = find_to_post(request, slug, Action.EDIT)
    found = _text(study, language)
    if request.method == "POST" and not study.is_draft:
        return _frozen(request, slug)
    form = TextForm(request.POST or None, instance=found)
    if form.is_valid():
        try:
            form.save()
        except Frozen:
            return _frozen(request, slug)
        _record(request, study, found.get_language_display())
        messages.success(request, f"The texts in {found.get_language_display()} are saved.")
        return redirect("studio:texts", slug)
    context = {"study": study, "tab": "texts", "text": found, "form": form, "example": _example(study)}
    return render(request, "studio/text.html", context | {"heading": found.wording(_example(study))})


@login_required
@require_POST
def preview(request, slug, language):
    """The words of the form as participants would read them; nothing is stored."""
    study = find_study(request, slug)
    text = _text(study, language)
    for name in StudyText.WORDS:
        setattr(text, name, request.POST.get(name, "")[:10_000])
    context = {"study": study, "text": text, "heading": text.wording(_example(study))}
    return render(request, "studio/text_preview.html", context)


@login_required
@require_POST
def add_language(request, slug):
    """A language more, beginning with the usual texts where there are some, or those of the default."""
    study = find_study(request, slug, action=Action.EDIT)
    if not study.is_draft:
        return _frozen(request, slug)
    form = LanguageForm(request.POST, study=study)
    if not form.is_valid():
        messages.warning(request, "Choose a language that the study does not speak yet.")
        return redirect("studio:texts", slug)
    language = form.cleaned_data["language"]
    default = study.text_in(study.default_language)
    words = {name: getattr(default, name) for name in StudyText.WORDS}
    words |= default_texts(study.explanation_set, language) if language in TITLES else {}
    study.texts.get_or_create(language=language, defaults=words)
    _record(request, study, f"{language} added")
    return redirect("studio:text", slug, language)


@login_required
@require_POST
def remove_language(request, slug, language):
    study = find_study(request, slug, action=Action.EDIT)
    found = _text(study, language)
    if not study.is_draft:
        return _frozen(request, slug)
    if language == study.default_language:
        messages.warning(request, "The default language stays: choose another default first.")
    else:
        found.delete()
        _record(request, study, f"{language} removed")
        messages.success(request, f"{found.get_language_display()} is removed.")
    return redirect("studio:texts", slug)


@login_required
@require_POST
def make_default(request, slug, language):
    """Lets those be spoken to in this language whose own the study does not speak."""
    study = find_study(request, slug, action=Action.EDIT)
    _text(study, language)
    if not study.is_draft:
        return _frozen(request, slug)
    study.default_language = language
    study.save(update_fields=["default_language"])
    _record(request, study, f"{language} is the default")
    return redirect("studio:texts", slug)


def _record(request, study, what):
    AuditEvent.objects.record(request.user, AuditEvent.Action.CHANGED, study, detail=f"texts: {what}")


def _text(study, language):
    for text in study.texts.all():
        if text.language == language:
            text.study = study
            return text
    raise Http404(f"The study has no texts in {language!r}.")


def _example(study):
    """A class to ask about in previews."""
    return study.explanation_set.asked_for(next(iter(study.labels()), "9"))


def _frozen(request, slug):
    messages.warning(request, "The questions and texts of this study are frozen since it opened.")
    return redirect("studio:texts", slug)
