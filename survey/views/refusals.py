"""Pages for requests that are turned away before any view."""

from django.shortcuts import render


def form_expired(request, reason=""):
    """A form without a valid CSRF token: kept open too long, or cookies are off."""
    shown_at = request.path.removesuffix("start/")  # the path of the page that held the form
    return render(request, "form_expired.html", {"again": shown_at}, status=403)
