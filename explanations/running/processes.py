"""Jobs for several processes of this machine, each job a call of one function.

Processes are spawned, because a fork of a process with PyTorch's threads can hang. They leave interruptions
to their parent and end when it ends, however it ends.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


def processors() -> int:
    """The number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spread(
    function: Callable[[Job], Result],
    jobs: Sequence[Job],
    processes: int,
    set_up: Callable[[], object],
    finish: Callable[[Job, Result], None],
    option: str,
) -> None:
    """Call `function` on each of `jobs`, up to `processes` at once, and `finish(job, result)` here.

    `set_up()` is called in every process before its first job. An error or an interruption ends all running
    jobs. Raises ValueError if a process was ended from outside; its message names `option`, which sets the
    number of processes.
    """
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(
        min(processes, len(jobs)), multiprocessing.get_context("spawn"), _begin, (set_up,)
    )
    try:
        futures = {_submit(executor, function, job, option): job for job in jobs}
        for future in as_completed(futures):
            finish(futures[future], future.result())
    except BrokenProcessPool:
        raise ValueError(
            "a worker process ended, perhaps because memory ran out; finished results are kept: "
            f"run the command again with fewer {option}"
        ) from None
    except BaseException:
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


def _submit(
    executor: ProcessPoolExecutor, function: Callable[[Job], Result], job: Job, option: str
) -> "Future[Result]":
    try:
        return executor.submit(function, job)
    except BrokenProcessPool:
        raise
    except Exception as error:  # whatever the parts of a model raise that cannot be sent
        reason = " ".join(str(error).split())
        raise ValueError(
            f"{option}: this work cannot be sent to other processes ({reason}); leave {option} out"
        ) from None


def _begin(set_up: Callable[[], object]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    set_up()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
