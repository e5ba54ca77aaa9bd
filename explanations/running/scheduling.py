"""Where tasks run: in this process, in several, or on a Dask cluster. The results are the same.

A task whose result the store has is not done again, and each result is kept as it comes, so that stopped work
continues where it stopped. An error or an interruption ends all tasks that are running.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from explanations.running import processes
from explanations.running.store import Store
from explanations.running.work import AnyTask, Context, Progress, Result, Step, Work

CONNECTION_SECONDS = 10

Finish = Callable[[AnyTask, Result], None]


@dataclass(frozen=True)
class Scheduling:
    """The number of worker processes, or the address of a Dask scheduler.

    `device` is where networks run; None is a CUDA device if there is one. Raises ValueError for less than one
    process, or for several processes together with an address.
    """

    workers: int = 1
    address: str | None = None
    device: str | None = None

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise ValueError(f"--workers must be at least 1 (got {self.workers})")

    def complete(
        self,
        work: Work[Context, AnyTask, Result],
        tasks: Sequence[AnyTask],
        store: Store[Result],
        step: Step = lambda done, total, doing: None,
    ) -> None:
        """Do the tasks whose results `store` does not have. Raises ValueError for a user's mistakes."""
        different = {task.digest: task for task in tasks}
        missing = [task for digest, task in different.items() if store.read(digest) is None]
        progress = Progress(list(different.values()), missing, step)

        def finish(task: AnyTask, result: Result) -> None:
            store.write(task.digest, result)
            progress.finish(task)

        if missing and self.address is not None:
            run_on_cluster(work, missing, finish, self.address)
        elif missing and self.workers > 1:
            run_in_processes(work, missing, finish, self.workers)
        elif missing:
            run_here(work, missing, finish, progress.advance)
        progress.end()


def run_here(
    work: Work[Context, AnyTask, Result],
    tasks: Sequence[AnyTask],
    finish: Finish[AnyTask, Result],
    advance: Callable[[AnyTask, float], None],
) -> None:
    """Do one task after another, each on all processors."""
    for task in tasks:
        finish(task, work.perform(work.context, task, None, partial(advance, task)))


# Processes

_work: Work[Any, Any, Any]
_threads: int


def run_in_processes(
    work: Work[Context, AnyTask, Result],
    tasks: Sequence[AnyTask],
    finish: Finish[AnyTask, Result],
    workers: int,
) -> None:
    """Do as many tasks at once as `workers`, each in a process of its own. They share the processors."""
    threads = max(1, processes.processors() // workers)
    whole: Work[Any, AnyTask, Result] = work
    sent = whole if whole.reload is None else replace(whole, context=None)
    processes.spread(_perform, tasks, workers, partial(_set_up, sent, threads), finish, "--workers")


def _set_up(work: Work[Any, Any, Any], threads: int) -> None:
    global _work, _threads
    _work = work if work.reload is None else replace(work, context=work.reload())
    _threads = threads
    _work.set_up()


def _perform(task: AnyTask) -> Any:
    return _work.perform(_work.context, task, _threads, _ignore)


def _ignore(share: float) -> None:
    """Ignore the progress of a single task in another process."""


# A Dask cluster


def run_on_cluster(
    work: Work[Context, AnyTask, Result],
    tasks: Sequence[AnyTask],
    finish: Finish[AnyTask, Result],
    address: str,
) -> None:
    """Let the Dask scheduler at `address` distribute the tasks, one thread each.

    Its workers need this package and the modules of the classifier and of the methods, in the same versions.
    Data and weights travel with the tasks.
    """
    distributed = _distributed()
    try:
        client = distributed.Client(address, timeout=CONNECTION_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"--scheduler {address}: no Dask scheduler answers there ({reason})") from None
    with client, client.as_current():
        shared = client.scatter(work, broadcast=True)
        futures = {
            client.submit(
                perform_remotely,
                shared,
                task,
                work.requirements(task),
                key=f"beholder-{task.digest}",
                pure=False,
            ): task
            for task in tasks
        }
        try:
            for future, result in distributed.as_completed(futures, with_results=True):
                finish(futures[future], result)
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


def perform_remotely(work: Work[Context, AnyTask, Result], task: AnyTask, required: dict[str, str]) -> Result:
    """Do a task on a worker of a cluster.

    Raises ValueError if the worker lacks code that the task needs, or has other versions or code, which would
    give other bytes.
    """
    try:
        present = work.requirements(task)
    except (ImportError, ValueError) as error:
        raise ValueError(f"a worker of the cluster lacks code: {error}; install it there") from None
    for name, version in required.items():
        if present[name] != version:
            raise ValueError(
                f"a worker of the cluster has {name} {present[name]}, but this process has {version}; "
                "install the same version there"
            )
    return work.perform(work.context, task, 1, _ignore)
