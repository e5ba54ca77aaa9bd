"""How every page of the studio finds its study, and the words that it shows of it."""

from ... import rights
from ...models import Study
from ...rights import Action


def find_study(request, slug, studies=None, action=Action.VIEW):
    """The study of this short name, from `studies` (all by default) with its set, team and texts.

    404 for who is not in its team, 403 for a role that may not do `action`.
    """
    found = Study.objects.all() if studies is None else studies
    found = found.select_related("explanation_set", "team").prefetch_related("texts")
    return rights.find_study(request.user, slug, action, found)


def text_asked_for(request, study):
    """The texts in the language of the address, or else in the study's default one."""
    return study.text_in(request.GET.get("language"))
