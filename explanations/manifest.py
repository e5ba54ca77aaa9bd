"""The explanation set: a folder that the build writes and the site reads. Standard library and NumPy only.

    manifest.json       what the set is: dataset, classifier, methods, one record a class map
    maps.safetensors    raw importances, float32 (H, W), key "method/label/replicate"
    support.safetensors how many images chose each pixel, the same shapes and keys; absent from older sets
    images/<name>.png   the blind pictures, one a class map
    originals/<name>.png the images that are explained, in a set of single images; absent from sets of classes

A set of single images has a label, and a map by each method, for each image in place of each class.
Nothing in a picture's name, size, bytes or metadata tells which method drew it: every picture of a set has
the same width, height and number of bytes, a name of hexadecimal digits, and no chunk but the picture's
own. The layout of maps.safetensors is that of https://huggingface.co/docs/safetensors#format.
"""

import dataclasses
import hashlib
import json
import math
import os
import re
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

FORMAT = "beholder-explanation-set/1"
PURPOSES = ("comparison", "check")
# What a classifier may declare that it wants of pictures, in these words.
PREPROCESSING = ("size", "resize", "interpolation", "crop", "channels", "mean", "std")
MANIFEST_FILE = "manifest.json"
MAPS_FILE = "maps.safetensors"
SUPPORT_FILE = "support.safetensors"
IMAGES_FOLDER = "images"
ORIGINALS_FOLDER = "originals"

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SHA256 = re.compile(r"[0-9a-f]{64}")
IMAGE_PATH = re.compile(rf"{IMAGES_FOLDER}/[0-9a-f]{{8,64}}\.png")
ORIGINAL_PATH = re.compile(rf"{ORIGINALS_FOLDER}/[0-9a-f]{{8,64}}\.png")
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_CHUNKS = ("IHDR", "PLTE", "IDAT", "IEND")

Maps = dict[str, np.ndarray[Any, np.dtype[np.float32]]]


class ManifestError(ValueError):
    """The folder is not a valid explanation set. One line: file, key, value, what is allowed, next step."""


@dataclass(frozen=True)
class Dataset:
    """Where the explained images come from; `classes` are the labels that the set covers, in order."""

    name: str
    split: str
    sha256: str  # of the uncompressed image file or files
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Classifier:
    """What was explained: `package.module:factory`, its weights, its accuracy in [0, 1] on the test
    images, and what was done to the images before (size, crop, mean, deviation; nothing if it is empty)."""

    factory: str
    weights_sha256: str
    test_accuracy: float
    preprocessing: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Method:
    """How a picture was drawn. A "comparison" is judged by participants; a "check" only tests attention.

    Passes count images through the network, for all maps of the method. Two methods that share their local
    explanations each state the whole count.
    """

    slug: str
    title: str
    reference: str
    purpose: str
    signed: bool
    parameters: dict[str, Any]
    forward_passes: int
    backward_passes: int


@dataclass(frozen=True)
class ClassMap:
    """One class-level map: `array` is its key in maps.safetensors, `image` its path from the set's folder."""

    label: str
    method: str
    replicate: int  # from 1
    array: str
    image: str
    sha256: str  # of the picture's file
    images: int  # how many images of the class it aggregates, or was picked from
    picked: tuple[int, ...] = ()  # of a method that picks: the images' numbers in the data set, best first


@dataclass(frozen=True)
class Original:
    """The one image that the maps of `label` explain, of a set of single images; `image` is its path."""

    label: str
    number: int  # of the image in its data set, from 0
    seen: str  # the class that the classifier assigns it to, for which it is explained
    image: str
    sha256: str  # of the picture's file


