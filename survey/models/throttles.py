"""How often somebody has knocked of late, counted by all processes together, without saying who it was.

A row is named by a keyed hash of an address or a name: keyed with SECRET_KEY and with a random salt that is
made for one window of time. Salt and counts are deleted together by the first knock after the window has
passed, and backups leave both out.
"""

import secrets
from datetime import UTC, datetime, timedelta

from django.db import connection, models
from django.utils import timezone
from django.utils.crypto import salted_hmac

COUNT_ONE_MORE = """
    INSERT INTO survey_throttlecount AS so_far (window_id, digest, count) VALUES (%s, %s, 1)
    ON CONFLICT (window_id, digest) DO UPDATE SET count = so_far.count + 1 WHERE so_far.count < %s
"""
GRACE = timedelta(minutes=1)  # whoever found the last window just before its end may still count in it


def new_salt():
    return secrets.token_hex(16)


class ThrottleWindow(models.Model):
    """A stretch of time in which one limit counts, and the salt of its hashes."""

    limit = models.CharField(max_length=20)
    ends_at = models.DateTimeField()
    salt = models.CharField(max_length=32, default=new_salt)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["limit", "ends_at"], name="throttle_window_once_for_a_limit")
        ]

    def __str__(self):
        return f"{self.limit} until {self.ends_at}"


class ThrottleCount(models.Model):
    window = models.ForeignKey(ThrottleWindow, models.CASCADE, related_name="counts")
    digest = models.CharField("keyed hash of who knocked", max_length=64)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["window", "digest"], name="throttle_count_once_in_a_window")
        ]

    def __str__(self):
        return f"{self.window}: {self.count}"


class Limit:
    """At most `times` events in a window of `seconds` for one key; around its end, twice as many."""

    def __init__(self, name, times, seconds):
        self.name, self.times, self.seconds = name, times, seconds

    def is_reached(self, *key):
        window = self._window()
        counts = window.counts.filter(digest=_digest(key, window))
        return counts.filter(count__gte=self.times).exists()

    def count(self, *key):
        """Counts one more event; says whether it is still within the limit."""
        window = self._window()
        with connection.cursor() as cursor:  # at once: the ORM would take three statements and two commits
            cursor.execute(COUNT_ONE_MORE, [window.pk, _digest(key, window), self.times])
            return cursor.rowcount == 1

    def _window(self):
        """The present window; a new one sweeps away all that have passed, with their salts."""
        now = timezone.now()
        ends = (int(now.timestamp()) // self.seconds + 1) * self.seconds
        window, is_new = ThrottleWindow.objects.get_or_create(
            limit=self.name, ends_at=datetime.fromtimestamp(ends, UTC)
        )
        if is_new:
            ThrottleWindow.objects.filter(ends_at__lte=now - GRACE).delete()
        return window


def _digest(key, window):
    knocker = "\0".join(key).encode(errors="replace")
    return salted_hmac(window.salt, knocker, algorithm="sha256").hexdigest()
