"""Class maps of every class by every method to an explanation set: resumable, deterministic by seed.

What is slow, the local explanations, is a plan of tasks whose results are kept in the folder's `.work`, or in
a cache that several sets share, under a digest of all that they depend on: an interrupted build finds them
again, and a changed parameter computes only what it changes. `manifest.json` is written last; a folder
without it is unfinished. The same seed, data, weights and library versions give the same bytes on one machine
type, interrupted or not, whoever does the tasks. Only `timings.json` is about the run.
"""

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explanations import manifest
from explanations.building import single_images
from explanations.building.cache import Cache
from explanations.building.plan import CHECK, Loaded, Plan, load
from explanations.building.schedulers import Scheduling
from explanations.building.tasks import Floats, Task
from explanations.datasets.labelled_images import LabelledImages
from explanations.manifest.arrays import Maps
from explanations.manifest.records import ClassMap, Manifest
from explanations.methods.registry import ExplanationMethod, Parameters
from explanations.models import execution
from explanations.rendering import draw
from explanations.running import lock
from explanations.running.atomic_files import refuse_no_folder, write_atomically
from explanations.running.randomness import generator

__all__ = ["Plan", "Scheduling", "build"]

Step = Callable[[float, float, str], None]
Key = tuple[str, str, int]  # local function, label, replicate

WORK_FOLDER = ".work"
TIMINGS_FILE = "timings.json"
LOCK_FILE = "lock"


def build(
    folder: Path,
    plan: Plan,
    step: Step = lambda done, total, doing: None,
    scheduling: Scheduling = Scheduling(),  # noqa: B008, it is frozen
    cache: Path | None = None,
) -> Manifest:
    """Build the set that `plan` describes into `folder`, or finish it, or leave it as it is if it is done.

    `step(done, total, what is being done)` is called as the work goes on, in forward passes. Local
    explanations are looked for and kept in the folder `cache`; without one, in the set's folder while it is
    unfinished. Raises ValueError with one line for what a person can mend.
    """
    began = time.monotonic()
    for place in (folder, cache or folder):
        refuse_no_folder(place)
    with execution.on(device=scheduling.device) as settings:
        loaded = load(plan, settings.device)
    work = folder / WORK_FOLDER
    if _is_finished(folder, loaded.draft):
        shutil.rmtree(work, ignore_errors=True)
        return manifest.read(folder)
    tasks = loaded.tasks()
    folder.mkdir(parents=True, exist_ok=True)
    work.mkdir(exist_ok=True)
    with lock.held(work / LOCK_FILE, str(folder)):
        kept = Cache(cache or work)
        compute(loaded, tasks, kept, step, scheduling)
        weights = _local_weights(tasks, kept)
        maps, support, counts = _class_maps(
            loaded.methods,
            loaded.parameters,
            weights,
            loaded.test.images.shape[2:],
            loaded.plan.minimum_support,
        )
        picks = _picks(loaded.methods, weights, _numbers(tasks))
        means, mean_counts = _of_checks(loaded)
        _write_timings(folder, began, kept.seconds(tasks))
        manifest.write_support(folder, support)
        _write_originals(folder, loaded)
        finished = _finish(folder, loaded, maps | means, counts | mean_counts, picks)
        shutil.rmtree(work)
    return finished


# What is there


def _is_finished(folder: Path, draft: Manifest) -> bool:
    """Whether the set is there already. Raises ValueError where the folder holds anything else."""
    if (folder / manifest.MANIFEST_FILE).exists():
        found = manifest.read(folder)
        for key in ("name", "seed", "dataset", "classifier", "rendering", "versions", "methods", "originals"):
            if getattr(found, key) != getattr(draft, key):
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


def compute(loaded: Loaded, tasks: list[Task], cache: Cache, step: Step, scheduling: Scheduling) -> None:
    """Do the tasks that the cache does not have, and keep each result as it comes."""
    total = sum(task.cost for task in tasks)
    missing = [task for task in tasks if not cache.has(task)]
    done = total - sum(task.cost for task in missing)
    step(done, total, "")

    def advance(task: Task, share: float) -> None:
        nonlocal done
        done = min(done + share * task.cost, total)
        step(done, total, str(task))

    scheduling.run(loaded.model, missing, cache.keep, advance)
    step(total, total, "")


def _local_weights(tasks: list[Task], cache: Cache) -> dict[Key, Floats]:
    """The local explanations (images, pixels) of every local function, label and replicate."""
    parts: dict[Key, list[Floats]] = {}
    for task in sorted(tasks, key=lambda task: task.shard):
        weights = cache.find(task)
        if weights is None:
            raise ValueError(f"{task}: the result is no longer in {cache.folder}; run the build again")
        parts.setdefault(task.key, []).append(weights)
    return {key: np.concatenate(found) for key, found in parts.items()}


def _numbers(tasks: list[Task]) -> dict[Key, tuple[int, ...]]:
    """The numbers, in their data set, of the images that the rows of the local explanations are of."""
    found: dict[Key, tuple[int, ...]] = {}
    for task in sorted(tasks, key=lambda task: task.shard):
        found[task.key] = found.get(task.key, ()) + task.sample.numbers
    return found


# Class maps


