"""What the page of a question sends back: the place chosen, a reason perhaps, and when the page was shown.

Read without a form of Django's, whose copies of its fields were a seventh of a turn's time.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.core import signing
from django.utils import timezone

from .models.studies import MAX_METHODS

PLACES = {str(place): place for place in range(MAX_METHODS + 1)}
LONGEST_REASON = 500  # characters


@dataclass(frozen=True)
class PostedAnswer:
    place: int  # of the chosen picture, from 1; 0 is none of them
    shown_at: datetime
    reason: str

    @classmethod
    def read(cls, fields, page):
        """What a form of `page` sent in these `fields`; None if it is not whole or was changed on its way."""
        place, reason = PLACES.get(fields.get("choice")), fields.get("reason", "").strip()
        if place is None or len(reason) > LONGEST_REASON or "\0" in reason:
            return None
        try:
            shown_at = _signer(page).unsign(fields.get("shown", ""))
        except signing.BadSignature:
            return None
        return cls(place, datetime.fromtimestamp(float(shown_at), UTC), reason)


def stamp(page):
    """The signed present moment, for the hidden field `shown` of a page that is about to be sent.

    It decides the response time; `page`, a path, is the one that it is good for: whose it is, which question.
    """
    return _signer(page).sign(str(timezone.now().timestamp()))


def _signer(page):
    return signing.Signer(salt=f"shown-{page}")
