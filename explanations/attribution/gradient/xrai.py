"""Local importances of regions by XRAI (Kapishnikov et al. 2019, arXiv:1906.02825): Integrated Gradients,
summed over regions that the image falls into. One image (1, C, H, W) in, weights (H * W,) out. Independent of
datasets and class maps.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from skimage.transform import downscale_local_mean
from torch import Tensor, nn

from explanations.attribution.gradient.paths import integral
from explanations.models.class_scores import class_score

Floats = NDArray[np.float64]

ALGORITHMS = ("full", "fast")
WIDENING = 5  # pixels, the package's default
SIDE = 224  # the package's smallest piece, widening and least gain are in pixels of such an image


def xrai(
    model: nn.Module,
    image: Tensor,
    target: int,
    *,
    steps: int,
    baselines: Tensor,
    tolerance: float,
    algorithm: str,
    output: str,
) -> Floats:
    """Rank regions by the `saliency` package, from Integrated Gradients against `baselines` (m, C, H, W).

    The paper's baselines are black and white. `algorithm` is one of ALGORITHMS. An image smaller than SIDE is
    enlarged for the regions.
    """
    # late, for it takes a second
    from saliency.core.xrai import XRAI, XRAIParameters, _get_segments_felzenszwalb

    if algorithm not in ALGORITHMS:
        raise ValueError(f"algorithm is {algorithm!r}; allowed: {', '.join(ALGORITHMS)}")
    if float(image.min()) == float(image.max()):
        raise ValueError("XRAI cuts the image into regions, and an image of one colour has none")
    weights = integral(class_score(model, target, output), image, baselines, steps, tolerance)
    factor = max(1, round(SIDE / min(image.shape[2:])))
    picture, attribution = (_enlarge(values, factor) for values in (image, weights))
    # a segmentation made at another size than the picture's may lose a small segment on the way
    segments = [mask for mask in _get_segments_felzenszwalb(picture, dilation_rad=0) if mask.any()]
    heat = XRAI().GetMask(
        picture,
        None,
        segments=[_widen(mask) for mask in segments],
        base_attribution=attribution,
        extra_parameters=XRAIParameters(algorithm=algorithm),
    )
    return np.asarray(downscale_local_mean(heat, (factor, factor)).ravel())


def _widen(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Widen a segment (H, W) by WIDENING pixels: the package takes far longer."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    part = tuple(slice(max(0, i[0] - WIDENING), i[-1] + WIDENING + 1) for i in (rows, columns))
    wide = np.zeros_like(mask)
    wide[part] = distance_transform_edt(~mask[part]) <= WIDENING
    return wide


def _enlarge(values: Tensor, factor: int) -> Floats:
    """Enlarge (1, C, H, W) to (H * factor, W * factor, C), each pixel a square."""
    channels = values[0].double().permute(1, 2, 0).cpu().numpy()
    return np.asarray(channels.repeat(factor, axis=0).repeat(factor, axis=1))