def _class_maps(
    methods: list[ExplanationMethod],
    parameters: dict[str, Parameters],
    weights: dict[Key, Floats],
    shape: torch.Size,
    minimum_support: int,
) -> tuple[Maps, Maps, dict[str, int]]:
    """Every method's maps by key, float32 (H, W), how many images chose each pixel of them, and how many
    images each aggregates."""
    maps, support, counts = {}, {}, {}
    for method in methods:
        for (slug, label, replicate), local in weights.items():
            if slug == method.local.slug:
                key = manifest.array_key(method.slug, label, replicate)
                importance, chosen = method.class_map(local, label, parameters[slug], minimum_support)
                maps[key] = importance.reshape(shape).astype(np.float32)
                support[key] = chosen.reshape(shape).astype(np.float32)
                counts[key] = parameters[slug]["images"]
    return maps, support, counts


def _picks(
    methods: list[ExplanationMethod], weights: dict[Key, Floats], numbers: dict[Key, tuple[int, ...]]
) -> dict[str, tuple[int, ...]]:
    """By key of a map the numbers of the images that its method picked; () where it picks none."""
    return {
        manifest.array_key(method.slug, key[1], key[2]): method.picked(local, numbers[key])
        for method in methods
        for key, local in weights.items()
        if key[0] == method.local.slug
    }


def _of_checks(loaded: Loaded) -> tuple[Maps, dict[str, int]]:
    """What attention checks show, by key: the mean of every class, or the edges of every single image."""
    if not loaded.singles:
        return _class_means(loaded.plan, loaded.training, loaded.classes)
    maps = {
        manifest.array_key(single_images.CHECK, single.record.label, 1): single_images.edges(
            loaded.test.images[single.number]
        )
        for single in loaded.singles
    }
    return maps, dict.fromkeys(maps, 1)


def _write_originals(folder: Path, loaded: Loaded) -> None:
    shutil.rmtree(folder / manifest.ORIGINALS_FOLDER, ignore_errors=True)
    for single in loaded.singles:
        path = folder / single.record.image
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(single.picture)


def _class_means(
    plan: Plan, training: LabelledImages, classes: tuple[str, ...]
) -> tuple[Maps, dict[str, int]]:
    """The mean training image of every class, of a different part of the class for each replicate."""
    maps, counts = {}, {}
    for label in classes:
        drawn = generator(plan.seed, CHECK, label).permutation(training.of_class(label).numpy())
        if len(drawn) < plan.replicates:
            raise ValueError(
                f"class {label!r} has {len(drawn)} images to average ({training.split}), fewer than the "
                f"{plan.replicates} replicates; ask for fewer with --replicates"
            )
        for replicate, part in enumerate(np.array_split(drawn, plan.replicates), start=1):
            key = manifest.array_key(CHECK, label, replicate)
            maps[key] = _mean_image(training.images[np.sort(part)])
            counts[key] = len(part)
    return maps, counts


def _mean_image(images: Tensor) -> NDArray[np.float32]:
    """(n, C, H, W) to (H, W), the mean over images and channels."""
    return np.asarray(images.double().mean(dim=(0, 1)).numpy().astype(np.float32))


def _finish(
    folder: Path,
    loaded: Loaded,
    maps: Maps,
    counts: dict[str, int],
    picks: dict[str, tuple[int, ...]],
) -> Manifest:
    """Write pictures and arrays, then the manifest, and read it all back."""
    pictures = draw(maps, loaded.plan.rendering, _images(loaded, maps))
    files = manifest.write_pictures(folder, pictures)
    records = []
    for key, file in files.items():
        method, rest = key.split("/", 1)
        label, replicate = rest.rsplit("/", 1)
        records.append(
            ClassMap(
                label, method, int(replicate), key, file.path, file.sha256, counts[key], picks.get(key, ())
            )
        )
    if len({file.sha256 for file in files.values()}) < len(files):
        digests = [file.sha256 for file in files.values()]
        key = next(key for key, file in files.items() if digests.count(file.sha256) > 1)
        raise ValueError(f"the map {key} looks exactly as another one; is the classifier constant?")
    manifest.write_maps(folder, maps)
    manifest.write(folder, replace(loaded.draft, maps=tuple(records)))
    return manifest.read(folder)


def _images(loaded: Loaded, maps: Maps) -> dict[str, NDArray[np.float32]]:
    """The image (C, H, W) that each map explains, by key, where single images are explained."""
    images = {one.record.label: loaded.test.images[one.record.number].numpy() for one in loaded.singles}
    labels = {key: key.split("/", 1)[1].rsplit("/", 1)[0] for key in maps}
    return {key: images[label] for key, label in labels.items() if label in images}


def _write_timings(folder: Path, began: float, seconds: dict[str, float]) -> None:
    """How many seconds this run took, and how many each local function, over all runs and workers."""
    timings: dict[str, Any] = {
        "this run": round(time.monotonic() - began, 2),
        "local explanations": {slug: round(spent, 2) for slug, spent in seconds.items()},
        "processors": execution.processors(),
    }
    text = json.dumps(timings, indent=1, sort_keys=True) + "\n"
    write_atomically(folder / TIMINGS_FILE, text.encode())
