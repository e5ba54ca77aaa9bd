"""Build an explanation set: maps of every item by every method, resumable, deterministic by seed.

The slow part, the local explanations, is done in tasks. Their results are kept in the folder's `.work`, or in
a cache that several sets share, under a digest of everything that they depend on: an interrupted build finds
them again, and a changed parameter recomputes only what it changes. An item without a map by one method is
left out for all methods. `manifest.json` is written last; a folder without it is unfinished. The same seed,
data, weights and library versions give the same bytes on one type of machine, interrupted or not, wherever
the tasks run. Only `timings.json` describes the run.
"""

import json
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explanations import manifest
from explanations.building import set_maps
from explanations.building.plan import Inputs, Plan, load
from explanations.building.results import Results
from explanations.building.set_maps import Key, SetMap
from explanations.building.tasks import Floats, Task, make_work
from explanations.manifest.records import ClassMap, LeftOut, Manifest, equal_maps
from explanations.models import execution
from explanations.rendering import draw
from explanations.running import lock
from explanations.running.atomic_files import refuse_no_folder, write_atomically
from explanations.running.processes import processors
from explanations.running.scheduling import Scheduling

__all__ = ["Plan", "Scheduling", "build"]

Step = Callable[[float, float, str], None]

WORK_FOLDER = ".work"
TIMINGS_FILE = "timings.json"
LOCK_FILE = "lock"

# Entries of the manifest that are known before there are maps and identify a finished set.
STATED_BEFORE_MAPS = (
    *("format", "name", "seed", "dataset", "classifier", "rendering", "versions", "methods", "originals"),
    "left_out",
)


def build(
    folder: Path,
    plan: Plan,
    step: Step = lambda done, total, doing: None,
    scheduling: Scheduling = Scheduling(),  # noqa: B008, it is frozen
    cache: Path | None = None,
) -> Manifest:
    """Build the set that `plan` describes in `folder`, or finish it; a finished set stays as it is.

    `step(done, total, what is being done)` is called as the work continues, in forward passes. Local
    explanations are kept in the folder `cache`; without one, in the set's folder until the set is finished.
    Raises ValueError with one line for anything that a user can correct.
    """
    began = time.monotonic()
    for place in (folder, cache or folder):
        refuse_no_folder(place)
    with execution.run_on(device=scheduling.device) as settings:
        inputs = load(plan, settings.device)
    work = folder / WORK_FOLDER
    if _is_finished(folder, inputs.draft):
        shutil.rmtree(work, ignore_errors=True)
        return manifest.read(folder)
    tasks = inputs.tasks()
    folder.mkdir(parents=True, exist_ok=True)
    work.mkdir(exist_ok=True)
    with lock.hold(work / LOCK_FILE, str(folder)):
        results = Results(cache or work, tasks=tasks)
        scheduling.complete(make_work(inputs.model, scheduling.device), tasks, results, step)
        weights, reasons, seconds = _local_weights(tasks, results)
        maps, missing = set_maps.aggregate(inputs, weights, reasons, _numbers(tasks))
        maps += set_maps.check_maps(inputs)
        draft = _without(inputs.draft, set_maps.leave_out(inputs, maps, missing))
        _write_timings(folder, began, seconds)
        finished = _finish(folder, inputs, draft, [m for m in maps if m.label in draft.dataset.classes])
        shutil.rmtree(work)
    return finished


# A finished set


def _is_finished(folder: Path, draft: Manifest) -> bool:
    """Return True if the folder already holds the set. Raises ValueError if it holds anything else."""
    if (folder / manifest.MANIFEST_FILE).exists():
        finished = manifest.read(folder)
        expected = _without(draft, (item for item in finished.left_out if item.method))
        for key in STATED_BEFORE_MAPS:
            if getattr(finished, key) != getattr(expected, key):
                raise ValueError(
                    f"{folder}: holds a finished set whose {key} differs from what you ask for; "
                    "choose another --out, or remove the folder"
                )
        return True
    if folder.is_dir() and any(folder.iterdir()) and not (folder / WORK_FOLDER).is_dir():
        raise ValueError(
            f"{folder}: holds other files and no unfinished set; choose an empty folder for --out"
        )
    return False


# Local explanations


