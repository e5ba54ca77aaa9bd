"""Jobs that several processes of this machine do, each a call of one function. Knows no job and no model.

Processes are spawned, for a fork of one with PyTorch's threads can hang. They leave interruptions to the one
that began them, and end when it does, however that is.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


def spread(
    function: Callable[[Job], Result],
    jobs: Sequence[Job],
    processes: int,
    set_up: Callable[[], object],
    finished: Callable[[Job, Result], None],
    option: str,
) -> None:
    """Call `function` on each of `jobs`, as many at once as `processes`, and `finished(job, result)` here.

    `set_up()` is called in every process before its first job. An error or an interruption ends all work
    under way. Raises ValueError where a process was ended by another hand; `option` names in the message what
    sets their number.
    """
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(
        min(processes, len(jobs)), multiprocessing.get_context("spawn"), _begin, (set_up,)
    )
    try:
        futures = {executor.submit(function, job): job for job in jobs}
        for future in as_completed(futures):
            finished(futures[future], future.result())
    except BrokenProcessPool:
        raise ValueError(
            "a worker has ended, perhaps for want of memory; what is finished is kept: "
            f"run it again with fewer {option}"
        ) from None
    except BaseException:
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


def _begin(set_up: Callable[[], object]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    set_up()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
