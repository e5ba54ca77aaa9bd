"""Collect maps or pictures that were made elsewhere into an explanation set."""

import argparse
import csv
import sys
from glob import glob
from pathlib import Path

from explanations.collecting.explanation_set import ExplanationSet
from explanations.collecting.files import SUFFIXES, natural_order, read_values
from explanations.collecting.images import Item, read_images
from explanations.commands.rendering_options import add_rendering, read_rendering

COLUMNS = ("name", "label", "target", "predicted")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--out", type=Path, required=True, metavar="FOLDER", help="folder of the set, new or empty"
    )
    parser.add_argument(
        "--images",
        metavar="FOLDER|FILE",
        help="the images that are explained: a folder of pictures, or an array",
    )
    parser.add_argument(
        "--classes", nargs="+", metavar="CLASS", help="the classes, where maps explain whole classes"
    )
    parser.add_argument(
        "--maps",
        nargs="+",
        default=[],
        metavar="METHOD=PATH",
        help="maps of a method: .npy, .npz, .safetensors, .pt, grey pictures; a file, a folder or a pattern",
    )
    parser.add_argument(
        "--pictures",
        nargs="+",
        default=[],
        metavar="METHOD=FOLDER",
        help="finished pictures of a method, shown as they are, in place of maps; they cannot be made blind",
    )
    parser.add_argument(
        "--items",
        type=Path,
        metavar="FILE",
        help=f"CSV of what is known of each image, with columns of {', '.join(COLUMNS)}",
    )
    parser.add_argument("--name", help="name of the set (default: the folder's)")
    parser.add_argument(
        "--leave-out", action="store_true", help="leave out images for all methods where one has no map of it"
    )
    add_rendering(parser)


def run(options: argparse.Namespace) -> None:
    """Collect the set, and say how maps and images were matched."""
    if not options.maps and not options.pictures:
        raise ValueError("name the maps of at least one method, as in --maps gradcam=cam/")
    if (options.images is None) == (options.classes is None):
        raise ValueError("name either the images that are explained, with --images, or --classes")
    images = None if options.images is None else _read_images(options.images)
    collected = ExplanationSet(
        options.out,
        images,
        **({"labels": options.classes} if images is None else _read_facts(options.items, images)),
        name=options.name,
        rendering=read_rendering(options),
        leave_out=options.leave_out,
    )
    for title, path in map(_named, options.maps):
        collected.add(title, read_values(path))
    for title, path in map(_named, options.pictures):
        collected.add_pictures(title, path)
    saved = collected.save()
    for note in collected.notes:
        print(note, file=sys.stderr)
    kind = "images" if saved.originals else "classes"
    if options.pictures:
        print(
            "finished pictures are shown as they are: colours, frames and legends may tell the method",
            file=sys.stderr,
        )
    print(f"{options.out}: {len(saved.maps)} pictures of {len(saved.dataset.classes)} {kind}")
    for item in saved.left_out:
        print(f"left out: {item.label}: {item.method} {item.reason}")


def _read_images(place: str) -> list[Item]:
    """The images of a folder, of a pattern of files, or of an array in a file."""
    path = Path(place)
    if path.is_dir():
        return read_images(path)
    if path.suffix.lower() in SUFFIXES:
        values = read_values(path)
        return read_images(list(values.values()) if isinstance(values, dict) else values)
    files = sorted(glob(place, recursive=True), key=natural_order)
    if not files:
        raise ValueError(f"--images {place}: there are no such files")
    return read_images(files)


def _read_facts(path: Path | None, images: list[Item]) -> dict[str, list[str]]:
    """The labels, targets and predicted classes of the images by the columns of a CSV file."""
    if path is None:
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: cannot be read ({error})") from None
    columns = list(rows[0]) if rows else []
    if "name" not in columns or not set(columns) <= set(COLUMNS):
        raise ValueError(f"{path}: has the columns {', '.join(columns)}; allowed: {', '.join(COLUMNS)}")
    by_name = {Path(row["name"]).stem: row for row in rows}
    for image in images:
        if image.label not in by_name:
            raise ValueError(f"{path}: has no row for the image {image.label!r}; add one")
    facts = {"labels": "label", "targets": "target", "predicted": "predicted"}
    return {
        key: [by_name[image.label][column] for image in images]
        for key, column in facts.items()
        if column in columns
    }


def _named(word: str) -> tuple[str, str]:
    title, equals, path = word.partition("=")
    if not equals or not title or not path:
        raise ValueError(f"{word!r} is not METHOD=PATH, as in gradcam=cam/")
    return title, path
