"""Tasks of a build, addressed by all that their results depend on, and their execution.

A task is one local method on a shard of the images of one replicate of one class. Its digest is its address
in the store; this process, another one or another machine can do it, with the same result.
"""

import hashlib
import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray
from torch import nn

from explanations.methods.local_methods import find_local
from explanations.methods.registry import Local, Parameters, Sample
from explanations.models import execution
from explanations.running.code_version import code_version
from explanations.running.store import Codec
from explanations.running.work import Share, Work

Floats = NDArray[np.float64]
Address = dict[str, object]

# Small enough that little is lost when a build stops; a multiple of the images that share LIME's masks.
SHARD_IMAGES = 10
BACKWARD_COST = 2  # a backward pass takes about the time of two forward passes

LIBRARIES = ("captum", "numpy", "pillow", "saliency", "scikit-image", "scikit-learn", "torch")


@dataclass(frozen=True)
class Task:
    """`method` is the address of a local method, `counter` the class to explain in place of the images' own.

    Both together are `local`, in any process. `sample` holds the images of the shard.
    """

    method: str
    counter: str | None
    parameters: Parameters
    sample: Sample
    shard: int  # from 1
    forward_passes: int
    backward_passes: int
    digest: str

    @property
    def local(self) -> Local:
        """The local method."""
        return find_local(self.method, self.counter)

    @property
    def key(self) -> tuple[str, str, int]:
        """The key of the local weights that this is part of: local method, label, replicate."""
        return self.local.slug, self.sample.label, self.sample.replicate

    @property
    def cost(self) -> float:
        """The work in forward passes; one for each image if there are none."""
        return self.forward_passes + BACKWARD_COST * self.backward_passes or len(self.sample.numbers)

    def __str__(self) -> str:
        return f"{self.local.slug}, class {self.sample.label}, replicate {self.sample.replicate}"


@dataclass(frozen=True)
class Outcome:
    """The local weights (images, pixels) of a task and the seconds that they took.

    `reason` says why there are none, for an item that the method cannot explain.
    """

    weights: Floats
    seconds: float
    reason: str = ""


def encode(outcome: Outcome) -> bytes:
    """The bytes of an .npz file with an outcome."""
    content = io.BytesIO()
    np.savez(content, weights=outcome.weights, seconds=outcome.seconds)
    return content.getvalue()


def decode(content: bytes) -> Outcome:
    """The outcome in the bytes of an .npz file. Raises ValueError for damaged ones."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return Outcome(np.asarray(arrays["weights"], dtype=np.float64), float(arrays["seconds"]))
    except (OSError, EOFError, KeyError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise ValueError(f"damaged result: {error}") from None


OUTCOMES = Codec(".npz", encode, decode)


def make_shards(local: Local, parameters: Parameters, sample: Sample, address: Address) -> Iterator[Task]:
    """The tasks that explain the images of `sample` by a local method.

    `address` says what else the results depend on: data, classifier, versions.
    """
    passes_each = local.passes({**parameters, "images": 1})
    for first in range(0, len(sample.numbers), SHARD_IMAGES):
        numbers = sample.numbers[first : first + SHARD_IMAGES]
        part = replace(
            sample,
            numbers=numbers,
            images=sample.images[first : first + SHARD_IMAGES],
            first=sample.first + first,
        )
        passes = passes_each * len(numbers)
        yield Task(
            method=local.address,
            counter=local.counter,
            parameters=parameters,
            sample=part,
            shard=first // SHARD_IMAGES + 1,
            forward_passes=passes,
            backward_passes=passes if local.backward else 0,
            digest=_digest(address, local, parameters, part),
        )


def _digest(address: Address, local: Local, parameters: Parameters, sample: Sample) -> str:
    """The digest of everything that a result depends on, with the method's own code.

    The number of images beside those of the shard is not part of it.
    """
    dependencies = {
        **address,
        "local": local.slug,
        "code": code_version(local.explain),
        "parameters": {key: value for key, value in parameters.items() if key != "images"},
        "seed": sample.seed,
        "label": sample.label,
        "target": sample.target,
        "replicate": sample.replicate,
        "first": sample.first,
        "images": sample.numbers,
    }
    if sample.background is not None:
        dependencies["background"] = hashlib.sha256(sample.background.numpy().tobytes()).hexdigest()
    return hashlib.sha256(json.dumps(dependencies, sort_keys=True).encode()).hexdigest()


def perform(model: nn.Module, task: Task, advance: Callable[[int], None] = lambda count: None) -> Outcome:
    """Explain the images of a task. `advance(count)` is called with the number of images that went through.

    Raises ValueError if the weights are not finite.
    """
    began = time.monotonic()
    with execution.single_threaded():
        weights = task.local.attribute(model, task.sample, task.parameters, advance)
    return Outcome(weights, time.monotonic() - began)


@dataclass(frozen=True)
class Context:
    """Data shared by all tasks of a build: the classifier and its device (None: CUDA if available)."""

    model: nn.Module
    device: str | None


def make_work(model: nn.Module, device: str | None) -> Work[Context, Task, Outcome]:
    """The work of a build, for a scheduler."""
    return Work(Context(model, device), perform_in, requirements, execution.keep_memory)


def perform_in(context: Context, task: Task, threads: int | None, advance: Share) -> Outcome:
    """Do a task with `threads` threads; a method without weights of these images gives the reason."""
    began = time.monotonic()
    try:
        with execution.run_on(threads, context.device):
            return perform(context.model, task, lambda images: advance(images / max(task.forward_passes, 1)))
    except ValueError as error:
        return Outcome(np.empty((0, 0)), time.monotonic() - began, str(error))


def requirements(task: Task) -> dict[str, str]:
    """The versions of libraries, and of the method's code, that the result of a task depends on."""
    return versions() | {f"{task.local.slug} of code": code_version(task.local.explain)[:12]}


def versions() -> dict[str, str]:
    """The versions of the libraries whose changes can change a result."""
    return {name: version(name) for name in LIBRARIES}
