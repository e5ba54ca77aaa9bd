"""Pages for requests that are turned away before any view, in the language of the visitor's browser."""

from django.conf import settings
from django.shortcuts import render
from django.utils.translation import override

from ..languages import wanted_language

SPOKEN = [code for code, _ in settings.LANGUAGES]


def form_expired(request, reason=""):
    """A form without a valid CSRF token: kept open too long, or cookies are off."""
    shown_at = request.path.removesuffix("start/")  # the path of the page that held the form
    return _page(request, "form_expired.html", 403, again=shown_at)


def bad_request(request, exception):
    return _page(request, "400.html", 400)


def forbidden(request, exception):
    return _page(request, "403.html", 403)


def not_found(request, exception):
    return _page(request, "404.html", 404)


def _page(request, template, status, **context):
    with override(wanted_language(request, SPOKEN)):
        return render(request, template, context, status=status)
