"""Draw the pictures of a finished set again, in another style, into a new set."""

import argparse
from pathlib import Path

from explanations.commands.rendering_options import add_rendering, read_rendering
from explanations.rendering import redrawing


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("folder", type=Path, help="folder of the set, which stays as it is")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder of the new set")
    add_rendering(parser)


def run(options: argparse.Namespace) -> None:
    """Draw the pictures of a finished set again, in another style, into a new set."""
    drawn = redrawing.redraw(options.folder, read_rendering(options), options.out)
    first = options.out / drawn.maps[0].image
    print(f"{options.out}: {len(drawn.maps)} pictures of {first.stat().st_size / 1000:.1f} kB")
