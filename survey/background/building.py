"""Builds explanation sets in the background by `python -m explanations build`; never imports torch."""

import json
import queue
import subprocess
import sys
import threading
from collections import deque
from functools import lru_cache

from django.conf import settings
from django_tasks import task

from ..importing import import_set
from ..models.jobs import SetBuild
from .working import shift

KEPT_LINES = 200  # of what the process says, for the page to show if it fails
GRACE = 10  # seconds for the process to stop by itself


class BuildFailed(Exception):
    """The process ended with an error; the message is all that it said."""


@task
def build_set(pk, attempt):
    """Builds, or goes on building, the set of this SetBuild, and imports it."""
    with shift(SetBuild, pk, attempt) as mine:
        if mine is None:
            return
        build = mine.job
        run(command_of(build), mine)
        mine.tell(1, 1, "importing", at_once=True)
        SetBuild.objects.filter(pk=pk).update(explanation_set=import_set(build.folder))


def command_of(build):
    """The command line of a build."""
    command = [sys.executable, "-m", "explanations", "build", "--progress", "json"]
    command += ["--out", str(build.folder), f"--name={build.name}"]
    command += ["--methods", *build.methods.split(), "--replicates", str(build.replicates)]
    command += ["--seed", str(build.seed)]
    if build.class_names():
        command += ["--classes", *build.class_names()]
    for flag in ("images", "samples"):
        value = getattr(build, flag)
        command += [f"--{flag}", str(value)] if value else []
    return command + (build.classifier.options() if build.classifier else [])


def run(command, mine):
    """Runs a command of `explanations`, telling its progress to the Shift. Raises BuildFailed, Stopped.

    A worker that is killed closes the pipe, and the process ends at the next line that it writes.
    """
    process = subprocess.Popen(
        command,
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # a Ctrl-C in the worker's terminal is for the worker
    )
    lines, said = queue.SimpleQueue(), deque(maxlen=KEPT_LINES)
    threading.Thread(target=_read, args=(process.stdout, lines), daemon=True).start()
    try:
        while (line := _next(lines)) is not None:
            progress = progress_in(line)
            if line and progress is None:
                said.append(message_in(line))
            mine.tell(*(progress or ()))
        if process.wait():
            raise BuildFailed("\n".join(said) or f"The process ended with status {process.returncode}.")
    finally:
        _stop(process)


def progress_in(line):
    """(done, total, doing) in a line of progress; None in any other line."""
    step = _object(line)
    if step.get("state") != "running":
        return None
    try:
        return float(step["done"]), float(step["total"]), str(step.get("doing", ""))
    except (ValueError, KeyError, TypeError):
        return None


def message_in(line):
    """What a line says to people: the message of an object, or else the line itself."""
    return str(_object(line).get("message", line))


def _object(line):
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _read(stream, lines):
    for line in stream:
        lines.put(line.rstrip())
    lines.put(None)


def _next(lines):
    """The next line of the process; empty after a second of silence, None at its end."""
    try:
        return lines.get(timeout=1)
    except queue.Empty:
        return ""


def _stop(process):
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    process.stdout.close()


@lru_cache(maxsize=1)
def known_methods():
    """Pairs of slug and description of every method that a build knows, asked of `explanations` once."""
    command = [sys.executable, "-m", "explanations", "methods"]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True, timeout=60
    )
    lines = [line for line in done.stdout.splitlines() if line and not line.startswith(" ")]
    return [tuple(line.split(": ", 1)) for line in lines if ": " in line]
