"""The registry of explanation methods. Adding a method is one entry in METHODS, and one function.

A method is a local function, images to weights `(n, pixels)`, and an aggregation, weights to a map
`(pixels,)`. Methods with the same local function and parameters share its results, which are computed once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations import aggregation, randomness
from explanations.attribution import gradients, lime

Floats = NDArray[np.float64]
Parameters = dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """Images of one class that one replicate explains, and the address of their randomness."""

    seed: int
    label: str
    index: int  # of the class among the model's outputs
    replicate: int
    numbers: tuple[int, ...]  # of the images in their data set
    images: Tensor  # (n, C, H, W)


@dataclass(frozen=True)
class Local:
    """A way to explain single images: `attribute(model, sample, parameters, advance)` to weights (n, pixels).

    `backward` says whether each forward pass is followed by a backward pass.
    """

    slug: str
    attribute: Callable[[nn.Module, Sample, Parameters, Callable[[int], None]], Floats]
    defaults: Parameters = field(hash=False)
    backward: bool

    def passes(self, parameters: Parameters) -> int:
        """Forward passes of one image through the network that a class map takes."""
        return int(parameters["images"] * parameters["samples"])


@dataclass(frozen=True)
class ExplanationMethod:
    """An entry of the registry. `signed`: whether a map has negative values that mean something."""

    slug: str
    title: str
    reference: str
    local: Local
    aggregate: Callable[[Floats], Floats]
    signed: bool


@lru_cache(maxsize=1)
def _bank(pixels: int, seed: int, replicate: int, settings: tuple[tuple[str, Any], ...]) -> lime.Bank:
    """The perturbations that all images of a replicate share; the replicates have different ones."""
    parameters = dict(settings)
    generator = randomness.generator(seed, "lime", parameters["perturbation"], replicate)
    samples, width = parameters["samples"], parameters["kernel_width"]
    if parameters["perturbation"] == "gaussian":
        return lime.gaussian_bank(pixels, samples, generator, parameters["sigma"], width)
    return lime.mask_bank(pixels, samples, generator, width)


def _lime(model: nn.Module, sample: Sample, parameters: Parameters, advance: Callable[[int], None]) -> Floats:
    if parameters["perturbation"] not in lime.PERTURBATIONS:
        allowed = ", ".join(lime.PERTURBATIONS)
        raise ValueError(f"lime.perturbation is {parameters['perturbation']!r}; allowed: {allowed}")
    settings = tuple((key, parameters[key]) for key in ("samples", "perturbation", "kernel_width", "sigma"))
    bank = _bank(sample.images[0, 0].numel(), sample.seed, sample.replicate, settings)
    return lime.explain(
        model,
        sample.images,
        sample.index,
        bank,
        features=parameters["features"],
        target=parameters["target"],
        skip_black=parameters["skip_black"],
        advance=advance,
    )


def _under_noise(slug: str, attribute: Callable[..., Floats]) -> Callable[..., Floats]:
    def explain(
        model: nn.Module, sample: Sample, parameters: Parameters, advance: Callable[[int], None]
    ) -> Floats:
        address = (sample.seed, slug, sample.label)
        return attribute(
            model,
            sample.images,
            sample.index,
            seeds=[randomness.torch_seed(*address, number) for number in sample.numbers],
            samples=parameters["samples"],
            sigma=parameters["sigma"],
            target=parameters["target"],
            advance=advance,
        )

    return explain


LIME = Local(
    "lime",
    _lime,
    {
        "images": 50,
        "samples": 2000,
        "features": 100,
        "perturbation": "masks",
        "kernel_width": 0.25,
        "sigma": 0.3,
        "target": "logit",
        "skip_black": True,
    },
    backward=False,
)
NOISE = {"images": 10, "samples": 100, "sigma": 0.3, "target": "logit"}
SMOOTHGRAD = Local(
    "smoothgrad", _under_noise("smoothgrad", gradients.smoothgrad_squared), NOISE, backward=True
)
VARGRAD = Local("vargrad", _under_noise("vargrad", gradients.vargrad), NOISE, backward=True)

METHODS = {
    method.slug: method
    for method in (
        ExplanationMethod(
            "normlime",
            "NormLIME",
            "Class-specific NormLIME: Ahern et al. 2019, arXiv:1909.04200, equations 7-9",
            LIME,
            aggregation.normlime,
            signed=True,
        ),
        ExplanationMethod(
            "lime",
            "LIME",
            "SP-LIME's importance from positive weights: Ribeiro et al. 2016, arXiv:1602.04938; "
            "Ahern et al. 2019, arXiv:1909.04200, equation 6 and section 4.1.3",
            LIME,
            aggregation.sp_lime,
            signed=False,
        ),
        ExplanationMethod(
            "smoothgrad",
            "SmoothGrad",
            "SmoothGrad-Squared: Smilkov et al. 2017, arXiv:1706.03825; Hooker et al. 2019, arXiv:1806.10758",
            SMOOTHGRAD,
            aggregation.mean,
            signed=False,
        ),
        ExplanationMethod(
            "vargrad",
            "VarGrad",
            "VarGrad: Adebayo et al. 2018, arXiv:1810.03292",
            VARGRAD,
            aggregation.mean,
            signed=False,
        ),
    )
}


def chosen(slugs: list[str] | None) -> list[ExplanationMethod]:
    """The methods with these slugs, in the registry's order; all of them for None. Raises ValueError."""
    for slug in slugs or []:
        if slug not in METHODS:
            raise ValueError(f"there is no method {slug!r}; allowed: {', '.join(METHODS)}")
    return [method for method in METHODS.values() if slugs is None or method.slug in slugs]
