"""Measure how faithful the maps of a set are, or finish an interrupted evaluation."""

import argparse
from pathlib import Path

from rich.console import Console

from explanations import manifest
from explanations.commands.options import (
    add_classifier,
    add_device,
    add_scheduling,
    read_model,
    read_scheduling,
)
from explanations.metrics import evaluation, registry
from explanations.metrics.context import Source
from explanations.models.spec import PAPER_FACTORY
from explanations.running import progress
from explanations.running.parameters import written
from explanations.running.processes import processors

FOLDER = "metrics"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("folder", type=Path, help="folder of the set")
    parser.add_argument(
        "--metrics",
        nargs="+",
        metavar="METRIC",
        help=f"of {', '.join(registry.ALL)}; or all; default: {' '.join(registry.DEFAULT)}; "
        f"for a set that states no network {' '.join(registry.MAP_ONLY)}",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help=f"folder to write into; default: {FOLDER} in the set's"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--set", action="append", metavar="NAME=VALUE", help="one parameter, as in curves.images=100"
    )
    parser.add_argument(
        "--masks",
        type=Path,
        metavar="FILE",
        help=".npz of masks (images, height, width), a folder of masks, a CSV of boxes, named as photos",
    )
    add_scheduling(parser, workers=processors(), more_names=("--processes",))
    parser.add_argument("--progress", choices=progress.STYLES, default="auto", help="json: a line a step")
    add_device(parser)
    add_classifier(parser)


def run(options: argparse.Namespace) -> None:
    """Evaluate the set and print its tables, or lines of JSON alone.

    Raises ValueError with one line for what a person can mend.
    """
    names = _names(options)
    defaults = {entry.slug: entry.defaults for entry in registry.chosen(list(names))}
    plan = evaluation.Plan(
        metrics=names,
        seed=options.seed,
        parameters=written(options.set or [], defaults),
    )
    folder = options.folder
    source = Source(folder, read_model(options), options.data, options.masks)
    out = options.out or folder / FOLDER
    with progress.terminable(), progress.shown("Evaluating", options.progress) as step:
        results = evaluation.evaluate(source, out, plan, step, read_scheduling(options))
    message = f"{out}: {', '.join(evaluation.FILES)}"
    if options.progress == "auto":
        results.show(Console())
    progress.finished(message, options.progress)


def _names(options: argparse.Namespace) -> tuple[str, ...]:
    """The metrics that are asked for; by default those that the set allows without a network of its own."""
    if options.metrics is not None:
        return tuple(registry.ALL) if "all" in options.metrics else tuple(options.metrics)
    states_network = manifest.read(options.folder).classifier.factory is not None
    if states_network or options.model != PAPER_FACTORY or options.weights:
        return registry.DEFAULT
    return registry.MAP_ONLY
