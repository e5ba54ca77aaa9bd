"""Shapley values of the features of an image by KernelSHAP (Lundberg and Lee 2017, arXiv:1705.07874).

One image (1, C, H, W) in, signed weights (H * W,) out. Independent of datasets and class maps.
"""

from math import comb

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations.attribution.gradient.derivatives import Address
from explanations.attribution.perturbation import superpixels
from explanations.models import execution
from explanations.models.class_scores import ClassScore, class_score, masked_scores
from explanations.running import randomness

Floats = NDArray[np.float64]


def kernelshap(
    model: nn.Module,
    image: Tensor,
    target: int,
    *,
    samples: int,
    segmentation: str,
    segments: int,
    compactness: float = superpixels.COMPACTNESS,
    kernel_size: float = superpixels.KERNEL_SIZE,
    max_dist: float = superpixels.MAX_DIST,
    ratio: float = superpixels.RATIO,
    hiding: str,
    output: str,
    address: Address,
) -> Floats:
    """Return the Shapley value of every superpixel, at each of its pixels.

    It is estimated from `samples` coalitions, drawn in pairs of complements by the Shapley kernel, or exact
    if there are no more coalitions than that. The value of features that hiding does not change is 0.
    """
    features = superpixels.cut(image, segmentation, segments, compactness, kernel_size, max_dist, ratio)
    replacement = superpixels.hide(image, features, hiding)
    score = class_score(execution.optimise(model, image), target, output)
    values = shapley_values(score, image, replacement, features, samples, address)
    return np.asarray(values[features.flatten().numpy()])


def shapley_values(
    score: ClassScore, image: Tensor, replacement: Tensor, features: Tensor, samples: int, address: Address
) -> Floats:
    """Return the Shapley values (F,) of the features that `features` (H, W) numbers from 0."""
    count = int(features.max()) + 1
    players = superpixels.find_changed(image, replacement, features)
    values = np.zeros(count)
    if len(players) == 0:
        return values
    coalitions, weights = _coalitions(len(players), samples, address)  # (N, players), (N,)
    masks = torch.ones(len(coalitions) + 2, count)
    masks[1, players] = 0
    masks[2:, players] = torch.from_numpy(coalitions.astype(np.float32))
    scores = masked_scores(score, image, replacement, masks, features).numpy()
    values[players] = constrained_fit(
        coalitions, weights, scores[2:] - scores[1], float(scores[0] - scores[1])
    )
    return values


def _coalitions(players: int, samples: int, address: Address) -> tuple[NDArray[np.bool_], Floats]:
    """Return coalitions (N, players), neither empty nor full, and their weights (N,).

    All of them if there are at most `samples`, else that many at random.
    """
    if players < 2:
        return np.zeros((0, players), dtype=bool), np.zeros(0)
    if 2**players - 2 <= samples:
        numbers = np.arange(1, 2**players - 1)
        every = (numbers[:, None] >> np.arange(players) & 1).astype(bool)
        sizes = np.arange(players + 1)
        kernel = [
            (players - 1) / (comb(players, s) * s * (players - s)) if 0 < s < players else 0 for s in sizes
        ]
        return every, np.asarray(kernel)[every.sum(axis=1)]
    sizes = np.arange(1, players)
    odds = 1 / (sizes * (players - sizes))  # the kernel times the number of coalitions of that size
    drawn = []
    for k in range(-(-samples // 2)):
        generator = randomness.generator(*address, k)
        coalition = generator.permutation(players) < generator.choice(sizes, p=odds / odds.sum())
        drawn += [coalition, ~coalition]
    return np.stack(drawn)[:samples], np.ones(samples)


def constrained_fit(coalitions: NDArray[np.bool_], weights: Floats, gains: Floats, total: float) -> Floats:
    """Fit values (F,) that add up to `total` to the gains (N,) of coalitions: equation 8, least squares.

    If the coalitions are too few for one solution, the most even one.
    """
    count = coalitions.shape[1]
    even = np.full(count, total / count)
    inner = coalitions - coalitions.mean(axis=1, keepdims=True)  # (N, F): changes that keep the sum
    root = np.sqrt(weights)
    move, *_ = np.linalg.lstsq(inner * root[:, None], (gains - coalitions @ even) * root, rcond=None)
    return even + move - move.mean() if len(gains) else even
