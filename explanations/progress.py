"""How far a long command is: a bar with the time left on a terminal, a plain line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 10

Step = Callable[[float, float, str], None]


@contextmanager
def shown(title: str) -> Iterator[Step]:
    """Inside, call the value with (done, total, what is being done); written on standard error."""
    console = Console(stderr=True)
    with _bar(title, console) if console.is_terminal else _lines(title) as step:
        yield step


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


@contextmanager
def _lines(title: str) -> Iterator[Step]:
    begin = time.monotonic()
    last = begin
    first_done: float | None = None

    def step(done: float, total: float, doing: str) -> None:
        nonlocal last, first_done
        first_done = done if first_done is None else first_done
        now = time.monotonic()
        if now - last < SECONDS_BETWEEN_LINES and done < total:
            return
        last = now
        pace = (done - first_done) / (now - begin) if now > begin else 0.0
        left = f", {(total - done) / pace:.0f} s left" if pace > 0 and done < total else ""
        print(f"{title}: {done / total:4.0%}{left} {doing}".rstrip(), file=sys.stderr, flush=True)

    yield step
