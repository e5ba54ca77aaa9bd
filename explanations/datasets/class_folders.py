"""Images from folders of pictures, one folder a class, as torchvision's ImageFolder has them; perhaps within
train and test (or val) folders. Knows no classifier.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

SPLIT_FOLDERS = {"train": ("train",), "test": ("test", "val")}
MODES = {1: "L", 3: "RGB"}
EIGHT_BITS = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV")
GREY = ("1", "L", "LA")
LARGEST_SHARE = 0.5  # of the machine's memory, for the pictures of one split

Shape = Callable[[Tensor], Tensor]


def splits(folder: Path) -> dict[str, Path]:
    """Which folder of classes each split has: train and test, or all where the classes stand in `folder`."""
    found = {
        split: folder / name
        for split, names in SPLIT_FOLDERS.items()
        for name in reversed(names)
        if (folder / name).is_dir()
    }
    return found or {"all": folder}


def class_names(folder: Path) -> tuple[str, ...]:
    """The names of the class folders of all splits, sorted, as torchvision numbers them."""
    return tuple(sorted({path.name for part in splits(folder).values() for path in _folders(part)}))


def read(
    folder: Path, classes: tuple[str, ...], channels: int | None, shape: Shape
) -> tuple[Tensor, Tensor, str]:
    """Images (N, C, H, W) in [0, 1], labels (N,) and a SHA-256 of all names and pictures.

    `folder` holds class folders, each named as one of `classes`. Pictures are read in the order of classes
    and file names, each made grey or RGB (`channels` 1 or 3; None: grey where all of them are) and passed
    through `shape`, (1, C, H, W) to the same for all. Raises ValueError with the file that is wrong.
    """
    files = _files(folder, classes)
    channels = channels or _channels([path for path, _ in files])
    if channels not in MODES:
        raise ValueError(f"{folder}: pictures have 1 or 3 channels, not {channels}; save the data as .npz")
    digest, images = hashlib.sha256(), torch.empty(0)
    for i, (path, label) in enumerate(files):
        content = path.read_bytes()
        digest.update(f"{classes[label]}/{path.name}:{len(content)}\n".encode() + content)
        image = shape(_pixels(path, MODES[channels]))[0]
        if i == 0:
            _refuse_too_many(folder, len(files), image)
            images = torch.empty((len(files), *image.shape))
        if image.shape != images.shape[1:]:
            raise ValueError(
                f"{path}: has {_size(image)} pixels, but {files[0][0]} has {_size(images[0])}; "
                "make them one size with --preprocessing size=224"
            )
        images[i] = image
    return images, torch.tensor([label for _, label in files]), digest.hexdigest()


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _files(folder: Path, classes: tuple[str, ...]) -> list[tuple[Path, int]]:
    """Every picture with its label, by class and then by name."""
    files = []
    suffixes = Image.registered_extensions()
    for part in _folders(folder):
        if part.name not in classes:
            raise ValueError(
                f"{part}: classes.txt has no class {part.name!r}; name it there, or remove the folder"
            )
        paths = [path for path in sorted(part.iterdir()) if path.suffix.lower() in suffixes]
        if not paths:
            raise ValueError(f"{part}: has no pictures; put some there, or remove the folder")
        files += [(path, classes.index(part.name)) for path in paths]
    if not files:
        raise ValueError(f"{folder}: has no folders of pictures, one a class")
    return sorted(files, key=lambda file: (file[1], file[0].name))


def _channels(paths: list[Path]) -> int:
    """1 if all pictures are grey, else 3."""
    return 1 if all(_opened(path).mode in GREY for path in paths) else 3


def _opened(path: Path) -> Image.Image:
    try:
        with Image.open(path) as image:
            return image
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        raise ValueError(f"{path}: cannot be read as a picture; save it again, or remove it") from None


def _pixels(path: Path, mode: str) -> Tensor:
    """A picture (1, C, H, W) in [0, 1]."""
    try:
        with Image.open(path) as image:
            if image.mode not in EIGHT_BITS:
                raise ValueError(f"{path}: is of Pillow's mode {image.mode}; save it with 8 bits a channel")
            pixels = np.asarray(image.convert(mode), dtype=np.float32) / 255
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(
            f"{path}: cannot be read as a picture ({error}); save it again, or remove it"
        ) from None
    return torch.from_numpy(pixels).reshape(*pixels.shape[:2], -1).permute(2, 0, 1)[None]  # (H, W, C)


def _refuse_too_many(folder: Path, count: int, image: Tensor) -> None:
    """Raises ValueError where the pictures would take more than a share of the machine's memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 2**40
    needed = count * image.numel() * image.element_size()
    if needed > LARGEST_SHARE * memory:
        raise ValueError(
            f"{folder}: {count:,} pictures of {_size(image)} pixels take {needed / 2**30:.0f} GiB of memory, "
            f"and this machine has {memory / 2**30:.0f}; put a part of them into another folder"
        )


def _size(image: Tensor) -> str:
    return f"{image.shape[2]} x {image.shape[1]}"
