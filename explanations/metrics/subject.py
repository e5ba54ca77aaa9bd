"""Definition of a metric and of its subject: one map, its images and their network.

Every metric has one signature, `measure(subject, parameters, advance)`, and gives the values of its scores,
one per image, or one for the map. Independent of metrics, datasets and folders.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations.running import randomness

Floats = NDArray[np.float64]
Parameters = dict[str, Any]
Advance = Callable[[int], None]


def unwatched(count: int) -> None:
    """Ignore progress: an `Advance` that does nothing."""


HIGHER, LOWER = "higher", "lower"

# Needs of metrics besides the map, the images and the network, in words for a message.
NEEDS = {
    "siblings": "a second replicate of the map",
    "neighbours": "pixels; the units of a layer have no neighbours",
    "masks": "ground-truth masks of the images, by --masks",
    "method": "a method that can explain other images; a random order can't",
    "hidden": "a network that is a torch.nn.Sequential with two layers of torch.nn.Linear",
    "complete": "a method that promises completeness",
    "invariant": "a method that promises implementation invariance",
}


class NotMeasurableError(ValueError):
    """A metric does not apply to a subject. The value is undefined; the message says why."""


def lacks(need: str) -> NotMeasurableError:
    """The error for a subject without something that a metric needs, one of NEEDS."""
    return NotMeasurableError(NEEDS[need])


@dataclass(frozen=True)
class Method:
    """The method that made a map, which can be called for other images or another network.

    `local(model, images)`: weights (n, pixels) of images (n, C, H, W); `aggregate`: weights (n, pixels) to a
    map (pixels,). `baselines(images)`: for each image the images (m, C, H, W) that it is compared with, where
    its weights are guaranteed to add up to the difference of the network's score from its mean score of
    those; None for a method without this guarantee. `invariant`: the weights are guaranteed to depend only on
    the function that the network computes.
    """

    local: Callable[[nn.Module, Tensor], Floats]
    aggregate: Callable[[Floats], Floats]
    baselines: Callable[[Tensor], list[Tensor]] | None = None
    invariant: bool = False
    output: str = "logit"

    def map(self, model: nn.Module, images: Tensor) -> Floats:
        """The map (H, W) of `images` (n, C, H, W)."""
        return self.aggregate(self.local(model, images)).reshape(images.shape[2:])


@dataclass(frozen=True)
class Subject:
    """One map (H, W) and its data for metrics; `address` is that of its random numbers."""

    model: nn.Module
    images: Tensor  # (n, C, H, W) float32 in [0, 1], of the class that the map explains
    target: int  # of the class among the model's outputs
    importance: Floats  # (H, W)
    mean: Tensor  # (C, H, W), of images of all classes
    address: tuple[object, ...] = ()
    siblings: tuple[Floats, ...] = ()  # maps (H, W) of the same class and method from other images
    masks: NDArray[np.bool_] | None = None  # (n, H, W), where the subject of each image is
    method: Method | None = None

    def generator(self, *purpose: object) -> np.random.Generator:
        """Random numbers of this map's own for a purpose."""
        return randomness.generator(*self.address, *purpose)

    def require_method(self) -> Method:
        """The method. Raises NotMeasurableError where there is none."""
        if self.method is None:
            raise lacks("method")
        return self.method


@dataclass(frozen=True)
class Score:
    """A column of the table; `better` is HIGHER or LOWER."""

    slug: str
    title: str
    better: str


Measure = Callable[[Subject, Parameters, Advance], Mapping[str, Floats]]


def once(parameters: Parameters) -> int:
    """The cost of a metric that runs no network."""
    return 1


@dataclass(frozen=True)
class Metric:
    """A family of scores that one computation gives.

    `measure` returns for the slug of each of `scores` the values (n,), one per image, or (1,) for the map; it
    raises NotMeasurableError where the subject lacks what the metric needs. `passes(parameters)` predicts
    the images that go through the network for one map, the unit of progress. `neighbours`: the
    metric needs pixels whose neighbours are related, unlike units of a layer.
    `needs_network` is false for a metric of the map alone, which also applies to sets without a network.
    """

    slug: str
    title: str
    reference: str
    scores: tuple[Score, ...]
    measure: Measure
    defaults: Parameters = field(hash=False)
    passes: Callable[[Parameters], int] = once
    neighbours: bool = False
    needs_network: bool = True


def ranks(importance: Floats, generator: np.random.Generator) -> NDArray[np.int64]:
    """The rank (P,) of each pixel of a map (H, W), greatest first; ties are drawn at random.

    A sparse map is zero at most pixels, and in reading order all of these would come from the top.
    """
    flat = importance.ravel()
    order = np.lexsort((generator.random(flat.size), -flat))
    places = np.empty(flat.size, dtype=np.int64)
    places[order] = np.arange(flat.size)
    return places
