"""Matching of maps and images: by name where the names agree, otherwise by order."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from explanations.collecting.arrays import Floats, to_map, to_maps


class Unmatched(ValueError):
    """An image has no map, or a map no image."""


def match_maps(method: str, labels: Sequence[str], values: Any) -> tuple[dict[str, Floats], list[str]]:
    """The maps (H, W) of a method by label, and notes about how they were read.

    `values` are one array for all, or arrays by name. Names count with and without a suffix. Where no name is
    that of an image, and there are as many maps as images, the order decides. An image may lack a map; a map
    may not lack an image. Raises ValueError or TypeError.
    """
    if not isinstance(values, Mapping):
        maps, channels = to_maps(values, method)
        if len(maps) != len(labels):
            raise Unmatched(f"{method}: has {len(maps)} maps for {len(labels)} images; expected one each")
        notes = [f"{method}: {len(maps)} maps, matched by order", *_sums(method, channels)]
        return dict(zip(labels, maps, strict=True)), notes
    read = {str(name): to_map(value, f"{method}: {name}") for name, value in values.items()}
    sums = _sums(method, max(channels for _, channels in read.values()))
    by_label = _names(labels)
    owners = {name: by_label.get(name) or by_label.get(PurePath(name).stem) for name in read}
    if not any(owners.values()):
        if len(read) != len(labels):
            raise Unmatched(
                f"{method}: its maps are called {_few(list(read))}, the images {_few(labels)}; "
                "call them alike, or give as many maps as images"
            )
        maps_in_order = [image for image, _ in read.values()]
        note = f"{method}: {len(read)} maps, matched by order, for their names are not those of the images"
        return dict(zip(labels, maps_in_order, strict=True)), [note, *sums]
    strangers = [name for name, label in owners.items() if label is None]
    if strangers:
        raise Unmatched(
            f"{method}: there is no image called {strangers[0]!r}; allowed: {_few(labels)}; "
            "remove the map, or add its image"
        )
    maps_by_label: dict[str, Floats] = {}
    for name, label in owners.items():
        assert label is not None
        if label in maps_by_label:
            raise Unmatched(f"{method}: has two maps of the image {label!r}; keep one")
        maps_by_label[label] = read[name][0]
    return maps_by_label, [f"{method}: {len(maps_by_label)} maps, matched by name", *sums]


def _names(labels: Sequence[str]) -> dict[str, str]:
    """The labels by what a map's name may be: the label, or its last part without a suffix."""
    stems = [PurePath(label).stem for label in labels]
    unique = {stem: label for stem, label in zip(stems, labels, strict=True) if stems.count(stem) == 1}
    return unique | {label: label for label in labels}


def _sums(method: str, channels: int) -> list[str]:
    return [f"{method}: summed over {channels} channels"] if channels > 1 else []


def _few(names: Sequence[str]) -> str:
    """The first three of the names."""
    return ", ".join(repr(name) for name in names[:3]) + (", ..." if len(names) > 3 else "")
