"""How often one may ask: counted in the database by all processes together, with no address kept."""

import time

from rest_framework.throttling import BaseThrottle

from ..models.throttles import Limit
from ..security import address_of

SECONDS = 60
of_strangers = Limit("api strangers", 60, SECONDS)
of_users = Limit("api users", 1200, SECONDS)


class SharedThrottle(BaseThrottle):
    """So many requests a minute of each account, or of each address that is not logged in."""

    def allow_request(self, request, view):
        if request.user and request.user.is_authenticated:
            return of_users.count(str(request.user.pk))
        return of_strangers.count(address_of(request))

    def wait(self):
        """Seconds to the end of the window."""
        return SECONDS - time.time() % SECONDS
