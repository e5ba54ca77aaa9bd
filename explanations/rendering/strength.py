"""Strengths that a picture shows for a map's importances, in [0, 1] or [-1, 1].

Values are divided by a percentile of those that are not zero, so that a few outliers do not fade all others,
cut at 1, and rooted where the scale is "sqrt". The result does not depend on the scale of a method.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Floats = NDArray[np.float64]
Map = NDArray[np.floating[Any]]

SCALES = {"sqrt": 0.5, "linear": 1.0}  # exponents; the root shows weak values, and keeps the order


def positive(importance: Map, percentile: float, scale: str) -> Floats:
    """Strengths (H, W) in [0, 1] of positive values, else 0. Raises ValueError if none is positive."""
    values = np.maximum(importance.astype(np.float64), 0)
    if not (values > 0).any():
        raise ValueError(NOTHING_POSITIVE)
    return _scaled(values, percentile, scale)


def signed(importance: Map, percentile: float, scale: str) -> Floats:
    """Strengths (H, W) in [-1, 1], both signs over one percentile; zeros where all are zero."""
    values = importance.astype(np.float64)
    if not values.any():
        return values
    return np.asarray(np.sign(values) * _scaled(np.abs(values), percentile, scale))


def resize(values: Map, shape: tuple[int, int]) -> Floats:
    """Values (H, W) at `shape`: averaged over areas where it is smaller, interpolated where it is larger.

    Values of another shape come over their greatest magnitude: Pillow has 32 bits, which some maps exceed.
    """
    if values.shape == shape:
        return values.astype(np.float64)
    is_smaller = shape[0] <= values.shape[0] and shape[1] <= values.shape[1]
    filtering = Image.Resampling.BOX if is_smaller else Image.Resampling.BILINEAR
    peak = np.abs(values).max() or 1
    image = Image.fromarray((values / peak).astype(np.float32))
    return np.asarray(image.resize((shape[1], shape[0]), filtering), dtype=np.float64)


NOTHING_POSITIVE = "the map has no positive value, so its picture would be empty"
ONLY_ZEROS = "the map has only zeros, so its picture would be empty"


def _scaled(magnitudes: Floats, percentile: float, scale: str) -> Floats:
    top = np.percentile(magnitudes[magnitudes > 0], percentile)
    return np.asarray(np.minimum(magnitudes / top, 1) ** SCALES[scale])
