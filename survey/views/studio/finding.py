"""How every page of the studio finds its study."""

from django.shortcuts import get_object_or_404

from ...models import Study


def find_study(request, slug, studies=None):
    """The study of this short name, from `studies` (all by default) with its set; 404 if there is none."""
    found = Study.objects.all() if studies is None else studies
    return get_object_or_404(found.select_related("explanation_set"), slug=slug)
