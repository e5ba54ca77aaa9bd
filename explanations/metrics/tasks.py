"""Tasks of an evaluation, addressed by all that their results depend on, and their execution.

A task is a metric of one map, or networks trained again without some features. Tasks do not depend on each
other: any process can do any of them in any order.
"""

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from torch import nn

from explanations.metrics import retraining
from explanations.metrics.context import CONTROL, LoadedSet, Source, load
from explanations.metrics.registry import METRICS, RETRAININGS, Retraining
from explanations.metrics.retraining_curves import WHOLE, Order
from explanations.metrics.subject import Metric, NotMeasurableError, Parameters, lacks, ranks
from explanations.models import execution, layer_units
from explanations.running import randomness
from explanations.running.code_version import code_version
from explanations.running.store import Codec
from explanations.running.work import Share, Work

# Networks trained at once where that pays: on a CUDA device, and on a processor where nothing is convolved,
# because one network after another is faster than the grouped convolutions of `vmap`.
TOGETHER = 8
LIBRARIES = ("numpy", "scipy", "torch")

Content = dict[str, Any]


def encode(content: Content) -> bytes:
    """The JSON of a result."""
    return json.dumps(content, sort_keys=True, allow_nan=False).encode()


def decode(text: bytes) -> Content:
    """The result in JSON. Raises ValueError for a damaged one."""
    content = json.loads(text)
    if not isinstance(content, dict):
        raise ValueError("damaged result")
    return content


CONTENTS = Codec(".json", encode, decode)


@dataclass(frozen=True)
class MapTask:
    """A metric of one map."""

    metric: str
    parameters: Parameters
    method: str
    label: str
    replicate: int
    seed: int
    digest: str

    @property
    def cost(self) -> float:
        """Images that go through the network."""
        return float(METRICS[self.metric].passes(self.parameters))

    @property
    def code(self) -> Callable[..., Any]:
        """The function that does it."""
        return METRICS[self.metric].measure

    def __str__(self) -> str:
        return f"{self.metric}, {self.method}, class {self.label}, replicate {self.replicate}"

    def run(self, loaded: LoadedSet, advance: Share) -> Content:
        """The values of each score, or the reason why there are none."""
        metric: Metric = METRICS[self.metric]
        subject = loaded.subject(
            self.method, self.label, self.replicate, self.parameters["images"], self.seed
        )
        try:
            if metric.neighbours and layer_units.record(loaded.model):
                raise lacks("neighbours")
            with execution.single_threaded():  # rounding depends on the number of threads
                scores = metric.measure(
                    subject, self.parameters, lambda images: advance(images / max(self.cost, 1))
                )
        except NotMeasurableError as error:
            return {"note": str(error)}
        return {slug: [_finite_or_none(x) for x in values] for slug, values in scores.items()}


@dataclass(frozen=True)
class RetrainTask:
    """Networks of one seed, trained together without some features: one for each of `orders`.

    An order is (method, replicate, share that is removed).
    """

    retraining: str
    parameters: Parameters
    orders: tuple[Order, ...]
    number: int  # of the seed, from 0
    seed: int
    digest: str

    @property
    def cost(self) -> float:
        """Images that go through the networks; a step of training takes about three passes."""
        images = self.parameters["images"] or 60_000
        return float(3 * len(self.orders) * self.parameters["epochs"] * images)

    @property
    def code(self) -> Callable[..., Any]:
        """The function that does it."""
        return retraining.errors

    def __str__(self) -> str:
        method, _, share = self.orders[-1]
        return f"{self.retraining}, {method or 'nothing'}, {share:.0%} removed, seed {self.number}"

    def run(self, loaded: LoadedSet, advance: Share) -> Content:
        """Train the networks; the error of each."""
        device = execution.current().device
        count = self.parameters["images"] or len(loaded.training.images)
        drawn = randomness.generator(self.seed, "retraining").permutation(len(loaded.training.images))
        part = torch.from_numpy(np.sort(drawn[:count]))
        training = retraining.Split(
            loaded.training.images[part].to(device), loaded.training.labels[part].to(device)
        )
        test = retraining.Split(loaded.test.images.to(device), loaded.test.labels.to(device))
        masks = [_kept_pixels(loaded, self.retraining, order, self.seed) for order in self.orders]
        reported = 0.0

        def on_step(done: int, total: int) -> None:
            nonlocal reported
            advance(done / total - reported)
            reported = done / total

        with execution.single_threaded():
            errors = retraining.errors(
                loaded.make,
                training,
                test,
                torch.stack(masks).to(device),
                randomness.torch_seed(self.seed, "retraining", self.number),
                retraining.Recipe(epochs=self.parameters["epochs"]),
                on_step,
            )
        return {"errors": list(errors)}


Task = MapTask | RetrainTask


# Listing


def list_map_tasks(metric: Metric, parameters: Parameters, loaded: LoadedSet, seed: int) -> list[MapTask]:
    """The metric of every map."""
    common = {**_dependencies(loaded), "code": code_version(metric.measure), "masks": loaded.masks_sha256}
    records = {m.slug: [m.slug, m.parameters] for m in loaded.manifest.methods}
    replicates = range(1, loaded.manifest.replicates + 1)
    tasks = []
    for method in loaded.titles:
        for label in loaded.manifest.dataset.classes:
            maps = [_sha256(loaded.importance(method, label, one, seed)) for one in replicates]
            for replicate in replicates:
                address = {
                    **common,
                    "task": [metric.slug, parameters, label, replicate, seed],
                    "map": maps[replicate - 1],
                    "siblings": maps,
                    "method": records.get(method, [method, {}]),
                    "method code": loaded.method_version(method),
                }
                tasks.append(
                    MapTask(metric.slug, parameters, method, label, replicate, seed, _digest(address))
                )
    return tasks


