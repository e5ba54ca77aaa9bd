"""Build an explanation set, or finish an interrupted one."""

import argparse
from dataclasses import replace
from pathlib import Path

from explanations.building import build, forecast
from explanations.commands.options import add_classifier, add_device, add_layer, add_plan, read_plan
from explanations.commands.rendering_options import add_rendering, read_rendering
from explanations.models import execution
from explanations.running import progress


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
        help="maps of N single images of each class (default: 1) in place of the class's",
    )
    parser.add_argument(
        "--minimum-support",
        type=int,
        default=1,
        metavar="IMAGES",
        help="leave out of a map what fewer images chose (default: 1; counts are in support.safetensors)",
    )
    parser.add_argument("--name", help="name of the set (default: the data set's)")
    parser.add_argument(
        "--dry-run", action="store_true", help="only say how many passes and seconds it will take"
    )
    parser.add_argument("--workers", type=int, default=1, help="processes that share the work")
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="a Dask scheduler that hands out the work, as in tcp://host:8786",
    )
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
    plan = replace(read_plan(options), rendering=read_rendering(options))
    scheduling = build.Scheduling(options.workers, options.scheduler, options.device)
    execution.keep_memory()
    if options.dry_run:
        print(forecast.of_build(options.out, plan, scheduling, options.cache))
        return
    with progress.terminable(), progress.shown("Building", options.progress) as step:
        finished = build.build(options.out, plan, step, scheduling, options.cache)
    kind = "images" if finished.originals else "classes"
    pictures = f"{len(finished.maps)} pictures of {len(finished.dataset.classes)} {kind}"
    progress.finished(f"{options.out}: {pictures}", options.progress)
