"""An explanation set from maps or pictures that were made elsewhere."""

import hashlib
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import PIL
from numpy.typing import NDArray

from explanations import manifest, rendering
from explanations.collecting.arrays import Floats
from explanations.collecting.checks import edges, mean_map, picture_of_edges
from explanations.collecting.images import Item, read_images
from explanations.collecting.matching import match_maps
from explanations.collecting.sizes import unify_images, unify_maps
from explanations.manifest.pictures import PictureFile
from explanations.manifest.records import (
    FORMAT,
    Classifier,
    ClassMap,
    Dataset,
    LeftOut,
    Manifest,
    Method,
    Original,
    equal_maps,
)
from explanations.rendering import Rendering
from explanations.rendering.record import FINISHED

EDGES = Method(
    "image-edges",
    "Edges of the image",
    "Edges of the image by Sobel's operator; not an explanation, for attention checks only",
    "check",
    signed=False,
    parameters={},
    forward_passes=None,
    backward_passes=None,
)
MEANS = Method(
    "mean-of-methods",
    "Mean of the methods",
    "Mean of the maps of all methods; not an explanation, for attention checks only",
    "check",
    signed=False,
    parameters={},
    forward_passes=None,
    backward_passes=None,
)


@dataclass(frozen=True)
class _Added:
    """A method that was added, with its maps (H, W) by label, or its finished pictures (C, H, W)."""

    method: Method
    maps: Mapping[str, Floats]
    pictures: Mapping[str, Item] = field(default_factory=dict)


