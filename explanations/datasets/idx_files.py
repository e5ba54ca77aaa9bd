"""Images and labels from a folder of IDX files with MNIST's names, gzipped or not.

The format is described at http://yann.lecun.com/exdb/mnist/. Independent of classifiers.
"""

import gzip
import hashlib
import math
from pathlib import Path

import numpy as np

FILE_STEMS = {"train": "train", "test": "t10k"}


def read(
    folder: Path, split: str, sha256: dict[str, str] | None = None
) -> tuple[np.ndarray, np.ndarray, str]:
    """Pixels (N, C, H, W) and labels (N,), both uint8, and the SHA-256 of the uncompressed image file.

    `sha256` of the uncompressed files by name is verified where it is given. Raises ValueError.
    """
    image_file = f"{FILE_STEMS[split]}-images-idx3-ubyte"
    label_file = f"{FILE_STEMS[split]}-labels-idx1-ubyte"
    image_bytes, label_bytes = _uncompressed(folder, image_file), _uncompressed(folder, label_file)
    for file, content in ((image_file, image_bytes), (label_file, label_bytes)):
        _verify(file, content, sha256)
    pixels = _parse(image_file, image_bytes, (3, 4))
    labels = _parse(label_file, label_bytes, (1,))
    if len(pixels) != len(labels):
        raise ValueError(
            f"{folder}: {image_file} has {len(pixels)} images, {label_file} {len(labels)} labels"
        )
    if pixels.ndim == 3:
        pixels = pixels[:, None]  # (N, H, W) to (N, 1, H, W)
    return pixels, labels, hashlib.sha256(image_bytes).hexdigest()


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


def _parse(file: str, content: bytes, dimensions: tuple[int, ...]) -> np.ndarray:
    """The unsigned bytes of an IDX file: 0, 0, type 8, number of dimensions, their sizes, then the data."""
    if len(content) < 4 or content[:3] != b"\x00\x00\x08" or content[3] not in dimensions:
        wanted = " or ".join(map(str, dimensions))
        raise ValueError(f"{file}: is not an IDX file of unsigned bytes with {wanted} dimensions")
    start = 4 + 4 * content[3]
    shape = tuple(int(size) for size in np.frombuffer(content[4:start], dtype=">u4"))
    if len(content) - start != math.prod(shape) or math.prod(shape) == 0:
        raise ValueError(f"{file}: has {len(content) - start} bytes of data where its header says {shape}")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)
