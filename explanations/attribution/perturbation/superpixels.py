"""An image cut into features: superpixels by scikit-image, squares, or single pixels; and what stands where a
feature is hidden. An image (1, C, H, W) in, the number of its feature for every pixel (H, W) out.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.segmentation import quickshift, slic
from skimage.transform import resize
from torch import Tensor

SEGMENTATIONS = ("quickshift", "slic", "squares", "pixels")
HIDINGS = ("mean", "black", "grey")

# Quickshift's parameters, as in the program of Ribeiro et al., are for photographs of about this side.
PHOTOGRAPH = 224


def segments(image: Tensor, kind: str, count: int) -> Tensor:
    """The feature (H, W) of each pixel of `image` (1, C, H, W) with values in [0, 1], numbered from 0.

    "slic" and "squares" give about `count` features, "quickshift" as many as the image has, "pixels" one a
    pixel. Raises ValueError where there is only one.
    """
    height, width = image.shape[2:]
    if kind == "quickshift":
        numbers = _quickshift(image)
    elif kind == "slic":
        numbers = slic(_colours(image), n_segments=count, compactness=1, start_label=0)
    elif kind == "squares":
        rows, columns = _grid(height, width, count)
        numbers = (np.arange(height) * rows // height)[:, None] * columns + np.arange(
            width
        ) * columns // width
    elif kind == "pixels":
        numbers = np.arange(height * width).reshape(height, width)
    else:
        raise ValueError(f"there is no segmentation {kind!r}; allowed: {', '.join(SEGMENTATIONS)}")
    _, ordered = np.unique(numbers, return_inverse=True)
    if ordered.max() == 0:
        raise ValueError(f"{kind} cuts the image into a single piece; choose another segmentation")
    return torch.from_numpy(ordered.reshape(height, width))


def hidden(image: Tensor, features: Tensor, hiding: str) -> Tensor:
    """What stands where features are hidden, (1, C, H, W): the mean of each feature, black, or mid-grey."""
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


def changing(image: Tensor, replacement: Tensor, features: Tensor) -> NDArray[np.intp]:
    """The features that hiding changes: of no other can a perturbation tell anything."""
    differs = (image - replacement).abs().amax(dim=(0, 1)) > 1e-6  # (H, W)
    return np.asarray(torch.unique(features[differs]).numpy())


def _colours(image: Tensor) -> NDArray[np.float64]:
    """The image as (H, W, 3): a grey one three times, one of many channels by its first three."""
    channels = image[0].double().permute(1, 2, 0).numpy()  # (H, W, C)
    return np.repeat(channels[:, :, :1], 3, axis=2) if channels.shape[2] < 3 else channels[:, :, :3]


def _quickshift(image: Tensor) -> NDArray[np.intp]:
    """Quickshift at the size of a photograph: its kernel and distance are in pixels, so small images are
    enlarged."""
    height, width = image.shape[2:]
    scale = max(1.0, PHOTOGRAPH / max(height, width))
    shape = (round(height * scale), round(width * scale))
    enlarged = resize(_colours(image), (*shape, 3), order=1)
    numbers = quickshift(enlarged, kernel_size=4, max_dist=200, ratio=0.2, rng=42)
    small = resize(numbers, (height, width), order=0, preserve_range=True, anti_aliasing=False)
    return np.asarray(small.astype(np.intp))


def _grid(height: int, width: int, count: int) -> tuple[int, int]:
    """Rows and columns of about `count` squares."""
    rows = max(1, min(height, round((count * height / width) ** 0.5)))
    return rows, max(1, min(width, round(count / rows)))
