"""Pictures from files: upright, without transparency, any depth scaled to [0, 1]. NumPy and Pillow only."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

Floats = NDArray[np.float32]

MODES = {1: "L", 3: "RGB"}  # Pillow's modes by number of channels
GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F")
LARGEST = 65_535  # the white of 16 bits
UNREADABLE = (".heic", ".heif", ".avif", ".jxl")  # pictures that Pillow reads only with a plug-in


def picture_files(folder: Path) -> list[Path]:
    """The pictures directly in `folder`, sorted by name.

    A file without a suffix counts if its content is a picture. Hidden files and files of other kinds do not
    count. Raises ValueError for a picture of a kind that Pillow cannot read here.
    """
    return [path for path in sorted(folder.iterdir()) if path.is_file() and _is_picture(path)]


def is_grey(path: Path) -> bool:
    """Return True if the picture has no colours. Raises ValueError."""
    with _opened(path) as image:
        return image.mode in GREY


def picture_size(path: Path) -> tuple[int, int]:
    """Height and width of the picture in pixels, once it is upright. Raises ValueError."""
    with _opened(path) as image:
        sideways = image.getexif().get(ExifTags.Base.Orientation, 1) in range(5, 9)
        return image.size if sideways else (image.height, image.width)


def read_picture(path: Path, channels: int) -> Floats:
    """The picture (channels, H, W) in [0, 1], grey for 1 channel and RGB for 3.

    It is turned as its EXIF orientation says. What is transparent shows white. Pictures of 16 bits are
    divided by 65,535. Raises ValueError naming the file.
    """
    with _opened(path) as image:
        try:
            upright = ImageOps.exif_transpose(image)
        except (OSError, SyntaxError, ValueError) as error:
            raise _unreadable(path, error) from None
        pixels = _deep(path, upright) if _is_deep(upright) else _shallow(upright, channels)
    if pixels.ndim == 2:
        return np.repeat(pixels[None], channels, axis=0)
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))  # (H, W, C) to (C, H, W)


def _is_picture(path: Path) -> bool:
    if path.name.startswith("."):
        return False
    suffix = path.suffix.lower()
    if suffix in Image.registered_extensions():
        return True
    if suffix in UNREADABLE:
        raise ValueError(f"{path}: pictures of this kind cannot be read; save it as PNG or JPEG")
    return suffix == "" and _has_picture(path)


def _has_picture(path: Path) -> bool:
    try:
        with Image.open(path):
            return True
    except (UnidentifiedImageError, OSError):
        return False


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    try:
        image = Image.open(path)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise _unreadable(path, error) from None
    with image:
        yield image


def _unreadable(path: Path, error: Exception) -> ValueError:
    return ValueError(f"{path}: cannot be read as a picture ({error}); save it again, or remove it")


def _is_deep(image: Image.Image) -> bool:
    return image.mode == "F" or image.mode.startswith("I")


def _deep(path: Path, image: Image.Image) -> Floats:
    """Grey values (H, W) of more than 8 bits, in [0, 1]."""
    values = np.asarray(image).astype(np.float64)
    highest = 1 if image.mode == "F" else LARGEST
    if not (values.min() >= 0 and values.max() <= highest):
        raise ValueError(
            f"{path}: its values go from {values.min():g} to {values.max():g}; "
            f"allowed: 0 to {highest:,}; scale them, or save it with 8 bits"
        )
    return np.asarray(values / highest, dtype=np.float32)


def _shallow(image: Image.Image, channels: int) -> Floats:
    """Values (H, W) or (H, W, 3) of 8 bits, in [0, 1]."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    pixels: NDArray[Any] = np.asarray(image.convert(MODES[channels]))
    return np.asarray(pixels, dtype=np.float32) / np.float32(255)
