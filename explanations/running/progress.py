"""Progress of a long command: a bar, plain lines, or lines of JSON.

A terminal shows a bar with the time left, other outputs a plain line now and then, and a program reads one
line of JSON per step.

The lines of JSON go to standard output, each an object with a `state`: "running" with `done`, `total`,
`share` (0 to 1), `seconds_left` (null while unknown) and `doing`; then one of "finished", "failed" or
"cancelled" with a `message`.
"""

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 10
SECONDS_BETWEEN_OBJECTS = 0.2

STYLES = ("auto", "json")

Step = Callable[[float, float, str], None]


class Terminated(KeyboardInterrupt):
    """The process was asked to end."""


@contextmanager
def terminable() -> Iterator[None]:
    """Inside, SIGTERM raises Terminated, so that running work ends and finished work is kept."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def show_progress(title: str, style: str = "auto") -> Iterator[Step]:
    """Inside, call the value with (done, total, what is being done); written on standard error, JSON on
    standard output."""
    console = Console(stderr=True)
    if style == "json":
        yield _objects()
    elif console.is_terminal:
        with _bar(title, console) as step:
            yield step
    else:
        yield _lines(title)


def print_finished(message: str, style: str = "auto") -> None:
    """Report success with `message`."""
    if style == "json":
        say("finished", message=message)
    else:
        print(message)


def say(state: str, **what: object) -> None:
    """One line of JSON."""
    # In one piece: `print` writes the end of the line apart, and a signal in between would join two lines.
    sys.stdout.write(json.dumps({"state": state, **what}, ensure_ascii=False) + "\n")
    sys.stdout.flush()


@contextmanager
def _bar(title: str, console: Console) -> Iterator[Step]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[doing]}"),
    )
    with Progress(*columns, console=console) as bars:
        task = bars.add_task(title, total=None, doing="")
        yield lambda done, total, doing: bars.update(task, completed=done, total=total, doing=doing)


class _Pace:
    """An estimate of the seconds left, from the work done since the first step."""

    def __init__(self) -> None:
        self.begin = time.monotonic()
        self.first: float | None = None

    def left(self, done: float, total: float, now: float) -> float | None:
        """The seconds left; None before they can be estimated."""
        self.first = done if self.first is None else self.first
        pace = (done - self.first) / (now - self.begin) if now > self.begin else 0.0
        return (total - done) / pace if pace > 0 else None


def _lines(title: str) -> Step:
    """A line now and then, and one at the end."""
    pace = _Pace()
    last, is_over = pace.begin, False

    def step(done: float, total: float, doing: str) -> None:
        nonlocal last, is_over
        now = time.monotonic()
        seconds = pace.left(done, total, now)
        if is_over or (now - last < SECONDS_BETWEEN_LINES and done < total):
            return
        last, is_over = now, done >= total
        left = f", {seconds:.0f} s left" if seconds is not None and not is_over else ""
        print(f"{title}: {done / total:4.0%}{left} {doing}".rstrip(), file=sys.stderr, flush=True)

    return step


def _objects() -> Step:
    """A line for each step, except steps of the same work that come too fast to read."""
    pace = _Pace()
    last, said = 0.0, ""

    def step(done: float, total: float, doing: str) -> None:
        nonlocal last, said
        now = time.monotonic()
        seconds = pace.left(done, total, now)
        if now - last < SECONDS_BETWEEN_OBJECTS and done < total and doing == said:
            return
        last, said = now, doing
        say(
            "running",
            done=round(done),
            total=round(total),
            share=round(done / total, 4),
            seconds_left=None if seconds is None else round(seconds, 1),
            doing=doing,
        )

    return step
