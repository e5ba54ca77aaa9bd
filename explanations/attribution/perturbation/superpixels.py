"""The features of an image: superpixels by scikit-image, squares or single pixels, and what hides them.

An image (1, C, H, W) with values in [0, 1] in, the number of the feature of each pixel (H, W) out.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.segmentation import quickshift, slic
from skimage.transform import resize
from torch import Tensor

from explanations.attribution.local import MOST_PIXELS

SEGMENTATIONS = ("quickshift", "slic", "squares", "pixels")
HIDINGS = ("mean", "black", "grey")

COMPACTNESS = 10.0  # of SLIC, scikit-image's default
MOST_COMPACT = 1e6  # SLIC is a grid from about 1e3
# Quickshift as in the program of Ribeiro et al., for photographs of about this side
KERNEL_SIZE, MAX_DIST, RATIO = 4.0, 200.0, 0.2
PHOTOGRAPH = 224
SQUARES = 50


def cut(
    image: Tensor,
    segmentation: str,
    segments: int = 0,
    compactness: float = COMPACTNESS,
    kernel_size: float = KERNEL_SIZE,
    max_dist: float = MAX_DIST,
    ratio: float = RATIO,
) -> Tensor:
    """The feature (H, W) of each pixel of `image` (1, C, H, W), numbered from 0; always more than one.

    `segmentation` is "slic" or "squares" for about `segments` features, "quickshift" for as many as the image
    has, or "pixels" for one a pixel. SLIC weighs distance in space by `compactness`, which is doubled until
    the number of superpixels is within a third of what was asked. Quickshift has a density of `kernel_size`
    and links of at most `max_dist`, both in pixels of an image whose longer side is at least PHOTOGRAPH, and
    weighs colour by `ratio`; an image that it leaves whole, as it may leave a smooth ramp of brightness, is
    cut into about SQUARES squares. Raises ValueError.
    """
    height, width = image.shape[2:]
    if segmentation in ("slic", "squares") and segments < 2:
        raise ValueError(f"{segmentation} needs at least 2 segments (got {segments})")
    if segmentation == "quickshift":
        numbers = _quickshift(image, kernel_size, max_dist, ratio)
    elif segmentation == "slic":
        numbers = _slic(image, segments, compactness)
    elif segmentation == "squares":
        numbers = _squares(height, width, segments)
    elif segmentation == "pixels":
        numbers = np.arange(height * width).reshape(height, width)
    else:
        raise ValueError(f"there is no segmentation {segmentation!r}; allowed: {', '.join(SEGMENTATIONS)}")
    _, ordered = np.unique(numbers, return_inverse=True)
    if ordered.max() == 0:
        raise ValueError(
            f"{segmentation} leaves the image of {height} x {width} pixels in one piece; choose another "
            "segmentation"
        )
    if ordered.max() >= MOST_PIXELS:
        raise ValueError(
            f"{segmentation} cuts the image into {ordered.max() + 1:,} pieces "
            f"(at most {MOST_PIXELS:,} are allowed); ask for fewer segments, or larger ones"
        )
    return torch.from_numpy(ordered.reshape(height, width))


def hide(image: Tensor, features: Tensor, hiding: str) -> Tensor:
    """The values (1, C, H, W) that replace hidden features: their mean, black or mid-grey, by `hiding`."""
    if hiding == "black":
        return torch.zeros_like(image)
    if hiding == "grey":
        return torch.full_like(image, 0.5)
    if hiding != "mean":
        raise ValueError(f"there is no hiding {hiding!r}; allowed: {', '.join(HIDINGS)}")
    flat, numbers = image[0].flatten(1).double(), features.flatten()  # (C, H * W), (H * W,)
    sums = torch.zeros(len(flat), int(numbers.max()) + 1, dtype=torch.float64).index_add_(1, numbers, flat)
    means = sums / numbers.bincount()
    return means[:, numbers].reshape(image.shape).to(image.dtype)


def find_changed(image: Tensor, replacement: Tensor, features: Tensor) -> NDArray[np.intp]:
    """The features that hiding changes; perturbations say nothing about the others."""
    differs = (image - replacement).abs().amax(dim=(0, 1)) > 1e-6  # (H, W)
    return np.asarray(torch.unique(features[differs]).numpy())


def _colours(image: Tensor) -> NDArray[np.float64]:
    """The image as (H, W, 3): the first three channels, or the first one three times."""
    channels = image[0].double().permute(1, 2, 0).numpy()  # (H, W, C)
    return np.repeat(channels[:, :, :1], 3, axis=2) if channels.shape[2] < 3 else channels[:, :, :3]


def _slic(image: Tensor, count: int, compactness: float) -> NDArray[np.intp]:
    """The superpixels of SLIC whose number is within a third of `count`, or nearest to it."""
    colours = _colours(image)
    nearest, error = np.zeros(colours.shape[:2], dtype=np.intp), np.inf
    while error > count / 3 and compactness <= MOST_COMPACT:
        numbers = slic(colours, n_segments=count, compactness=compactness, start_label=0)
        if (off := abs(len(np.unique(numbers)) - count)) < error:
            nearest, error = numbers, off
        compactness = 2 * max(compactness, 1e-3)
    return nearest


def _quickshift(image: Tensor, kernel_size: float, max_dist: float, ratio: float) -> NDArray[np.intp]:
    """Quickshift of the image at the size of a photograph: its kernel and distance are in pixels."""
    height, width = image.shape[2:]
    scale = max(1.0, PHOTOGRAPH / max(height, width))
    shape = (round(height * scale), round(width * scale))
    enlarged = resize(_colours(image), (*shape, 3), order=1)
    numbers = quickshift(enlarged, kernel_size=kernel_size, max_dist=max_dist, ratio=ratio, rng=42)
    small = resize(numbers, (height, width), order=0, preserve_range=True, anti_aliasing=False)
    whole = np.ptp(small) == 0
    return _squares(height, width, SQUARES) if whole else np.asarray(small.astype(np.intp))


def _squares(height: int, width: int, count: int) -> NDArray[np.intp]:
    """About `count` squares in rows and columns, numbered from 0."""
    rows = max(1, min(height, round((count * height / width) ** 0.5)))
    columns = max(1, min(width, round(count / rows)))
    across = np.arange(width) * columns // width
    return np.asarray((np.arange(height) * rows // height)[:, None] * columns + across)
