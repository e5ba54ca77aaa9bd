"""What every response says to browsers about security, and how often one address may knock.

The limits keep no address, only its hash with a key that this process made up at its start, and in memory.
They are counted by process, so a site of n workers allows up to n times as many.
"""

import hashlib
import secrets
import time
from collections import defaultdict, deque
from threading import Lock

from django.conf import settings

POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'{forms}; frame-ancestors {frames}"
)
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"


def security_headers(get_response):
    """Middleware: CSP without inline code, and only frames that a view names in `response.frame_hosts`."""

    def respond(request):
        response = get_response(request)
        hosts = " ".join(getattr(response, "frame_hosts", ()))
        response.headers.setdefault(
            "Content-Security-Policy",
            POLICY.format(forms=f" {hosts}" if hosts else "", frames=hosts or "'none'"),
        )
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return response

    return respond


class Limit:
    """At most `times` events in `seconds` for each key."""

    def __init__(self, times, seconds):
        self.times, self.seconds = times, seconds
        self._salt = secrets.token_bytes(16)
        self._events = defaultdict(deque)
        self._lock = Lock()

    def is_reached(self, *key):
        with self._lock:
            return len(self._recent(key)) >= self.times

    def count(self, *key):
        """Counts one more event; says whether it is still within the limit."""
        with self._lock:
            recent = self._recent(key)
            if len(recent) >= self.times:
                return False
            recent.append(time.monotonic())
            return True

    def forget(self):
        with self._lock:
            self._events.clear()

    def _recent(self, key):
        since = time.monotonic() - self.seconds
        if len(self._events) > 10_000:
            self._events = defaultdict(deque, {k: e for k, e in self._events.items() if e and e[-1] > since})
        digest = hashlib.blake2b(
            "\0".join(key).encode(errors="replace"), key=self._salt, digest_size=16
        ).digest()
        recent = self._events[digest]
        while recent and recent[0] <= since:
            recent.popleft()
        return recent


enrolments = Limit(settings.ENROLMENTS_PER_MINUTE, seconds=60)
receipts_tried = Limit(30, seconds=15 * 60)
failed_logins = Limit(10, seconds=15 * 60)


def address_of(request):
    """The visitor's network address, to be hashed at once; the proxy's word for it, if one is in front."""
    if settings.SECURE_PROXY_SSL_HEADER:
        return request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()
    return request.META.get("REMOTE_ADDR", "")
