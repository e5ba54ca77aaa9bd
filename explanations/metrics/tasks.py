"""The pieces of an evaluation, each computed once and kept under the digest of all that it depends on.

A piece is a metric of one map, or one network trained again. Pieces know nothing of each other: any process,
on any machine that sees the folder, can do any of them in any order, and what is there is not done again.
"""

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from explanations.metrics import retraining
from explanations.metrics.context import CONTROL, Material
from explanations.metrics.registry import METRICS, RETRAININGS, Retraining
from explanations.metrics.retraining_curves import WHOLE, Order
from explanations.metrics.subject import Advance, Metric, NotMeasurableError, Parameters, lacks, ranks
from explanations.models import execution, layer_units
from explanations.running import randomness
from explanations.running.atomic_files import write_atomically
from explanations.running.code_version import code_version

# Networks trained at once where that pays: on a CUDA device, and on a processor where nothing is convolved,
# for the grouped convolutions of `vmap` take it longer than one network after another.
TOGETHER = 8

Content = dict[str, Any]


@dataclass(frozen=True)
class MapTask:
    """A metric of one map."""

    metric: str
    settings: str  # JSON of the parameters: a task is small and hashable
    method: str
    label: str
    replicate: int
    seed: int

    @property
    def parameters(self) -> Parameters:
        return dict(json.loads(self.settings))

    @property
    def cost(self) -> float:
        return float(METRICS[self.metric].passes(self.parameters))

    @property
    def doing(self) -> str:
        return f"{self.metric}, {self.method}, class {self.label}, replicate {self.replicate}"

    def files(self, folder: Path, material: Material) -> list[Path]:
        """The one file of this piece."""
        own = material.importance(self.method, self.label, self.replicate, self.seed)
        siblings = [
            material.importance(self.method, self.label, other, self.seed)
            for other in range(1, material.manifest.replicates + 1)
        ]
        records = {m.slug: [m.slug, m.parameters] for m in material.manifest.methods}
        address = {
            **_depends(material),
            "code": code_version(METRICS[self.metric].measure),
            "task": [self.metric, self.parameters, self.label, self.replicate, self.seed],
            "map": _sha256(own),
            "siblings": [_sha256(sibling) for sibling in siblings],
            "method": records.get(self.method, [self.method, {}]),
            "masks": material.masks_sha256,
        }
        return [_file(folder, address)]

    def run(self, folder: Path, material: Material, advance: Advance) -> None:
        """Compute and keep the values, or why there are none."""
        metric: Metric = METRICS[self.metric]
        [file] = self.files(folder, material)
        count = self.parameters["images"]
        subject = material.subject(self.method, self.label, self.replicate, count, self.seed)
        content: Content
        try:
            if metric.neighbours and layer_units.record(material.model):
                raise lacks("neighbours")
            with execution.single_threaded():  # rounding depends on the number of threads
                values = metric.measure(subject, self.parameters, advance)
            content = {slug: [_finite(x) for x in found] for slug, found in values.items()}
        except NotMeasurableError as error:
            content = {"note": str(error)}
        _keep(file, content)


@dataclass(frozen=True)
class RetrainTask:
    """Networks of one seed, trained together without some features: one for each of `orders`.

    An order is (method, replicate, share that is removed).
    """

    retraining: str
    settings: str
    orders: tuple[Order, ...]
    number: int  # of the seed, from 0
    seed: int

    @property
    def parameters(self) -> Parameters:
        return dict(json.loads(self.settings))

    @property
    def cost(self) -> float:
        images = self.parameters["images"] or 60_000
        return float(3 * len(self.orders) * self.parameters["epochs"] * images)

    @property
    def doing(self) -> str:
        method, _, share = self.orders[-1]
        return f"{self.retraining}, {method or 'nothing'}, {share:.0%} removed, seed {self.number}"

    def files(self, folder: Path, material: Material) -> list[Path]:
        """A file for each network."""
        settings = {key: self.parameters[key] for key in ("epochs", "images")}
        common = {
            **_depends(material),
            "code": code_version(retraining.errors),
            "seed": self.seed,
            "number": self.number,
            "recipe": settings,
        }
        kept = [self._kept(material, order) for order in self.orders]
        return [_file(folder, {**common, "kept": _sha256(mask.numpy())}) for mask in kept]

    def run(self, folder: Path, material: Material, advance: Advance) -> None:
        """Train the networks and keep the error of each."""
        entry, parameters = RETRAININGS[self.retraining], self.parameters
        device = execution.current().device
        count = parameters["images"] or len(material.training.images)
        drawn = randomness.generator(self.seed, "retraining").permutation(len(material.training.images))
        part = torch.from_numpy(np.sort(drawn[:count]))
        training = retraining.Split(
            material.training.images[part].to(device), material.training.labels[part].to(device)
        )
        test = retraining.Split(material.test.images.to(device), material.test.labels.to(device))
        kept = torch.stack([self._kept(material, order) for order in self.orders]).to(device)
        last = 0.0

        def on_step(done: int, total: int) -> None:
            nonlocal last
            advance(int(self.cost * done / total) - int(last))
            last = self.cost * done / total

        with execution.single_threaded():
            found = retraining.errors(
                material.make,
                training,
                test,
                kept,
                randomness.torch_seed(self.seed, "retraining", self.number),
                retraining.Recipe(epochs=parameters["epochs"]),
                on_step,
            )
        for file, error in zip(self.files(folder, material), found, strict=True):
            _keep(file, {entry.score.slug: [100 * error], "error": error})

    def _kept(self, material: Material, order: Order) -> torch.Tensor:
        """Which pixels (1, H, W) a network sees."""
        method, replicate, share = order
        if order == WHOLE:
            return torch.ones(1, *material.test.images.shape[2:], dtype=torch.bool)
        importance = overall(material, method, replicate, self.seed)
        places = ranks(importance, randomness.generator(self.seed, "retraining", method, replicate))
        kept = retraining.kept_by(torch.from_numpy(places), share, RETRAININGS[self.retraining].keep)
        return kept.reshape(1, *importance.shape)


