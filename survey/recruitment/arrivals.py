"""What all platforms share: an arrival, an outcome, the way back."""

from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

MAX_LENGTH = 200  # of anything that a platform tells us of a person


class Outcome(StrEnum):
    COMPLETE = "complete"
    FAILED_CHECKS = "failed_checks"
    SCREENED_OUT = "screened_out"
    NO_CONSENT = "no_consent"


ANSWERED = (Outcome.COMPLETE, Outcome.FAILED_CHECKS)  # excluded from the analysis is not refused its credit


class NotSentByPlatform(Exception):
    """The link lacks what the platform adds to it; the message is for the person who opened it."""


class PreviewOnly(Exception):
    """Somebody looks at the study on the platform before deciding to take part."""


@dataclass(frozen=True)
class Arrival:
    """Who came, in the platform's own words."""

    person: str
    submission: str = ""
    return_to: str = ""


@dataclass(frozen=True)
class WayBack:
    """How somebody goes back: a link, or a form if there are `fields` to send; a code to copy, if any."""

    url: str = ""
    code: str = ""
    fields: dict[str, str] = field(default_factory=dict)


def told(query, name, title, *, needed=True):
    """What the platform `title` says under `name` in a link's query; empty if it may be missing and is."""
    value = query.get(name, "")
    if len(value) > MAX_LENGTH or not value.isprintable() or (needed and not value.strip()):
        lacking = _("The link to this study lacks its {name}. Please open the study from {title} once more.")
        raise NotSentByPlatform(format_lazy(lacking, name=name, title=title))
    return value.strip()
