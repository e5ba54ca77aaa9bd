"""The pictures of a set: all its maps drawn in one rendering, as PNG files that do not tell their methods.

Pictures of one set have one size, one palette and one length in bytes, at most LONGEST; where they would be
longer, all get fewer colours or fewer pixels. NumPy and Pillow only; superpixels need scikit-image.
"""

import io
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explanations.rendering import png, strength, styles, superpixels
from explanations.rendering.png import Pixels
from explanations.rendering.record import FINISHED, WITH_SUPERPIXELS, Rendering
from explanations.rendering.strength import Map
from explanations.rendering.styles import Scene
from explanations.rendering.superpixels import Segments

LONGEST = 150_000  # bytes of a picture
SMALLEST = 16  # pixels of its longer side

AnyImage = NDArray[Any]  # bytes (H, W, 3) or (H, W), or numbers (C, H, W) from 0 to 1
NONE: Mapping[str, NDArray[Any]] = MappingProxyType({})


def draw(
    maps: Mapping[str, Map],
    rendering: Rendering,
    images: Mapping[str, AnyImage] = NONE,
    segments: Mapping[str, Segments] = NONE,
) -> dict[str, bytes]:
    """The PNG file of every map (H, W), by key.

    `images` are what the maps explain, by the same keys, for the styles that show them: bytes (H, W, 3) or
    numbers (C, H, W) from 0 to 1. `segments` (H, W) are the superpixels of these images; where there are
    none, SLIC finds them. Raises ValueError that names the key where a picture would be empty or its image
    is missing.
    """
    scenes = _Scenes(rendering, images, segments)
    for step, side in _reductions(rendering):
        painted = ((key, _paint(key, maps[key], rendering, scenes, step, side)) for key in maps)
        try:
            return png.encode(painted, styles.palette(rendering), longest=LONGEST)
        except png.TooLong:
            continue
    raise ValueError(f"pictures of {SMALLEST} pixels take more than {LONGEST} bytes")


def colour(
    maps: Mapping[str, Map], rendering: Rendering, images: Mapping[str, AnyImage] = NONE
) -> dict[str, Pixels]:
    """The colours (H, W, 3) of every map, by key, for figures; white where a picture would be empty."""
    palette = styles.palette(rendering)
    scenes = _Scenes(rendering, images, NONE)
    blank = find_blank(maps, rendering)
    colours = {}
    for key, values in maps.items():
        pixels = _paint(
            key, np.ones_like(values) if key in blank else values, rendering, scenes, 1, rendering.size
        )
        pixels = pixels if palette is None else palette[pixels]
        colours[key] = np.full_like(pixels, 255) if key in blank else pixels
    return colours


def find_blank(maps: Mapping[str, Map], rendering: Rendering) -> dict[str, str]:
    """The reason why a picture would be empty, by key, for those maps of which it would."""
    if rendering.style == FINISHED:
        return {}
    if rendering.style == "signed":
        return {key: strength.ONLY_ZEROS for key, values in maps.items() if not values.any()}
    return {key: strength.NOTHING_POSITIVE for key, values in maps.items() if not (values > 0).any()}


def fit(shape: tuple[int, ...], side: int) -> tuple[int, int]:
    """The height and width of `shape`, its first two numbers, shrunk so that the longer is at most `side`."""
    height, width = shape[:2]
    scale = min(1.0, side / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def photograph(image: AnyImage) -> bytes:
    """The PNG file of an image as a network was given it, (C, H, W) from 0 to 1, no metadata.

    In colour where it has three channels; else the mean of its channels, as grey.
    """
    pixels = _pixels(image)
    is_coloured = image.dtype == np.uint8 or len(image) == 3
    file = io.BytesIO()
    Image.fromarray(pixels if is_coloured else pixels[..., 0].copy()).save(file, format="PNG", optimize=True)
    return file.getvalue()


class _Scenes:
    """Images at the size of pictures, with their superpixels: each prepared once for all methods."""

    def __init__(
        self, rendering: Rendering, images: Mapping[str, AnyImage], segments: Mapping[str, Segments]
    ) -> None:
        self.rendering, self.images, self.segments = rendering, images, segments
        self.side = 0  # of the scenes that are prepared
        self.prepared: dict[int, Scene] = {}

    def find(self, key: str, side: int) -> Scene:
        if key not in self.images:
            raise ValueError(
                f"{key}: the style {self.rendering.style} needs the image that a map explains, and there "
                "is none; choose the style heat or signed"
            )
        if side != self.side:
            self.side = side
            self.prepared.clear()
        image = id(self.images[key])
        if image not in self.prepared:
            self.prepared[image] = self._prepare(key, side)
        return self.prepared[image]

    def _prepare(self, key: str, side: int) -> Scene:
        image = _pixels(self.images[key])
        shape = fit(image.shape, side)
        image = np.asarray(Image.fromarray(image).resize(shape[::-1], Image.Resampling.LANCZOS))
        if self.rendering.style not in WITH_SUPERPIXELS:
            return Scene(shape, image)
        if key in self.segments:
            return Scene(shape, image, superpixels.resize(self.segments[key], shape))
        return Scene(shape, image, superpixels.segment(image, self.rendering.superpixels))


def _paint(key: str, importance: Map, rendering: Rendering, scenes: _Scenes, step: int, side: int) -> Pixels:
    shows_image = rendering.is_on_images or rendering.style == FINISHED
    scene = scenes.find(key, side) if shows_image else Scene(fit(importance.shape, side))
    try:
        pixels = styles.paint(importance, rendering, scene)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None
    return pixels if step == 1 else (pixels // step * step + step // 2).astype(np.uint8)


def _reductions(rendering: Rendering) -> Iterator[tuple[int, int]]:
    """Steps of colours and longer sides to try, the best first; indices of a palette keep all colours."""
    steps = (1, 2, 4, 8) if styles.palette(rendering) is None else (1,)
    yield from ((step, rendering.size) for step in steps)
    side = rendering.size
    while (side := side * 7 // 8) >= SMALLEST:
        yield steps[-1], side


def _pixels(image: AnyImage) -> Pixels:
    """An image as bytes (H, W, 3): of numbers (C, H, W) the three channels, or the mean of them as grey."""
    if image.dtype == np.uint8:
        return image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=2)
    shown = image if len(image) == 3 else np.repeat(image.mean(axis=0, keepdims=True), 3, axis=0)
    return np.ascontiguousarray(np.rint(255 * np.clip(shown.transpose(1, 2, 0), 0, 1)).astype(np.uint8))
