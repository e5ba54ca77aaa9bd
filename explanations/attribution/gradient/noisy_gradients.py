"""Local importances from gradients under noise: SmoothGrad-Squared and VarGrad, sections 4.1.1-4.1.2 of
arXiv:1909.04200. Independent of datasets and class maps.

The noise of each copy is addressed by the image's seed and the copy's number. This replaces Captum's
NoiseTunnel, whose noise depends on the other images of the batch, and whose one-pass variance cancels out in
single precision: mean and variance of autograd's gradient are taken here in double precision, in two passes.
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
    """Mean and population variance of `count` gradients, each float64 (C, H * W)."""

    count: int
    mean: Floats
    variance: Floats

    @property
    def mean_square(self) -> Floats:
        """Return the mean of the squares (C, H * W)."""
        return np.asarray(self.variance + self.mean**2)

    def with_more(self, other: "Moments") -> "Moments":
        """Return the moments of both sets together (Chan, Golub and LeVeque 1979, equations 2.1)."""
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
    """Average the squared gradient over noisy copies: (n, H * W), summed over channels, never negative.

    `images` (n, C, H, W) in [0, 1] are explained for the class `target`; `seeds` has one seed for each image;
    `samples` copies get Gaussian noise of standard deviation `sigma`. Hooker et al. 2019, arXiv:1806.10758.
    """
    moments = gradient_moments(model, images, target, seeds, samples, sigma, output, advance)
    return np.stack([each.mean_square.sum(axis=0) for each in moments])


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
    """Compute the variance of the signed gradient over noisy copies: (n, H * W), never negative.

    It is summed over channels. Arguments as in `smoothgrad_squared`. The population variance of Adebayo et
    al. 2018, arXiv:1810.03292.
    """
    moments = gradient_moments(model, images, target, seeds, samples, sigma, output, advance)
    return np.stack([each.variance.sum(axis=0) for each in moments])


def gradient_moments(
    model: nn.Module,
    images: Tensor,
    target: int,
    seeds: Sequence[int],
    samples: int,
    sigma: float,
    output: str = "logit",
    advance: Callable[[int], None] | None = None,
) -> list[Moments]:
    """Compute the moments of the gradient over noisy copies of each of `images`; arguments as above."""
    device = execution.current().device
    score = class_score(execution.optimise(model, images[:1]), target, output)
    size = score.block_size(images[0].to(device))

    def compute(image: Tensor, seed: int, first: int, last: int) -> Moments:
        noise = torch.from_numpy(normal(seed, first, last, image.numel())).reshape(-1, *image.shape)
        copies = (image + sigma * noise).to(device)
        return _moments(gradient(score, copies))

    with execution.pool() as pool:
        jobs = [
            [pool.submit(compute, image, seed, *block) for block in execution.blocks(samples, size)]
            for image, seed in zip(images, seeds, strict=True)
        ]
        return [_combined(parts, advance) for parts in jobs]


def _moments(slopes: Tensor) -> Moments:
    """Compute mean and variance over the gradients (n, C, H, W), in two passes."""
    flat = slopes.cpu().double().flatten(2)  # (n, C, H * W)
    mean = flat.mean(dim=0)
    variance = (flat - mean).square_().mean(dim=0)
    return Moments(len(flat), mean.numpy(), variance.numpy())


def _combined(parts: list[Future[Moments]], advance: Callable[[int], None] | None) -> Moments:
    """Combine the moments of all blocks of an image, in their order; `advance` is told as they come."""
    blocks = []
    for part in parts:
        blocks.append(part.result())
        if advance:
            advance(blocks[-1].count)
    return reduce(Moments.with_more, blocks)
