"""What a manifest says: of its data, its classifier, its methods, its maps and the images behind them."""

import dataclasses
from dataclasses import dataclass
from typing import Any

FORMAT = "beholder-explanation-set/1"
PURPOSES = ("comparison", "check")
# What a classifier may declare that it wants of pictures, in these words.
PREPROCESSING_KEYS = ("size", "resize", "interpolation", "crop", "channels", "mean", "std")


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


def array_key(method: str, label: str, replicate: int) -> str:
    """The key of a map in maps.safetensors."""
    return f"{method}/{label}/{replicate}"
