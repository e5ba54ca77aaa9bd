"""LIME of all images of a sample, in groups that share their perturbations. Independent of aggregations.

The perturbations of a group have an address of their own. Images of all classes in the same group and
replicate have the same ones, and with them one Gram matrix.
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
    """Draw the perturbations that the images of one group and replicate share, whatever their class."""
    parameters = dict(settings)
    generator = randomness.generator(seed, "lime", parameters["perturbation"], replicate, group)
    samples, width = parameters["samples"], parameters["kernel_width"]
    if parameters["perturbation"] == "gaussian":
        return lime.gaussian_bank(pixels, samples, generator, parameters["sigma"], width)
    return lime.mask_bank(pixels, samples, generator, width)


def explain(
    model: nn.Module, sample: Sample, parameters: Parameters, advance: Callable[[int], None]
) -> Floats:
    """Return LIME's weights (images, pixels), by the parameters of the registry. Raises ValueError."""
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
    """Yield the number and the images of each group of `size`, counted from the first of the replicate."""
    groups = (np.arange(len(sample.images)) + sample.first) // size
    for group in np.unique(groups):
        yield int(group), sample.images[torch.from_numpy(groups == group)]