Task = MapTask | RetrainTask


def overall(material: Material, method: str, replicate: int, seed: int) -> Any:
    """One map (H, W) of all classes: the mean over classes of the maps' sizes, each over its sum.

    A class's own map would write the label into the image: where pixels lack would tell the class. The
    control has no classes: its order is drawn once.
    """
    if method == CONTROL and CONTROL not in {m.slug for m in material.manifest.methods}:
        return material.importance(CONTROL, "", replicate, seed)
    sizes = [
        np.abs(material.importance(method, label, replicate, seed))
        for label in material.manifest.dataset.classes
    ]
    return np.mean([size / max(size.sum(), np.finfo(float).tiny) for size in sizes], axis=0)


def of_maps(metric: Metric, parameters: Parameters, material: Material, seed: int) -> list[MapTask]:
    """The metric of every map."""
    settings = json.dumps(parameters, sort_keys=True)
    return [
        MapTask(metric.slug, settings, method, label, replicate, seed)
        for method in material.titles
        for label in material.manifest.dataset.classes
        for replicate in range(1, material.manifest.replicates + 1)
    ]


def of_retraining(
    entry: Retraining, parameters: Parameters, material: Material, seed: int
) -> list[RetrainTask]:
    """Every network, in groups that train together."""
    if material.manifest.originals:
        raise ValueError(f"{entry.slug}: trains by maps of classes, and this set has maps of single images")
    replicates = parameters["replicates"]
    if replicates > material.manifest.replicates:
        raise ValueError(
            f"{entry.slug}.replicates is {replicates}; allowed: 1 to {material.manifest.replicates}"
        )
    settings = json.dumps(parameters, sort_keys=True)
    size = parameters["together"] or (TOGETHER if _pays(material) else 1)
    orders = [
        WHOLE,
        *(
            (method, replicate, share)
            for share in retraining.shares(parameters["shares"])
            for method in material.titles
            for replicate in range(1, replicates + 1)
        ),
    ]
    return [
        RetrainTask(entry.slug, settings, tuple(orders[start : start + size]), number, seed)
        for number in range(parameters["seeds"])
        for start in range(0, len(orders), size)
    ]


def _pays(material: Material) -> bool:
    convolved = any(isinstance(module, nn.Conv2d) for module in material.model.modules())
    return execution.current().device == "cuda" or not convolved


def is_done(task: Task, folder: Path, material: Material) -> bool:
    return all(file.exists() for file in task.files(folder, material))


def contents(task: Task, folder: Path, material: Material) -> list[Content]:
    """What was kept of a piece that is done."""
    return [json.loads(file.read_text(encoding="utf-8")) for file in task.files(folder, material)]


def _depends(material: Material) -> dict[str, Any]:
    described = material.manifest
    return {
        "dataset": described.dataset.sha256,
        "factory": material.source.model.factory,
        "weights": described.classifier.weights_sha256,
        "network": material.network_version,
        "preprocessing": described.classifier.preprocessing,
        "outputs": [described.classifier.outputs, described.classifier.scores],
        "torch": torch.__version__,
    }


def _file(folder: Path, address: dict[str, Any]) -> Path:
    digest = hashlib.sha256(json.dumps(address, sort_keys=True).encode()).hexdigest()
    return folder / f"{digest}.json"


def _keep(file: Path, content: Content) -> None:
    write_atomically(file, json.dumps(content, sort_keys=True, allow_nan=False).encode())


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _sha256(array: Any) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
