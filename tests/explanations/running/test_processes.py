import multiprocessing
import os
import time

import pytest

from explanations.running.processes import spread


@pytest.mark.slow
def test_every_job_is_done_once() -> None:
    done: dict[int, int] = {}
    spread(abs, [-1, -2, -3], 2, int, done.__setitem__, "--workers")
    assert done == {-1: 1, -2: 2, -3: 3}


@pytest.mark.slow
def test_a_process_that_is_killed_is_said_in_one_line() -> None:
    with pytest.raises(
        ValueError, match=r"^a worker process ended, .*: run the command again with fewer --workers$"
    ):
        spread(os._exit, [1, 1], 2, int, lambda job, result: None, "--workers")


@pytest.mark.slow
def test_an_error_ends_what_is_under_way() -> None:
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        spread(time.sleep, [0.0, 300.0], 2, int, interrupt, "--workers")
    assert time.monotonic() - began < 100
    assert multiprocessing.active_children() == []


def interrupt(job: float, result: None) -> None:
    raise KeyboardInterrupt
