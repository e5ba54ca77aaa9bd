"""Local importances from gradients along the straight path from a baseline to the image: Integrated Gradients
(Sundararajan et al. 2017, arXiv:1703.01365), smoothed or not, and GradientSHAP, which draws its points and
baselines (Lundberg's GradientExplainer; expected gradients, Erion et al. 2019, arXiv:1906.10670). One image
(1, C, H, W) in, weights (H * W,) out. Knows no dataset and no class maps.
"""

from collections.abc import Callable

import numpy as np
import torch
from captum.attr import IntegratedGradients
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations.attribution import validity
from explanations.attribution.gradient.derivatives import Address, flat, noisy
from explanations.models.class_scores import ClassScore, class_score, gradients
from explanations.running import randomness

Floats = NDArray[np.float64]

TRIED = (2, 4, 8)  # times the steps that were too few


def integrated_gradients(
    model: nn.Module,
    image: Tensor,
    target: int,
    *,
    steps: int,
    baseline: float,
    tolerance: float,
    output: str,
) -> Floats:
    """The path integral of the gradient times the way, signed, summed over channels.

    `steps` points of a Gauss-Legendre quadrature; the path begins at an image whose every value is
    `baseline`. The weights add up to the change of the score, to `tolerance` of it, or ValueError is raised.
    """
    score = class_score(model, target, output)
    return flat(integral(score, image, torch.full_like(image, baseline), steps, tolerance))


def smooth_integrated_gradients(
    model: nn.Module,
    image: Tensor,
    target: int,
    *,
    steps: int,
    samples: int,
    sigma: float,
    baseline: float,
    tolerance: float,
    output: str,
    address: Address,
) -> Floats:
    """The mean of Integrated Gradients over noisy copies: section 3 of Smilkov et al. 2017,
    arXiv:1706.03825."""
    score, start = class_score(model, target, output), torch.full_like(image, baseline)
    total = torch.zeros(image.shape, dtype=torch.float64)
    for copies in noisy(image, samples, sigma, address):
        for copy in copies:
            total += integral(score, copy[None], start, steps, tolerance)
    return flat(total / samples)


def integral(score: ClassScore, image: Tensor, start: Tensor, steps: int, tolerance: float) -> Tensor:
    """Integrated Gradients (1, C, H, W) of the score from `start` to `image`, complete to `tolerance`."""
    with torch.no_grad():
        here, there = (float(score(end)) for end in (image, start))

    def summed(weights: Tensor, remedy: str = "") -> None:
        total, change, scale = float(weights.sum()), here - there, abs(here) + abs(there)
        validity.complete("Integrated Gradients", total, change, scale, tolerance, remedy)

    weights = _quadrature(score, image, start, steps)
    try:
        summed(weights)
    except ValueError:
        summed(weights, _remedy(score, image, start, steps, summed))
    return weights


def _quadrature(score: ClassScore, image: Tensor, start: Tensor, steps: int) -> Tensor:
    method = IntegratedGradients(score)
    weights: Tensor = method.attribute(
        image, start, n_steps=steps, internal_batch_size=score.block_size(image[0])
    )
    return weights.detach().double()


def _remedy(
    score: ClassScore, image: Tensor, start: Tensor, steps: int, summed: Callable[[Tensor], None]
) -> str:
    """What to do where so many steps are too few: found by trying, up to TRIED times as many."""
    for more in (steps * factor for factor in TRIED):
        try:
            summed(_quadrature(score, image, start, more))
        except ValueError:
            continue
        return f"ask for {more} steps, which are enough here (steps={more})"
    return f"{steps * TRIED[-1]} steps are too few, too; allow more with tolerance, or choose another method"


def gradientshap(
    model: nn.Module,
    image: Tensor,
    target: int,
    *,
    samples: int,
    sigma: float,
    output: str,
    address: Address,
    background: Tensor,
) -> Floats:
    """The mean of gradient times way over points drawn between images of `background` and the noisy image.

    As Captum's GradientShap computes it, but each draw belongs to its address, where Captum's depends on the
    batch. `background` (m, C, H, W). Signed, summed over channels.
    """
    score = class_score(model, target, output)
    places = [randomness.generator(*address, "path", k) for k in range(samples)]
    drawn = [(int(place.integers(len(background))), float(place.uniform())) for place in places]
    total = torch.zeros(image.shape, dtype=torch.float64)
    done = 0
    for copies in noisy(image, samples, sigma, address):
        part = drawn[done : done + len(copies)]
        starts = background[[number for number, _ in part]]  # (batch, C, H, W)
        along = torch.tensor([share for _, share in part], dtype=image.dtype)[:, None, None, None]
        slopes = gradients(score, starts + along * (copies - starts))
        total += (slopes.double() * (copies - starts).double()).sum(dim=0, keepdim=True)
        done += len(copies)
    return flat(total / samples)
