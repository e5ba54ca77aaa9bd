"""Class maps of every class by every method to an explanation set: resumable, deterministic by seed.

What is slow, the local explanations of one replicate of one class, is kept in the folder's `.work` under a
name that is a digest of all that it depends on: an interrupted build finds it again, and a changed
parameter computes only what it changes. `manifest.json` is written last; a folder without it is unfinished.
The same seed, data, weights and library versions give the same bytes on one machine type, interrupted or
not. Only `timings.json` is about the run.
"""

import hashlib
import io
import json
import platform
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations import classifiers, datasets, fitting, manifest, rendering
from explanations.datasets import LabelledImages
from explanations.methods import DEFAULT, ExplanationMethod, Local, Parameters, Sample
from explanations.methods import chosen as chosen_methods
from explanations.preprocessing import Preprocessing
from explanations.randomness import generator
from explanations.sampling import parts

Floats = NDArray[np.float64]
Step = Callable[[float, float, str], None]

WORK_FOLDER = ".work"
TIMINGS_FILE = "timings.json"
LIBRARIES = ("captum", "numpy", "pillow", "scikit-learn", "torch")

CHECK = "class-mean"
CHECK_TITLE = "Class mean"
CHECK_REFERENCE = "Mean of a part of the images of the class; no explanation, for attention checks only"

BACKWARD_COST = 2  # a backward pass takes about the time of two forward passes


@dataclass(frozen=True)
class Plan:
    """What to build. `parameters` holds what differs from the defaults, by local function: {"lime":
    {...}}."""

    methods: tuple[str, ...] = DEFAULT
    classes: tuple[str, ...] | None = None  # None: all of the data set
    replicates: int = 2
    seed: int = 0
    parameters: dict[str, Parameters] = field(default_factory=dict)
    factory: str = classifiers.PAPER_FACTORY
    weights: Path = classifiers.PAPER_WEIGHTS
    data: Path | None = None  # a folder of IDX files or of pictures, or an .npz file; None: the bundled MNIST
    preprocessing: Preprocessing | None = None  # None: what the model itself declares, if it does
    name: str | None = None  # None: the name of the data set


def build(folder: Path, plan: Plan, step: Step = lambda done, total, doing: None) -> manifest.Manifest:
    """Build the set that `plan` describes into `folder`, or finish it, or leave it as it is if it is done.

    `step(done, total, what is being done)` is called as the work goes on, in forward passes. Raises
    ValueError with one line for what a person can mend.
    """
    began = time.monotonic()
    methods = chosen_methods(list(plan.methods))
    if not methods or plan.replicates < 1 or plan.seed < 0:
        raise ValueError("a set has at least one method and one replicate, and its seed is not negative")
    model, test = fitting.loaded(plan.factory, plan.weights, plan.data, plan.preprocessing)
    training = datasets.load(plan.data, "train", classifiers.preprocessing_of(model))
    classes = _classes(plan, test)
    parameters = {method.local.slug: _parameters(plan, method.local) for method in methods}
    _refuse_unknown(plan, parameters)
    draft = _draft(plan, model, test, classes, methods, parameters)

    folder.mkdir(parents=True, exist_ok=True)
    if _is_finished(folder, draft):
        shutil.rmtree(folder / WORK_FOLDER, ignore_errors=True)
        return manifest.read(folder)
    (folder / WORK_FOLDER).mkdir(exist_ok=True)

    samples = _samples(plan, model, test, classes, parameters)
    weights = _local_weights(folder, draft, model, methods, parameters, samples, step)
    maps, counts = _class_maps(methods, parameters, weights, test.images.shape[2:])
    means, mean_counts = _class_means(plan, training, classes)
    finished = _finish(folder, draft, maps | means, counts | mean_counts, began)
    shutil.rmtree(folder / WORK_FOLDER)
    return finished


# What is built


def _classes(plan: Plan, data: LabelledImages) -> tuple[str, ...]:
    for label in plan.classes or ():
        if label not in data.classes:
            raise ValueError(f"{data.name} has no class {label!r}; allowed: {', '.join(data.classes)}")
    return tuple(label for label in data.classes if label in (plan.classes or data.present))


def _parameters(plan: Plan, local: Local) -> Parameters:
    """The defaults of a local function with what the plan changes, of the same types. Raises ValueError."""
    changes = plan.parameters.get(local.slug, {})
    for key, value in changes.items():
        if key not in local.defaults:
            raise ValueError(f"{local.slug} has no parameter {key!r}; allowed: {', '.join(local.defaults)}")
        kind = type(local.defaults[key])
        if type(value) is not kind:
            raise ValueError(f"{local.slug}.{key} is {value!r}; a {kind.__name__} is wanted")
        if kind in (int, float) and value < (kind is int):
            minimum = "1" if kind is int else "0"
            raise ValueError(f"{local.slug}.{key} is {value}; allowed: from {minimum}")
    return {**local.defaults, **changes}