@dataclass(frozen=True)
class Manifest:
    """All that a set says of itself."""

    format: str
    name: str
    seed: int
    dataset: Dataset
    classifier: Classifier
    rendering: dict[str, Any]
    versions: dict[str, Any]
    methods: tuple[Method, ...]
    maps: tuple[ClassMap, ...]
    metrics: dict[str, Any] = dataclasses.field(default_factory=dict)  # {"files": [...]} once evaluated
    originals: tuple[Original, ...] = ()  # one a label where single images are explained; else none

    def original(self, label: str) -> Original | None:
        """The image that the maps of `label` explain; None where they explain a class."""
        return next((original for original in self.originals if original.label == label), None)

    @property
    def replicates(self) -> int:
        """How many replicates each class has by each method."""
        return max(record.replicate for record in self.maps)


def read(folder: Path) -> Manifest:
    """The manifest of the set in `folder`, after checking everything that it promises.

    Raises ManifestError where a type, key, map, array or picture is not as the format has it.
    """
    folder = Path(folder)
    manifest = _parse(_load_json(folder))
    _check_methods(manifest)
    _check_maps(manifest)
    maps = read_maps(folder)
    _check_arrays(manifest, maps)
    _check_support(manifest, maps, read_support(folder))
    _check_images(manifest, folder)
    _check_originals(manifest, folder)
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


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a reader, or a power cut, finds the old file or the new one."""
    draft = path.with_name(f"{path.name}.partial")
    with open(draft, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


def read_maps(folder: Path) -> Maps:
    """The raw importances in `folder`/maps.safetensors: key to float32 (H, W), all of one shape and
    finite."""
    return _read_arrays(Path(folder), MAPS_FILE)


def write_maps(folder: Path, maps: Maps) -> None:
    """Write maps.safetensors: keys sorted, float32 (H, W), little-endian, whole or not at all."""
    _write_arrays(Path(folder), MAPS_FILE, maps)


def read_support(folder: Path) -> Maps:
    """How many of a map's images chose each pixel: key to whole numbers (H, W); {} for an older set.

    A check's maps, of which no image chooses anything, have none.
    """
    folder = Path(folder)
    return _read_arrays(folder, SUPPORT_FILE) if (folder / SUPPORT_FILE).exists() else {}


def write_support(folder: Path, support: Maps) -> None:
    """Write support.safetensors, laid out as maps.safetensors."""
    _write_arrays(Path(folder), SUPPORT_FILE, support)


def _read_arrays(folder: Path, name: str) -> Maps:
    header, data = _split_safetensors(name, _content(folder, name))
    arrays = {key: _array(name, key, entry, data) for key, entry in sorted(header.items())}
    for key, array in arrays.items():
        first = next(iter(arrays))
        if array.shape != arrays[first].shape:
            raise ManifestError(
                f"{name}: {key!r} has shape {array.shape}, but {first!r} has {arrays[first].shape}; "
                "all maps of a set have one shape"
            )
        if not np.isfinite(array).all():
            raise ManifestError(f"{name}: {key!r} has values that are not finite; build the set again")
    return arrays


def _write_arrays(folder: Path, name: str, arrays: Maps) -> None:
    header, blocks, offset = {}, [], 0
    for key in sorted(arrays):
        block = np.ascontiguousarray(arrays[key], dtype="<f4").tobytes()
        shape = list(arrays[key].shape)
        header[key] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + len(block)]}
        blocks.append(block)
        offset += len(block)
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # the data begins at a multiple of 8 bytes
    write_atomically(folder / name, struct.pack("<Q", len(text)) + text + b"".join(blocks))


def array_key(method: str, label: str, replicate: int) -> str:
    """The key of a map in maps.safetensors."""
    return f"{method}/{label}/{replicate}"


# Files


def _content(folder: Path, name: str) -> bytes:
    """The bytes of a file of the set. Links that lead out of the folder are refused."""
    path = folder / name
    if not path.is_file():
        if name == MANIFEST_FILE:
            raise ManifestError(
                f"{folder}: has no {name}, so it is no finished explanation set; "
                f"finish it with: python -m explanations build --out {folder}"
            )
        raise ManifestError(f"{folder}: has no {name}; build the set again")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ManifestError(
            f"{name}: is a link that leads out of the set's folder; put the file itself there"
        )
    return path.read_bytes()


def _load_json(folder: Path) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        for key in keys:
            if keys.count(key) > 1:
                raise ManifestError(f"{MANIFEST_FILE}: the key {key!r} stands twice in one object; keep one")
        return dict(pairs)

    def refuse(constant: str) -> Any:
        raise ManifestError(f"{MANIFEST_FILE}: {constant} is not a JSON number; use a finite one")

    try:
        text = _content(folder, MANIFEST_FILE).decode()
        return json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"{MANIFEST_FILE}: not UTF-8 text (byte {error.start}); build the set again"
        ) from None
    except json.JSONDecodeError as error:
        raise ManifestError(
            f"{MANIFEST_FILE}: not JSON: {error.msg} at line {error.lineno}, column {error.colno}; "
            "build the set again"
        ) from None
    except RecursionError:
        raise ManifestError(f"{MANIFEST_FILE}: nested too deeply; build the set again") from None


# Types


class _Record:
    """A JSON object whose values are taken out by type; `where` names it in messages, as in `maps[3]`.

    `optional` fields, which came with later versions, are given with what they are where they are missing.
    """

    def __init__(
        self,
        value: Any,
        where: str,
        fields: Iterable[str],
        optional: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.where = where
        if not isinstance(value, dict):
            raise ManifestError(
                f"{MANIFEST_FILE}: {where or 'the file'} is {_shown(value)}; an object is wanted"
            )
        self.value: dict[str, Any] = dict(optional) | value
        fields = list(fields)
        for key in fields:
            if key not in self.value:
                raise ManifestError(f"{MANIFEST_FILE}: {self.name(key)} is missing; it must be there")
        for key in value:
            if key not in fields:
                raise ManifestError(
                    f"{MANIFEST_FILE}: {self.name(key)} is no key of {FORMAT}; allowed: {', '.join(fields)}"
                )

    def name(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def take(self, key: str, allowed: str, fits: Callable[[Any], bool]) -> Any:
        value = self.value[key]
        if not fits(value):
            raise ManifestError(f"{MANIFEST_FILE}: {self.name(key)} is {_shown(value)}; allowed: {allowed}")
        return value

    def text(self, key: str) -> str:
        return str(self.take(key, "text that is not empty", _is_text))

    def match(self, key: str, pattern: re.Pattern[str], allowed: str) -> str:
        return str(self.take(key, allowed, lambda v: isinstance(v, str) and bool(pattern.fullmatch(v))))

    def sha256(self, key: str) -> str:
        return self.match(key, SHA256, "64 hexadecimal digits in lower case")

    def whole(self, key: str, minimum: int) -> int:
        fits: Callable[[Any], bool] = lambda v: type(v) is int and v >= minimum  # noqa: E731
        return int(self.take(key, f"a whole number from {minimum}", fits))

    def share(self, key: str) -> float:
        fits: Callable[[Any], bool] = lambda v: type(v) in (int, float) and 0 <= v <= 1  # noqa: E731
        return float(self.take(key, "a number from 0 to 1", fits))

    def truth(self, key: str) -> bool:
        return bool(self.take(key, "true or false", lambda v: isinstance(v, bool)))

    def table(self, key: str) -> dict[str, Any]:
        return dict(self.take(key, "an object", lambda v: isinstance(v, dict)))

    def picks(self, key: str, most: int) -> tuple[int, ...]:
        fits: Callable[[Any], bool] = lambda v: (  # noqa: E731
            isinstance(v, list)
            and len(v) == len({str(number) for number in v}) <= most
            and all(type(number) is int and number >= 0 for number in v)
        )
        return tuple(self.take(key, f"a list of at most {most} different whole numbers from 0", fits))

    def rows(self, key: str) -> list[Any]:
        return list(self.take(key, "a list that is not empty", lambda v: isinstance(v, list) and len(v) > 0))


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _names(record: type) -> list[str]:
    return [field.name for field in dataclasses.fields(record)]


def _parse(value: Any) -> Manifest:
    if isinstance(value, dict) and value.get("format") != FORMAT:
        found = _shown(value.get("format"))
        raise ManifestError(
            f"{MANIFEST_FILE}: format is {found}; allowed: {_shown(FORMAT)}; build the set with this version"
        )
    record = _Record(value, "", _names(Manifest), {"metrics": {}, "originals": []})
    return Manifest(
        format=FORMAT,
        name=record.text("name"),
        seed=record.whole("seed", 0),
        dataset=_dataset(_Record(record.value["dataset"], "dataset", _names(Dataset))),
        classifier=_classifier(
            _Record(record.value["classifier"], "classifier", _names(Classifier), {"preprocessing": {}})
        ),
        rendering=record.table("rendering"),
        versions=record.table("versions"),
        methods=tuple(
            _method(_Record(row, f"methods[{i}]", _names(Method)))
            for i, row in enumerate(record.rows("methods"))
        ),
        maps=tuple(
            _class_map(_Record(row, f"maps[{i}]", _names(ClassMap), {"picked": []}))
            for i, row in enumerate(record.rows("maps"))
        ),
        metrics=record.table("metrics"),
        originals=tuple(
            _original(_Record(row, f"originals[{i}]", _names(Original)))
            for i, row in enumerate(record.rows("originals") if record.value["originals"] else ())
        ),
    )


def _dataset(record: _Record) -> Dataset:
    classes = record.take(
        "classes",
        "a list of different texts",
        lambda v: isinstance(v, list) and len(v) > 0 and all(map(_is_text, v)) and len(set(v)) == len(v),
    )
    return Dataset(record.text("name"), record.text("split"), record.sha256("sha256"), tuple(classes))


def _classifier(record: _Record) -> Classifier:
    return Classifier(
        record.text("factory"),
        record.sha256("weights_sha256"),
        record.share("test_accuracy"),
        record.table("preprocessing"),
    )


def _method(record: _Record) -> Method:
    return Method(
        slug=record.match("slug", SLUG, "lower-case letters and digits, in words joined by '-'"),
        title=record.text("title"),
        reference=record.text("reference"),
        purpose=str(record.take("purpose", ", ".join(PURPOSES), lambda v: v in PURPOSES)),
        signed=record.truth("signed"),
        parameters=record.table("parameters"),
        forward_passes=record.whole("forward_passes", 0),
        backward_passes=record.whole("backward_passes", 0),
    )


def _class_map(record: _Record) -> ClassMap:
    return ClassMap(
        label=record.text("label"),
        method=record.text("method"),
        replicate=record.whole("replicate", 1),
        array=record.text("array"),
        image=record.match("image", IMAGE_PATH, f"{IMAGES_FOLDER}/<8 to 64 hexadecimal digits>.png"),
        sha256=record.sha256("sha256"),
        images=record.whole("images", 1),
        picked=record.picks("picked", record.whole("images", 1)),
    )


def _original(record: _Record) -> Original:
    return Original(
        label=record.text("label"),
        number=record.whole("number", 0),
        seen=record.text("seen"),
        image=record.match("image", ORIGINAL_PATH, f"{ORIGINALS_FOLDER}/<8 to 64 hexadecimal digits>.png"),
        sha256=record.sha256("sha256"),
    )


# Promises


def _check_methods(manifest: Manifest) -> None:
    slugs = [method.slug for method in manifest.methods]
    for slug in slugs:
        if slugs.count(slug) > 1:
            raise ManifestError(f"{MANIFEST_FILE}: methods has {slug!r} twice; a method stands there once")


def _check_maps(manifest: Manifest) -> None:
    """Every class has a map by every method in every replicate, once, and no map belongs to anything else."""
    slugs = [method.slug for method in manifest.methods]
    found: set[tuple[str, str, int]] = set()
    images: set[str] = set()
    for i, record in enumerate(manifest.maps):
        _check_choice(f"maps[{i}].label", record.label, manifest.dataset.classes)
        _check_choice(f"maps[{i}].method", record.method, slugs)
        key = (record.label, record.method, record.replicate)
        if key in found:
            raise ManifestError(
                f"{MANIFEST_FILE}: class {record.label!r} has two maps for {record.method!r}, "
                f"replicate {record.replicate}; keep one"
            )
        expected = array_key(record.method, record.label, record.replicate)
        _check_choice(f"maps[{i}].array", record.array, [expected])
        if record.image in images:
            raise ManifestError(
                f"{MANIFEST_FILE}: maps[{i}].image is {_shown(record.image)}, as another map's is"
            )
        found.add(key)
        images.add(record.image)
    for label in manifest.dataset.classes:
        for slug in slugs:
            for replicate in range(1, manifest.replicates + 1):
                if (label, slug, replicate) not in found:
                    raise ManifestError(_missing(manifest, label, slug, replicate))


def _missing(manifest: Manifest, label: str, slug: str, replicate: int) -> str:
    has = sorted({r.method for r in manifest.maps if r.label == label and r.replicate == replicate})
    compared = [method.slug for method in manifest.methods if method.purpose == "comparison"]
    part = f", replicate {replicate}" if manifest.replicates > 1 else ""
    return (
        f"{MANIFEST_FILE}: class {label!r} has no map for {slug!r}{part} "
        f"(it has {', '.join(has) or 'none'}); "
        f"build the set again with: python -m explanations build --methods {' '.join(compared)}"
    )


def _check_choice(name: str, value: str, allowed: Iterable[str]) -> None:
    allowed = list(allowed)
    if value not in allowed:
        raise ManifestError(f"{MANIFEST_FILE}: {name} is {_shown(value)}; allowed: {', '.join(allowed)}")


def _check_arrays(manifest: Manifest, maps: Maps) -> None:
    promised = {record.array for record in manifest.maps}
    for key in sorted(promised - maps.keys()):
        raise ManifestError(
            f"{MAPS_FILE}: has no array {key!r}, which {MANIFEST_FILE} names; build the set again"
        )
    for key in sorted(maps.keys() - promised):
        raise ManifestError(f"{MAPS_FILE}: has an array {key!r}, which {MANIFEST_FILE} does not name")


def _check_support(manifest: Manifest, maps: Maps, support: Maps) -> None:
    """Where a set has counts, they are of its maps, whole, and no greater than the images of the map."""
    images = {record.array: record.images for record in manifest.maps}
    for key, counts in support.items():
        if key not in images:
            raise ManifestError(f"{SUPPORT_FILE}: has an array {key!r}, which {MANIFEST_FILE} does not name")
        if counts.shape != maps[key].shape:
            raise ManifestError(
                f"{SUPPORT_FILE}: {key!r} has shape {counts.shape}, its map has {maps[key].shape}"
            )
        if (counts < 0).any() or (counts > images[key]).any() or (counts != np.rint(counts)).any():
            raise ManifestError(
                f"{SUPPORT_FILE}: {key!r} has values that are no counts; "
                f"allowed: whole numbers from 0 to {images[key]}, the images of its map"
            )


def _check_images(manifest: Manifest, folder: Path) -> None:
    """Every picture is there, unchanged, a plain PNG, and as large as the first in pixels and in bytes."""
    first, expected = "", (0, 0, 0)
    for record in manifest.maps:
        content = _unchanged(folder, record)
        width, height = _png_size(record.image, content)
        size = (width, height, len(content))
        first, expected = (first, expected) if first else (record.image, size)
        if size != expected:
            raise ManifestError(
                f"{record.image}: {width} x {height} pixels in {len(content)} bytes, but {first} has "
                f"{expected[0]} x {expected[1]} in {expected[2]}; all pictures of a set have one size, "
                "or the size would tell the method"
            )


def _check_originals(manifest: Manifest, folder: Path) -> None:
    """Where single images are explained, every label has its one, all of one width and height."""
    if not manifest.originals:
        return
    labels = [original.label for original in manifest.originals]
    for label in labels:
        _check_choice("originals.label", label, manifest.dataset.classes)
        if labels.count(label) > 1:
            raise ManifestError(f"{MANIFEST_FILE}: originals has {label!r} twice; a label has one image")
    for label in manifest.dataset.classes:
        if label not in labels:
            raise ManifestError(f"{MANIFEST_FILE}: originals has no image {label!r}; build the set again")
    first, expected = "", (0, 0)
    for original in manifest.originals:
        size = _png_size(original.image, _unchanged(folder, original))
        first, expected = (first, expected) if first else (original.image, size)
        if size != expected:
            raise ManifestError(
                f"{original.image}: {size[0]} x {size[1]} pixels, but {first} has {expected[0]} x "
                f"{expected[1]}; all images of a set have one size"
            )


def _unchanged(folder: Path, record: ClassMap | Original) -> bytes:
    """The bytes of a record's picture, after comparing their SHA-256."""
    content = _content(folder, record.image)
    digest = hashlib.sha256(content).hexdigest()
    if digest != record.sha256:
        raise ManifestError(
            f"{record.image}: SHA-256 is {digest}, but {MANIFEST_FILE} says {record.sha256}; "
            "the file was changed: build the set again"
        )
    return content


