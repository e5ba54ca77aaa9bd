"""Images from folders of pictures, one folder a class, as torchvision's ImageFolder has them.

The class folders may lie within folders `train` and `test` (or `val`, `validation`, `valid`). A folder
`masks` holds masks of the pictures, and is a class only where classes.txt names it.
"""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from explanations.datasets.image_files import MODES, is_grey, picture_files, read_picture

SPLIT_FOLDERS = {"train": ("train",), "test": ("test", "val", "validation", "valid")}
MASKS_FOLDER = "masks"
LARGEST_SHARE = 0.5  # of the machine's memory, for the pictures of one split

Shape = Callable[[Tensor], Tensor]


def split_folders(folder: Path) -> dict[str, Path]:
    """The folder of classes of each split; of "all" where the class folders lie in `folder` itself."""
    folders = {
        split: folder / name
        for split, names in SPLIT_FOLDERS.items()
        for name in reversed(names)
        if (folder / name).is_dir()
    }
    return folders or {"all": folder}


def class_names(folder: Path) -> tuple[str, ...]:
    """The names of the class folders of all splits, sorted, as torchvision numbers them."""
    names = {path.name for part in split_folders(folder).values() for path in _folders(part)}
    return tuple(sorted(names - {MASKS_FOLDER}))


def read(
    folder: Path, classes: tuple[str, ...], channels: int | None, shape: Shape
) -> tuple[Tensor, Tensor, tuple[str, ...], str]:
    """Images (N, C, H, W) in [0, 1], labels (N,), names such as "cat/1.png", a SHA-256 of names and pictures.

    `folder` holds class folders, each named as one of `classes`. Pictures are read in the order of classes
    and file names, each made grey or RGB (`channels` 1 or 3; None: grey where all of them are) and passed
    through `shape`, (1, C, H, W) to the same for all. Raises ValueError with the file that is wrong.
    """
    files = _files(folder, classes)
    channels = channels or (1 if all(is_grey(path) for path, _ in files) else 3)
    if channels not in MODES:
        raise ValueError(f"{folder}: pictures have 1 or 3 channels, not {channels}; save the data as .npz")
    names = tuple(f"{classes[label]}/{path.name}" for path, label in files)
    digest, images = hashlib.sha256(), torch.empty(0)
    for i, (path, _) in enumerate(files):
        content = path.read_bytes()
        digest.update(f"{names[i]}:{len(content)}\n".encode() + content)
        image = shape(torch.from_numpy(read_picture(path, channels))[None])[0]
        if i == 0:
            _refuse_too_many(folder, len(files), image)
            images = torch.empty((len(files), *image.shape))
        if image.shape != images.shape[1:]:
            raise ValueError(
                f"{path}: has {_size(image)} pixels, but {files[0][0]} has {_size(images[0])}; "
                "make them one size with --preprocessing size=224"
            )
        images[i] = image
    return images, torch.tensor([label for _, label in files]), names, digest.hexdigest()


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _files(folder: Path, classes: tuple[str, ...]) -> list[tuple[Path, int]]:
    """All pictures with their labels, by class and then by name."""
    files = []
    for part in _folders(folder):
        if part.name == MASKS_FOLDER and part.name not in classes:
            continue
        if part.name not in classes:
            raise ValueError(_unknown(part, classes))
        paths = picture_files(part)
        if not paths:
            raise ValueError(f"{part}: has no pictures; put some there, or remove the folder")
        files += [(path, classes.index(part.name)) for path in paths]
    if not files:
        raise ValueError(f"{folder}: has no folders of pictures, one a class")
    return sorted(files, key=lambda file: (file[1], file[0].name))


def _unknown(part: Path, classes: tuple[str, ...]) -> str:
    numbered = [name for name in classes if name.rpartition("-")[0] == part.name]
    if numbered:
        return (
            f"{part}: classes.txt has {len(numbered)} classes {part.name!r}; "
            f"rename the folder to the one that it holds: {' or '.join(numbered)}"
        )
    return f"{part}: classes.txt has no class {part.name!r}; name it there, or remove the folder"


def _refuse_too_many(folder: Path, count: int, image: Tensor) -> None:
    """Raise ValueError where the pictures would take more than a share of the machine's memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 2**40
    needed = count * image.numel() * image.element_size()
    if needed > LARGEST_SHARE * memory:
        raise ValueError(
            f"{folder}: {count:,} pictures of {_size(image)} pixels take {needed / 2**30:.0f} GiB of memory, "
            f"and this machine has {memory / 2**30:.0f}; put a part of them into another folder"
        )


def _size(image: Tensor) -> str:
    return f"{image.shape[2]} x {image.shape[1]}"