def _refuse_unknown(plan: Plan, parameters: dict[str, Parameters]) -> None:
    for slug in plan.parameters:
        if slug not in parameters:
            raise ValueError(f"there are no parameters of {slug!r} here; allowed: {', '.join(parameters)}")


def _draft(
    plan: Plan,
    model: nn.Module,
    test: LabelledImages,
    classes: tuple[str, ...],
    methods: list[ExplanationMethod],
    parameters: dict[str, Parameters],
) -> manifest.Manifest:
    """The manifest before there are maps: all that is known of the set in advance."""
    return manifest.Manifest(
        format=manifest.FORMAT,
        name=plan.name or test.name,
        seed=plan.seed,
        dataset=manifest.Dataset(test.name, test.split, test.sha256, classes),
        classifier=manifest.Classifier(
            plan.factory,
            classifiers.weights_sha256(plan.weights),
            classifiers.accuracy(model, test.images, test.labels),
            classifiers.preprocessing_of(model).record(),
        ),
        rendering=rendering.settings(*test.images.shape[2:]),
        versions={"python": platform.python_version()} | {name: version(name) for name in LIBRARIES},
        methods=(
            *(_record(m, parameters[m.local.slug], len(classes) * plan.replicates) for m in methods),
            manifest.Method(
                CHECK, CHECK_TITLE, CHECK_REFERENCE, "check", False, {"split": _means_of(test)}, 0, 0
            ),
        ),
        maps=(),
    )


def _means_of(test: LabelledImages) -> str:
    return "all" if test.split == "all" else "train"


def _record(method: ExplanationMethod, parameters: Parameters, maps: int) -> manifest.Method:
    passes = maps * method.local.passes(parameters)
    return manifest.Method(
        slug=method.slug,
        title=method.title,
        reference=method.reference,
        purpose="comparison",
        signed=method.signed,
        parameters={"aggregation": method.aggregate.__name__, **parameters},
        forward_passes=passes,
        backward_passes=passes if method.local.backward else 0,
    )


def _is_finished(folder: Path, draft: manifest.Manifest) -> bool:
    """Whether the set is there already. Raises ValueError where the folder holds anything else."""
    if (folder / manifest.MANIFEST_FILE).exists():
        found = manifest.read(folder)
        for key in ("name", "seed", "dataset", "classifier", "rendering", "versions", "methods"):
            if getattr(found, key) != getattr(draft, key):
                raise ValueError(
                    f"{folder}: holds a finished set whose {key} differs from what you ask for; "
                    "choose another --out, or remove the folder"
                )
        return True
    if any(folder.iterdir()) and not (folder / WORK_FOLDER).is_dir():
        raise ValueError(
            f"{folder}: holds other files and no unfinished set; choose an empty folder for --out"
        )
    return False


# Local explanations


def _samples(
    plan: Plan,
    model: nn.Module,
    data: LabelledImages,
    classes: tuple[str, ...],
    parameters: dict[str, Parameters],
) -> list[Sample]:
    """Disjoint images for each class and replicate, of those that the model assigns to the class."""
    predicted = classifiers.predicted(model, data.images)
    kind = "" if data.split == "all" else f"{data.split} "
    wanted = max(settings["images"] for settings in parameters.values())
    samples = []
    for label in classes:
        index = data.classes.index(label)
        numbers = torch.nonzero(predicted == index).flatten().numpy()
        if len(numbers) < wanted * plan.replicates:
            raise ValueError(
                f"the model assigns {len(numbers)} {kind}images to class {label!r}, "
                f"but {plan.replicates} replicates of {wanted} take {wanted * plan.replicates}; "
                "ask for fewer with --images"
            )
        for replicate, part in enumerate(parts(numbers, plan.seed, label, plan.replicates, wanted), start=1):
            samples.append(
                Sample(
                    plan.seed, label, index, replicate, tuple(part.tolist()), data.images[part], data.classes
                )
            )
    # all of one replicate together, for they share a bank of perturbations
    return sorted(samples, key=lambda sample: (sample.replicate, sample.index))


def _first(sample: Sample, count: int) -> Sample:
    return replace(sample, numbers=sample.numbers[:count], images=sample.images[:count])


Key = tuple[str, str, int]  # local function, label, replicate


def _local_weights(
    folder: Path,
    draft: manifest.Manifest,
    model: nn.Module,
    methods: list[ExplanationMethod],
    parameters: dict[str, Parameters],
    samples: list[Sample],
    step: Step,
) -> dict[Key, Floats]:
    """The local explanations (images, pixels) of every sample by every local function, from `.work` or
    computed."""
    families = {method.local.slug: method.local for method in methods}
    costs = {slug: local.passes(parameters[slug]) for slug, local in families.items()}
    costs = {slug: cost * (1 + BACKWARD_COST * families[slug].backward) for slug, cost in costs.items()}
    total = len(samples) * sum(costs.values())
    done = 0
    weights: dict[Key, Floats] = {}
    for local in families.values():
        for sample in samples:
            part = _first(sample, parameters[local.slug]["images"])
            file = folder / WORK_FOLDER / f"{_digest(draft, local, parameters[local.slug], part)}.npy"
            doing = f"{local.slug}, class {sample.label}, replicate {sample.replicate}"
            if not file.exists():
                progress = _Advance(
                    done, total, costs[local.slug] / max(local.passes(parameters[local.slug]), 1), doing, step
                )
                _compute(file, model, local, part, parameters[local.slug], progress)
            weights[local.slug, sample.label, sample.replicate] = np.load(file, allow_pickle=False)
            done += costs[local.slug]
            step(done, total, doing)
    return weights


