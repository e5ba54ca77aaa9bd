"""How every page of the studio finds its study, and the words that it shows of it."""

from django.core.exceptions import PermissionDenied

from ... import rights
from ...models import Study
from ...rights import Action


def find_study(request, slug, studies=None, action=Action.VIEW):
    """The study of this short name, from `studies` (all by default) with its set, team and texts.

    404 for who is not in its team, 403 for a role that may not do `action`. Its `may` tells templates what
    this person may do, by the action's name.
    """
    found = Study.objects.all() if studies is None else studies
    found = found.select_related("explanation_set", "team", "rehearsal__study").prefetch_related("texts")
    study = rights.find_study(request.user, slug, action, found)
    study.may = {one.value: rights.allowed(request.user, one, study) for one in Action}
    return study


def find_to_post(request, slug, action, studies=None):
    """For a page that everybody may see and `action` may send: asks for the action where it is sent."""
    return find_study(request, slug, studies, action if request.method == "POST" else Action.VIEW)


def require_maker(request):
    """403 for who may make studies in no team: sets and builds belong to none."""
    if not request.user.is_superuser and not rights.teams_for(request.user, Action.EDIT):
        raise PermissionDenied("Nobody has given you a role that may make studies.")


def text_asked_for(request, study):
    """The texts in the language of the address, or else in the study's default one."""
    return study.text_in(request.GET.get("language"))
