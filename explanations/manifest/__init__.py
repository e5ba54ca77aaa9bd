"""The explanation set: a folder that the build writes and the site reads. Standard library and NumPy only.

    manifest.json       what the set is: dataset, classifier, methods, one record for each map
    maps.safetensors    importance values, float32 (H, W), key "method/label/replicate"; absent from a set of
                        finished pictures
    support.safetensors how many images chose each pixel, with the same shapes and keys; optional
    images/<name>.png   the blind pictures of the maps
    originals/<name>.png the images that are explained, in a set of single images; else absent

A label is one item that participants judge: a class, an image, or an image explained for one class. Every
method has a map of it. Nothing in a picture's name, size, bytes or metadata reveals its method: all pictures
of a set have one width, height and number of bytes, a name of hexadecimal digits, and only the chunks that a
picture needs. `__all__` is what the site may use; `records` has the content of a manifest, and
docs/explanation-set.md describes every key.
"""

import dataclasses
import hashlib
from pathlib import Path

from explanations.manifest import arrays, parsing, pictures, promises, writing
from explanations.manifest.arrays import Maps
from explanations.manifest.files import (
    IMAGES_FOLDER,
    MANIFEST_FILE,
    MAPS_FILE,
    ORIGINALS_FOLDER,
    SUPPORT_FILE,
    ManifestError,
)
from explanations.manifest.pictures import write as write_pictures
from explanations.manifest.records import PREPROCESSING_KEYS, Manifest, array_key
from explanations.running.atomic_files import write_atomically

__all__ = [
    "IMAGES_FOLDER",
    "MANIFEST_FILE",
    "MAPS_FILE",
    "ORIGINALS_FOLDER",
    "PREPROCESSING_KEYS",
    "SUPPORT_FILE",
    "ManifestError",
    "array_key",
    "digest",
    "name_metrics",
    "read",
    "read_maps",
    "read_support",
    "write",
    "write_maps",
    "write_pictures",
    "write_support",
]


def read(folder: Path) -> Manifest:
    """Read the manifest of the set in `folder`, after checking everything that it promises.

    Raises ManifestError if a type, key, map, array or picture differs from the format.
    """
    folder = Path(folder)
    manifest = parsing.parse(folder)
    has_maps = any(record.array for record in manifest.maps)
    promises.check(manifest, read_maps(folder) if has_maps else {}, read_support(folder))
    pictures.check(manifest, folder)
    return manifest


def write(folder: Path, manifest: Manifest) -> None:
    """Write manifest.json into `folder`: sorted keys, one newline at the end, atomically."""
    write_atomically(Path(folder) / MANIFEST_FILE, writing.text(manifest).encode())


def digest(manifest: Manifest) -> str:
    """SHA-256 of the set as it was built: of its manifest as `write` has it, without the metrics.

    A set keeps its digest when it is evaluated.
    """
    return hashlib.sha256(writing.text(dataclasses.replace(manifest, metrics={})).encode()).hexdigest()


def name_metrics(folder: Path, files: list[str]) -> None:
    """Name the files of an evaluation, paths from the set's folder, in its manifest.

    `read` does not check them: a set without them is still valid.
    """
    write(folder, dataclasses.replace(read(folder), metrics={"files": files}))


def read_maps(folder: Path) -> Maps:
    """Read `folder`/maps.safetensors: key to float32 (H, W), all of one shape and finite."""
    return arrays.read(Path(folder), MAPS_FILE)


def write_maps(folder: Path, maps: Maps) -> None:
    """Write maps.safetensors: keys sorted, float32 (H, W), little-endian, atomically."""
    arrays.write(Path(folder), MAPS_FILE, maps)


def read_support(folder: Path) -> Maps:
    """Read how many of a map's images chose each pixel: key to whole numbers (H, W); {} without the file.

    Maps of checks, for which no image chooses anything, have none.
    """
    folder = Path(folder)
    return arrays.read(folder, SUPPORT_FILE) if (folder / SUPPORT_FILE).exists() else {}


def write_support(folder: Path, support: Maps) -> None:
    """Write support.safetensors, laid out as maps.safetensors."""
    arrays.write(Path(folder), SUPPORT_FILE, support)
