"""Maps and images of several sizes, brought to one size for all of a set."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explanations.collecting.arrays import Floats
from explanations.collecting.images import Item

Pixels = NDArray[np.float32]
Size = tuple[int, int]  # height, width

TOLERANCE = 0.02  # by which the proportions of a map and its image may differ


def unify_images(items: Sequence[Item], side: int) -> tuple[list[Item], list[str]]:
    """The images at one size, and notes about what was changed.

    Images of one size stay as they are. Others are shrunk or enlarged to `side` pixels on their longer side
    and centred on a white square.
    """
    sizes = {item.pixels.shape[1:] for item in items}
    if len(sizes) < 2:
        return list(items), []
    note = f"the images have {len(sizes)} sizes; each was fitted into {side} x {side} pixels on white"
    return [Item(item.label, _centred(item.pixels, side, white=1)) for item in items], [note]


def unify_maps(
    method: str, maps: Mapping[str, Floats], items: Mapping[str, Item], size: Size, *, centred: bool
) -> tuple[dict[str, NDArray[np.float32]], list[str]]:
    """The maps of a method at `size`, and notes; each has the proportions of its image in `items`.

    `centred`: whether images were put on a square, so that maps are, too. A coarse map is enlarged by linear
    interpolation. Raises ValueError for a map of other proportions than its image.
    """
    unified, resized = {}, set()
    for label, values in maps.items():
        if label in items:
            _check_proportions(method, label, values.shape, items[label].pixels.shape[1:])
        elif not _are_alike(values.shape, size):
            raise ValueError(
                f"{method}: the map of {label!r} is {_text(values.shape)}, others are {_text(size)}"
            )
        pixels = values[None].astype(np.float32)
        if centred:
            unified[label] = _centred(pixels, size[0], white=0)[0]
        else:
            unified[label] = _resized(pixels, size)[0]
        if values.shape != size and not centred:
            resized.add(values.shape)
    notes = [f"{method}: maps of {_text(shape)} were resized to {_text(size)}" for shape in sorted(resized)]
    return unified, notes


def _check_proportions(
    method: str, label: str, map_size: tuple[int, ...], image_size: tuple[int, ...]
) -> None:
    if not _are_alike(map_size, image_size):
        raise ValueError(
            f"{method}: the map of {label!r} is {_text(map_size)}, but its image is {_text(image_size)}; "
            "give the images as the network was given them, resized and cropped"
        )


def _are_alike(first: tuple[int, ...], second: tuple[int, ...]) -> bool:
    """Return True if the proportions differ by rounding to whole pixels at most."""
    expected = first[1] * second[0] / second[1]
    return abs(first[0] - expected) <= max(1, TOLERANCE * expected)


def _centred(pixels: Pixels, side: int, white: float) -> Pixels:
    """Pixels (C, H, W) with `side` on the longer side, in the middle of a square (C, side, side)."""
    height, width = pixels.shape[1:]
    scale = side / max(height, width)
    inner = max(1, round(height * scale)), max(1, round(width * scale))
    square = np.full((len(pixels), side, side), white, dtype=np.float32)
    top, left = (side - inner[0]) // 2, (side - inner[1]) // 2
    square[:, top : top + inner[0], left : left + inner[1]] = _resized(pixels, inner)
    return square


def _resized(pixels: Pixels, size: Size) -> Pixels:
    """Pixels (C, H, W) at `size`: averaged where they shrink, interpolated linearly where they grow."""
    if pixels.shape[1:] == size:
        return pixels
    channels = [Image.fromarray(channel) for channel in pixels]
    resized = [channel.resize(size[::-1], Image.Resampling.BILINEAR) for channel in channels]
    return np.stack([np.asarray(channel, dtype=np.float32) for channel in resized])


def _text(size: tuple[int, ...]) -> str:
    return f"{size[1]} x {size[0]}"
