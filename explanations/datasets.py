"""Labelled images: `(N, C, H, W)` float32 in [0, 1] and labels `(N,)`. Knows no classifier and no Django.

The bundled MNIST is of Y. LeCun and C. Cortes (CC BY-SA 3.0, see data/mnist/README.md). Any other data come
as a folder of IDX files with MNIST's names; the IDX format is described at
http://yann.lecun.com/exdb/mnist/.
"""

import gzip
import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

MNIST_FOLDER = Path(__file__).parent / "data" / "mnist"

SPLITS = ("train", "test")
FILE_STEMS = {"train": "train", "test": "t10k"}

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
    `sha256` of the uncompressed image file.
    """

    name: str
    split: str
    sha256: str
    classes: tuple[str, ...]
    images: Tensor
    labels: Tensor

    def of_class(self, label: str) -> Tensor:
        """The indices (n,) of the images labelled `label`, in the order of the file."""
        if label not in self.classes:
            raise ValueError(f"{self.name} has no class {label!r}; it has {', '.join(self.classes)}")
        return torch.nonzero(self.labels == self.classes.index(label)).flatten()


def mnist(split: str) -> LabelledImages:
    """The bundled handwritten digits: 60,000 images to "train", 10,000 to "test"; checksums verified."""
    return idx_folder(MNIST_FOLDER, split, name="MNIST", sha256=MNIST_SHA256)


def idx_folder(
    folder: Path, split: str, name: str | None = None, sha256: dict[str, str] | None = None
) -> LabelledImages:
    """One split of a folder of IDX files named as MNIST's, gzipped or not.

    Optional: `sha256` of the uncompressed files by name, verified; a file classes.txt in the folder with
    one class name a line (otherwise a class is called by its number). Raises ValueError.
    """
    if split not in SPLITS:
        raise ValueError(f"there is no split {split!r}; allowed: {', '.join(SPLITS)}")
    folder = Path(folder)
    image_file = f"{FILE_STEMS[split]}-images-idx3-ubyte"
    label_file = f"{FILE_STEMS[split]}-labels-idx1-ubyte"
    image_bytes, label_bytes = _uncompressed(folder, image_file), _uncompressed(folder, label_file)
    for file, content in ((image_file, image_bytes), (label_file, label_bytes)):
        _verify(file, content, sha256)
    pixels = _parse_idx(image_file, image_bytes, (3, 4))
    labels = _parse_idx(label_file, label_bytes, (1,))
    if len(pixels) != len(labels):
        raise ValueError(
            f"{folder}: {image_file} has {len(pixels)} images, {label_file} {len(labels)} labels"
        )
    if pixels.ndim == 3:
        pixels = pixels[:, None]  # (N, H, W) to (N, 1, H, W)
    return LabelledImages(
        name=name or folder.resolve().name,
        split=split,
        sha256=hashlib.sha256(image_bytes).hexdigest(),
        classes=_class_names(folder, labels),
        images=torch.from_numpy(pixels.astype(np.float32) / np.float32(255)),
        labels=torch.from_numpy(labels.astype(np.int64)),
    )


def _class_names(folder: Path, labels: np.ndarray) -> tuple[str, ...]:
    count = int(labels.max()) + 1
    file = folder / "classes.txt"
    if not file.exists():
        return tuple(str(number) for number in range(count))
    names = tuple(file.read_text(encoding="utf-8").split("\n"))
    names = tuple(name.strip() for name in names if name.strip())
    if len(names) < count:
        raise ValueError(f"{file}: names {len(names)} classes, but the labels go from 0 to {count - 1}")
    return names


def _uncompressed(folder: Path, file: str) -> bytes:
    plain, gzipped = folder / file, folder / f"{file}.gz"
    if plain.is_file():
        return plain.read_bytes()
    if not gzipped.is_file():
        raise ValueError(f"{folder}: has neither {file} nor {file}.gz; put MNIST-like IDX files there")
    try:
        return gzip.decompress(gzipped.read_bytes())
    except (OSError, EOFError) as error:
        raise ValueError(f"{gzipped}: cannot be uncompressed ({error}); fetch it again") from None


def _verify(file: str, content: bytes, sha256: dict[str, str] | None) -> None:
    digest = hashlib.sha256(content).hexdigest()
    expected = digest if sha256 is None else sha256[file]
    if digest != expected:
        raise ValueError(f"{file}: SHA-256 is {digest}, not {expected}; the file was changed, restore it")


def _parse_idx(file: str, content: bytes, dimensions: tuple[int, ...]) -> np.ndarray:
    """The unsigned bytes of an IDX file: 0, 0, type 8, number of dimensions, their sizes, then the data."""
    if len(content) < 4 or content[:3] != b"\x00\x00\x08" or content[3] not in dimensions:
        wanted = " or ".join(map(str, dimensions))
        raise ValueError(f"{file}: is no IDX file of unsigned bytes with {wanted} dimensions")
    start = 4 + 4 * content[3]
    shape = tuple(int(size) for size in np.frombuffer(content[4:start], dtype=">u4"))
    if len(content) - start != math.prod(shape) or math.prod(shape) == 0:
        raise ValueError(f"{file}: has {len(content) - start} bytes of data where its header says {shape}")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)
