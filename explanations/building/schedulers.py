"""Who does the tasks of a build: this process, several, or a Dask cluster. The results are the same.

Each takes the model, the tasks, `keep(task, outcome)`, called here as results come, and
`advance(task, share)` with the share of a task that has just been done. An error or an interruption ends all
work under way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import nn

from explanations.building.tasks import Outcome, Task, perform, surroundings
from explanations.models import execution
from explanations.running import processes

Keep = Callable[[Task, Outcome], None]
Advance = Callable[[Task, float], None]

CONNECTION_SECONDS = 10


@dataclass(frozen=True)
class Scheduling:
    """How many processes do the tasks, or at which address a Dask scheduler hands them out; on what device.

    Raises ValueError for fewer processes than one.
    """

    workers: int = 1
    address: str | None = None
    device: str | None = None  # None: a CUDA device where there is one

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise ValueError(f"{self.workers} workers can do nothing; allowed: from 1")

    def run(self, model: nn.Module, tasks: Sequence[Task], keep: Keep, advance: Advance) -> None:
        """Do the tasks. Raises ValueError for what a person can mend."""
        if not tasks:
            return
        if self.address is not None:
            on_cluster(model, tasks, keep, advance, self.address, self.device)
        elif self.workers > 1:
            in_processes(model, tasks, keep, advance, self.workers, self.device)
        else:
            here(model, tasks, keep, advance, self.device)


def here(
    model: nn.Module, tasks: Sequence[Task], keep: Keep, advance: Advance, device: str | None = None
) -> None:
    """One task after another, each on all processors."""
    with execution.on(device=device):
        for task in tasks:
            reported = 0.0

            def advanced(images: int, task: Task = task) -> None:
                nonlocal reported
                share = images / max(task.forward_passes, 1)
                reported += share
                advance(task, share)

            outcome = perform(model, task, advanced)
            keep(task, outcome)
            advance(task, 1 - reported)


# Processes

_model: nn.Module
_threads: int
_device: str | None


def in_processes(
    model: nn.Module,
    tasks: Sequence[Task],
    keep: Keep,
    advance: Advance,
    workers: int,
    device: str | None = None,
) -> None:
    """As many tasks at once as `workers`, each in a process of its own, which share the processors."""
    threads = max(1, execution.processors() // workers)

    def finished(task: Task, outcome: Outcome) -> None:
        keep(task, outcome)
        advance(task, 1)

    processes.spread(
        _perform, tasks, workers, partial(_set_up, model, threads, device), finished, "--workers"
    )


def _set_up(model: nn.Module, threads: int, device: str | None) -> None:
    """Let this process have what its tasks take."""
    global _model, _threads, _device
    execution.keep_memory()
    _model, _threads, _device = model, threads, device


def _perform(task: Task) -> Outcome:
    with execution.on(_threads, _device):
        return perform(_model, task)


# A Dask cluster


def on_cluster(
    model: nn.Module,
    tasks: Sequence[Task],
    keep: Keep,
    advance: Advance,
    address: str,
    device: str | None = None,
) -> None:
    """The tasks handed out by the Dask scheduler at `address`, one thread each.

    Its workers need this package and the module of the classifier, in the same versions; data and weights
    travel with the tasks.
    """
    distributed = _distributed()
    try:
        client = distributed.Client(address, timeout=CONNECTION_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"--scheduler {address}: no Dask scheduler answers there ({reason})") from None
    with client, client.as_current():
        there = client.scatter(model, broadcast=True)
        futures = {
            client.submit(
                perform_remotely,
                there,
                task,
                surroundings(task),
                device,
                key=f"beholder-{task.digest}",
                pure=False,
            ): task
            for task in tasks
        }
        try:
            for future, outcome in distributed.as_completed(futures, with_results=True):
                keep(futures[future], outcome)
                advance(futures[future], 1)
        except BaseException:
            client.cancel(list(futures), force=True)
            raise


def _distributed() -> Any:
    try:
        import distributed
    except ImportError:
        raise ValueError(
            "--scheduler needs Dask, which is not installed; install it with: pip install 'beholder[cluster]'"
        ) from None
    return distributed


def perform_remotely(model: nn.Module, task: Task, wanted: dict[str, str], device: str | None) -> Outcome:
    """Do a task on a worker of a cluster. Raises ValueError where its libraries or its code would give other
    bytes."""
    found = surroundings(task)
    for name, number in wanted.items():
        if found[name] != number:
            raise ValueError(
                f"a worker of the cluster has {name} {found[name]}, but the build has {number}; "
                "install the same version there"
            )
    with execution.on(threads=1, device=device):
        return perform(model, task)
