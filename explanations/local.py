"""What a local explanation is: images of a class and a model in, weights `(images, pixels)` out. Knows no
method.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

Floats = NDArray[np.float64]
Parameters = dict[str, Any]
Advance = Callable[[int], None]

# What a method may ask of a model or of the caller, in words for a list.
NEEDS = {
    "gradients": "a model that can be differentiated",
    "modules": "activations that are modules, or that torch.fx can make modules",
    "layer": "a layer whose output has height and width",
    "background": "other images of the data set, to compare with",
    "rules": "layers that have a rule of relevance propagation",
}


@dataclass(frozen=True)
class Sample:
    """Images of one class that one replicate explains, and the address of their randomness."""

    seed: int
    label: str
    index: int  # of the class among the model's outputs
    replicate: int
    numbers: tuple[int, ...]  # of the images in their data set
    images: Tensor  # (n, C, H, W)
    classes: tuple[str, ...] = ()  # of the data set, in the order of the model's outputs
    background: Tensor | None = None  # (m, C, H, W): images of all classes, to compare with

    def asked_about(self, label: str) -> "Sample":
        """The same images, to be explained for another class ("why not a 9?"). Raises ValueError."""
        if label not in self.classes:
            raise ValueError(f"there is no class {label!r} to ask about; allowed: {', '.join(self.classes)}")
        if label == self.label:
            raise ValueError(
                f"images of class {label!r} cannot be asked why they are not of class {label!r}; "
                "leave the class out with --classes"
            )
        return replace(self, index=self.classes.index(label))


Explain = Callable[[nn.Module, Sample, Parameters, Advance], Floats]


def samples_each(parameters: Parameters) -> int:
    """The passes of one image where every sample takes one."""
    return int(parameters["samples"])


def once(parameters: Parameters) -> int:
    """The passes of one image where it goes through the network once."""
    return 1


@dataclass(frozen=True)
class Local:
    """A way to explain single images.

    `explain(model, sample, parameters, advance)` gives weights (n, pixels) and calls `advance(count)` with
    the number of images that went through the network; `passes_each(parameters)` predicts how many that are
    for one image, and `backward` says whether a backward pass follows each. `needs`, of NEEDS, is what it
    asks of a model. `signed`: whether negative weights mean something. `counter` is the class to explain in
    place of the images' own, if any.
    """

    slug: str
    title: str
    reference: str
    explain: Explain
    defaults: Parameters = field(hash=False)
    backward: bool
    signed: bool = True
    needs: tuple[str, ...] = ()
    passes_each: Callable[[Parameters], int] = samples_each
    counter: str | None = None

    def attribute(self, model: nn.Module, sample: Sample, parameters: Parameters, advance: Advance) -> Floats:
        """The weights (n, pixels) of the images of `sample`, for their class or for the counter class."""
        asked = sample if self.counter is None else sample.asked_about(self.counter)
        return self.explain(model, asked, parameters, advance)

    def passes(self, parameters: Parameters) -> int:
        """Forward passes of one image through the network that a class map takes."""
        return int(parameters["images"]) * self.passes_each(parameters)

    def about(self, label: str) -> "Local":
        """This way to explain images, asked about class `label` in place of the images' own."""
        word = re.sub("[^a-z0-9]+", "-", label.lower()).strip("-")
        if not word:
            raise ValueError(f"class {label!r} has no letter or digit to name a method after")
        return replace(self, slug=f"{self.slug}-for-{word}", counter=label)
