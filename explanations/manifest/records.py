"""Records of a manifest: data, classifier, methods, maps and the images behind them.

None marks a fact that is not stated, in a set that was computed elsewhere. The keys of a record are its
fields, apart from those that its format does not have.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

FORMER_FORMAT = "beholder-explanation-set/1"
FORMAT = "beholder-explanation-set/2"
FORMATS = (FORMER_FORMAT, FORMAT)
PURPOSES = ("comparison", "check")
# What a classifier may declare about the pictures that it takes, in these words.
PREPROCESSING_KEYS = ("size", "resize", "interpolation", "crop", "channels", "mean", "std")
TOP_CLASSES = 5  # how many classes of an image are stated with their probabilities

_ADDED = {"added": FORMAT}  # marks the fields that format 1 does not have


def keys(record: type, format: str) -> list[str]:
    """The keys that a record has in a manifest of this format, in order."""
    return [
        field.name
        for field in dataclasses.fields(record)
        if format == FORMAT or field.metadata.get("added") is None
    ]


@dataclass(frozen=True)
class Dataset:
    """Where the explained images come from; `classes` are the labels that the set covers, in order."""

    name: str
    split: str | None
    sha256: str | None  # of the uncompressed image file or files
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Classifier:
    """The network that was explained, as `package.module:factory`, its weights and its preprocessing.

    `test_accuracy` is the share of the test images that it classifies correctly. `preprocessing` has keys
    such as size, crop, mean and std, and is empty if images go in as they are. `outputs` says which of
    several outputs was taken, `scores` what they hold. Classifier(), of which nothing is stated, is null in
    the manifest.
    """

    factory: str | None = None
    weights_sha256: str | None = None
    test_accuracy: float | None = None
    preprocessing: dict[str, Any] = dataclasses.field(default_factory=dict)
    title: str | None = dataclasses.field(default=None, metadata=_ADDED)
    outputs: str | int | None = dataclasses.field(default=None, metadata=_ADDED)
    scores: str | None = dataclasses.field(default=None, metadata=_ADDED)


@dataclass(frozen=True)
class Method:
    """A method of computing maps: a "comparison", judged by participants, or an attention "check".

    Passes count images through the network, for all maps of the method. Two methods that share their local
    explanations each state the whole count.
    """

    slug: str
    title: str
    reference: str  # may be empty
    purpose: str
    signed: bool
    parameters: dict[str, Any]
    forward_passes: int | None
    backward_passes: int | None


@dataclass(frozen=True)
class ClassMap:
    """One map: `array` is its key in maps.safetensors, `image` the path of its picture in the folder.

    A finished picture that was made elsewhere has no array.
    """

    label: str
    method: str
    replicate: int  # from 1
    array: str | None
    image: str
    sha256: str  # of the picture's file
    images: int | None  # how many images it aggregates, or was picked from
    picked: tuple[int, ...] = ()  # by a method that picks: the images' numbers in the data set, best first
    target: str | None = dataclasses.field(default=None, metadata=_ADDED)  # the class that it explains

    @property
    def key(self) -> str:
        """The name of the map within its set: `method/label/replicate`."""
        return array_key(self.method, self.label, self.replicate)


@dataclass(frozen=True)
class Original:
    """The image that the maps of `label` explain, in a set of single images; `image` is its path.

    Labels of one image, explained for several classes, share the path.
    """

    label: str
    number: int | None  # of the image in its data set, from 0
    seen: str | None  # the class that the classifier assigns it to
    image: str
    sha256: str  # of the picture's file
    target: str | None = dataclasses.field(default=None, metadata=_ADDED)  # the class that is explained
    top: tuple[tuple[str, float], ...] = dataclasses.field(default=(), metadata=_ADDED)
    # the likeliest classes with their probabilities, at most TOP_CLASSES, the likeliest first


@dataclass(frozen=True)
class Confusion:
    """The number of test images of each class (rows) assigned to each class (columns)."""

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class LeftOut:
    """An item that no method of the set has a map of, and why; `method` is the one that had none, if any."""

    label: str
    method: str | None
    reason: str


@dataclass(frozen=True)
class Manifest:
    """Everything that a set says of itself."""

    format: str
    name: str
    seed: int | None
    dataset: Dataset
    classifier: Classifier
    rendering: dict[str, Any]
    versions: dict[str, Any]
    methods: tuple[Method, ...]
    maps: tuple[ClassMap, ...]
    metrics: dict[str, Any] = dataclasses.field(default_factory=dict)  # {"files": [...]} once evaluated
    originals: tuple[Original, ...] = ()  # one for each label where single images are explained; else none
    confusion: Confusion | None = dataclasses.field(default=None, metadata=_ADDED)
    left_out: tuple[LeftOut, ...] = dataclasses.field(default=(), metadata=_ADDED)
    # keys of maps whose pictures look the same, a group each
    equal: tuple[tuple[str, ...], ...] = dataclasses.field(default=(), metadata=_ADDED)

    def original(self, label: str) -> Original | None:
        """The image that the maps of `label` explain; None where they explain a class."""
        return next((original for original in self.originals if original.label == label), None)

    def target(self, label: str) -> str | None:
        """The class that the maps of `label` explain: the label itself, unless it names an image."""
        original = self.original(label)
        return original.target if original else label

    @property
    def replicates(self) -> int:
        """The number of replicates of each class by each method."""
        return max(record.replicate for record in self.maps)


def array_key(method: str, label: str, replicate: int) -> str:
    """The key of a map in maps.safetensors."""
    return f"{method}/{label}/{replicate}"


def equal_maps(maps: tuple[ClassMap, ...]) -> tuple[tuple[str, ...], ...]:
    """Groups of keys of maps that have the same picture, sorted; () where all pictures differ."""
    groups: dict[str, list[str]] = {}
    for record in maps:
        groups.setdefault(record.sha256, []).append(record.key)
    return tuple(sorted(tuple(sorted(group)) for group in groups.values() if len(group) > 1))
