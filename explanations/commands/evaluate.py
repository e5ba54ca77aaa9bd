"""Measure how faithful the maps of a set are, or finish an interrupted evaluation."""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from explanations import manifest
from explanations.commands.options import (
    add_classifier,
    add_device,
    add_scheduling,
    read_model_of_set,
    read_scheduling,
)
from explanations.metrics import evaluation, registry
from explanations.metrics.context import Source
from explanations.models.spec import ModelSpec
from explanations.running import progress
from explanations.running.parameters import parse_settings
from explanations.running.processes import processors

FOLDER = "metrics"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("folder", type=Path, help="folder of the set")
    parser.add_argument(
        "--metrics",
        nargs="+",
        metavar="METRIC",
        help=f"of {', '.join(registry.ALL)}; or all; default: {' '.join(registry.DEFAULT)}",
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
    model = read_model_of_set(options, manifest.read(options.folder))
    names = _named(options.metrics, model)
    defaults = {entry.slug: entry.defaults for entry in registry.choose_metrics(list(names))}
    plan = evaluation.Plan(
        metrics=names,
        seed=options.seed,
        parameters=parse_settings(options.set or [], defaults),
    )
    folder = options.folder
    source = Source(folder, model, options.data, options.masks)
    out = options.out or folder / FOLDER
    with progress.terminable(), progress.show_progress("Evaluating", options.progress) as step:
        results = evaluation.evaluate(source, out, plan, step, read_scheduling(options))
    message = f"{out}: {', '.join(evaluation.FILES)}"
    if options.progress == "auto":
        results.show(Console())
    progress.print_finished(message, options.progress)


def _named(names: list[str] | None, model: ModelSpec | None) -> tuple[str, ...]:
    """The metrics by name: those of the maps alone for a set whose network is not named."""
    if names is None and model is None:
        print(
            f"only metrics of the maps alone ({', '.join(registry.OF_MAPS_ALONE)}); for others name the "
            "network with --model, --weights and --data",
            file=sys.stderr,
        )
        return registry.OF_MAPS_ALONE
    if names is None:
        return registry.DEFAULT
    return tuple(registry.ALL) if "all" in names else tuple(names)
