"""Draw the comparison figure of a set: classes down, methods across, replicates side by side."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from explanations import manifest
from explanations.commands.options import add_classifier, read_model, read_model_of_set
from explanations.commands.rendering_options import add_rendering, read_rendering
from explanations.figures import examples, fonts, gallery
from explanations.manifest.records import TOP_CLASSES, Manifest
from explanations.methods import names
from explanations.models import loading
from explanations.models.spec import ModelSpec
from explanations.rendering import Rendering, colour, redrawing
from explanations.rendering.png import Pixels
from explanations.rendering.record import FINISHED
from explanations.running.atomic_files import refuse_unwritable

OWN = "set"  # the style of the set itself
LARGEST = 1024  # pixels of a map in a figure, which has no limit of bytes


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("folder", type=Path, help="folder of the set")
    parser.add_argument("--out", type=Path, default=Path("gallery.png"), help="PNG, SVG or PDF file to write")
    parser.add_argument("--replicate", type=int, help="default: all, side by side")
    parser.add_argument("--classes", nargs="+", metavar="CLASS", help="default: all of the set")
    parser.add_argument("--methods", nargs="+", metavar="METHOD", help="default: all that are compared")
    parser.add_argument(
        "--predictions",
        type=int,
        default=1,
        metavar="N",
        help=f"the N likeliest classes below each image, up to {TOP_CLASSES} (default: 1)",
    )
    parser.add_argument("--no-note", action="store_true", help="leave the note to the paper's caption")
    add_rendering(parser, "signed", f"{OWN}: as participants see them")
    add_classifier(parser)


def run(options: argparse.Namespace) -> None:
    """Draw the comparison figure of a set: classes down, methods across, replicates side by side."""
    described = manifest.read(options.folder)
    slugs = [method.slug for method in described.methods]
    methods = options.methods and [names.method_among(name, slugs) for name in options.methods]
    every = range(1, described.replicates + 1)
    replicates = every if options.replicate is None else [options.replicate]
    if not 1 <= options.predictions <= TOP_CLASSES:
        raise ValueError(f"--predictions must be from 1 to {TOP_CLASSES} (got {options.predictions})")
    refuse_unwritable(options.out)
    gallery.check(described, options.out, replicates, options.classes, methods)
    rendering, colours = _colours(options, described)
    missing = gallery.draw(
        described,
        colours,
        options.out,
        replicates,
        _examples(options, described, replicates[0], methods),
        options.classes,
        methods,
        rendering,
        not options.no_note,
    )
    if missing and options.out.suffix != ".svg":
        print(f"no font here has {' '.join(missing)}, drawn as boxes; {fonts.REMEDY}", file=sys.stderr)
    print(options.out, *gallery.list_picks(described, replicates, options.classes, methods), sep="\n")


def _colours(options: argparse.Namespace, described: Manifest) -> tuple[Rendering, dict[str, Pixels]]:
    """The rendering of maps, and their colours (H, W, 3) by key."""
    if options.style == OWN or described.rendering.get("style") == FINISHED:
        return Rendering.read(described.rendering), gallery.read_pictures(options.folder, described)
    rendering = read_rendering(options)
    if options.size is None and not rendering.is_on_images:
        rendering = replace(rendering, size=LARGEST)
    images = redrawing.read_images(options.folder, described) if rendering.is_on_images else {}
    return rendering, colour(manifest.read_maps(options.folder), rendering, images)


def _examples(
    options: argparse.Namespace, described: Manifest, replicate: int, methods: list[str] | None
) -> dict[str, gallery.Example]:
    """The images beside the maps: those of the set, of the bundled data and network, or of those named."""
    spec = read_model(options)
    is_named = options.data or spec != ModelSpec()
    if not is_named and described.originals:
        return gallery.read_examples(options.folder, described, options.predictions)
    if read_model_of_set(options, described) is None:
        print("without the images; to show them name --data, --model and --weights", file=sys.stderr)
        return {}
    loaded, test = loading.load(spec, options.data)
    if described.classifier.weights_sha256 not in (None, loaded.weights_sha256):
        raise ValueError(
            f"{spec.named_weights}: these are not the weights that the set explains; "
            "name those with --weights"
        )
    return examples.examples(described, loaded.model, test, replicate, methods, options.predictions)
