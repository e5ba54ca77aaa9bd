"""Local importances from gradients under noise: SmoothGrad-Squared and VarGrad, sections 4.1.1-4.1.2 of
arXiv:1909.04200. Knows no dataset and no class maps.

The noise of each copy is addressed by the image's seed and the copy's number. Captum's NoiseTunnel, whose
noise depends on the batch and on who else is in it, and whose one-pass variance cancels in single precision,
is not used: the gradient is autograd's, its mean and variance are taken in double precision in two passes.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import reduce

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations.models import execution
from explanations.models.class_scores import class_score, gradient
from explanations.running.randomness import normal

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Of so many gradients the mean and the population variance, each float64 (C, H * W)."""

    count: int
    mean: Floats
    variance: Floats

    @property
    def mean_square(self) -> Floats:
        """The mean of the squares (C, H * W)."""
        return np.asarray(self.variance + self.mean**2)

    def with_more(self, other: "Moments") -> "Moments":
        """The moments of both sets together (Chan, Golub and LeVeque 1979, equations 2.1)."""
        count = self.count + other.count
        step = other.mean - self.mean
        spread = self.variance * self.count + other.variance * other.count
        spread += step**2 * (self.count * other.count / count)
        return Moments(count, self.mean + step * (other.count / count), spread / count)


def smoothgrad_squared(
    model: nn.Module,
    images: Tensor,
    target: int,
    seeds: Sequence[int],
    samples: int = 100,
    sigma: float = 0.3,
    output: str = "logit",
    advance: Callable[[int], None] | None = None,
) -> Floats:
    """The mean of the squared gradient over noisy copies: (n, H * W), summed over channels, never negative.

    `images` (n, C, H, W) in [0, 1], explained for the class `target`; `seeds` one an image; `samples`
    copies with Gaussian noise of standard deviation `sigma`. Hooker et al. 2019, arXiv:1806.10758.
    """
    found = under_noise(model, images, target, seeds, samples, sigma, output, advance)
    return np.stack([moments.mean_square.sum(axis=0) for moments in found])


def vargrad(
    model: nn.Module,
    images: Tensor,
    target: int,
    seeds: Sequence[int],
    samples: int = 100,
    sigma: float = 0.3,
    output: str = "logit",
    advance: Callable[[int], None] | None = None,
) -> Floats:
    """The variance of the signed gradient over noisy copies: (n, H * W), summed over channels, never
    negative.

    Arguments as in `smoothgrad_squared`. The population variance of Adebayo et al. 2018, arXiv:1810.03292.
    """
    found = under_noise(model, images, target, seeds, samples, sigma, output, advance)
    return np.stack([moments.variance.sum(axis=0) for moments in found])


def under_noise(
    model: nn.Module,
    images: Tensor,
    target: int,
    seeds: Sequence[int],
    samples: int,
    sigma: float,
    output: str = "logit",
    advance: Callable[[int], None] | None = None,
) -> list[Moments]:
    """Mean and variance of the gradient over noisy copies of each of `images`; arguments as above."""
    device = execution.current().device
    score = class_score(execution.optimise(model, images[:1]), target, output)
    size = score.block_size(images[0].to(device))

    def of_block(image: Tensor, seed: int, first: int, last: int) -> Moments:
        noise = torch.from_numpy(normal(seed, first, last, image.numel())).reshape(-1, *image.shape)
        copies = (image + sigma * noise).to(device)
        return _moments(gradient(score, copies))

    with execution.pool() as pool:
        jobs = [
            [pool.submit(of_block, image, seed, *block) for block in execution.blocks(samples, size)]
            for image, seed in zip(images, seeds, strict=True)
        ]
        return [_together(parts, advance) for parts in jobs]


def _moments(slopes: Tensor) -> Moments:
    """Mean and variance over the gradients (n, C, H, W), in two passes."""
    flat = slopes.cpu().double().flatten(2)  # (n, C, H * W)
    mean = flat.mean(dim=0)
    variance = (flat - mean).square_().mean(dim=0)
    return Moments(len(flat), mean.numpy(), variance.numpy())


def _together(parts: list[Future[Moments]], advance: Callable[[int], None] | None) -> Moments:
    """The moments over all blocks of an image, in their order; told to `advance` as they come."""
    found = []
    for part in parts:
        found.append(part.result())
        if advance:
            advance(found[-1].count)
    return reduce(Moments.with_more, found)
