"""A class map to a picture that does not tell its method: one palette, one size, one normalisation. No
PyTorch.

The palette goes from white to one dark blue in 256 equal steps of OKLab
(https://bottosson.github.io/posts/oklab/), a space in which equal distances look equally different; only
lightness and chroma change, so that people see the same order however they see colours. The PNG is not
compressed: every picture has the same number of bytes.
"""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PERCENTILE = 97.0
EXPONENT = 0.5  # half of the methods are squares: their root shows what is weak, and the order stays

HUE = 262.0  # degrees
DARKEST = 0.27  # lightness in OKLab, where white is 1
CHROMA = 0.14  # at its greatest
STEPS = 256

# OKLab to linear sRGB, by way of the cube roots of cone responses (Ottosson 2020)
CONES = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480]]
)
LINEAR_SRGB = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)

Floats = NDArray[np.float64]


def settings(height: int, width: int) -> dict[str, Any]:
    """What the manifest says of the rendering of its pictures."""
    return {
        "support": "positive",
        "normalisation": "positive values over a percentile of them, cut at 1, to an exponent",
        "percentile": PERCENTILE,
        "exponent": EXPONENT,
        "palette": f"white to blue, {STEPS} equal steps of OKLab, hue {HUE:g} degrees",
        "height": height,
        "width": width,
    }


def picture(importance: NDArray[np.floating[Any]]) -> bytes:
    """The PNG file of a map (H, W): one pixel a pixel, a palette of 256 colours, no metadata.

    Raises ValueError where nothing is positive, for the picture would be empty.
    """
    height, width = importance.shape
    indices = np.rint((STEPS - 1) * normalised(importance)).astype(np.uint8)
    image = Image.frombytes("P", (width, height), indices.tobytes())
    image.putpalette(palette().tobytes())
    file = io.BytesIO()
    image.save(file, format="PNG", compress_level=0)
    return file.getvalue()


def normalised(importance: NDArray[np.floating[Any]]) -> Floats:
    """The map (H, W) in [0, 1]: positive values over their PERCENTILE, cut at 1, to the EXPONENT; else 0."""
    positive = np.maximum(importance.astype(np.float64), 0)
    if not (positive > 0).any():
        raise ValueError("the map has no positive value, so its picture would be empty")
    top = np.percentile(positive[positive > 0], PERCENTILE)
    return np.asarray(np.minimum(positive / top, 1) ** EXPONENT)


def palette() -> NDArray[np.uint8]:
    """256 colours (256, 3), sRGB: the lowest white, the highest dark blue."""
    return np.rint(255 * _srgb(palette_oklab())).astype(np.uint8)


def palette_oklab() -> Floats:
    """The palette's colours (256, 3) as lightness, a, b of OKLab, an equal distance from one to the next."""
    along = np.linspace(0, 1, 4096)
    lightness = 1 - (1 - DARKEST) * along
    chroma = CHROMA * np.sin(0.8 * np.pi * along**1.2)  # as far as sRGB reaches in light blues
    hue = np.deg2rad(HUE)
    curve = np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=1)  # (4096, 3)
    length = np.r_[0, np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))]
    even = np.linspace(0, length[-1], STEPS)
    return np.stack([np.interp(even, length, curve[:, i]) for i in range(3)], axis=1)


def _srgb(oklab: Floats) -> Floats:
    linear = ((oklab @ CONES.T) ** 3) @ LINEAR_SRGB.T
    return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))
