"""A worker's side of a job: taking it up, telling how far it is, noticing that it is to stop."""

import logging
import time
from contextlib import contextmanager

from django.utils import timezone

from ..models.jobs import SIGN_OF_LIFE, Job

log = logging.getLogger(__name__)


class Stopped(Exception):
    """Somebody cancelled the job, or another worker has taken it over."""


class Shift:
    """One worker's turn at one start of a job. Writes to the row only while the turn is its own."""

    def __init__(self, job):
        self.job = job
        self._told_at = 0.0

    def tell(self, done=None, total=None, doing="", *, at_once=False):
        """Writes progress, and a sign of life, at most every SIGN_OF_LIFE. Raises Stopped."""
        if done is not None:
            self.job.done, self.job.total, self.job.doing = done, total, doing[:200]
        if not at_once and time.monotonic() - self._told_at < SIGN_OF_LIFE.total_seconds():
            return
        self._told_at = time.monotonic()
        fresh = {"done": self.job.done, "total": self.job.total, "doing": self.job.doing}
        if not self._mine().update(seen_at=timezone.now(), **fresh):
            raise Stopped
        if self._mine().filter(cancel_asked=True).exists():
            raise Stopped

    def end(self, status, **changes):
        self._mine().update(status=status, finished_at=timezone.now(), **changes)

    def _mine(self):
        return type(self.job).objects.filter(
            pk=self.job.pk, attempt=self.job.attempt, status=Job.Status.RUNNING
        )


@contextmanager
def shift(model, pk, attempt):
    """The Shift at this start of a job, None if it is no longer wanted.

    Ends it as done, as cancelled where Stopped comes out of the block, or as failed where another exception
    does. A worker that is killed ends nothing: its signs of life stop, and the job may be started again.
    """
    taken = model.objects.filter(pk=pk, attempt=attempt, status=Job.Status.QUEUED).update(
        status=Job.Status.RUNNING, started_at=timezone.now(), seen_at=timezone.now()
    )
    if not taken:
        yield None
        return
    mine = Shift(model.objects.get(pk=pk))
    try:
        yield mine
    except Stopped:
        mine.end(Job.Status.CANCELLED)
    except Exception as error:
        log.warning("%s %s failed", model.__name__, pk, exc_info=True)
        mine.end(Job.Status.FAILED, error=str(error) or type(error).__name__)
    else:
        mine.end(Job.Status.DONE)
