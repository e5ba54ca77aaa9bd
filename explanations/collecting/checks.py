"""Maps for attention checks: the edges of the image, or the mean of all methods' maps."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explanations.rendering import Rendering, draw

Floats = NDArray[np.floating[Any]]


def edges(image: Floats) -> NDArray[np.float32]:
    """Edge strengths (H, W) of an image (C, H, W) by Sobel's operator; 0 without an edge."""
    grey = np.pad(image.astype(np.float64).mean(axis=0), 1, mode="symmetric")
    smooth = grey[:-2] + 2 * grey[1:-1] + grey[2:], grey[:, :-2] + 2 * grey[:, 1:-1] + grey[:, 2:]
    down = smooth[1][2:] - smooth[1][:-2]
    across = smooth[0][:, 2:] - smooth[0][:, :-2]
    return np.asarray(np.hypot(down, across), dtype=np.float32)


def picture_of_edges(image: Floats, size: tuple[int, int]) -> NDArray[np.float32]:
    """The edges of an image (C, H, W) drawn in colours, (3, *size), of height and width, in [0, 1]."""
    [drawn] = draw({"edges": edges(image)}, Rendering()).values()
    with Image.open(io.BytesIO(drawn)) as picture:
        colours = picture.convert("RGB").resize(size[::-1], Image.Resampling.BILINEAR)
    return np.asarray(np.asarray(colours).transpose(2, 0, 1) / 255, dtype=np.float32)


def mean_map(maps: Sequence[Floats]) -> NDArray[np.float32]:
    """The mean of maps (H, W), each of its positive values over their maximum."""
    positive = [np.maximum(values, 0) for values in maps]
    scaled = [values / max(values.max(), np.finfo(float).tiny) for values in positive]
    return np.asarray(np.mean(scaled, axis=0), dtype=np.float32)