def _png_size(name: str, content: bytes) -> tuple[int, int]:
    """Width and height of a PNG that has no chunk but IHDR, PLTE, IDAT, IEND and nothing after its end."""
    if not content.startswith(PNG_SIGNATURE) or content[12:16] != b"IHDR" or len(content) < 33:
        raise ManifestError(f"{name}: is not a PNG image; build the set again")
    position, kind = len(PNG_SIGNATURE), ""
    while position + 12 <= len(content) and kind != "IEND":
        length, raw = struct.unpack(">I4s", content[position : position + 8])
        kind = raw.decode("latin-1")
        if kind not in PNG_CHUNKS:
            raise ManifestError(
                f"{name}: has a PNG chunk {kind!r}; allowed: {', '.join(PNG_CHUNKS)}, "
                "for a picture carries no metadata that could tell its method"
            )
        position += 12 + length
    if kind != "IEND" or position != len(content):
        raise ManifestError(f"{name}: the PNG does not end where its file ends; build the set again")
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _split_safetensors(name: str, content: bytes) -> tuple[dict[str, Any], bytes]:
    """The header's entries and the bytes that they point into."""
    length = struct.unpack("<Q", content[:8])[0] if len(content) >= 8 else 0
    if not 2 <= length <= len(content) - 8:
        raise ManifestError(f"{name}: is not a safetensors file; build the set again")
    try:
        header = json.loads(content[8 : 8 + length].decode())
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise ManifestError(f"{name}: its header is not JSON; build the set again") from None
    if not isinstance(header, dict):
        raise ManifestError(f"{name}: its header is not a JSON object; build the set again")
    header.pop("__metadata__", None)
    return header, content[8 + length :]


def _array(name: str, key: str, entry: Any, data: bytes) -> np.ndarray[Any, np.dtype[np.float32]]:
    entry = entry if isinstance(entry, dict) else {}
    dtype, shape, offsets = (entry.get(name) for name in ("dtype", "shape", "data_offsets"))
    if dtype != "F32" or not _are_whole(shape, 2, 1):
        raise ManifestError(
            f"{name}: {key!r} is {_shown(dtype)} {_shown(shape)}; allowed: F32 of shape [height, width]"
        )
    if (
        not _are_whole(offsets, 2, 0)
        or offsets[1] - offsets[0] != 4 * math.prod(shape)
        or offsets[1] > len(data)
    ):
        raise ManifestError(f"{name}: {key!r} does not lie within the file; build the set again")
    return np.frombuffer(data[offsets[0] : offsets[1]], dtype="<f4").astype(np.float32).reshape(shape)


def _are_whole(value: Any, count: int, minimum: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) == count
        and all(type(v) is int and v >= minimum for v in value)
    )
