"""The work of a build: tasks named by all that their results depend on, and the one way to do one.

A task is one local function on a shard of the images of one replicate of one class. Its digest is its address
in the cache; it can be done in this process, in another one or on another machine, with the same result.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray
from torch import nn

from explanations.methods.names import chosen
from explanations.methods.registry import Local, Parameters, Sample
from explanations.models import execution
from explanations.running.code_version import code_version

Floats = NDArray[np.float64]
Address = dict[str, object]

# Small enough that little is lost when a build stops; a multiple of the images that share LIME's masks.
SHARD_IMAGES = 10
BACKWARD_COST = 2  # a backward pass takes about the time of two forward passes

LIBRARIES = ("captum", "numpy", "pillow", "saliency", "scikit-image", "scikit-learn", "torch")


@dataclass(frozen=True)
class Task:
    """`method` is any name whose local function is the wanted one; `sample` holds the shard's images."""

    method: str
    local: str
    parameters: Parameters
    sample: Sample
    shard: int  # from 1
    forward_passes: int
    backward_passes: int
    digest: str

    @property
    def key(self) -> tuple[str, str, int]:
        """Which local weights this is a part of: local function, label, replicate."""
        return self.local, self.sample.label, self.sample.replicate

    @property
    def cost(self) -> float:
        """Its work, in forward passes; of one that takes none, one an image."""
        return self.forward_passes + BACKWARD_COST * self.backward_passes or len(self.sample.numbers)

    def __str__(self) -> str:
        return f"{self.local}, class {self.sample.label}, replicate {self.sample.replicate}"


@dataclass(frozen=True)
class Outcome:
    """The local weights (images, pixels) of a task and the seconds that they took."""

    weights: Floats
    seconds: float


def passes_each(method: str, parameters: Parameters) -> int:
    """The forward passes of one image by the local function of `method`."""
    return chosen([method])[0].local.passes({**parameters, "images": 1})


def shards(method: str, parameters: Parameters, sample: Sample, address: Address) -> Iterator[Task]:
    """The tasks that explain the images of `sample` by the local function of `method`.

    `address` says what the results depend on besides: data, classifier, versions.
    """
    local = chosen([method])[0].local
    each = passes_each(method, parameters)
    for first in range(0, len(sample.numbers), SHARD_IMAGES):
        numbers = sample.numbers[first : first + SHARD_IMAGES]
        part = replace(
            sample,
            numbers=numbers,
            images=sample.images[first : first + SHARD_IMAGES],
            first=sample.first + first,
        )
        yield Task(
            method,
            local.slug,
            parameters,
            part,
            first // SHARD_IMAGES + 1,
            each * len(numbers),
            each * len(numbers) if local.backward else 0,
            _digest(address, local, parameters, part),
        )


def _digest(address: Address, local: Local, parameters: Parameters, sample: Sample) -> str:
    """A name for the result: the digest of all that it depends on, the method's own code among it. How many
    images there are beside the shard's is no part of it."""
    whole = {
        **address,
        "local": local.slug,
        "code": code_version(local.explain),
        "parameters": {key: value for key, value in parameters.items() if key != "images"},
        "seed": sample.seed,
        "label": sample.label,
        "replicate": sample.replicate,
        "first": sample.first,
        "images": sample.numbers,
    }
    if sample.background is not None:
        whole["background"] = hashlib.sha256(sample.background.numpy().tobytes()).hexdigest()
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def perform(model: nn.Module, task: Task, advance: Callable[[int], None] = lambda count: None) -> Outcome:
    """Explain the images of a task. `advance(count)` is called with the number of images that went through.

    Raises ValueError where the weights are not finite.
    """
    began = time.monotonic()
    local = chosen([task.method])[0].local
    with execution.single_threaded():
        weights = local.attribute(model, task.sample, task.parameters, advance)
    if not np.isfinite(weights).all():
        raise ValueError(
            f"{task.local} gives values that are not finite for class {task.sample.label!r}; "
            "does the classifier return finite logits?"
        )
    return Outcome(weights, time.monotonic() - began)


def surroundings(task: Task) -> dict[str, str]:
    """What a task's result depends on besides the task: libraries' versions and the code of its method."""
    local = chosen([task.method])[0].local
    return versions() | {f"{local.slug} of code": code_version(local.explain)[:12]}


def versions() -> dict[str, str]:
    """The versions of the libraries whose changes can change a result."""
    return {name: version(name) for name in LIBRARIES}
