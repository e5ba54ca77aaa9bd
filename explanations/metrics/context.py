"""Inputs of an evaluation: a finished set, its network and its images, loaded and compared.

Only the set's own network and data are accepted; results for others would not describe the set.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations import manifest
from explanations.datasets.labelled_images import LabelledImages
from explanations.datasets.masks import masks_beside, read_masks
from explanations.manifest import array_key
from explanations.manifest.arrays import Maps
from explanations.manifest.records import Manifest
from explanations.metrics import originals
from explanations.metrics.method_from_record import Context, find_entry, find_method
from explanations.metrics.subject import Floats, Subject
from explanations.models import classifiers, layer_units, loading
from explanations.models.classifiers import LoadedModel
from explanations.models.spec import ModelSpec
from explanations.running.code_version import code_version, network_version
from explanations.running.randomness import generator

CONTROL, CONTROL_TITLE = "random", "Random order"


@dataclass(frozen=True)
class Source:
    """Locations of all inputs, with which another process can load them again.

    `model` is None for a set whose network is not available; metrics of the maps alone do not need it.
    """

    folder: Path
    model: ModelSpec | None
    data: Path | None = None
    masks: Path | None = None


@dataclass(frozen=True)
class LoadedSet:
    """A set with its network and images, loaded by `load`.

    Without a network, `classifier` is None, `model` does nothing, and there are no images.
    """

    source: Source
    manifest: Manifest
    maps: Maps
    classifier: LoadedModel | None
    model: nn.Module  # the classifier's network, or the part after the layer at which it is cut
    test: LabelledImages
    training: LabelledImages
    masks: NDArray[np.bool_] | None = field(default=None)  # (N, H, W) of the test images

    @property
    def make(self) -> Callable[[], nn.Module]:
        """Return a function that makes the network untrained; if cut at a layer, the part after it."""
        classifier = self.classifier
        if classifier is None:
            raise ValueError("the network of the set was not given; name it with --model and --weights")
        return lambda: layer_units.untrained(classifier.untrained(), self.model)

    @cached_property
    def titles(self) -> dict[str, str]:
        """The compared methods by slug, and a random order of the pixels as their control."""
        found = {m.slug: m.title for m in self.manifest.methods if m.purpose == "comparison"}
        return {**found, CONTROL: CONTROL_TITLE} if CONTROL not in found else found

    @cached_property
    def mean(self) -> Tensor:
        """The mean training image (C, H, W)."""
        return self.training.images.mean(dim=0)

    @cached_property
    def network_version(self) -> str:
        return network_version(self.model)

    def method_version(self, slug: str) -> str:
        """The digest of the code of a method that metrics may call again; "" without one."""
        record = next((method for method in self.manifest.methods if method.slug == slug), None)
        entry = None if record is None else find_entry(record)
        return "" if entry is None else code_version(entry.local.explain)

    @cached_property
    def masks_sha256(self) -> str:
        return "" if self.masks is None else hashlib.sha256(self.masks.tobytes()).hexdigest()

    @cached_property
    def _predicted(self) -> Tensor:
        return classifiers.predict(self.model, self.test.images)

    def importance(self, method: str, label: str, replicate: int, seed: int) -> Floats:
        """The map (H, W) of a method, or the control's: random numbers."""
        key = array_key(method, label, replicate)
        if key in self.maps:
            return np.asarray(self.maps[key], dtype=np.float64)
        shape = next(iter(self.maps.values())).shape
        return np.asarray(generator(seed, CONTROL, label, replicate).random(shape))

    def numbers(self, label: str, count: int, seed: int) -> tuple[int, ...]:
        """Test images that the model assigns to a class, drawn by the seed. Raises ValueError for too few.

        For a single image that has maps of its own, only that image, whatever `count` is.
        """
        original = self.manifest.original(label)
        if original and original.number is None:
            raise ValueError(f"the set does not state which image of {self.test.name} {label!r} is")
        if original and original.number is not None:
            return (original.number,)
        target = self.test.classes.index(label)
        found = torch.nonzero(self._predicted == target).flatten().numpy()
        if len(found) < count:
            raise ValueError(
                f"the model assigns {len(found)} {self.test.split} images to class {label!r}, but {count} "
                f"are needed; set the metric's images to {len(found)} or fewer"
            )
        return tuple(generator(seed, "evaluation", label).permutation(found)[:count].tolist())

    def target(self, label: str) -> int:
        """The model's output that the maps of a label explain."""
        target = self.manifest.target(label)
        if target not in self.test.classes:
            raise ValueError(
                f"the set does not state which class of {self.test.name} {label!r} is explained for"
            )
        return self.test.classes.index(target)

    def subject(self, method: str, label: str, replicate: int, count: int, seed: int) -> Subject:
        """One map with `count` images of its class and everything else that metrics need."""
        has_network = self.classifier is not None
        chosen = self.numbers(label, count, seed) if has_network else ()
        target = self.target(label) if has_network else 0
        images = self.test.images[list(chosen)]
        context = Context(seed, label, target, replicate, chosen, self.test.classes, self.training.images)
        records = {record.slug: record for record in self.manifest.methods}
        return Subject(
            model=self.model,
            images=images,
            target=target,
            importance=self.importance(method, label, replicate, seed),
            mean=self.mean,
            address=(seed, method, label, replicate),
            siblings=tuple(
                self.importance(method, label, other, seed)
                for other in range(1, self.manifest.replicates + 1)
                if other != replicate
            ),
            masks=None if self.masks is None else self.masks[list(chosen)],
            method=find_method(records[method], context) if has_network and method in records else None,
        )