@dataclass
class _Advance:
    """Turns "so many more images went through the network" into progress of the whole build."""

    done: float
    total: float
    cost: float
    doing: str
    step: Step

    def __call__(self, images: int) -> None:
        self.done += images * self.cost
        self.step(self.done, self.total, self.doing)


def _compute(
    file: Path,
    model: nn.Module,
    local: Local,
    sample: Sample,
    parameters: Parameters,
    advance: Callable[[int], None],
) -> None:
    began = time.monotonic()
    weights = local.attribute(model, sample, parameters, advance)
    if not np.isfinite(weights).all():
        raise ValueError(
            f"{local.slug} gives values that are not finite for class {sample.label!r}; "
            "does the classifier return finite logits?"
        )
    content = io.BytesIO()
    np.save(content, weights, allow_pickle=False)
    manifest.write_atomically(
        file.with_suffix(".seconds"), f"{local.slug} {time.monotonic() - began}".encode()
    )
    manifest.write_atomically(file, content.getvalue())


def _digest(draft: manifest.Manifest, local: Local, parameters: Parameters, sample: Sample) -> str:
    """A name for a local result: the digest of all that it depends on."""
    address = {
        "dataset": draft.dataset.sha256,
        "factory": draft.classifier.factory,
        "weights": draft.classifier.weights_sha256,
        "preprocessing": draft.classifier.preprocessing,
        "versions": draft.versions,
        "local": local.slug,
        "parameters": parameters,
        "seed": sample.seed,
        "label": sample.label,
        "replicate": sample.replicate,
        "images": sample.numbers,
    }
    return hashlib.sha256(json.dumps(address, sort_keys=True).encode()).hexdigest()


# Class maps


def _class_maps(
    methods: list[ExplanationMethod],
    parameters: dict[str, Parameters],
    weights: dict[Key, Floats],
    shape: torch.Size,
) -> tuple[manifest.Maps, dict[str, int]]:
    """Every method's maps by key, float32 (H, W), and how many images each aggregates."""
    maps, counts = {}, {}
    for method in methods:
        for (slug, label, replicate), local in weights.items():
            if slug == method.local.slug:
                key = manifest.array_key(method.slug, label, replicate)
                maps[key] = method.aggregate(local).reshape(shape).astype(np.float32)
                counts[key] = parameters[slug]["images"]
    return maps, counts


def _class_means(
    plan: Plan, training: LabelledImages, classes: tuple[str, ...]
) -> tuple[manifest.Maps, dict[str, int]]:
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
    folder: Path, draft: manifest.Manifest, maps: manifest.Maps, counts: dict[str, int], began: float
) -> manifest.Manifest:
    """Write pictures, arrays and timings, then the manifest, and read it all back."""
    shutil.rmtree(folder / manifest.IMAGES_FOLDER, ignore_errors=True)
    (folder / manifest.IMAGES_FOLDER).mkdir()
    records = []
    for key in sorted(maps):
        method, rest = key.split("/", 1)
        label, replicate = rest.rsplit("/", 1)
        picture = _picture(key, maps[key])
        sha256 = hashlib.sha256(picture).hexdigest()
        image = f"{manifest.IMAGES_FOLDER}/{sha256[:20]}.png"
        if (folder / image).exists():
            raise ValueError(f"the map {key} looks exactly as another one; is the classifier constant?")
        (folder / image).write_bytes(picture)
        records.append(manifest.ClassMap(label, method, int(replicate), key, image, sha256, counts[key]))
    manifest.write_maps(folder, maps)
    _write_timings(folder, began)
    manifest.write(folder, replace(draft, maps=tuple(records)))
    return manifest.read(folder)


def _picture(key: str, importance: NDArray[np.float32]) -> bytes:
    try:
        return rendering.picture(importance)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None


def _write_timings(folder: Path, began: float) -> None:
    """How many seconds this run took, and how many each local function took over all runs that it needed."""
    seconds: dict[str, float] = {}
    for file in sorted((folder / WORK_FOLDER).glob("*.seconds")):
        slug, spent = file.read_text().split()
        seconds[slug] = seconds.get(slug, 0) + float(spent)
    timings: dict[str, Any] = {
        "this run": round(time.monotonic() - began, 2),
        "local explanations": {slug: round(spent, 2) for slug, spent in seconds.items()},
        "threads": torch.get_num_threads(),
    }
    text = json.dumps(timings, indent=1, sort_keys=True) + "\n"
    manifest.write_atomically(folder / TIMINGS_FILE, text.encode())
