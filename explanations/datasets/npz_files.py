"""Images and labels from one .npz file, named as Keras has them (x_train, y_train) or MedMNIST
(train_images, train_labels), or images and labels where they are not split. Opens no pickle.
"""

import hashlib
import zipfile
from pathlib import Path

import numpy as np

PAIRS = {
    "train": (("x_train", "y_train"), ("train_images", "train_labels")),
    "test": (("x_test", "y_test"), ("test_images", "test_labels")),
    "all": (("images", "labels"),),
}


def splits(path: Path) -> list[str]:
    """The splits that the file has, among train, test and all."""
    names = set(_names(path))
    return [split for split, pairs in PAIRS.items() if any(set(pair) <= names for pair in pairs)]


def read(path: Path, split: str) -> tuple[np.ndarray, np.ndarray, str]:
    """Images (N, C, H, W), uint8 or floating, labels (N,) and the file's SHA-256. Raises ValueError."""
    names = _names(path)
    images_name, labels_name = next(pair for pair in PAIRS[split] if set(pair) <= set(names))
    images, labels = _array(path, images_name), _array(path, labels_name)
    images = _channels_first(f"{path}: {images_name}", images)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]  # as MedMNIST has them
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"{path}: {labels_name} is {labels.dtype} {_shown(labels.shape)}; "
            "allowed: whole numbers, one an image"
        )
    if len(images) != len(labels) or len(images) == 0:
        raise ValueError(
            f"{path}: {images_name} has {len(images)} images, {labels_name} {len(labels)} labels"
        )
    return images, labels, hashlib.sha256(path.read_bytes()).hexdigest()


def class_names(path: Path) -> tuple[str, ...] | None:
    """The texts of an array `classes`, where the file has one."""
    if "classes" not in _names(path):
        return None
    names = _array(path, "classes")
    if names.ndim != 1 or names.dtype.kind != "U":
        raise ValueError(f"{path}: classes is {names.dtype} {_shown(names.shape)}; allowed: texts in one row")
    return tuple(str(name) for name in names)


def _names(path: Path) -> list[str]:
    try:
        with np.load(path, allow_pickle=False) as file:
            if isinstance(file, np.lib.npyio.NpzFile):
                return list(file.files)
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror or error}); name an .npz file") from None
    except (ValueError, zipfile.BadZipFile):
        pass
    raise ValueError(f"{path}: is not an .npz file; write it with numpy.savez_compressed")


def _array(path: Path, name: str) -> np.ndarray:
    try:
        with np.load(path, allow_pickle=False) as file:
            return np.asarray(file[name])
    except ValueError:
        raise ValueError(
            f"{path}: {name} holds Python objects, which are pickled and are not loaded; "
            "save it as an array of numbers"
        ) from None
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise ValueError(f"{path}: {name} is damaged ({error}); write the file again") from None


def _channels_first(where: str, images: np.ndarray) -> np.ndarray:
    """(N, H, W), (N, H, W, C) or (N, C, H, W) to (N, C, H, W): the channels are the shorter end."""
    if images.dtype != np.uint8 and not np.issubdtype(images.dtype, np.floating):
        raise ValueError(f"{where} is {images.dtype}; allowed: uint8, or floats from 0 to 1")
    if images.ndim == 3:
        return images[:, None]
    if images.ndim != 4 or images.shape[1] == images.shape[3]:
        raise ValueError(
            f"{where} has shape {_shown(images.shape)}; allowed: (N, H, W), (N, H, W, C) or (N, C, H, W)"
        )
    return images if images.shape[1] < images.shape[3] else np.moveaxis(images, 3, 1)


def _shown(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))})"
