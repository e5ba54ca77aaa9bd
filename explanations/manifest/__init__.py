"""The explanation set: a folder that the build writes and the site reads. Standard library and NumPy only.

    manifest.json       what the set is: dataset, classifier, methods, one record a class map
    maps.safetensors    raw importances, float32 (H, W), key "method/label/replicate"
    support.safetensors how many images chose each pixel, the same shapes and keys; absent from older sets
    images/<name>.png   the blind pictures, one a class map
    originals/<name>.png the images that are explained, in a set of single images; absent from sets of classes

A set of single images has a label, and a map by each method, for each image in place of each class.
Nothing in a picture's name, size, bytes or metadata tells which method drew it: every picture of a set has
the same width, height and number of bytes, a name of hexadecimal digits, and no chunk but the picture's
own. `__all__` is what the site may use; what a manifest says is in `records`.
"""

import dataclasses
import hashlib
import json
from pathlib import Path

from explanations.manifest import arrays, parsing, pictures, promises
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
    """The manifest of the set in `folder`, after checking everything that it promises.

    Raises ManifestError where a type, key, map, array or picture is not as the format has it.
    """
    folder = Path(folder)
    manifest = parsing.parse(folder)
    promises.check(manifest, read_maps(folder), read_support(folder))
    pictures.check(manifest, folder)
    return manifest


def write(folder: Path, manifest: Manifest) -> None:
    """Write manifest.json into `folder`: sorted keys, one newline at the end, whole or not at all."""
    write_atomically(Path(folder) / MANIFEST_FILE, _text(manifest).encode())


def digest(manifest: Manifest) -> str:
    """SHA-256 of the set as it was built: of its manifest as `write` has it, but for the metrics.

    A set is the same set before and after it is evaluated.
    """
    return hashlib.sha256(_text(dataclasses.replace(manifest, metrics={})).encode()).hexdigest()


def _text(manifest: Manifest) -> str:
    record = dataclasses.asdict(manifest)
    record["maps"] = sorted(
        record["maps"], key=lambda entry: (entry["method"], entry["label"], entry["replicate"])
    )
    for entry in record["maps"]:
        if not entry["picked"]:
            del entry["picked"]  # a map of all images is written as before there were picks
    for key in ("metrics", "originals"):
        if not record[key]:
            del record[key]  # a set that has none is written as before there were any
    return json.dumps(record, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def name_metrics(folder: Path, files: list[str]) -> None:
    """Name the files of an evaluation, paths from the set's folder, in its manifest.

    They are no part of what `read` promises: a set without them is still whole.
    """
    write(folder, dataclasses.replace(read(folder), metrics={"files": files}))


def read_maps(folder: Path) -> Maps:
    """The raw importances in `folder`/maps.safetensors: key to float32 (H, W), all of one shape and
    finite."""
    return arrays.read(Path(folder), MAPS_FILE)


def write_maps(folder: Path, maps: Maps) -> None:
    """Write maps.safetensors: keys sorted, float32 (H, W), little-endian, whole or not at all."""
    arrays.write(Path(folder), MAPS_FILE, maps)


def read_support(folder: Path) -> Maps:
    """How many of a map's images chose each pixel: key to whole numbers (H, W); {} for an older set.

    A check's maps, of which no image chooses anything, have none.
    """
    folder = Path(folder)
    return arrays.read(folder, SUPPORT_FILE) if (folder / SUPPORT_FILE).exists() else {}


def write_support(folder: Path, support: Maps) -> None:
    """Write support.safetensors, laid out as maps.safetensors."""
    arrays.write(Path(folder), SUPPORT_FILE, support)
