"""What a manifest promises of itself and of its arrays: every map once, none missing, nothing else."""

from collections.abc import Iterable

import numpy as np

from explanations.manifest.arrays import Maps
from explanations.manifest.files import MANIFEST_FILE, MAPS_FILE, SUPPORT_FILE, ManifestError
from explanations.manifest.json_objects import shown
from explanations.manifest.records import Manifest, array_key


def check(manifest: Manifest, maps: Maps, support: Maps) -> None:
    """Raise ManifestError for what is twice, missing or no part of the set."""
    _check_methods(manifest)
    _check_maps(manifest)
    _check_originals(manifest)
    _check_arrays(manifest, maps)
    _check_support(manifest, maps, support)


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
                f"{MANIFEST_FILE}: maps[{i}].image is {shown(record.image)}, as another map's is"
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
        raise ManifestError(f"{MANIFEST_FILE}: {name} is {shown(value)}; allowed: {', '.join(allowed)}")


def _check_originals(manifest: Manifest) -> None:
    """Where single images are explained, every label has its one."""
    labels = [original.label for original in manifest.originals]
    for label in labels:
        _check_choice("originals.label", label, manifest.dataset.classes)
        if labels.count(label) > 1:
            raise ManifestError(f"{MANIFEST_FILE}: originals has {label!r} twice; a label has one image")
    for label in manifest.dataset.classes if labels else ():
        if label not in labels:
            raise ManifestError(f"{MANIFEST_FILE}: originals has no image {label!r}; build the set again")


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
