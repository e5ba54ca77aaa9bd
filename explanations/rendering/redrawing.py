"""A finished set drawn again in another rendering, from its raw importances and images."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from explanations import manifest
from explanations.manifest.records import Manifest, equal_maps
from explanations.rendering.pictures import draw
from explanations.rendering.png import Pixels
from explanations.rendering.record import Rendering
from explanations.running.atomic_files import refuse_no_folder


def redraw(folder: Path, rendering: Rendering, out: Path) -> Manifest:
    """Draw the set in `folder` into the new set `out`, in which everything else is unchanged.

    `out` is there whole or not at all. Raises ValueError where it exists, or where `rendering` needs what the
    set does not have.
    """
    former = manifest.read(folder)
    _refuse(folder, out)
    if any(record.array is None for record in former.maps):
        raise ValueError(f"{folder}: its pictures were made elsewhere and have no maps to draw them from")
    pictures = draw(manifest.read_maps(folder), rendering, read_images(folder, former))
    draft = out.with_name(f"{out.name}.partial")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        _copy(folder, draft)
        files = manifest.write_pictures(draft, pictures)
        maps = tuple(
            dataclasses.replace(record, image=files[record.key].path, sha256=files[record.key].sha256)
            for record in former.maps
        )
        drawn = dataclasses.replace(former, rendering=rendering.record(), maps=maps, equal=equal_maps(maps))
        manifest.write(draft, drawn)
        manifest.read(draft)
        draft.rename(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return drawn


def read_images(folder: Path, described: Manifest) -> dict[str, Pixels]:
    """The image (H, W, 3) that each map explains, by the map's key; none for maps of classes."""
    images = {}
    for original in described.originals:
        with Image.open(folder / original.image) as image:
            images[original.label] = np.asarray(image.convert("RGB"))
    return {record.key: images[record.label] for record in described.maps if record.label in images}


def _copy(folder: Path, draft: Path) -> None:
    """Copy all of a set but its pictures, its manifest and what an unfinished build left."""
    draft.mkdir(parents=True)
    for path in folder.iterdir():
        if path.name not in (manifest.IMAGES_FOLDER, manifest.MANIFEST_FILE, ".work"):
            (shutil.copytree if path.is_dir() else shutil.copy2)(path, draft / path.name)


def _refuse(folder: Path, out: Path) -> None:
    if out.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"{out}: lies in the set that is drawn again; choose another --out")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueError(f"{out}: is there already; choose another --out, or remove it")
    refuse_no_folder(out)
