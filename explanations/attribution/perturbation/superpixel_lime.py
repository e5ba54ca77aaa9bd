"""Local importances of regions: LIME on superpixels (Ribeiro et al. 2016, arXiv:1602.04938) and XRAI
(Kapishnikov et al. 2019, arXiv:1906.02825). One image (1, C, H, W) in, weights (H * W,) out. Knows no dataset
and no class maps.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from skimage.transform import downscale_local_mean
from torch import Tensor, nn

from explanations.attribution.gradient.derivatives import Address
from explanations.attribution.gradient.paths import integral
from explanations.attribution.perturbation import lime, superpixels
from explanations.models import execution
from explanations.models.class_scores import class_score, masked
from explanations.running import randomness

Floats = NDArray[np.float64]

WIDENING = 5  # pixels, the package's default
XRAI_SIDE = 224  # its program's smallest piece, widening and least gain are in pixels of such an image


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
    """LIME's weight of every superpixel, on each of its pixels, signed; 0 for all but `features` of them.

    As in the program of Ribeiro et al., superpixels are hidden with equal odds; `hiding` says behind what;
    those that hiding does not change cannot be chosen. A LASSO path chooses, least squares weighs.
    """
    numbers = superpixels.cut(image, segmentation, segments, compactness, kernel_size, max_dist, ratio)
    replacement = superpixels.hidden(image, numbers, hiding)
    candidates = superpixels.changing(image, replacement, numbers)
    weights = np.zeros(int(numbers.max()) + 1)
    if len(candidates):
        bank = lime.mask_bank(len(weights), samples, randomness.generator(*address), kernel_width)
        score = class_score(execution.optimised(model, image), target, output)
        responses = masked(score, image, replacement, bank.samples, numbers).numpy()
        moments = bank.projection @ responses  # (superpixels,)
        gram = bank.gram[np.ix_(candidates, candidates)]
        chosen = candidates[lime.lasso_support(gram, moments[candidates], features)]
        weights[chosen] = lime.least_squares(bank.gram[np.ix_(chosen, chosen)], moments[chosen])
    return np.asarray(weights[numbers.flatten().numpy()])


def xrai(
    model: nn.Module, image: Tensor, target: int, *, steps: int, tolerance: float, algorithm: str, output: str
) -> Floats:
    """XRAI's regions by the `saliency` package, from Integrated Gradients against black and against white.

    `algorithm` is "full" or "fast". An image smaller than XRAI_SIDE is enlarged for the regions.
    """
    # late, for it takes a second
    from saliency.core.xrai import XRAI, XRAIParameters, _get_segments_felzenszwalb

    if algorithm not in ("full", "fast"):
        raise ValueError(f"there is no algorithm {algorithm!r}; allowed: full, fast")
    if float(image.min()) == float(image.max()):
        raise ValueError("XRAI cuts the image into regions, and an image of one colour has none")
    score = class_score(model, target, output)
    ends = [torch.full_like(image, value) for value in (0.0, 1.0)]
    weights = torch.stack([integral(score, image, end, steps, tolerance) for end in ends]).mean(dim=0)
    factor = max(1, round(XRAI_SIDE / min(image.shape[2:])))
    picture, attribution = (_enlarged(values, factor) for values in (image, weights))
    # a segmentation made at another size than the picture's may lose a small segment on the way
    segments = [mask for mask in _get_segments_felzenszwalb(picture, dilation_rad=0) if mask.any()]
    heat = XRAI().GetMask(
        picture,
        None,
        segments=[_widened(mask) for mask in segments],
        base_attribution=attribution,
        extra_parameters=XRAIParameters(algorithm=algorithm),
    )
    return np.asarray(downscale_local_mean(heat, (factor, factor)).ravel())


def _widened(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A segment (H, W) and what is within WIDENING pixels of it: the package takes far longer."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    part = tuple(slice(max(0, i[0] - WIDENING), i[-1] + WIDENING + 1) for i in (rows, columns))
    wide = np.zeros_like(mask)
    wide[part] = distance_transform_edt(~mask[part]) <= WIDENING
    return wide


def _enlarged(values: Tensor, factor: int) -> Floats:
    """(1, C, H, W) as (H * factor, W * factor, C), each pixel a square."""
    channels = values[0].double().permute(1, 2, 0).numpy()
    return np.asarray(channels.repeat(factor, axis=0).repeat(factor, axis=1))
