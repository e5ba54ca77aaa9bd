"""Which pages may stand in whose frame, and how a form is protected there.

In a platform's frame our cookies are third-party ones, which browsers refuse, and Django's check of forms
needs one. There, the unguessable id in the address and the signed fields of the form take its place.
"""

from functools import wraps

from django.views.decorators.csrf import csrf_exempt, csrf_protect

from ..invitations import FRAMED
from ..models import Study
from ..recruitment import mturk


def framed_by_platform(view):
    """Lets the platform show the page of a study that it frames; nobody else may, and no other page."""

    @wraps(view)
    def framed(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        if _is_framed(kwargs):
            response.frame_hosts = mturk.FRAME_HOSTS
            response.xframe_options_exempt = True  # which knows no list of hosts; CSP does
        return response

    return framed


def csrf_protected_unless_framed(view):
    protected = csrf_protect(view)

    @csrf_exempt
    @wraps(view)
    def checked(request, *args, **kwargs):
        chosen = view if request.method == "POST" and _is_framed(kwargs) else protected
        return chosen(request, *args, **kwargs)

    return checked


def _is_framed(kwargs):
    if "public_id" in kwargs:
        return kwargs["public_id"].startswith(FRAMED)
    return Study.objects.filter(slug=kwargs["slug"], platform="mturk").exists()
