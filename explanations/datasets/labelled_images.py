"""Labelled images: `(N, C, H, W)` float32 in [0, 1] and labels `(N,)`. Independent of classifiers and Django.

The bundled MNIST is of Y. LeCun and C. Cortes (CC BY-SA 3.0, see data/mnist/README.md). Other data come as a
folder of IDX files with MNIST's names, as folders of pictures, or as an .npz file. A file classes.txt or
labels.txt in the folder names the classes, one a line, in the order of a classifier's outputs; without it
they are called by their numbers, or by their folders in alphabetical order.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from explanations.datasets import class_folders, class_names, idx_files, npz_files
from explanations.datasets.preprocessing import AS_IT_IS, Preprocessing, shaped

MNIST_FOLDER = Path(__file__).parent.parent / "data" / "mnist"

SPLITS = ("train", "test")
PIXELS_AT_ONCE = 2**24  # while images are resized

# SHA-256 of the uncompressed files
MNIST_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


@dataclass(frozen=True)
class LabelledImages:
    """One split of a data set.

    `images` (N, C, H, W) float32 in [0, 1]; `labels` (N,) int64, each an index into `classes`;
    `sha256` of the uncompressed image file or files, before any preprocessing. `split` is "all" where the
    data are not split: then they serve to train and to test. `names` (N,) of pictures from folders, as in
    "cat/1.png"; empty for other data.
    """

    name: str
    split: str
    sha256: str
    classes: tuple[str, ...]
    images: Tensor
    labels: Tensor
    names: tuple[str, ...] = ()

    def of_class(self, label: str) -> Tensor:
        """The indices (n,) of the images labelled `label`, in the order of the file."""
        if label not in self.classes:
            raise ValueError(f"{self.name} has no class {label!r}; it has {', '.join(self.classes)}")
        return torch.nonzero(self.labels == self.classes.index(label)).flatten()

    @property
    def present(self) -> tuple[str, ...]:
        """The classes that have an image, in their order."""
        found = set(self.labels.tolist())
        return tuple(name for index, name in enumerate(self.classes) if index in found)


def load(path: Path | None, split: str, wanted: Preprocessing = AS_IT_IS) -> LabelledImages:
    """One split of the data at `path` (None: the bundled MNIST), at the size and channels that are `wanted`.

    A folder of IDX files, a folder of class folders (within train and test folders, or not), or an .npz
    file. Raises ValueError with one line that says what is wrong with which file.
    """
    _check_split(split)
    if path is None:
        data = mnist(split)
    elif path.is_file():
        data = npz(path, split)
    elif path.is_dir() and any(path.glob("*-ubyte*")):
        data = idx_folder(path, split)
    elif path.is_dir():
        return picture_folder(path, split, wanted)  # each picture has its own size
    else:
        raise ValueError(
            f"{path}: does not exist; name a folder of IDX files or of pictures, or an .npz file"
        )
    return replace(data, images=_shaped(data.images, wanted))


def mnist(split: str) -> LabelledImages:
    """The bundled handwritten digits: 60,000 images to "train", 10,000 to "test"; checksums verified."""
    return idx_folder(MNIST_FOLDER, split, name="MNIST", sha256=MNIST_SHA256)


def idx_folder(
    folder: Path, split: str, name: str | None = None, sha256: dict[str, str] | None = None
) -> LabelledImages:
    """One split of a folder of IDX files named as MNIST's, gzipped or not.

    `sha256` of the uncompressed files by name is verified where it is given. Raises ValueError.
    """
    _check_split(split)
    folder = Path(folder)
    pixels, labels, digest = idx_files.read(folder, split, sha256)
    return LabelledImages(
        name=name or folder.resolve().name,
        split=split,
        sha256=digest,
        classes=_names(folder, folder, labels),
        images=torch.from_numpy(pixels.astype(np.float32) / np.float32(255)),
        labels=torch.from_numpy(labels.astype(np.int64)),
    )


def npz(path: Path, split: str) -> LabelledImages:
    """One split of an .npz file. Raises ValueError."""
    part = _part(path, split, npz_files.splits(path), "arrays x_train and y_train, x_test and y_test")
    images, labels, digest = npz_files.read(path, part)
    names = npz_files.class_names(path)
    return LabelledImages(
        name=path.stem,
        split=part,
        sha256=digest,
        classes=_names(path, path.parent, labels) if names is None else _fit(path, names, labels),
        images=_in_the_unit_interval(path, images),
        labels=torch.from_numpy(labels.astype(np.int64)),
    )


def picture_folder(folder: Path, split: str, wanted: Preprocessing = AS_IT_IS) -> LabelledImages:
    """One split of folders of pictures, one folder a class. Raises ValueError."""
    parts = class_folders.split_folders(folder)
    part = _part(folder, split, list(parts), "folders train and test, or a folder of pictures a class")
    classes = class_names.class_names(folder) or class_folders.class_names(folder)
    images, labels, names, digest = class_folders.read(
        parts[part], classes, wanted.wanted_channels, lambda image: shaped(image, wanted)
    )
    return LabelledImages(folder.resolve().name, part, digest, classes, images, labels, names)


def _check_split(split: str) -> None:
    if split not in SPLITS:
        raise ValueError(f"there is no split {split!r}; allowed: {', '.join(SPLITS)}")


def _part(path: Path, split: str, found: list[str], wanted: str) -> str:
    """The split itself, or "all" for data that are not split."""
    for part in (split, "all"):
        if part in found:
            return part
    has = f"; it has {', '.join(found)}" if found else ""
    raise ValueError(f"{path}: has no {split} images{has}; wanted: {wanted}")


def _shaped(images: Tensor, wanted: Preprocessing) -> Tensor:
    """All images (N, C, H, W) as wanted, a part of them at a time."""
    part = max(1, PIXELS_AT_ONCE // images[0].numel())
    return torch.cat([shaped(images[i : i + part], wanted) for i in range(0, len(images), part)])


def _in_the_unit_interval(path: Path, images: np.ndarray) -> Tensor:
    if images.dtype == np.uint8:
        return torch.from_numpy(images.astype(np.float32) / np.float32(255))
    low, high = float(images.min()), float(images.max())
    if not (low >= 0 and high <= 1):
        raise ValueError(
            f"{path}: its floating-point images go from {low:g} to {high:g}; allowed: from 0 to 1"
        )
    return torch.from_numpy(images.astype(np.float32))


def _names(where: Path, folder: Path, labels: np.ndarray) -> tuple[str, ...]:
    """The names in the classes.txt of `folder`, or numbers. Raises ValueError where labels don't fit."""
    names = class_names.class_names(folder)
    if names is None:
        if labels.min() < 0:
            raise ValueError(f"{where}: labels go from {labels.min()} to {labels.max()}; allowed: from 0")
        return tuple(str(number) for number in range(int(labels.max()) + 1))
    return _fit(class_names.classes_file(folder), names, labels)


def _fit(where: Path, names: tuple[str, ...], labels: np.ndarray) -> tuple[str, ...]:
    if labels.min() < 0 or labels.max() >= len(names):
        raise ValueError(
            f"{where}: names {len(names)} classes, but the labels go from {labels.min()} to {labels.max()}"
        )
    return names
