"""Superpixels of an image, and the mean of a map over each. scikit-image, and no PyTorch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Segments = NDArray[np.intp]  # (H, W), the number of each pixel's superpixel, from 0


def segment(image: NDArray[np.uint8], count: int) -> Segments:
    """About `count` superpixels of an image (H, W, 3), by SLIC. Raises ValueError without scikit-image."""
    try:
        from skimage.segmentation import slic
    except ImportError:
        raise ValueError(
            "superpixels need scikit-image; install it with: pip install 'beholder[explanations]', "
            "or choose the style heat, signed or overlay"
        ) from None
    return number(slic(image, n_segments=count, compactness=10, start_label=0, channel_axis=2))


def resize(segments: Segments, shape: tuple[int, int]) -> Segments:
    """The superpixels (H, W) of an image at another `shape`."""
    rows, columns = (np.arange(shape[i]) * segments.shape[i] // shape[i] for i in (0, 1))
    return number(segments[np.ix_(rows, columns)])


def number(segments: NDArray[np.integer[Any]]) -> Segments:
    """The same superpixels, numbered from 0 without gaps."""
    _, numbers = np.unique(segments, return_inverse=True)
    return np.asarray(numbers.reshape(segments.shape), dtype=np.intp)


def average(values: NDArray[np.float64], segments: Segments) -> NDArray[np.float64]:
    """The mean of `values` (H, W) over each superpixel (n,)."""
    sums = np.bincount(segments.ravel(), weights=values.ravel())
    return np.asarray(sums / np.bincount(segments.ravel()))


def borders(segments: Segments) -> NDArray[np.bool_]:
    """A mask (H, W) of pixels that touch another superpixel on the right or below.

    The lines are one pixel wide.
    """
    lines = np.zeros(segments.shape, dtype=bool)
    lines[:, :-1] |= segments[:, :-1] != segments[:, 1:]
    lines[:-1] |= segments[:-1] != segments[1:]
    return lines
