"""Personal links, one for each person invited; each begins one participation, on any device."""

import secrets

from django.core import signing
from django.utils.translation import gettext_lazy as _

from .arrivals import Arrival, NotSentByPlatform, WayBack

TITLE = "Invitation links"
IS_A_SITE = False
ADVICE = "Make the links with: python manage.py invite STUDY --number 100"


def new_ticket(slug):
    """The signed part of a new personal link to the study."""
    return _signer(slug).sign(secrets.token_urlsafe(9))


def arrival(query, slug):
    try:
        return Arrival(_signer(slug).unsign(query.get("ticket", "")))
    except signing.BadSignature:
        raise NotSentByPlatform(
            _("This study is open to people with a personal link. Please open the whole link you were sent.")
        ) from None


def way_back(study, identity, outcome):
    return WayBack(code=study.code(outcome))


def faults(study):
    return {}


def _signer(slug):
    return signing.Signer(salt=f"ticket-{slug}")
