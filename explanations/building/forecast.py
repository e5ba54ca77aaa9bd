"""Forecast of a build: a count of passes, and seconds from a short trial of each method."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

from explanations.building.build import WORK_FOLDER
from explanations.building.plan import Inputs, Plan, load
from explanations.building.tasks import OUTCOMES, Task, perform
from explanations.models import execution
from explanations.rendering import Rendering, draw
from explanations.running import processes
from explanations.running.atomic_files import refuse_no_folder
from explanations.running.scheduling import Scheduling
from explanations.running.store import Store

TRIAL_SECONDS = 3.0  # about how long a method is tried
TRIAL_SAMPLES = 50  # in the first estimate of its speed


@dataclass(frozen=True)
class Line:
    """The work of one local function: all its tasks, those that the cache has, and what the others take."""

    local: str
    tasks: int
    cached: int
    forward_passes: int
    backward_passes: int
    seconds: float


@dataclass(frozen=True)
class Forecast:
    """The rest of a build, by local function, and the seconds to load, draw and write."""

    lines: tuple[Line, ...]
    other_seconds: float
    workers: int

    @property
    def forward_passes(self) -> int:
        """Images that are still to go through the network."""
        return sum(line.forward_passes for line in self.lines)

    @property
    def seconds(self) -> float:
        """The duration of the build from its start, if the machine is as busy as in the trial."""
        return self.other_seconds + sum(line.seconds for line in self.lines)

    def __str__(self) -> str:
        rows = [f"{'local':<24} {'tasks':>6} {'cached':>6} {'forward':>12} {'backward':>12} {'seconds':>8}"]
        rows += [
            f"{line.local:<24} {line.tasks:>6,} {line.cached:>6,} {line.forward_passes:>12,} "
            f"{line.backward_passes:>12,} {line.seconds:>8.1f}"
            for line in self.lines
        ]
        processes = "1 process" if self.workers == 1 else f"{self.workers} processes"
        rows.append(
            f"about {self.seconds:.0f} s in {processes} here, {self.other_seconds:.1f} of them to load, draw "
            "and write"
        )
        return "\n".join(rows)


def of_build(folder: Path, plan: Plan, scheduling: Scheduling, cache: Path | None = None) -> Forecast:
    """Forecast the building of `plan` into `folder`. Writes nothing.

    The seconds are those of this machine, also for a cluster.
    """
    began = time.monotonic()
    for place in (folder, cache or folder):
        refuse_no_folder(place)
    with execution.run_on(device=scheduling.device) as settings:
        inputs = load(plan, settings.device)
        tasks = inputs.tasks()
        store = Store(cache or folder / WORK_FOLDER, OUTCOMES)
        missing = [task for task in tasks if store.read(task.digest) is None]
        drawing = _drawing_seconds(inputs)
        other = time.monotonic() - began + drawing
        lines = tuple(_line(slug, tasks, missing, inputs, scheduling) for slug in inputs.parameters)
    return Forecast(lines, other, scheduling.workers)


def _line(slug: str, tasks: list[Task], missing: list[Task], inputs: Inputs, scheduling: Scheduling) -> Line:
    own = [task for task in tasks if task.local.slug == slug]
    left = [task for task in missing if task.local.slug == slug]
    return Line(
        slug,
        len(own),
        len(own) - len(left),
        sum(task.forward_passes for task in left),
        sum(task.backward_passes for task in left),
        _seconds(inputs, left) * _share(scheduling) if left else 0.0,
    )


def _share(scheduling: Scheduling) -> float:
    """The time in several processes, of that in one with as many threads as there are processors."""
    available = processes.processors()
    busy = scheduling.workers * max(1, available // scheduling.workers)
    return available / min(busy, available)


def _seconds(inputs: Inputs, left: list[Task]) -> float:
    """The seconds that the tasks take in this process: for each image, and once for each shard.

    The first run of a shard also makes what its images share; its cost is the difference from the second.
    """
    one = _of_first(left[0], 1)
    glance = _with_samples(one, TRIAL_SAMPLES)
    _timed(inputs, glance)  # the very first passes are slower
    guess = _timed(inputs, glance) * one.cost / glance.cost
    if guess > TRIAL_SECONDS:
        part = _with_samples(one, int(one.parameters.get("samples", 1) * TRIAL_SECONDS / guess) or 1)
        each, shared = _timed(inputs, part) * one.cost / part.cost, 0.0
    else:
        first = _timed(inputs, one)
        each = _mean_seconds(inputs, left, max(1, int(TRIAL_SECONDS / max(guess, 1e-6))))
        shared = max(0.0, first - each)
    places = len({(task.sample.replicate, task.shard) for task in left})
    return each * sum(len(task.sample.numbers) for task in left) + shared * places


def _mean_seconds(inputs: Inputs, left: list[Task], images: int) -> float:
    """The mean seconds of an image, over `images` of each task until TRIAL_SECONDS are over.

    Other work of the machine affects a shorter trial more than the build.
    """
    taken, count = 0.0, 0
    for task in left:
        some = _of_first(task, images)
        taken += _timed(inputs, some)
        count += len(some.sample.numbers)
        if taken >= TRIAL_SECONDS:
            break
    return taken / count


def _with_samples(task: Task, samples: int) -> Task:
    """The task with at most `samples` samples, if its method has any."""
    if samples >= task.parameters.get("samples", 0):
        return task
    parameters = {**task.parameters, "samples": samples}
    passes = len(task.sample.numbers) * task.local.passes({**parameters, "images": 1})
    return replace(
        task,
        parameters=parameters,
        forward_passes=passes,
        backward_passes=passes if task.backward_passes else 0,
    )


def _of_first(task: Task, count: int) -> Task:
    """The task with at most `count` of its images."""
    sample = task.sample
    numbers = sample.numbers[:count]
    share = len(numbers) / len(sample.numbers)
    return replace(
        task,
        sample=replace(sample, numbers=numbers, images=sample.images[:count]),
        forward_passes=round(task.forward_passes * share),
        backward_passes=round(task.backward_passes * share),
    )


def _timed(inputs: Inputs, task: Task) -> float:
    began = time.monotonic()
    perform(inputs.model, task)
    return time.monotonic() - began


def _drawing_seconds(inputs: Inputs) -> float:
    """The seconds that the pictures of the set take, estimated from one picture."""
    began = time.monotonic()
    draw({"": inputs.test.images[0].mean(dim=0).numpy() + 1}, Rendering())
    maps = (len(inputs.methods) + 1) * len(inputs.classes) * inputs.plan.replicates
    return maps * (time.monotonic() - began)