def _local_weights(
    tasks: list[Task], results: Results
) -> tuple[dict[Key, Floats], dict[Key, str], dict[str, float]]:
    """The local explanations (images, pixels) of every local method, label and replicate.

    Also the reasons for those that are missing, and the seconds that each local method took over all runs.
    """
    parts: dict[Key, list[Floats]] = {}
    reasons: dict[Key, str] = {}
    seconds: dict[str, float] = {}
    for task in sorted(tasks, key=lambda task: task.shard):
        outcome = results.read(task.digest)
        if outcome is None:
            raise ValueError(f"{task}: the result is no longer in {results.folder}; run the build again")
        if outcome.reason:
            reasons.setdefault(task.key, outcome.reason)
        parts.setdefault(task.key, []).append(outcome.weights)
        seconds[task.local.slug] = seconds.get(task.local.slug, 0) + outcome.seconds
    weights = {key: np.concatenate(shards) for key, shards in parts.items() if key not in reasons}
    return weights, reasons, seconds


def _numbers(tasks: list[Task]) -> dict[Key, tuple[int, ...]]:
    """The numbers, in their data set, of the images that the rows of the local explanations explain."""
    numbers: dict[Key, tuple[int, ...]] = {}
    for task in sorted(tasks, key=lambda task: task.shard):
        numbers[task.key] = numbers.get(task.key, ()) + task.sample.numbers
    return numbers


# The set


def _without(draft: Manifest, left_out: Iterable[LeftOut]) -> Manifest:
    """The manifest before there are maps, without the items that are left out."""
    left_out = tuple(left_out)
    labels = {item.label for item in left_out}
    classes = tuple(label for label in draft.dataset.classes if label not in labels)
    return replace(
        draft,
        dataset=replace(draft.dataset, classes=classes),
        originals=tuple(original for original in draft.originals if original.label not in labels),
        left_out=(*draft.left_out, *left_out),
    )


def _write_originals(folder: Path, inputs: Inputs, draft: Manifest) -> None:
    shutil.rmtree(folder / manifest.ORIGINALS_FOLDER, ignore_errors=True)
    for single in inputs.singles:
        if single.record in draft.originals:
            path = folder / single.record.image
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(single.picture)


def _finish(folder: Path, inputs: Inputs, draft: Manifest, maps: list[SetMap]) -> Manifest:
    """Write arrays and pictures, then the manifest, and read it all back."""
    values = {record.key: record.values for record in maps}
    manifest.write_support(
        folder, {record.key: record.support for record in maps if record.support is not None}
    )
    manifest.write_maps(folder, values)
    _write_originals(folder, inputs, draft)
    pictures = draw(values, inputs.plan.rendering, _images(inputs, maps))
    files = manifest.write_pictures(folder, pictures)
    targets = _targets(inputs, draft)
    records = tuple(
        ClassMap(
            label=record.label,
            method=record.method,
            replicate=record.replicate,
            array=record.key,
            image=files[record.key].path,
            sha256=files[record.key].sha256,
            images=record.images,
            picked=record.picked,
            target=targets.get((record.method, record.label)),
        )
        for record in sorted(maps, key=lambda record: record.key)
    )
    manifest.write(folder, replace(draft, maps=records, equal=equal_maps(records)))
    return manifest.read(folder)


def _targets(inputs: Inputs, draft: Manifest) -> dict[tuple[str, str], str | None]:
    """The class that a compared method explains, by its slug and the label."""
    return {
        (method.slug, label): method.local.counter or draft.target(label)
        for method in inputs.methods
        for label in draft.dataset.classes
    }


def _images(inputs: Inputs, maps: list[SetMap]) -> dict[str, NDArray[np.float32]]:
    """The image (C, H, W) that each map explains, by key, where single images are explained."""
    images = {single.number: inputs.test.images[single.number].numpy() for single in inputs.singles}
    numbers = {single.record.label: single.number for single in inputs.singles}
    return {record.key: images[numbers[record.label]] for record in maps if record.label in numbers}


def _write_timings(folder: Path, began: float, seconds: dict[str, float]) -> None:
    """Write the seconds of this run, and those of each local method over all runs and workers."""
    timings: dict[str, Any] = {
        "this run": round(time.monotonic() - began, 2),
        "local explanations": {slug: round(spent, 2) for slug, spent in seconds.items()},
        "processors": processors(),
    }
    text = json.dumps(timings, indent=1, sort_keys=True) + "\n"
    write_atomically(folder / TIMINGS_FILE, text.encode())
