"""Local methods: functions of a model and images of a class, giving weights (images, pixels).

Independent of particular methods.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations.attribution import validity
from explanations.attribution.baselines import choose_background, fit_background, make_baselines
from explanations.models import execution

Floats = NDArray[np.float64]
Parameters = dict[str, Any]
Advance = Callable[[int], None]

REPLACED = ("images", "baseline", "background")  # parameters that a function of one image does not take

# LIME holds about five matrices of pixels by pixels at once: of 6,400 pixels, 0.3 GiB each.
MOST_PIXELS = 6400

# What a method may need from a model or from the caller, in words for a list.
NEEDS = {
    "gradients": "a model that can be differentiated",
    "modules": "activations that are modules, or that torch.fx can make modules",
    "layer": "a layer whose output has height and width",
    "background": "images of the data set to compare with, unless another baseline is chosen",
    "rules": "layers that have a rule of relevance propagation",
    "pixels": f"images of at most {MOST_PIXELS:,} pixels, each of which it weighs",
}


@dataclass(frozen=True)
class Sample:
    """The images of one class that one replicate explains, and the address of their random numbers."""

    seed: int
    label: str
    target: int  # of the class among the model's outputs
    replicate: int
    numbers: tuple[int, ...]  # of the images in their data set
    images: Tensor  # (n, C, H, W)
    classes: tuple[str, ...] = ()  # of the data set, in the order of the model's outputs
    background: Tensor | None = None  # (m, C, H, W): images of all classes, to compare with
    first: int = 0  # position of the first image among all images of the replicate

    def retarget(self, label: str) -> "Sample":
        """Return the same images with the class `label` as the target ("why not a 9?"). Raises ValueError."""
        if label not in self.classes:
            raise ValueError(f"unknown class {label!r}; allowed: {', '.join(self.classes)}")
        if self.classes.index(label) == self.target:
            raise ValueError(
                f"images of class {label!r} cannot be contrasted with class {label!r} itself; "
                "exclude the class with --classes"
            )
        return replace(self, target=self.classes.index(label))


Explain = Callable[[nn.Module, Sample, Parameters, Advance], Floats]


def samples_each(parameters: Parameters) -> int:
    """Return the passes of one image, one for every sample."""
    return int(parameters["samples"])


def one_pass(parameters: Parameters) -> int:
    """Return the passes of one image that goes through the network once."""
    return 1


def explain_each(
    slug: str,
    explain: Callable[..., Floats],
    passes_each: Callable[[Parameters], int],
    on_device: bool = False,
) -> Explain:
    """Explain one image after another by `explain(model, image (1, C, H, W), target, ...) -> (pixels,)`.

    `explain` takes the parameters by name, except `images`. In place of `baseline` and `background` it takes
    `baselines`, the images (m, C, H, W) that they name. An argument `address` is the address of the random
    numbers of the image. With `on_device` it takes the model and images on the current device; otherwise it
    moves its inputs itself. Errors name the image. NumPy and PyTorch use one thread for each operation,
    because rounding depends on the number.
    """
    accepted = inspect.signature(explain).parameters

    def explain_all(model: nn.Module, sample: Sample, parameters: Parameters, advance: Advance) -> Floats:
        network = execution.place(model) if on_device else model
        images = sample.images.to(execution.current().device) if on_device else sample.images
        settings = {key: value for key, value in parameters.items() if key not in REPLACED}
        rows = []
        for image, number in zip(images, sample.numbers, strict=True):
            if "address" in accepted:
                settings["address"] = (sample.seed, slug, sample.label, number)
            try:
                with execution.single_threaded():
                    if "baselines" in accepted:
                        settings["baselines"] = make_baselines(image[None], parameters, sample.background)
                    rows.append(explain(network, image[None], sample.target, **settings))
            except ValueError as error:
                raise ValueError(f"{slug}, image {number} of class {sample.label!r}: {error}") from None
            advance(passes_each(parameters))
        return np.stack(rows)

    explain_all.__wrapped__ = explain  # type: ignore[attr-defined]
    return explain_all


@dataclass(frozen=True)
class Local:
    """A way to explain single images.

    `explain(model, sample, parameters, advance)` returns weights (n, pixels) and calls `advance(count)` with
    the number of images that went through the network. `passes_each(parameters)` predicts that number for one
    image, and `backward` says whether a backward pass follows each (the one or two passes of a check are not
    counted). `needs`, a part of NEEDS, is what it needs from a model. `signed` says whether negative weights
    mean something, `zeros` why all weights may be zero. `counter` is the class to explain in place of the
    images' own, if any.
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
    zeros: str = validity.UNCHANGED
    counter: str | None = None
    origin: str = ""  # the slug or import path by which any process finds it; "" for the slug

    @property
    def address(self) -> str:
        """Where any process finds this method, apart from its counter class."""
        return self.origin or self.slug

    @property
    def is_own(self) -> bool:
        """Return True if this is a user's own function, whose cost in passes is unknown."""
        return ":" in self.address

    def choose_background(self, parameters: Parameters, training: Tensor, seed: int) -> Tensor | None:
        """Return the images (m, C, H, W) that a sample brings along for baselines; None if it needs none."""
        return None if self.is_own else choose_background(parameters, training, seed)

    def fit_background(self, parameters: Parameters, available: int) -> Parameters:
        """Return the parameters with as many background images as are used of those available."""
        return parameters if self.is_own else fit_background(self.slug, parameters, available)

    def attribute(self, model: nn.Module, sample: Sample, parameters: Parameters, advance: Advance) -> Floats:
        """Return the weights (n, pixels) of the images of `sample`, for their class or the counter class.

        Raises ValueError for weights that cannot become a map.
        """
        targeted = sample if self.counter is None else sample.retarget(self.counter)
        weights = self.explain(model, targeted, parameters, advance)
        shape = (len(sample.images), sample.images[0, 0].numel())
        validity.check_shape(self.slug, sample.label, weights, shape)
        if not np.isfinite(weights).all():
            validity.check_finite(self.slug, sample.label, weights, self._reason(model, sample.images))
        return weights

    def refuse_unfit(self, factory: str, lacks: Mapping[str, str]) -> None:
        """Raises ValueError where the model `factory` lacks something of NEEDS that this method needs."""
        for need in self.needs:
            if need in lacks:
                raise ValueError(
                    f"{self.slug} needs {NEEDS[need]}, but of {factory} {lacks[need]}; choose methods that "
                    "ask for outputs only, such as lime-slic, kernelshap, rise and occlusion"
                )

    def check_size(self, parameters: Parameters, height: int, width: int) -> None:
        """Raise ValueError if every pixel is a feature and images of this size have too many."""
        pixels = height * width
        every_pixel = "pixels" in self.needs or parameters.get("segmentation") == "pixels"
        if every_pixel and pixels > MOST_PIXELS:
            own = f"{self.slug}.segmentation=slic"
            remedy = own if "segmentation" in parameters else "the methods lime-slic and normlime-superpixels"
            raise ValueError(
                f"{self.slug} weighs every pixel, and the images have {height} x {width} of them "
                f"(at most {MOST_PIXELS:,} are allowed): a matrix of pixels by pixels takes "
                f"{8 * pixels**2 / 2**30:.0f} GiB; weigh superpixels with {remedy}"
            )

    def _reason(self, model: nn.Module, images: Tensor) -> str:
        """Say why weights of these images are not finite: the classifier's outputs, or only its gradient."""
        with torch.inference_mode():
            finite = all(bool(torch.isfinite(model(image[None])).all()) for image in images)
        if not finite:
            return "the classifier's outputs are not finite"
        return validity.NO_GRADIENT if self.backward else "outputs for changed images are not finite"

    def passes(self, parameters: Parameters) -> int:
        """Return the forward passes that a class map takes."""
        return int(parameters["images"]) * self.passes_each(parameters)

    def contrast(self, label: str) -> "Local":
        """Return this method with class `label` as the target, in place of the images' own class."""
        word = re.sub("[^a-z0-9]+", "-", label.lower()).strip("-")
        if not word:
            raise ValueError(f"class {label!r} has no letter or digit to name a method after")
        return replace(self, slug=f"{self.slug}-for-{word}", counter=label, origin=self.address)
