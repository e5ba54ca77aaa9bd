import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from explanations.building.build import Plan


def command(plan: Plan, network: Any, *more: str) -> tuple[list[str], dict[str, str]]:
    """A build of the squares that takes some seconds, as a command, and its environment."""
    line = [sys.executable, "-m", "explanations", "build", "--data", str(plan.data), "--images", "3"]
    line += ["--model", plan.model.factory, "--weights", str(plan.model.weights), "--samples", "500", *more]
    path = os.pathsep.join([str(network.folder), *sys.path])
    return line, {**os.environ, "PYTHONPATH": path}


def ends_within(seconds: float, group: int) -> bool:
    """Whether all processes of a group end in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_terminated_build_keeps_what_is_finished_and_leaves_no_process(
    workers: str, plan: Plan, tmp_path: Path, network, kept
) -> None:
    folder = tmp_path / "set"
    line, environment = command(
        plan, network, "--progress", "json", "--workers", workers, "--out", str(folder)
    )
    with subprocess.Popen(
        [*line, "--set", "lime.samples=20000"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        while process.poll() is None and not kept(folder):
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        out, error = process.communicate(timeout=60)
    assert process.returncode == 143
    # On a busy machine Python's tracker of shared resources may warn, in two lines, after the command's end.
    not_its_own = ("resource_tracker", "warnings.warn(")
    own = [line for line in error.splitlines() if not any(sign in line for sign in not_its_own)]
    assert own[-1] == "python -m explanations build: terminated; run it again to continue"
    assert json.loads(out.splitlines()[-1]) == {
        "state": "cancelled",
        "message": "terminated; run it again to continue",
    }
    assert kept(folder)
    assert ends_within(30, process.pid)


@pytest.mark.slow
def test_a_killed_build_continues_to_the_same_bytes(
    plan: Plan, tmp_path: Path, network, content, kept
) -> None:
    line, environment = command(plan, network, "--out")
    broken = tmp_path / "broken"
    with subprocess.Popen([*line, str(broken)], env=environment, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not kept(broken):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert not (broken / "manifest.json").exists()
    for folder in (broken, tmp_path / "whole"):
        subprocess.run([*line, str(folder)], env=environment, check=True, capture_output=True)
    assert content(broken) == content(tmp_path / "whole")
