"""How every page of the studio finds its study, and the words that it shows of it."""

from django.shortcuts import get_object_or_404

from ...models import Study


def find_study(request, slug, studies=None):
    """The study of this short name, from `studies` (all by default) with its set and texts; or 404."""
    found = Study.objects.all() if studies is None else studies
    found = found.select_related("explanation_set", "rehearsal__study").prefetch_related("texts")
    return get_object_or_404(found, slug=slug)


def text_asked_for(request, study):
    """The texts in the language of the address, or else in the study's default one."""
    return study.text_in(request.GET.get("language"))
