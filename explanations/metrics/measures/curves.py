"""Deletion and insertion curves and their areas (Petsiuk et al. 2018, arXiv:1806.07421, section 3.2).

Deletion takes the pixels away, the most important first; insertion puts them back into a blurred image. A map
that shows what the network uses makes the score fall, or rise, at once.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from explanations.metrics.subject import Advance, Floats, Parameters, Subject, ranks
from explanations.models.class_scores import scores

FILLS = ("mean", "black", "blur")


def curve(
    model: nn.Module,
    start: Tensor,
    end: Tensor,
    target: int,
    places: NDArray[np.int64],
    steps: int,
    output: str = "probability",
) -> Floats:
    """The scores (n, steps + 1) as the pixels of `start` (n, C, H, W) become those of `end` in equal parts.

    `places` (pixels,) is the place of each pixel in the order of its turn.
    """
    pixels = places.size
    counts = np.rint(np.linspace(0, pixels, steps + 1)).astype(np.int64)
    turned = torch.from_numpy(places[None] < counts[:, None])  # (steps + 1, pixels)
    turned = turned.reshape(1, steps + 1, 1, *start.shape[2:])
    mixed = torch.where(turned, end[:, None], start[:, None])  # (n, steps + 1, C, H, W)
    return scores(model, mixed.flatten(0, 1), target, output).reshape(len(start), steps + 1)


def area(values: Floats) -> Floats:
    """The area (n,) under curves (n, steps + 1) over the share of pixels, by trapezoids."""
    return np.asarray(np.trapezoid(values, dx=1 / (values.shape[1] - 1), axis=1))


def filled(images: Tensor, mean: Tensor, fill: str, sigma: float) -> Tensor:
    """Replacements for removed pixels of `images` (n, C, H, W).

    A fill is the mean of each channel, black, or the images blurred. `mean` is
    (C, H, W); `sigma` is of the Gaussian blur, in pixels. Raises ValueError.
    """
    if fill not in FILLS:
        raise ValueError(f"there is no fill {fill!r}; allowed: {', '.join(FILLS)}")
    if fill == "black":
        return torch.zeros_like(images)
    if fill == "mean":
        return mean.mean(dim=(1, 2))[None, :, None, None].expand_as(images)
    return blurred(images, sigma)


def blurred(images: Tensor, sigma: float) -> Tensor:
    """`images` (n, C, H, W) under a Gaussian blur of `sigma` pixels, edges repeated."""
    if sigma <= 0:
        return images
    reach = max(1, round(3 * sigma))
    offsets = torch.arange(-reach, reach + 1, dtype=images.dtype)
    kernel = torch.exp(-((offsets / sigma) ** 2) / 2)
    kernel = kernel / kernel.sum()
    flat = images.flatten(0, 1)[:, None]  # (n * C, 1, H, W)
    flat = F.conv2d(F.pad(flat, (reach, reach, 0, 0), mode="replicate"), kernel[None, None, None])
    flat = F.conv2d(F.pad(flat, (0, 0, reach, reach), mode="replicate"), kernel[None, None, :, None])
    return flat.reshape(images.shape)


def measure(subject: Subject, parameters: Parameters, advance: Advance) -> dict[str, Floats]:
    """The areas under the deletion and the insertion curve of every image."""
    images, steps = subject.images, parameters["steps"]
    places = ranks(subject.importance, subject.generator("curves"))
    fill = filled(images, subject.mean, parameters["fill"], parameters["sigma"])
    start = blurred(images, parameters["sigma"])
    asked = (subject.target, places, steps, parameters["output"])
    deletion = area(curve(subject.model, images, fill, *asked))
    advance(len(images) * (steps + 1))
    insertion = area(curve(subject.model, start, images, *asked))
    advance(len(images) * (steps + 1))
    return {"deletion": deletion, "insertion": insertion}
