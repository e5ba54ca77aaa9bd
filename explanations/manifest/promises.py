"""Checks of a manifest against itself and its arrays: every map once, none missing, nothing else."""

from collections.abc import Iterable

import numpy as np

from explanations.manifest.arrays import Maps
from explanations.manifest.files import MANIFEST_FILE, MAPS_FILE, SUPPORT_FILE, ManifestError
from explanations.manifest.json_objects import as_json
from explanations.manifest.records import FORMER_FORMAT, Manifest, equal_maps


def check(manifest: Manifest, maps: Maps, support: Maps) -> None:
    """Raise ManifestError for a method, map, image or array that is duplicate, missing or unknown."""
    _check_methods(manifest)
    _check_maps(manifest)
    _check_equal(manifest)
    _check_originals(manifest)
    _check_left_out(manifest)
    _check_arrays(manifest, maps)
    _check_support(manifest, maps, support)


def _check_methods(manifest: Manifest) -> None:
    for key in ("slug", "title"):
        values = [getattr(method, key) for method in manifest.methods]
        for value in values:
            if values.count(value) > 1:
                raise ManifestError(
                    f"{MANIFEST_FILE}: methods has the {key} {value!r} twice; each method needs its own"
                )


def _check_maps(manifest: Manifest) -> None:
    """Check that every label has one map by every method in every replicate, and that there is no other."""
    slugs = [method.slug for method in manifest.methods]
    seen: set[tuple[str, str, int]] = set()
    for i, record in enumerate(manifest.maps):
        _check_choice(f"maps[{i}].label", record.label, manifest.dataset.classes)
        _check_choice(f"maps[{i}].method", record.method, slugs)
        key = (record.label, record.method, record.replicate)
        if key in seen:
            raise ManifestError(
                f"{MANIFEST_FILE}: label {record.label!r} has two maps for {record.method!r}, "
                f"replicate {record.replicate}; keep one"
            )
        if record.array is not None:
            _check_choice(f"maps[{i}].array", record.array, [record.key])
        seen.add(key)
    for label in manifest.dataset.classes:
        for slug in slugs:
            for replicate in range(1, manifest.replicates + 1):
                if (label, slug, replicate) not in seen:
                    raise ManifestError(_missing(manifest, label, slug, replicate))


def _missing(manifest: Manifest, label: str, slug: str, replicate: int) -> str:
    present = sorted({r.method for r in manifest.maps if r.label == label and r.replicate == replicate})
    compared = [method.slug for method in manifest.methods if method.purpose == "comparison"]
    part = f", replicate {replicate}" if manifest.replicates > 1 else ""
    return (
        f"{MANIFEST_FILE}: label {label!r} has no map for {slug!r}{part} "
        f"(it has {', '.join(present) or 'none'}); "
        f"build the set again with: python -m explanations build --methods {' '.join(compared)}"
    )


def _check_choice(name: str, value: str, allowed: Iterable[str]) -> None:
    allowed = list(allowed)
    if value not in allowed:
        raise ManifestError(f"{MANIFEST_FILE}: {name} is {as_json(value)}; allowed: {', '.join(allowed)}")


def _check_equal(manifest: Manifest) -> None:
    """Check that `equal` names the maps that have the same picture; in format 1 there are none."""
    pictures: dict[str, str] = {}
    for i, record in enumerate(manifest.maps):
        if pictures.setdefault(record.image, record.sha256) != record.sha256:
            raise ManifestError(
                f"{MANIFEST_FILE}: maps[{i}].sha256 differs from that of another map with the same image"
            )
    groups = equal_maps(manifest.maps)
    if groups and manifest.format == FORMER_FORMAT:
        first, second, *_ = groups[0]
        raise ManifestError(f"{MANIFEST_FILE}: the maps {first} and {second} have the same image")
    stated = tuple(sorted(tuple(sorted(group)) for group in manifest.equal))
    if stated != groups:
        raise ManifestError(
            f"{MANIFEST_FILE}: equal is {as_json(stated)}, but the maps with the same picture are "
            f"{as_json(groups)}; write these"
        )


def _check_left_out(manifest: Manifest) -> None:
    for i, item in enumerate(manifest.left_out):
        if item.label in manifest.dataset.classes:
            raise ManifestError(
                f"{MANIFEST_FILE}: left_out[{i}].label is {as_json(item.label)}, which dataset.classes has, "
                "too; an item is either part of the set or left out"
            )


def _check_originals(manifest: Manifest) -> None:
    """Check that every label has one image where single images are explained."""
    labels = [original.label for original in manifest.originals]
    for label in labels:
        _check_choice("originals.label", label, manifest.dataset.classes)
        if labels.count(label) > 1:
            raise ManifestError(f"{MANIFEST_FILE}: originals has {label!r} twice; keep one")
    for label in manifest.dataset.classes if labels else ():
        if label not in labels:
            raise ManifestError(f"{MANIFEST_FILE}: originals has no image {label!r}; build the set again")


def _check_arrays(manifest: Manifest, maps: Maps) -> None:
    promised = {record.array for record in manifest.maps if record.array is not None}
    for key in sorted(promised - maps.keys()):
        raise ManifestError(
            f"{MAPS_FILE}: has no array {key!r}, which {MANIFEST_FILE} names; build the set again"
        )
    for key in sorted(maps.keys() - promised):
        raise ManifestError(f"{MAPS_FILE}: has an array {key!r}, which {MANIFEST_FILE} does not name")


def _check_support(manifest: Manifest, maps: Maps, support: Maps) -> None:
    """Check that counts belong to maps and are whole numbers up to the number of the map's images."""
    images = {record.key: record.images for record in manifest.maps}
    for key, counts in support.items():
        if key not in images:
            raise ManifestError(f"{SUPPORT_FILE}: has an array {key!r}, which {MANIFEST_FILE} does not name")
        if counts.shape != maps[key].shape:
            raise ManifestError(
                f"{SUPPORT_FILE}: {key!r} has shape {counts.shape}, its map has {maps[key].shape}"
            )
        most = images[key] or np.inf
        if (counts < 0).any() or (counts > most).any() or (counts != np.rint(counts)).any():
            limit = f" to {images[key]}, the images of its map" if images[key] else ""
            raise ManifestError(
                f"{SUPPORT_FILE}: {key!r} has values that are not counts; "
                f"allowed: whole numbers from 0{limit}"
            )
