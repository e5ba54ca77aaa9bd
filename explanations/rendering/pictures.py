"""A class map to a picture that does not tell its method: one palette, one size, one normalisation. No
PyTorch.

The palette goes from white to one dark blue in 256 equal steps of OKLab
(https://bottosson.github.io/posts/oklab/), a space in which equal distances look equally different; only
lightness and chroma change, so that people see the same order however they see colours. The PNG is not
compressed: every picture has the same number of bytes, whatever is on it. So that four of them are no more
than 30 kB on a phone, the map of a large photograph is averaged over areas to LARGEST_SIDE pixels; maps that
are no larger have a pixel a pixel, which a page then enlarges by whole numbers.

For figures, where methods are named, `signed_colours` also shows what speaks against a class: the same
palette to the positive side, one of orange of the same lightness to the negative.
"""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PERCENTILE = 97.0
EXPONENT = 0.5  # half of the methods are squares: their root shows what is weak, and the order stays

LARGEST_SIDE = 80  # 80 x 80 bytes, 768 of palette and 160 of PNG: four pictures take 29.3 kB

HUE = 262.0  # degrees, of what speaks for a class: blue
HUE_AGAINST = 40.0  # orange; blue and orange differ for every kind of colour vision
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
    """What the manifest says of the rendering of maps of `height` x `width`."""
    height, width = size(height, width)
    return {
        "support": "positive",
        "normalisation": "positive values over a percentile of them, cut at 1, to an exponent",
        "percentile": PERCENTILE,
        "exponent": EXPONENT,
        "palette": f"white to blue, {STEPS} equal steps of OKLab, hue {HUE:g} degrees",
        "height": height,
        "width": width,
    }


def size(height: int, width: int) -> tuple[int, int]:
    """Height and width of the picture of a map: the map's, or the longer side LARGEST_SIDE."""
    longer = max(height, width)
    if longer <= LARGEST_SIDE:
        return height, width
    return max(1, round(height * LARGEST_SIDE / longer)), max(1, round(width * LARGEST_SIDE / longer))


def picture(importance: NDArray[np.floating[Any]]) -> bytes:
    """The PNG file of a map (H, W): `size` pixels, a palette of 256 colours, no metadata.

    Raises ValueError where nothing is positive, for the picture would be empty.
    """
    height, width = size(*importance.shape)
    indices = np.rint((STEPS - 1) * normalised(_averaged(importance, height, width))).astype(np.uint8)
    image = Image.frombytes("P", (width, height), indices.tobytes())
    image.putpalette(palette().tobytes())
    file = io.BytesIO()
    image.save(file, format="PNG", compress_level=0)
    return file.getvalue()


def photograph(image: NDArray[np.floating[Any]]) -> bytes:
    """The PNG file of an image (C, H, W) in [0, 1] as a network was given it, no metadata.

    In colour where it has three channels; else the mean of its channels, as grey.
    """
    shown = image.transpose(1, 2, 0) if len(image) == 3 else image.mean(axis=0)  # (H, W, 3) or (H, W)
    pixels = np.rint(255 * np.clip(shown, 0, 1)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, format="PNG", optimize=True)
    return file.getvalue()


def normalised(importance: NDArray[np.floating[Any]]) -> Floats:
    """The map (H, W) in [0, 1]: positive values over their PERCENTILE, cut at 1, to the EXPONENT; else 0."""
    positive = np.maximum(importance.astype(np.float64), 0)
    if not (positive > 0).any():
        raise ValueError("the map has no positive value, so its picture would be empty")
    top = np.percentile(positive[positive > 0], PERCENTILE)
    return np.asarray(np.minimum(positive / top, 1) ** EXPONENT)


def signed_colours(importance: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """A map (H, W) to colours (H, W, 3), sRGB: what is positive blue, what is negative orange, zero white.

    Both sides over one number, the PERCENTILE of all that is not zero, cut at 1, to the EXPONENT. A map of
    zeros is white.
    """
    strength = np.abs(importance.astype(np.float64))
    top = np.percentile(strength[strength > 0], PERCENTILE) if (strength > 0).any() else 1
    indices = np.rint((STEPS - 1) * np.minimum(strength / top, 1) ** EXPONENT).astype(np.uint8)
    return np.where((importance < 0)[..., None], palette(HUE_AGAINST)[indices], palette()[indices])


def palette(hue: float = HUE) -> NDArray[np.uint8]:
    """256 colours (256, 3), sRGB: the lowest white, the highest dark; blue where no `hue` is given."""
    return np.rint(255 * _srgb(palette_oklab(hue))).astype(np.uint8)


def palette_oklab(hue: float = HUE) -> Floats:
    """The palette's colours (256, 3) as lightness, a, b of OKLab, an equal distance from one to the next."""
    along = np.linspace(0, 1, 4096)
    lightness = 1 - (1 - DARKEST) * along
    chroma = CHROMA * np.sin(0.8 * np.pi * along**1.2)  # as far as sRGB reaches in light blues
    angle = np.deg2rad(hue)
    curve = np.stack([lightness, chroma * np.cos(angle), chroma * np.sin(angle)], axis=1)  # (4096, 3)
    length = np.r_[0, np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))]
    even = np.linspace(0, length[-1], STEPS)
    return np.stack([np.interp(even, length, curve[:, i]) for i in range(3)], axis=1)


def _averaged(importance: NDArray[np.floating[Any]], height: int, width: int) -> Floats:
    """What is positive of a map (H, W), averaged over areas to (height, width); the map at its own size."""
    if importance.shape == (height, width):
        return importance.astype(np.float64)
    positive = Image.fromarray(np.maximum(importance, 0).astype(np.float32))
    return np.asarray(positive.resize((width, height), Image.Resampling.BOX), dtype=np.float64)


def _srgb(oklab: Floats) -> Floats:
    linear = np.maximum(((oklab @ CONES.T) ** 3) @ LINEAR_SRGB.T, 0)
    return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055))
