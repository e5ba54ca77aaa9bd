"""Arrays from files: .npy, .npz, .safetensors, .pt and grey pictures, one file or one per image."""

import re
import zipfile
from collections.abc import Iterable
from glob import glob
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from explanations.collecting.arrays import to_array
from explanations.datasets.image_files import is_grey, read_picture
from explanations.manifest import arrays

Array = NDArray[Any]

TENSORS = (".pt", ".pth")
SUFFIXES = (".npy", ".npz", ".safetensors", *TENSORS)
NAMES = ("maps", "attributions", "values", "arr_0")  # of the one array that an .npz file may hold


def natural_order(name: str) -> list[tuple[int, int | str]]:
    """A key to sort names as people count: 2 before 10."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"(\d+)", name) if part]


def read_values(place: str | Path) -> Array | dict[str, Array]:
    """The array in a file, or the arrays by name of a file of several, a folder or a pattern such as *.png.

    A name is the name of the file without its suffix, or of the array in its file. Raises ValueError.
    """
    path = Path(place)
    if path.is_dir():
        files = [file for file in path.iterdir() if file.is_file() and not file.name.startswith(".")]
    elif path.is_file():
        files = [path]
    else:
        files = [Path(file) for file in glob(str(place), recursive=True)]
    if not files:
        raise ValueError(f"{place}: there are no such files")
    if len(files) == 1:
        return _read(files[0])
    return _one_each(str(place), files)


def _one_each(place: str, files: Iterable[Path]) -> dict[str, Array]:
    """The array of each file by the file's name."""
    values: dict[str, Array] = {}
    for file in sorted(files, key=lambda file: natural_order(file.name)):
        content = _read(file)
        if isinstance(content, dict):
            raise ValueError(f"{file}: has {len(content)} arrays; expected one for each image in {place}")
        if file.stem in values:
            raise ValueError(f"{place}: has two files called {file.stem!r}; keep one")
        values[file.stem] = content
    return values


def _read(file: Path) -> Array | dict[str, Array]:
    suffix = file.suffix.lower()
    if suffix == ".npy":
        return _array(file)
    if suffix == ".npz":
        return _only(_arrays(file))
    if suffix == ".safetensors":
        return _only(arrays.read_tensors(file))
    if suffix in TENSORS:
        return _only(_tensors(file))
    if suffix in Image.registered_extensions():
        return _grey(file)
    raise ValueError(f"{file}: is not an array or a picture; allowed: {', '.join(SUFFIXES)} and pictures")


def _only(values: dict[str, Array]) -> Array | dict[str, Array]:
    """The one array of a file where its name says nothing about an image; else all arrays by name."""
    if len(values) == 1:
        [name] = values
        if name in NAMES:
            return values[name]
    return values


def _array(file: Path) -> Array:
    try:
        return np.asarray(np.load(file, allow_pickle=False))
    except (ValueError, OSError, EOFError) as error:
        raise _unreadable(file, error) from None


def _arrays(file: Path) -> dict[str, Array]:
    """The arrays of an .npz file by name."""
    try:
        with np.load(file, allow_pickle=False) as content:
            return {name: np.asarray(content[name]) for name in content.files}
    except (AttributeError, TypeError):  # an array has no files
        raise ValueError(f"{file}: is not an .npz file; write it with numpy.savez_compressed") from None
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise _unreadable(file, error) from None


def _unreadable(file: Path, error: Exception) -> ValueError:
    reason = "it holds Python objects" if "allow_pickle" in str(error) else str(error)
    return ValueError(f"{file}: cannot be read ({reason}); save it as an array of numbers")


def _tensors(file: Path) -> dict[str, Array]:
    """The tensors in a file of PyTorch; any other object in it is refused and not loaded."""
    try:
        import torch
    except ImportError:
        raise ValueError(f"{file}: needs PyTorch; install it, or save the array as .npy") from None
    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # torch and pickle raise many kinds
        raise ValueError(f"{file}: cannot be read as tensors alone ({type(error).__name__})") from None
    content = content if isinstance(content, dict) else {NAMES[0]: content}
    if not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise ValueError(f"{file}: holds other things than tensors; save a tensor, or a dict of tensors")
    return {str(name): to_array(value, f"{file}: {name}") for name, value in content.items()}


def _grey(file: Path) -> Array:
    """The values (H, W) of a grey picture, in [0, 1], or the opacity of a picture of one colour."""
    with Image.open(file) as image:
        if image.has_transparency_data:
            *colours, opacity = image.convert("RGBA").split()
            if all(low == high for low, high in (colour.getextrema() for colour in colours)):
                return np.asarray(np.asarray(opacity) / 255, dtype=np.float32)
            raise ValueError(f"{file}: has colours and transparency; save the values as a grey picture")
    if not is_grey(file) and not _equal_channels(file):
        raise ValueError(
            f"{file}: is in colour; save the values as a grey picture or an array, "
            "or name it a finished picture with --pictures"
        )
    return np.asarray(read_picture(file, 1)[0])


def _equal_channels(file: Path) -> bool:
    pixels = read_picture(file, 3)
    return bool((pixels == pixels[:1]).all())
