"""Maps of a set from local explanations, including those for attention checks.

An item without a map by one method is left out for all methods: participants compare all of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from explanations.building import single_images
from explanations.building.plan import CHECK, Inputs
from explanations.building.tasks import Floats
from explanations.collecting.checks import edges
from explanations.manifest.records import LeftOut, array_key
from explanations.rendering import find_blank
from explanations.running.randomness import generator

Key = tuple[str, str, int]  # local function, label, replicate


@dataclass(frozen=True)
class SetMap:
    """A map (H, W) before it is drawn; `support` (H, W) counts the images that chose each pixel."""

    method: str
    label: str
    replicate: int
    values: NDArray[np.float32]
    images: int  # how many it aggregates
    support: NDArray[np.float32] | None = None
    picked: tuple[int, ...] = ()  # numbers of the images, by a method that picks

    @property
    def key(self) -> str:
        """Its key in maps.safetensors."""
        return array_key(self.method, self.label, self.replicate)


def aggregate(
    inputs: Inputs,
    weights: Mapping[Key, Floats],
    reasons: Mapping[Key, str],
    numbers: Mapping[Key, tuple[int, ...]],
) -> tuple[list[SetMap], list[LeftOut]]:
    """The maps of the compared methods, and the items that have none.

    `weights` (images, pixels) are the local explanations, `reasons` say why some are missing, and `numbers`
    are the images that the rows explain.
    """
    shape = inputs.test.images.shape[2:]
    maps: list[SetMap] = []
    missing: list[LeftOut] = []
    for method in inputs.methods:
        parameters = inputs.parameters[method.local.slug]
        missing += [
            LeftOut(label, method.slug, reason)
            for (slug, label, _), reason in reasons.items()
            if slug == method.local.slug
        ]
        for key, local in weights.items():
            slug, label, replicate = key
            if slug != method.local.slug:
                continue
            try:
                values, support = method.class_map(local, label, parameters, inputs.plan.minimum_support)
            except ValueError as error:
                missing.append(LeftOut(label, method.slug, str(error)))
                continue
            maps.append(
                SetMap(
                    method.slug,
                    label,
                    replicate,
                    values.reshape(shape).astype(np.float32),
                    parameters["images"],
                    support.reshape(shape).astype(np.float32),
                    method.picked(local, numbers[key]),
                )
            )
    return maps, missing


def check_maps(inputs: Inputs) -> list[SetMap]:
    """Maps for attention checks: the mean of every class, or the edges of every single image."""
    if not inputs.singles:
        return _class_means(inputs)
    return [
        SetMap(
            single_images.CHECK,
            single.record.label,
            1,
            edges(inputs.test.images[single.number].numpy()),
            1,
        )
        for single in inputs.singles
    ]


def leave_out(inputs: Inputs, maps: list[SetMap], missing: Iterable[LeftOut]) -> list[LeftOut]:
    """Items for which a method has no map or an empty picture, each with its first reason.

    Raises ValueError if no item is left.
    """
    by_key = {record.key: record for record in maps}
    values = {key: record.values for key, record in by_key.items()}
    blank = find_blank(values, inputs.plan.rendering)
    reasons: dict[str, LeftOut] = {}
    for item in missing:
        reasons.setdefault(item.label, item)
    for key, reason in blank.items():
        record = by_key[key]
        reasons.setdefault(record.label, LeftOut(record.label, record.method, reason))
    left_out = [reasons[label] for label in inputs.classes if label in reasons]
    if len(left_out) == len(inputs.classes):
        first = left_out[0]
        raise ValueError(
            f"no item has a map by every method; the first, {first.label!r}, has none by {first.method}: "
            f"{first.reason}"
        )
    return left_out


def _class_means(inputs: Inputs) -> list[SetMap]:
    """The mean training image of every class, of a different part of the class for each replicate."""
    training, replicates = inputs.training, inputs.plan.replicates
    maps = []
    for label in inputs.classes:
        order = generator(inputs.plan.seed, CHECK, label).permutation(training.of_class(label).numpy())
        if len(order) < replicates:
            raise ValueError(
                f"class {label!r} has {len(order)} images to average ({training.split}), fewer than the "
                f"{replicates} replicates; ask for fewer with --replicates"
            )
        for replicate, part in enumerate(np.array_split(order, replicates), start=1):
            mean = _mean_image(training.images[np.sort(part)])
            maps.append(SetMap(CHECK, label, replicate, mean, len(part)))
    return maps


def _mean_image(images: Tensor) -> NDArray[np.float32]:
    """(n, C, H, W) to (H, W), the mean over images and channels."""
    return np.asarray(images.double().mean(dim=(0, 1)).numpy().astype(np.float32))
