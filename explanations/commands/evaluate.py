"""Measure how faithful the maps of a set are, or finish an interrupted evaluation."""

import argparse
import re
from pathlib import Path

from rich.console import Console

from explanations.commands.options import add_classifier, read_model
from explanations.metrics import evaluation, registry
from explanations.metrics.context import Source
from explanations.models import execution
from explanations.running import progress
from explanations.running.parameters import written

FOLDER = "metrics"
PART = re.compile(r"([1-9]\d{0,5})/([1-9]\d{0,5})")


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
        help=".npz with masks (images, height, width) of the test images",
    )
    parser.add_argument(
        "--processes", type=int, default=execution.processors(), help="default: one a processor"
    )
    parser.add_argument(
        "--part",
        metavar="I/N",
        help="only the I-th of N parts, as in 1/2 here and 2/2 elsewhere; default: all",
    )
    parser.add_argument("--progress", choices=progress.STYLES, default="auto", help="json: a line a step")
    add_classifier(parser)


def run(options: argparse.Namespace) -> None:
    """Evaluate the set and print its tables, or lines of JSON alone.

    Raises ValueError with one line for what a person can mend.
    """
    names = _named(options.metrics)
    defaults = {entry.slug: entry.defaults for entry in registry.chosen(list(names))}
    plan = evaluation.Plan(
        metrics=names,
        seed=options.seed,
        parameters=written(options.set or [], defaults),
        processes=options.processes,
        part=_part(options.part),
    )
    folder = options.folder
    source = Source(folder, read_model(options), options.data, options.masks)
    out = options.out or folder / FOLDER
    with progress.terminable(), progress.shown("Evaluating", options.progress) as step:
        results = evaluation.evaluate(source, out, plan, step)
    message = f"{out}: {', '.join(evaluation.FILES)}"
    if results is None:
        message = f"{out}: part {options.part} is done; the table comes when all are"
    elif options.progress == "auto":
        results.show(Console())
    progress.finished(message, options.progress)


def _named(names: list[str] | None) -> tuple[str, ...]:
    if names is None:
        return registry.DEFAULT
    return tuple(registry.ALL) if "all" in names else tuple(names)


def _part(text: str | None) -> tuple[int, int]:
    if text is None:
        return 1, 1
    found = PART.fullmatch(text)
    if not found:
        raise ValueError(f"--part {text}: write such as 1/2 for the first of two")
    return int(found[1]), int(found[2])
