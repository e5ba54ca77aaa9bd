"""The styles of pictures: a map, and the image that it explains, to pixels."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from explanations.rendering import palettes, strength, superpixels
from explanations.rendering.png import Pixels
from explanations.rendering.record import Rendering
from explanations.rendering.strength import Floats, Map
from explanations.rendering.superpixels import Segments

HIDDEN = (236, 236, 236)  # what stands where the style "top" hides the image
BORDER = (255, 255, 255)
OUTLINE = (96, 96, 96)  # around what the style "top" shows, which may itself be as light as what is hidden
LUMINANCE = (0.2126, 0.7152, 0.0722)  # of red, green and blue (ITU-R BT.709)


@dataclass(frozen=True)
class Scene:
    """A picture's height and width; where a style shows the image, the image and its superpixels."""

    shape: tuple[int, int]
    image: Pixels = field(default_factory=lambda: np.zeros((0, 0, 3), dtype=np.uint8))
    segments: Segments = field(default_factory=lambda: np.zeros((0, 0), dtype=np.intp))


def paint(importance: Map, rendering: Rendering, scene: Scene) -> Pixels:
    """The pixels of a map's picture: indices (H, W) of `palette`, or colours (H, W, 3) where there is none.

    Raises ValueError where the picture would be empty.
    """
    return PAINTERS[rendering.style](importance, rendering, scene)


def palette(rendering: Rendering) -> Pixels | None:
    """The palette (n, 3) that all pictures of a set have; None for styles of true colours."""
    if rendering.style == "heat":
        return palettes.palette()
    return palettes.signed_palette() if rendering.style == "signed" else None


def legend(rendering: Rendering) -> Pixels | None:
    """The colours (n, 3) of a style from the least to the greatest value; None for styles without colours."""
    colours = {"heat": palettes.palette, "signed": palettes.signed_palette}
    if rendering.style in ("overlay", "borders"):
        return palettes.warm_palette()
    return colours[rendering.style]() if rendering.style in colours else None


def _heat(importance: Map, rendering: Rendering, scene: Scene) -> Pixels:
    return _index(_positive(importance, rendering, scene))


def _signed(importance: Map, rendering: Rendering, scene: Scene) -> Pixels:
    if not importance.any():
        raise ValueError(strength.ONLY_ZEROS)
    values = strength.resize(importance, scene.shape)  # zeros where opposite values cancel
    strengths = strength.signed(values, rendering.percentile, rendering.scale)
    return np.rint(palettes.ZERO * (1 + strengths)).astype(np.uint8)


def _overlay(importance: Map, rendering: Rendering, scene: Scene) -> Pixels:
    colours = palettes.warm_palette()[_index(_positive(importance, rendering, scene))]
    return _blend(scene.image, colours, rendering.opacity)


def _borders(importance: Map, rendering: Rendering, scene: Scene) -> Pixels:
    means = superpixels.average(_support(importance, scene), scene.segments)
    strengths = strength.positive(means[scene.segments], rendering.percentile, rendering.scale)
    pixels = _blend(scene.image, palettes.warm_palette()[_index(strengths)], rendering.opacity)
    pixels[superpixels.borders(scene.segments)] = BORDER
    return pixels


def _top(importance: Map, rendering: Rendering, scene: Scene) -> Pixels:
    means = superpixels.average(_support(importance, scene), scene.segments)
    if not (means > 0).any():
        raise ValueError(strength.NOTHING_POSITIVE)
    best = np.argsort(-means, kind="stable")[: rendering.top]
    is_shown = np.isin(scene.segments, best[means[best] > 0])
    pixels = np.where(is_shown[..., None], scene.image, np.array(HIDDEN, dtype=np.uint8))
    pixels[superpixels.borders(is_shown.astype(np.intp))] = OUTLINE
    return pixels


def _finished(importance: Map, rendering: Rendering, scene: Scene) -> Pixels:
    return scene.image


PAINTERS: dict[str, Callable[[Map, Rendering, Scene], Pixels]] = {
    "heat": _heat,
    "signed": _signed,
    "overlay": _overlay,
    "borders": _borders,
    "top": _top,
    "pictures": _finished,
}


def _support(importance: Map, scene: Scene) -> Floats:
    """Positive values at the picture's size: where areas are averaged, negative values do not cancel them."""
    return strength.resize(np.maximum(importance, 0), scene.shape)


def _positive(importance: Map, rendering: Rendering, scene: Scene) -> Floats:
    return strength.positive(_support(importance, scene), rendering.percentile, rendering.scale)


def _index(strengths: Floats) -> Pixels:
    return np.rint((palettes.STEPS - 1) * strengths).astype(np.uint8)


def _blend(image: Pixels, colours: Pixels, opacity: float) -> Pixels:
    """Colours over the image in grey, so that no colour of the image is taken for importance."""
    grey = (image @ np.array(LUMINANCE))[..., None]
    return np.asarray(np.rint((1 - opacity) * grey + opacity * colours).astype(np.uint8))
