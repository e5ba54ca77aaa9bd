"""The images that are explained, from a folder, files, arrays or tensors, as participants see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explanations.collecting.arrays import to_array
from explanations.collecting.files import natural_order
from explanations.datasets.image_files import is_grey, picture_files, read_picture

Floats = NDArray[np.float32]

CHANNELS = (1, 3)
LAYOUTS = "(N, H, W), (N, C, H, W) or (N, H, W, C), of 0 to 255 as whole numbers or of 0 to 1"


@dataclass(frozen=True)
class Item:
    """One image that has maps: its label, and its pixels (C, H, W) in [0, 1] with 1 or 3 channels."""

    label: str
    pixels: Floats


def read_images(images: Any) -> list[Item]:
    """The images of a folder, of files, or of an array or a list, each with a label.

    Pictures from files are called by their names without suffix, in the order in which people count;
    other images "image-1" and so on. Raises ValueError or TypeError.
    """
    if isinstance(images, str | Path):
        path = Path(images)
        if not path.is_dir():
            raise ValueError(f"{path}: is not a folder of pictures")
        files = sorted(picture_files(path), key=lambda file: natural_order(file.name))
        if not files:
            raise ValueError(f"{path}: has no pictures")
        return _from_files(files)
    if isinstance(images, Sequence) and all(isinstance(image, str | Path) for image in images):
        return _from_files([Path(image) for image in images])
    if isinstance(images, Sequence) and all(isinstance(image, Item) for image in images):
        return list(images)
    if isinstance(images, Sequence) and all(isinstance(image, Image.Image) for image in images):
        images = [np.asarray(image.convert("RGB")) for image in images]
    if isinstance(images, Sequence):
        pixels = [_pixels(np.asarray(to_array(image, "images"))[None], "images")[0] for image in images]
    else:
        pixels = list(_pixels(to_array(images, "images"), "images"))
    return [Item(f"image-{number}", image) for number, image in enumerate(pixels, start=1)]


def _from_files(files: Sequence[Path]) -> list[Item]:
    labels = [file.stem for file in files]
    for label in labels:
        if labels.count(label) > 1:
            raise ValueError(f"two images are called {label!r}; rename one of the files")
    return [Item(file.stem, read_picture(file, 1 if is_grey(file) else 3)) for file in files]


def _pixels(array: NDArray[Any], name: str) -> Floats:
    """Images (N, C, H, W) in [0, 1] with 1 or 3 channels."""
    if array.ndim == 3:
        array = array[:, None]
    if array.ndim != 4 or 0 in array.shape:
        raise ValueError(f"{name}: has shape {array.shape}; allowed: {LAYOUTS}")
    if array.shape[1] not in CHANNELS and array.shape[3] in CHANNELS:
        array = np.moveaxis(array, 3, 1)
    if array.shape[1] not in CHANNELS:
        raise ValueError(f"{name}: has {array.shape[1]} channels; allowed: 1 or 3")
    values = array.astype(np.float32)
    if np.issubdtype(array.dtype, np.integer):
        values /= 255
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 1):
        raise ValueError(
            f"{name}: values go from {low:g} to {high:g}; allowed: {LAYOUTS}; undo the mean and deviation"
        )
    return values
