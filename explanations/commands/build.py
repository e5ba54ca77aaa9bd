"""Build an explanation set, or finish an interrupted one."""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from explanations.building import build, forecast
from explanations.commands.options import (
    add_classifier,
    add_device,
    add_layer,
    add_plan,
    add_scheduling,
    read_plan,
    read_scheduling,
)
from explanations.commands.rendering_options import add_rendering, read_rendering
from explanations.manifest.records import Manifest
from explanations.models import execution
from explanations.running import progress

MOST_GROUPS = 5  # of maps that look the same, as the command lists them


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder of the set")
    add_plan(parser)
    parser.add_argument(
        "--replicates", type=int, help="maps of each class by each method (default: 2; of an image: 1)"
    )
    parser.add_argument(
        "--each-image",
        type=int,
        nargs="?",
        const=1,
        metavar="N",
        help="explain N single images of each class (default: 1) in place of the class",
    )
    parser.add_argument(
        "--for-top",
        type=int,
        default=1,
        metavar="K",
        help="explain each single image for its K likeliest classes (default: 1)",
    )
    parser.add_argument(
        "--leave-out",
        nargs="+",
        default=(),
        metavar="LABEL",
        help="classes or images that no method explains; any without a map by some method is left out anyway",
    )
    parser.add_argument(
        "--minimum-support",
        type=int,
        default=1,
        metavar="IMAGES",
        help="leave out pixels that fewer images chose (default: 1; counts are in support.safetensors)",
    )
    parser.add_argument("--name", help="name of the set (default: the data set's)")
    parser.add_argument(
        "--dry-run", action="store_true", help="only say how many passes and seconds it will take"
    )
    add_scheduling(parser)
    parser.add_argument(
        "--cache", type=Path, metavar="FOLDER", help="keeps local explanations for other builds, too"
    )
    parser.add_argument("--progress", choices=progress.STYLES, default="auto", help="json: a line a step")
    add_rendering(parser)
    add_layer(parser)
    add_device(parser)
    add_classifier(parser)


def run(options: argparse.Namespace) -> None:
    """Build an explanation set, or finish an interrupted one."""
    plan = replace(
        read_plan(options),
        rendering=read_rendering(options),
        for_top=options.for_top,
        leave_out=tuple(options.leave_out),
    )
    scheduling = read_scheduling(options)
    execution.keep_memory()
    if options.dry_run:
        print(forecast.of_build(options.out, plan, scheduling, options.cache))
        return
    with progress.terminable(), progress.show_progress("Building", options.progress) as step:
        finished = build.build(options.out, plan, step, scheduling, options.cache)
    progress.print_finished("\n".join(_describe(options.out, finished)), options.progress)


def _describe(folder: Path, finished: Manifest) -> Iterator[str]:
    """Lines on the set built, items left out and why, and maps that look the same."""
    labels = len(finished.dataset.classes)
    images = len({original.image for original in finished.originals})
    items = f"{images} images" if images else f"{labels} classes"
    if 0 < images < labels:
        items += f", {labels} targets"
    yield f"{folder}: {len(finished.maps)} pictures of {items}"
    for item in finished.left_out:
        is_named = item.method is None or item.reason.startswith(item.method)
        yield f"left out: {item.label} ({item.reason if is_named else f'{item.method}: {item.reason}'})"
    compared = {method.slug for method in finished.methods if method.purpose == "comparison"}
    keys = {record.array for record in finished.maps if record.method in compared}
    groups = [group for group in finished.equal if not keys.isdisjoint(group)]
    for group in groups[:MOST_GROUPS]:
        yield f"look the same: {', '.join(group)}"
    if len(groups) > MOST_GROUPS:
        yield f"look the same: {len(groups) - MOST_GROUPS} more groups of maps, which manifest.json lists"