def list_retrain_tasks(
    entry: Retraining, parameters: Parameters, loaded: LoadedSet, seed: int
) -> list[RetrainTask]:
    """Every network, in groups that train together. Raises ValueError for a set without maps of classes."""
    if loaded.manifest.originals:
        raise ValueError(f"{entry.slug} trains by maps of classes, but this set has maps of single images")
    replicates = parameters["replicates"]
    if replicates > loaded.manifest.replicates:
        raise ValueError(
            f"{entry.slug}.replicates is {replicates}; allowed: 1 to {loaded.manifest.replicates}"
        )
    size = parameters["together"] or (TOGETHER if _pays(loaded) else 1)
    orders = [
        WHOLE,
        *(
            (method, replicate, share)
            for share in retraining.shares(parameters["shares"])
            for method in loaded.titles
            for replicate in range(1, replicates + 1)
        ),
    ]
    masks = {order: _sha256(_kept_pixels(loaded, entry.slug, order, seed).numpy()) for order in orders}
    common = {
        **_dependencies(loaded),
        "code": code_version(retraining.errors),
        "seed": seed,
        "recipe": {key: parameters[key] for key in ("epochs", "images")},
    }
    return [
        RetrainTask(
            entry.slug,
            parameters,
            group := tuple(orders[start : start + size]),
            number,
            seed,
            _digest({**common, "number": number, "kept": [masks[order] for order in group]}),
        )
        for number in range(parameters["seeds"])
        for start in range(0, len(orders), size)
    ]


def _kept_pixels(loaded: LoadedSet, slug: str, order: Order, seed: int) -> torch.Tensor:
    """A mask (1, H, W) of the pixels that a network sees."""
    method, replicate, share = order
    if order == WHOLE:
        return torch.ones(1, *loaded.test.images.shape[2:], dtype=torch.bool)
    importance = overall(loaded, method, replicate, seed)
    places = ranks(importance, randomness.generator(seed, "retraining", method, replicate))
    kept = retraining.kept_by(torch.from_numpy(places), share, RETRAININGS[slug].keep)
    return kept.reshape(1, *importance.shape)


def overall(loaded: LoadedSet, method: str, replicate: int, seed: int) -> Any:
    """One map (H, W) of all classes: the mean over classes of the absolute maps, each divided by its sum.

    A class's own map would write the label into the image: the missing pixels would tell the class. The
    control has no classes: its order is drawn once.
    """
    if method == CONTROL and CONTROL not in {m.slug for m in loaded.manifest.methods}:
        return loaded.importance(CONTROL, "", replicate, seed)
    sizes = [
        np.abs(loaded.importance(method, label, replicate, seed)) for label in loaded.manifest.dataset.classes
    ]
    return np.mean([size / max(size.sum(), np.finfo(float).tiny) for size in sizes], axis=0)


def _pays(loaded: LoadedSet) -> bool:
    convolved = any(isinstance(module, nn.Conv2d) for module in loaded.model.modules())
    return execution.current().device == "cuda" or not convolved


# Doing


@dataclass(frozen=True)
class Context:
    """Data shared by all tasks: the set and its network's device (None: CUDA if available)."""

    loaded: LoadedSet
    device: str | None


def make_work(loaded: LoadedSet, device: str | None) -> Work[Context, Task, Content]:
    """The work of an evaluation, for a scheduler."""
    again = partial(reload, loaded.source, device)
    return Work(Context(loaded, device), perform, requirements, execution.keep_memory, again)


def reload(source: Source, device: str | None) -> Context:
    """Load the shared data again in another process."""
    return Context(load(source), device)


def perform(context: Context, task: Task, threads: int | None, advance: Share) -> Content:
    """Do a task with `threads` threads."""
    with execution.run_on(threads, context.device):
        return task.run(context.loaded, advance)


def requirements(task: Task) -> dict[str, str]:
    """The versions of libraries, and of the code, that the result of a task depends on."""
    name = task.metric if isinstance(task, MapTask) else task.retraining
    return versions() | {f"{name} of code": code_version(task.code)[:12]}


def versions() -> dict[str, str]:
    """The versions of the libraries whose changes can change a result."""
    return {name: version(name) for name in LIBRARIES}


def _dependencies(loaded: LoadedSet) -> dict[str, Any]:
    described = loaded.manifest
    return {
        "dataset": loaded.test.sha256,
        "factory": loaded.source.model and loaded.source.model.factory,
        "weights": described.classifier.weights_sha256,
        "network": loaded.network_version,
        "preprocessing": described.classifier.preprocessing,
        "outputs": [described.classifier.outputs, described.classifier.scores],
        "torch": torch.__version__,
    }


def _digest(address: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(address, sort_keys=True).encode()).hexdigest()


def _finite_or_none(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _sha256(array: Any) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
