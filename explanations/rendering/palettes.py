"""Colours of pictures: palettes of equal steps in OKLab, where equal distances look equally different.

Source: Ottosson 2020, https://bottosson.github.io/posts/oklab/. Every palette darkens from white all the way,
so that people see one order however they see colours.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Colours = NDArray[np.uint8]  # (..., 3), sRGB

HUE = 262.0  # degrees, of importance for a class: blue
HUE_AGAINST = 40.0  # orange; blue and orange differ for every kind of colour vision
DARKEST = 0.27  # lightness in OKLab, where white is 1
CHROMA = 0.14  # at its greatest
STEPS = 256
ZERO = 127  # index of zero in the signed palette

# Lightness, chroma and hue through which the palette over images leads: white, yellow, orange, red, dark red.
# Over a grey photograph these hues are told apart where one hue is not.
WARM = ((1, 0, 100), (0.93, 0.13, 98), (0.77, 0.17, 62), (0.55, 0.21, 29), (0.34, 0.13, 18))

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


@cache
def palette(hue: float = HUE) -> Colours:
    """256 colours (256, 3) from white to the darkest of one hue; blue by default."""
    return _srgb(palette_oklab(hue))


@cache
def warm_palette() -> Colours:
    """256 colours (256, 3) from white over yellow and red to dark red, for importance over an image."""
    lightness, chroma, hue = np.array(WARM).T
    angle = np.deg2rad(hue)
    anchors = np.stack([lightness, chroma * np.cos(angle), chroma * np.sin(angle)], axis=1)
    return _srgb(_even_steps(anchors))


@cache
def signed_palette() -> Colours:
    """255 colours (255, 3): darkest orange at 0, white at ZERO, darkest blue at 254."""
    steps = 2 * np.arange(1, ZERO + 1) + 1  # every second colour, the darkest included
    return np.concatenate([palette(HUE_AGAINST)[steps[::-1]], palette()[:1], palette()[steps]])


def palette_oklab(hue: float = HUE) -> Floats:
    """The palette's colours (256, 3) as lightness, a, b of OKLab, an equal distance from one to the next."""
    along = np.linspace(0, 1, 4096)
    lightness = 1 - (1 - DARKEST) * along
    chroma = CHROMA * np.sin(0.8 * np.pi * along**1.2)  # as far as sRGB reaches in light blues
    angle = np.deg2rad(hue)
    curve = np.stack([lightness, chroma * np.cos(angle), chroma * np.sin(angle)], axis=1)  # (4096, 3)
    return _even_steps(curve)


def _even_steps(curve: Floats) -> Floats:
    """STEPS points (256, 3) at equal distances along the curve through points (n, 3)."""
    length = np.r_[0, np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))]
    even = np.linspace(0, length[-1], STEPS)
    return np.stack([np.interp(even, length, curve[:, i]) for i in range(3)], axis=1)


def _srgb(oklab: Floats) -> Colours:
    """Colours (n, 3) of OKLab as bytes of sRGB."""
    linear = np.maximum(((oklab @ CONES.T) ** 3) @ LINEAR_SRGB.T, 0)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * np.clip(curved, 0, 1)).astype(np.uint8))
