"""Resumable work: tasks, what they need, and a run that does only those whose results are missing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

Context = TypeVar("Context")
Result = TypeVar("Result")

Share = Callable[[float], None]  # called with the share of a task, 0 to 1, that has just been done
Step = Callable[[float, float, str], None]  # called with the work done, the total, and the current task


class Task(Protocol):
    """A piece of work. Its text says what is being done; `cost` is its size in any unit."""

    @property
    def digest(self) -> str:
        """The digest of everything that the result depends on, 64 hexadecimal digits."""

    @property
    def cost(self) -> float:
        """The duration of the task, in proportion to others."""


AnyTask = TypeVar("AnyTask", bound=Task)


@dataclass(frozen=True)
class Work(Generic[Context, AnyTask, Result]):
    """Functions and shared data of one kind of task, at module level so they can be pickled.

    `perform(context, task, threads, advance)` gives the result, with at most `threads` threads (None: as many
    as there are processors). `requirements(task)` names the versions and digests of code that another
    machine must have for the same result. `set_up()` is called once in every new process. `reload()`
    makes the context again in another process of this machine; without it, the context is sent there.
    """

    context: Context
    perform: Callable[[Context, AnyTask, int | None, Share], Result]
    requirements: Callable[[AnyTask], dict[str, str]]
    set_up: Callable[[], object]
    reload: Callable[[], Context] | None = None


class Progress(Generic[AnyTask]):
    """The progress of all tasks, of which some may be done already."""

    def __init__(self, tasks: Sequence[AnyTask], missing: Sequence[AnyTask], step: Step) -> None:
        self.total = sum(task.cost for task in tasks)
        self.done = self.total - sum(task.cost for task in missing)
        self.shares = dict.fromkeys((task.digest for task in missing), 0.0)
        self.step = step
        step(self.done, self.total, "")

    def advance(self, task: AnyTask, share: float) -> None:
        """Count another share of a task."""
        added = min(share, 1 - self.shares[task.digest])
        self.shares[task.digest] += added
        self.done = min(self.done + added * task.cost, self.total)
        self.step(self.done, self.total, str(task))

    def finish(self, task: AnyTask) -> None:
        """Count the rest of a task."""
        self.advance(task, 1)

    def end(self) -> None:
        """Report that everything is done."""
        self.step(self.total, self.total, "")
