"""Measure how far two seeds agree, and how many samples a wanted agreement takes."""

import argparse

from explanations.building import stability
from explanations.commands.options import add_classifier, add_device, add_layer, add_plan, read_plan
from explanations.models import execution
from explanations.running import progress


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_plan(parser)
    parser.add_argument("--agreement", type=float, default=85, metavar="PERCENT", help="that is wanted")
    parser.add_argument("--top", type=int, default=100, metavar="PIXELS", help="how many must be the same")
    add_layer(parser)
    add_device(parser)
    add_classifier(parser)
    parser.set_defaults(replicates=2, name=None, minimum_support=1, each_image=None)


def run(options: argparse.Namespace) -> None:
    """Measure how far two seeds agree, and how many samples a wanted agreement takes."""
    execution.keep_memory()
    with progress.show_progress("Comparing seeds") as step:
        found = stability.report(
            read_plan(options), options.agreement / 100, options.top, options.device, step
        )
    print(found)
