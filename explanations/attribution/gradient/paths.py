"""Local importances from gradients along the straight path from a baseline to the image: Integrated Gradients
(Sundararajan et al. 2017, arXiv:1703.01365), smoothed or not, and GradientSHAP, which draws its points and
baselines (Lundberg's GradientExplainer; expected gradients, Erion et al. 2019, arXiv:1906.10670). One image
(1, C, H, W) in, weights (H * W,) out. Independent of datasets and class maps.
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from explanations.attribution import validity
from explanations.attribution.gradient.derivatives import Address, add_noise, sum_channels
from explanations.attribution.gradient.layers import InnerLayer
from explanations.models.class_scores import ClassScore, class_score, gradients
from explanations.running import randomness

Floats = NDArray[np.float64]

MORE_STEPS = (2, 4, 8)  # times the steps that were too few, tried in turn


def integrated_gradients(
    model: nn.Module,
    image: Tensor,
    target: int,
    *,
    steps: int,
    baselines: Tensor,
    tolerance: float,
    output: str,
) -> Floats:
    """Integrate the gradient from a baseline to the image, times their difference: signed.

    `steps` points of a Gauss-Legendre quadrature for each of `baselines` (m, C, H, W), whose mean counts.
    Summed over channels, the weights add up to the change of the score from a baseline, to `tolerance` of the
    scores' sizes, or ValueError is raised.
    """
    score = class_score(model, target, output)
    return sum_channels(integral(score, image, baselines, steps, tolerance))


def smooth_integrated_gradients(
    model: nn.Module,
    image: Tensor,
    target: int,
    *,
    steps: int,
    samples: int,
    sigma: float,
    baselines: Tensor,
    tolerance: float,
    output: str,
    address: Address,
) -> Floats:
    """Average Integrated Gradients over noisy copies: Smilkov et al. 2017, arXiv:1706.03825, section 3."""
    score = class_score(model, target, output)
    total = torch.zeros(image.shape, dtype=torch.float64, device=image.device)
    for copies in add_noise(image, samples, sigma, address):
        for copy in copies:
            total += integral(score, copy[None], baselines, steps, tolerance)
    return sum_channels(total / samples)


def integral(score: ClassScore, image: Tensor, baselines: Tensor, steps: int, tolerance: float) -> Tensor:
    """Average Integrated Gradients (1, C, H, W) of the score over `baselines` (m, C, H, W).

    Raises ValueError where they are not complete to `tolerance`, with the steps that would be enough.
    """
    return torch.stack(
        [_integral(score, image, baseline[None], steps, tolerance) for baseline in baselines]
    ).mean(dim=0)


def _integral(score: ClassScore, image: Tensor, baseline: Tensor, steps: int, tolerance: float) -> Tensor:
    with torch.no_grad():
        reached, start = (float(score(end)) for end in (image, baseline))
    change, scale = reached - start, abs(reached) + abs(start)

    def error(weights: Tensor) -> float:
        return validity.sum_error(float(weights.sum()), change, scale)

    weights, remedy = _quadrature(score, image, baseline, steps), ""
    if error(weights) > tolerance:
        for more in (steps * factor for factor in MORE_STEPS):
            if error(_quadrature(score, image, baseline, more)) <= tolerance:
                remedy = f"ask for {more} steps, which are enough here (steps={more})"
                break
        else:
            remedy = f"{more} steps are not enough either; raise tolerance, or choose another method"
    validity.check_sum("Integrated Gradients", float(weights.sum()), change, scale, tolerance, remedy)
    return weights


def _quadrature(score: ClassScore, image: Tensor, baseline: Tensor, steps: int) -> Tensor:
    """Integrate by Gauss and Legendre, as Captum does to the last digit, but in blocks on all threads."""
    nodes, node_weights = np.polynomial.legendre.leggauss(steps)
    points = torch.cat([baseline + share * (image - baseline) for share in ((1 + nodes) / 2).tolist()])
    slopes = gradients(score, points)
    sizes = torch.from_numpy(node_weights / 2).to(slopes)[:, None, None, None]
    return ((slopes * sizes).sum(dim=0, keepdim=True) * (image - baseline)).double()


def gradientshap(
    model: nn.Module,
    image: Tensor,
    target: int,
    *,
    samples: int,
    sigma: float,
    layer: str,
    output: str,
    address: Address,
    baselines: Tensor,
) -> Floats:
    """Average gradient times difference over points drawn between `baselines` and the noisy image: signed.

    This is what Captum's GradientShap computes, but each draw belongs to its address, where Captum's depends
    on the batch. `baselines` (m, C, H, W). Summed over channels.

    `layer`, the name of a module, explains what that layer gives in place of pixels, as shap's
    GradientExplainer does: points are drawn between the layer's outputs (n, channels, height, width) for
    baselines and image, and the weights are scaled up to the image bilinearly. "" explains pixels.
    """
    score = class_score(model, target, output)
    inner = InnerLayer(model, layer) if layer else None
    total = torch.zeros((), dtype=torch.float64, device=image.device)
    for copies, starts, shares in _drawn(image, samples, sigma, address, baselines):
        if inner is None:
            slopes = gradients(score, starts + shares * (copies - starts))
            total = total + (slopes.double() * (copies - starts).double()).sum(dim=0, keepdim=True)
            continue
        size = score.block_size(image[0])
        for block in zip(*(torch.split(each, size) for each in (copies, starts, shares)), strict=True):
            total = total + _at_layer(inner, score, *block)
    weights = total / samples
    if inner is not None:
        coarse = weights.sum(dim=1, keepdim=True)  # (1, 1, height, width)
        weights = F.interpolate(coarse, size=image.shape[2:], mode="bilinear", align_corners=False)
    return sum_channels(weights)


def _at_layer(layer: InnerLayer, score: ClassScore, copies: Tensor, starts: Tensor, shares: Tensor) -> Tensor:
    """Sum gradient times difference (1, channels, height, width) at a layer over a block of draws."""
    ends, begins = layer.outputs(copies), layer.outputs(starts)
    slopes = layer.gradients(score, copies, begins + shares * (ends - begins))
    return (slopes.double() * (ends - begins).double()).sum(dim=0, keepdim=True)


def _drawn(
    image: Tensor, samples: int, sigma: float, address: Address, baselines: Tensor
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yield noisy copies (n, C, H, W), a baseline for each, and how far along to look (n, 1, 1, 1)."""
    generators = [randomness.generator(*address, "path", k) for k in range(samples)]
    draws = [(int(one.integers(len(baselines))), float(one.uniform())) for one in generators]
    first = 0
    for copies in add_noise(image, samples, sigma, address):
        part = draws[first : first + len(copies)]
        shares = torch.tensor([share for _, share in part]).to(image)
        yield copies, torch.stack([baselines[number] for number, _ in part]), shares[:, None, None, None]
        first += len(copies)
