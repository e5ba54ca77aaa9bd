"""LIME weights of superpixels (Ribeiro et al. 2016, arXiv:1602.04938).

One image (1, C, H, W) in, signed weights (H * W,) out. Independent of datasets and class maps.
"""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations.attribution.gradient.derivatives import Address
from explanations.attribution.perturbation import lime, superpixels
from explanations.models import execution
from explanations.models.class_scores import class_score, masked_scores
from explanations.running import randomness

Floats = NDArray[np.float64]


def lime_superpixels(
    model: nn.Module,
    image: Tensor,
    target: int,
    *,
    samples: int,
    segmentation: str,
    segments: int = 0,
    compactness: float = superpixels.COMPACTNESS,
    kernel_size: float = superpixels.KERNEL_SIZE,
    max_dist: float = superpixels.MAX_DIST,
    ratio: float = superpixels.RATIO,
    features: int,
    hiding: str,
    kernel_width: float,
    output: str,
    address: Address,
) -> Floats:
    """Return LIME's weight of every superpixel, at each of its pixels; 0 for all but `features` of them.

    As in the program of Ribeiro et al., superpixels are hidden with equal odds, and `hiding` says what
    replaces them. Those that hiding does not change cannot be chosen. A LASSO path chooses, least squares
    weighs.
    """
    numbers = superpixels.cut(image, segmentation, segments, compactness, kernel_size, max_dist, ratio)
    replacement = superpixels.hide(image, numbers, hiding)
    candidates = superpixels.find_changed(image, replacement, numbers)
    weights = np.zeros(int(numbers.max()) + 1)
    if len(candidates):
        bank = lime.mask_bank(len(weights), samples, randomness.generator(*address), kernel_width)
        score = class_score(execution.optimise(model, image), target, output)
        responses = masked_scores(score, image, replacement, bank.samples, numbers).numpy()
        moments = bank.projection @ responses  # (superpixels,)
        gram = bank.gram[np.ix_(candidates, candidates)]
        chosen = candidates[lime.lasso_support(gram, moments[candidates], features)]
        weights[chosen] = lime.least_squares(bank.gram[np.ix_(chosen, chosen)], moments[chosen])
    return np.asarray(weights[numbers.flatten().numpy()])