def load(source: Source) -> LoadedSet:
    """Load everything of `source`. Raises ValueError if the network or the data are not those of the set."""
    described = manifest.read(source.folder)
    if source.model is None:
        return _load_maps(source, described)
    if source.data is None and originals.are_data(described):
        classifier, test = originals.load(source.model, source.folder, described)
        described, training = originals.number_images(described), test
    else:
        classifier, test = loading.load(source.model, source.data)
        training = loading.load_images(classifier, source.data, "train")
    if described.classifier.weights_sha256 not in (None, classifier.weights_sha256):
        raise ValueError(
            f"{source.model.named_weights}: these are not the weights that {source.folder} explains; "
            "name those with --weights"
        )
    model = classifier.model
    if described.dataset.sha256 not in (None, test.sha256):
        raise ValueError(
            f"{test.name}: are not the images of {described.dataset.name} that {source.folder} explains; "
            "name those with --data"
        )
    layer = str(described.classifier.preprocessing.get("layer", ""))
    if layer:
        model, training, test = layer_units.cut(model, layer, training, test)
    place = source.masks or (None if layer else masks_beside(source.data))
    masks = None if place is None else read_masks(place, source.data, test, classifier.preprocessing)
    maps = manifest.read_maps(source.folder)
    shape = next(iter(maps.values())).shape
    if shape != test.images.shape[2:]:
        taken = " x ".join(map(str, test.images.shape[2:]))
        raise ValueError(
            f"the maps of {source.folder} are {shape[0]} x {shape[1]}, but {source.model.factory} is given "
            f"images of {taken}; declare what it was given, as in --preprocessing size={shape[0]}"
        )
    return LoadedSet(source, described, maps, classifier, model, test, training, masks)


def _load_maps(source: Source, described: Manifest) -> LoadedSet:
    """The set alone, without a network and images."""
    maps = manifest.read_maps(source.folder)
    height, width = next(iter(maps.values())).shape
    dataset = described.dataset
    images = LabelledImages(
        name=dataset.name,
        split=dataset.split or "",
        sha256=dataset.sha256 or "",
        classes=dataset.classes,
        images=torch.empty(0, 1, height, width),
        labels=torch.empty(0, dtype=torch.int64),
    )
    return LoadedSet(source, described, maps, None, nn.Identity(), images, images)
