"""Draw the comparison figure of a set: classes down, methods across, replicates side by side."""

import argparse
import sys
from pathlib import Path

from explanations import manifest
from explanations.commands.options import add_classifier, read_model_of_set
from explanations.figures import examples, gallery
from explanations.manifest.records import Manifest
from explanations.methods import names
from explanations.models import loading
from explanations.running.atomic_files import refuse_unwritable


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("folder", type=Path, help="folder of the set")
    parser.add_argument("--out", type=Path, default=Path("gallery.png"), help="PNG or SVG file to write")
    parser.add_argument("--replicate", type=int, help="default: all, side by side")
    parser.add_argument("--classes", nargs="+", metavar="CLASS", help="default: all of the set")
    parser.add_argument("--methods", nargs="+", metavar="METHOD", help="default: all that are compared")
    add_classifier(parser)


def run(options: argparse.Namespace) -> None:
    """Draw the comparison figure of a set: classes down, methods across, replicates side by side."""
    described = manifest.read(options.folder)
    slugs = [method.slug for method in described.methods]
    methods = options.methods and [names.method_among(name, slugs) for name in options.methods]
    every = range(1, described.replicates + 1)
    replicates = every if options.replicate is None else [options.replicate]
    refuse_unwritable(options.out)
    gallery.drawable(described, options.out, replicates, options.classes, methods)
    gallery.draw(
        described,
        manifest.read_maps(options.folder),
        options.out,
        replicates,
        _examples(options, described, replicates[0], methods),
        options.classes,
        methods,
    )
    print(options.out, *gallery.picks(described, replicates, options.classes, methods), sep="\n")


def _examples(
    options: argparse.Namespace, described: Manifest, replicate: int, methods: list[str] | None
) -> dict[str, gallery.Example]:
    """The images beside the maps, if the set is of the bundled data and network, or its own are named."""
    spec = read_model_of_set(options, described)
    if spec is None:
        print("without the images; to show them name --data, --model and --weights", file=sys.stderr)
        return {}
    loaded, test = loading.load(spec, options.data)
    if described.classifier.weights_sha256 not in (None, loaded.weights_sha256):
        raise ValueError(
            f"{spec.named_weights}: these are not the weights that the set explains; "
            "name those with --weights"
        )
    return examples.examples(described, loaded.model, test, replicate, methods)
