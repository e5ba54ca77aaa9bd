"""The options of `python -m explanations evaluate`, and what they do."""

import argparse
import re
from pathlib import Path

from rich.console import Console

from explanations import execution, progress
from explanations.metrics import evaluation, registry
from explanations.metrics.material import Source
from explanations.preprocessing import Preprocessing
from explanations.settings import written

FOLDER = "metrics"
PART = re.compile(r"([1-9]\d{0,5})/([1-9]\d{0,5})")


def add_options(command: argparse.ArgumentParser) -> None:
    """All options but those of the classifier."""
    command.add_argument("folder", type=Path, help="folder of the set")
    command.add_argument(
        "--metrics",
        nargs="+",
        metavar="METRIC",
        help=f"of {', '.join(registry.ALL)}; or all; default: {' '.join(registry.DEFAULT)}",
    )
    command.add_argument(
        "--out", type=Path, metavar="FOLDER", help=f"folder to write into; default: {FOLDER} in the set's"
    )
    command.add_argument("--seed", type=int, default=0)
    command.add_argument(
        "--set", action="append", metavar="NAME=VALUE", help="one parameter, as in curves.images=100"
    )
    command.add_argument(
        "--masks",
        type=Path,
        metavar="FILE",
        help=".npz with masks (images, height, width) of the test images",
    )
    command.add_argument(
        "--processes", type=int, default=execution.processors(), help="default: one a processor"
    )
    command.add_argument(
        "--part",
        metavar="I/N",
        help="only the I-th of N parts, as in 1/2 here and 2/2 elsewhere; default: all",
    )
    command.add_argument("--progress", choices=progress.STYLES, default="auto", help="json: a line a step")


def run(options: argparse.Namespace, weights: Path, preprocessing: Preprocessing | None) -> None:
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
    source = Source(folder, options.model, weights, options.data, preprocessing, options.masks)
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
