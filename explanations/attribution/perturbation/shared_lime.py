"""LIME of all images of a sample at once: groups of them share their perturbations.

A group's perturbations are drawn at an address of their own, and every class's images of the same group and
replicate have the same ones: with them one Gram matrix. Knows no aggregation.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from explanations.attribution.local import Floats, Parameters, Sample
from explanations.attribution.perturbation import lime
from explanations.running import randomness


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


def explain(
    model: nn.Module, sample: Sample, parameters: Parameters, advance: Callable[[int], None]
) -> Floats:
    """LIME's weights (images, pixels); the parameters are those of the method's entry. Raises ValueError."""
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
                sample.target,
                bank,
                features=parameters["features"],
                output=parameters["output"],
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
