"""The registry of explanation methods. Adding a method is one entry in METHODS, and one function.

A method is a local function, images to weights `(n, pixels)`, and an aggregation, weights to a map
`(pixels,)`. Methods with the same local function and parameters share its results, which are computed once.
Besides the entries any combination has a name: `vargrad:normlime` aggregates VarGrad's weights as NormLIME
does, and `lime:mean@9` asks of the images of every other class what speaks for a 9.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from explanations import randomness
from explanations.aggregation import AGGREGATIONS, Aggregation
from explanations.attribution import gradients, lime
from explanations.local import Floats, Local, Parameters, Sample

__all__ = ["DEFAULT", "LOCALS", "METHODS", "ExplanationMethod", "Local", "Parameters", "Sample", "chosen"]


@dataclass(frozen=True)
class ExplanationMethod:
    """An entry of the registry."""

    slug: str
    title: str
    reference: str
    local: Local
    aggregation: Aggregation

    @property
    def aggregate(self) -> Callable[[Floats], Floats]:
        """From the local weights of many images (n, pixels) to the class map (pixels,)."""
        return self.aggregation.combine

    @property
    def signed(self) -> bool:
        """Whether a map has negative values that mean something."""
        return self.local.signed and self.aggregation.signed

    def about(self, label: str) -> "ExplanationMethod":
        """This method, asked about class `label` of the images of the other classes."""
        local = self.local.about(label)
        word = local.slug.removeprefix(f"{self.local.slug}-for-")
        reference = f"{self.reference}; for class {label}, from images of another"
        return replace(
            self,
            slug=f"{self.slug}-for-{word}",
            title=f"{self.title}, why not {label}",
            reference=reference,
            local=local,
        )


def _on_average(local: Local) -> ExplanationMethod:
    """The entry of a local function whose class map is the mean over images."""
    return ExplanationMethod(local.slug, local.title, local.reference, local, AGGREGATIONS["mean"])


@lru_cache(maxsize=1)
def _bank(
    pixels: int, seed: int, replicate: int, group: int, settings: tuple[tuple[str, Any], ...]
) -> lime.Bank:
    """The perturbations that a group of images of every class shares; other groups and replicates have
    others."""
    parameters = dict(settings)
    generator = randomness.generator(seed, "lime", parameters["perturbation"], replicate, group)
    samples, width = parameters["samples"], parameters["kernel_width"]
    if parameters["perturbation"] == "gaussian":
        return lime.gaussian_bank(pixels, samples, generator, parameters["sigma"], width)
    return lime.mask_bank(pixels, samples, generator, width)


def _lime(model: nn.Module, sample: Sample, parameters: Parameters, advance: Callable[[int], None]) -> Floats:
    if parameters["perturbation"] not in lime.PERTURBATIONS:
        allowed = ", ".join(lime.PERTURBATIONS)
        raise ValueError(f"lime.perturbation is {parameters['perturbation']!r}; allowed: {allowed}")
    settings = tuple((key, parameters[key]) for key in ("samples", "perturbation", "kernel_width", "sigma"))
    weights = []
    for group, images in _groups(sample, parameters["shared_by"]):
        bank = _bank(images[0, 0].numel(), sample.seed, sample.replicate, group, settings)
        weights.append(
            lime.explain(
                model,
                images,
                sample.index,
                bank,
                features=parameters["features"],
                target=parameters["target"],
                skip_black=parameters["skip_black"],
                advance=advance,
            )
        )
    return np.concatenate(weights)


def _groups(sample: Sample, size: int) -> Iterator[tuple[int, Tensor]]:
    """The images of a sample by the `size` that share perturbations, counted from the first of the
    replicate."""
    groups = (np.arange(len(sample.images)) + sample.first) // size
    for group in np.unique(groups):
        yield int(group), sample.images[torch.from_numpy(groups == group)]


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
    "LIME",
    "Ribeiro et al. 2016, arXiv:1602.04938",
    _lime,
    {
        "images": 50,
        "samples": 1000,
        "shared_by": 10,
        "features": 100,
        "perturbation": "masks",
        "kernel_width": 0.25,
        "sigma": 0.3,
        "target": "logit",
        "skip_black": True,
    },
    backward=False,
)
_SMOOTHGRAD_SQUARED = (
    "SmoothGrad-Squared: Smilkov et al. 2017, arXiv:1706.03825; Hooker et al. 2019, arXiv:1806.10758"
)
# many images with few samples each: at the same cost replicates of different images agree better
NOISE = {"images": 50, "samples": 20, "sigma": 0.3, "target": "logit"}
SMOOTHGRAD = Local(
    "smoothgrad",
    "SmoothGrad",
    _SMOOTHGRAD_SQUARED,
    _under_noise("smoothgrad", gradients.smoothgrad_squared),
    NOISE,
    backward=True,
    signed=False,
    needs=("gradients",),
)
VARGRAD = Local(
    "vargrad",
    "VarGrad",
    "VarGrad: Adebayo et al. 2018, arXiv:1810.03292",
    _under_noise("vargrad", gradients.vargrad),
    NOISE,
    backward=True,
    signed=False,
    needs=("gradients",),
)
LOCALS = {local.slug: local for local in (LIME, SMOOTHGRAD, VARGRAD)}

METHODS = {
    method.slug: method
    for method in (
        ExplanationMethod(
            "normlime", "NormLIME", AGGREGATIONS["normlime"].reference, LIME, AGGREGATIONS["normlime"]
        ),
        ExplanationMethod("lime", "LIME", AGGREGATIONS["sp-lime"].reference, LIME, AGGREGATIONS["sp-lime"]),
        *(_on_average(local) for local in (SMOOTHGRAD, VARGRAD)),
    )
}

# The methods of the reference study: what is built where nobody names methods.
DEFAULT = ("normlime", "lime", "smoothgrad", "vargrad")


def chosen(names: list[str] | None) -> list[ExplanationMethod]:
    """The methods of these names, each once, entries first in the registry's order; DEFAULT for None.

    A name is an entry's slug or `local:aggregation`, either with `@class` behind it. Raises ValueError.
    """
    found = {method.slug: method for method in map(_named, names if names is not None else DEFAULT)}
    order = list(METHODS)
    return sorted(
        found.values(), key=lambda method: order.index(method.slug) if method.slug in METHODS else len(order)
    )


def _named(name: str) -> ExplanationMethod:
    combination, at, label = name.partition("@")
    slug, colon, aggregation = combination.partition(":")
    method = _combined(slug, aggregation) if colon else _entry(slug)
    return method.about(label) if at else method


def _entry(slug: str) -> ExplanationMethod:
    if slug not in METHODS:
        raise ValueError(f"there is no method {slug!r}; allowed: {', '.join(METHODS)}")
    return METHODS[slug]


def _combined(slug: str, aggregation: str) -> ExplanationMethod:
    if slug not in LOCALS:
        raise ValueError(f"there is no local method {slug!r}; allowed: {', '.join(LOCALS)}")
    if aggregation not in AGGREGATIONS:
        raise ValueError(f"there is no aggregation {aggregation!r}; allowed: {', '.join(AGGREGATIONS)}")
    local, way = LOCALS[slug], AGGREGATIONS[aggregation]
    for method in METHODS.values():
        if (method.local, method.aggregation) == (local, way):
            return method
    title, reference = f"{local.title}, {way.title}", f"{local.reference}; {way.reference}"
    return ExplanationMethod(f"{slug}-{aggregation}", title, reference, local, way)