class ExplanationSet:
    """Maps made elsewhere, collected and saved as an explanation set that a study can use.

    `images` (N) are what was explained, as the network was given them: a folder, files, Pillow images, an
    array or a tensor of shape (N, H, W), (N, C, H, W) or (N, H, W, C), of 0 to 255 or of 0 to 1. Without
    them, maps explain whole classes. `labels` (N) name the images, or the classes; by default images are
    called by their files. `targets` and `predicted` (N) are the classes that the maps explain and that the
    network assigns. `leave_out` drops an image for all methods if one has no map of it, or an empty one;
    else that is an error. `rendering` is how the maps are drawn. Nothing else is stated or invented.

        ExplanationSet("SET", images).add("IG", attributions).add("SHAP", values).save()

    Raises ValueError or TypeError that names what does not fit.
    """

    def __init__(
        self,
        folder: str | Path,
        images: Any = None,
        *,
        labels: Sequence[str] | None = None,
        targets: Sequence[str] | None = None,
        predicted: Sequence[str] | None = None,
        name: str | None = None,
        rendering: Rendering = Rendering(),  # noqa: B008, it is frozen
        leave_out: bool = False,
    ) -> None:
        self.folder = Path(folder)
        if images is None and labels is None:
            raise ValueError("name the classes with labels, or give the images that are explained")
        items = [] if images is None else read_images(images)
        self.labels = _check_labels(labels, [item.label for item in items])
        self.images = [Item(label, item.pixels) for label, item in zip(self.labels, items, strict=False)]
        self.targets = _by_label("targets", targets, self.labels)
        self.predicted = _by_label("predicted", predicted, self.labels)
        self.name = name or self.folder.resolve().name
        self.rendering = rendering
        self.leave_out = leave_out
        self.notes: list[str] = []  # how maps were read and matched, a sentence each
        self._added: list[_Added] = []

    def add(
        self, title: str, maps: Any, *, reference: str = "", parameters: Mapping[str, Any] | None = None
    ) -> "ExplanationSet":
        """Add a method: its title and its maps of all images, as one array or as arrays by name.

        Arrays have the shape (N, H, W), (N, C, H, W) or (N, H, W, C); channels are summed. Returns the set.
        """
        matched, notes = match_maps(title, self.labels, maps)
        self.notes += notes
        signed = any((values < 0).any() for values in matched.values())
        self._added.append(_Added(self._method(title, reference, parameters, signed=signed), matched))
        return self

    def add_pictures(self, title: str, pictures: Any, *, reference: str = "") -> "ExplanationSet":
        """Add a method by its finished pictures of all images: a folder, files, Pillow images or an array.

        Such pictures are shown as they are. They cannot be made blind: colours, frames and legends may tell
        the method. Returns the set.
        """
        items = read_images(pictures)
        names = {item.label: item for item in items}
        if set(names) <= set(self.labels):
            how = "name"
        elif len(items) == len(self.labels):
            names, how = dict(zip(self.labels, items, strict=True)), "order"
        else:
            raise ValueError(
                f"{title}: has {len(items)} pictures for {len(self.labels)} images; call them as the images"
            )
        self.notes.append(f"{title}: {len(names)} finished pictures, matched by {how}")
        self._added.append(_Added(self._method(title, reference, None, signed=False), {}, names))
        return self

    def save(self) -> Manifest:
        """Write the set into its folder, which must be new or empty, and return its manifest."""
        if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
            raise ValueError(f"{self.folder}: is not empty; choose a new folder")
        self._check_methods()
        left_out = self._find_left_out()
        labels = [label for label in self.labels if label not in {item.label for item in left_out}]
        if not labels:
            raise ValueError(f"no image has a map of every method; {left_out[0].reason}")
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{self.folder.name}-", dir=self.folder.parent))
        try:
            saved = self._write(partial, labels, left_out)
            partial.chmod(0o755)
            if self.folder.exists():
                self.folder.rmdir()
            os.replace(partial, self.folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return saved

    @property
    def is_finished(self) -> bool:
        """Return True if methods were added as finished pictures."""
        return any(added.pictures for added in self._added)

    def _method(
        self, title: str, reference: str, parameters: Mapping[str, Any] | None, *, signed: bool
    ) -> Method:
        slug = re.sub("[^a-z0-9]+", "-", title.lower()).strip("-")
        if not slug:
            raise ValueError(f"a method's title needs a letter or digit (got {title!r})")
        if slug in {added.method.slug for added in self._added} | {EDGES.slug, MEANS.slug}:
            raise ValueError(f"there are two methods called {slug!r}; give one another title")
        return Method(slug, title, reference, "comparison", signed, dict(parameters or {}), None, None)

    def _check_methods(self) -> None:
        if not self._added:
            raise ValueError("a set has at least one method; add its maps")
        if self.is_finished and not all(added.pictures for added in self._added):
            raise ValueError(
                "some methods have maps and others finished pictures, which would tell them apart; "
                "give all of them as one or the other"
            )

    def _find_left_out(self) -> list[LeftOut]:
        """The labels that some method has no picture of. Raises ValueError unless they may be left out."""
        left_out = []
        for label in self.labels:
            for added in self._added:
                reason = self._reason(added, label)
                if reason:
                    left_out.append(LeftOut(label, added.method.slug, reason))
                    break
        if left_out and not self.leave_out:
            first = left_out[0]
            raise ValueError(
                f"{first.method}: {first.label!r} {first.reason}; add it, or leave out such images for all "
                f"methods with --leave-out ({len(left_out)} of {len(self.labels)})"
            )
        return left_out

    def _reason(self, added: _Added, label: str) -> str:
        """Why a method has no picture of an image; empty if it has one."""
        if added.pictures:
            return "" if label in added.pictures else "has no picture"
        if label not in added.maps:
            return "has no map"
        blank = rendering.find_blank({label: added.maps[label]}, self.rendering)
        return blank.get(label, "")

    def _write(self, folder: Path, labels: Sequence[str], left_out: Sequence[LeftOut]) -> Manifest:
        """Write the files of the set and read them back."""
        images, notes = unify_images(
            [item for item in self.images if item.label in labels], self.rendering.size
        )
        self.notes += notes
        drawn = self._draw_pictures(labels, images) if self.is_finished else self._draw_maps(labels, images)
        if drawn.maps:
            manifest.write_maps(folder, drawn.maps)
        files = manifest.write_pictures(folder, drawn.pictures)
        records = tuple(self._record(drawn, key, files[key]) for key in sorted(files))
        slugs = {record.method for record in records}
        compared = [added.method for added in self._added]
        whole = Manifest(
            format=FORMAT,
            name=self.name,
            seed=None,
            dataset=Dataset(self.name, None, None, tuple(labels)),
            classifier=Classifier(),
            rendering=drawn.rendering.record(),
            versions={
                "numpy": np.__version__,
                "pillow": PIL.__version__,
                "python": platform.python_version(),
            },
            methods=(*compared, *(check for check in (EDGES, MEANS) if check.slug in slugs)),
            maps=records,
            originals=tuple(self._original(folder, item) for item in images),
            left_out=tuple(left_out),
            equal=equal_maps(records),
        )
        manifest.write(folder, whole)
        return manifest.read(folder)

    def _draw_maps(self, labels: Sequence[str], images: Sequence[Item]) -> "_Drawn":
        maps = self._maps(labels, images)
        names = {manifest.array_key(slug, label, 1): (slug, label) for slug, label in maps}
        by_key = {key: maps[name] for key, name in names.items()}
        shown = {item.label: item.pixels for item in images}
        beside = {key: shown[label] for key, (_, label) in names.items() if label in shown}
        return _Drawn(names, rendering.draw(by_key, self.rendering, beside), by_key, self.rendering)

    def _draw_pictures(self, labels: Sequence[str], images: Sequence[Item]) -> "_Drawn":
        """The finished pictures at one size, as one kind of file, with those of attention checks."""
        names = {
            manifest.array_key(added.method.slug, label, 1): (added.method.slug, label)
            for added in self._added
            for label in labels
        }
        finished = {added.method.slug: added.pictures for added in self._added}
        items = [Item(key, finished[slug][label].pixels) for key, (slug, label) in names.items()]
        unified, notes = unify_images(items, self.rendering.size)
        self.notes += notes
        pictures = {item.label: item.pixels for item in unified}
        shown = {item.label: item.pixels for item in images}
        height, width = unified[0].pixels.shape[1:]
        for label in labels:
            check = EDGES.slug if shown else MEANS.slug
            key = manifest.array_key(check, label, 1)
            of_label = [pictures[other] for other, (_, name) in names.items() if name == label]
            pictures[key] = (
                picture_of_edges(shown[label], (height, width)) if shown else np.mean(of_label, axis=0)
            )
            names[key] = check, label
        style = Rendering(style=FINISHED, size=self.rendering.size)
        nothing = dict.fromkeys(pictures, np.zeros((1, 1)))
        return _Drawn(names, rendering.draw(nothing, style, pictures), {}, style)

    def _maps(
        self, labels: Sequence[str], images: Sequence[Item]
    ) -> dict[tuple[str, str], NDArray[np.float32]]:
        """The maps (H, W) by method and label, all of one size, with those of attention checks."""
        items = {item.label: item for item in self.images}
        size = self._size(images)
        unified: dict[tuple[str, str], NDArray[np.float32]] = {}
        for added in self._added:
            own = {label: added.maps[label] for label in labels}
            centred = len({item.pixels.shape for item in items.values()}) > 1
            maps, notes = unify_maps(added.method.title, own, items, size, centred=centred)
            unified |= {(added.method.slug, label): values for label, values in maps.items()}
            self.notes += notes
        for label in labels:
            of_label = [values for (_, name), values in unified.items() if name == label]
            unified[MEANS.slug, label] = mean_map(of_label)
        checked = {item.label: edges(item.pixels) for item in images}
        if checked and all(values.any() for values in checked.values()):
            for label, values in checked.items():
                del unified[MEANS.slug, label]
                unified[EDGES.slug, label] = values
        return unified

    def _size(self, images: Sequence[Item]) -> tuple[int, int]:
        """Height and width of all maps: those of the images, or of the largest map."""
        if images:
            height, width = images[0].pixels.shape[1:]
        else:
            shapes = (values.shape for added in self._added for values in added.maps.values())
            height, width = max(shapes, key=lambda shape: shape[0] * shape[1])
        return height, width

    def _record(self, drawn: "_Drawn", key: str, file: PictureFile) -> ClassMap:
        slug, label = drawn.names[key]
        array = key if drawn.maps else None
        target = self.targets.get(label) if self.images else label
        return ClassMap(label, slug, 1, array, file.path, file.sha256, None, target=target)

    def _original(self, folder: Path, item: Item) -> Original:
        picture = rendering.photograph(item.pixels)
        sha256 = hashlib.sha256(picture).hexdigest()
        path = f"{manifest.ORIGINALS_FOLDER}/{sha256[:20]}.png"
        (folder / manifest.ORIGINALS_FOLDER).mkdir(exist_ok=True)
        (folder / path).write_bytes(picture)
        predicted, target = self.predicted.get(item.label), self.targets.get(item.label)
        return Original(item.label, None, predicted, path, sha256, target)


@dataclass(frozen=True)
class _Drawn:
    """Pictures by key, the method and label of each, and the maps that they were drawn from, if any."""

    names: Mapping[str, tuple[str, str]]
    pictures: Mapping[str, bytes]
    maps: dict[str, NDArray[np.float32]]
    rendering: Rendering


def _check_labels(labels: Sequence[str] | None, found: Sequence[str]) -> list[str]:
    names = [str(label).strip() for label in (found if labels is None else labels)]
    if found and len(names) != len(found):
        raise ValueError(f"labels has {len(names)} names for {len(found)} images; expected one each")
    for name in names:
        if not name or names.count(name) > 1:
            raise ValueError(
                f"labels must be different and not empty (got {name!r} {names.count(name)} times)"
            )
    return names


def _by_label(key: str, classes: Sequence[str] | None, labels: Sequence[str]) -> dict[str, str]:
    if classes is None:
        return {}
    if len(classes) != len(labels):
        raise ValueError(f"{key} has {len(classes)} classes for {len(labels)} images; expected one each")
    return {label: str(name) for label, name in zip(labels, classes, strict=True)}
