"""`python -m explanations`: train a network; build, draw and evaluate an explanation set."""

import argparse
import json
import os
import sys
from pathlib import Path

import torch

from explanations import build as building
from explanations import (
    classifiers,
    datasets,
    examples,
    execution,
    fitting,
    forecast,
    gallery,
    manifest,
    naming,
    progress,
)
from explanations import methods as registry
from explanations import stability as stabilities
from explanations.atomic_files import refuse_unwritable
from explanations.local import NEEDS
from explanations.manifest.records import PREPROCESSING_KEYS, Manifest
from explanations.metrics import command as evaluating
from explanations.preprocessing import Preprocessing, declared
from explanations.settings import written


def main(arguments: list[str] | None = None) -> int:
    """Run one command; a user's mistake is one line on standard error and status 2."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ValueError, TypeError) as error:
        return _stopped(options, str(error), 2)
    except progress.Terminated:
        return _stopped(options, "terminated; run it again to go on", 143)
    except KeyboardInterrupt:
        return _stopped(options, "interrupted; run it again to go on", 130)
    except BrokenPipeError:  # who reads has seen enough, as in `methods | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _stopped(options, f"{place}{error.strerror or error}", 2)
    return 0


def _stopped(options: argparse.Namespace, reason: str, status: int) -> int:
    """Say in one line why a command did not end well; its exit status."""
    if getattr(options, "progress", None) == "json":
        progress.say("failed" if status == 2 else "cancelled", message=reason)
    print(f"python -m explanations {options.command}: {reason}", file=sys.stderr)
    return status


def train(options: argparse.Namespace) -> None:
    """Train the paper's network on all training images and measure it on all test images."""
    refuse_unwritable(options.out)
    training, test = datasets.load(options.data, "train"), datasets.load(options.data, "test")
    fitting.fitted(classifiers.PAPER_FACTORY, classifiers.PaperCNN().eval(), training.images[0], test.classes)
    with progress.shown("Training") as step:
        model = classifiers.train(
            training.images,
            training.labels,
            seed=options.seed,
            epochs=options.epochs,
            on_step=lambda done, total: step(done, total, f"epoch {-(-done * options.epochs // total)}"),
        )
    classifiers.save(
        model,
        options.out,
        {
            "command": f"python -m explanations train --seed {options.seed} --epochs {options.epochs}"
            + (f" --data {training.name}" if options.data else ""),
            "seed": options.seed,
            "epochs": options.epochs,
            "images": f"{training.name} {training.split}, {len(training.images)} images",
            "torch": torch.__version__,
        },
    )
    share = classifiers.accuracy(model, test.images, test.labels)
    print(f"{options.out}: {share:.2%} of the {len(test.images):,} test images are right")


def accuracy(options: argparse.Namespace) -> None:
    """Measure a classifier on all test images."""
    model, test = fitting.loaded(options.model, _weights(options), options.data, _preprocessing(options))
    share = classifiers.accuracy(model, test.images, test.labels)
    print(f"{share:.2%} of the {len(test.images):,} test images of {test.name} are right")


def build(options: argparse.Namespace) -> None:
    """Build an explanation set, or finish an interrupted one."""
    plan = _plan(options)
    scheduling = building.Scheduling(options.workers, options.scheduler, options.device)
    execution.keep_memory()
    if options.dry_run:
        print(forecast.of_build(options.out, plan, scheduling, options.cache))
        return
    with progress.terminable(), progress.shown("Building", options.progress) as step:
        finished = building.build(options.out, plan, step, scheduling, options.cache)
    kind = "images" if finished.originals else "classes"
    pictures = f"{len(finished.maps)} pictures of {len(finished.dataset.classes)} {kind}"
    progress.finished(f"{options.out}: {pictures}", options.progress)


def stability(options: argparse.Namespace) -> None:
    """Measure how far two seeds agree, and how many samples a wanted agreement takes."""
    execution.keep_memory()
    with progress.shown("Comparing seeds") as step:
        found = stabilities.report(_plan(options), options.agreement / 100, options.top, options.device, step)
    print(found)


def methods(options: argparse.Namespace) -> None:
    """List the explanation methods, as text or as JSON."""
    if options.format == "json":
        print(json.dumps([_listed(method) for method in registry.METHODS.values()], indent=1))
        return
    for method in registry.METHODS.values():
        parameters = ", ".join(f"{key}={value}" for key, value in method.local.defaults.items())
        print(f"{method.slug}: {method.title}. {method.reference}")
        if also := naming.aliases(method.slug):
            print(f"    also: {', '.join(also)}")
        print(f"    {method.local.slug}: {parameters}")


def _listed(method: registry.ExplanationMethod) -> dict[str, object]:
    """What the list of methods says of one."""
    return {
        "slug": method.slug,
        "aliases": naming.aliases(method.slug),
        "title": method.title,
        "reference": method.reference,
        "signed": method.signed,
        "needs": {need: NEEDS[need] for need in method.local.needs},
        "local": method.local.slug,
        "aggregation": method.aggregation.slug,
        "parameters": method.local.defaults,
        "default": method.slug in registry.DEFAULT,
    }


def evaluate(options: argparse.Namespace) -> None:
    """Measure how faithful the maps of a set are, or finish an interrupted evaluation."""
    evaluating.run(options, _weights(options), _preprocessing(options))


def draw_gallery(options: argparse.Namespace) -> None:
    """Draw the comparison figure of a set: classes down, methods across, replicates side by side."""
    described = manifest.read(options.folder)
    slugs = [method.slug for method in described.methods]
    methods = options.methods and [naming.method_among(name, slugs) for name in options.methods]
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
    named = options.data or options.weights or options.model != classifiers.PAPER_FACTORY
    paper = (classifiers.PAPER_FACTORY, classifiers.weights_sha256(classifiers.PAPER_WEIGHTS))
    is_paper = (described.classifier.factory, described.classifier.weights_sha256) == paper
    if not named and not (is_paper and described.dataset.name == "MNIST"):
        print("without the images; to show them name --data, --model and --weights", file=sys.stderr)
        return {}
    weights = _weights(options)
    if classifiers.weights_sha256(weights) != described.classifier.weights_sha256:
        raise ValueError(f"{weights}: are not the weights that the set explains; name those with --weights")
    model, test = fitting.loaded(options.model, weights, options.data, _preprocessing(options))
    return examples.examples(described, model, test, replicate, methods)


def _plan(options: argparse.Namespace) -> building.Plan:
    chosen = naming.chosen(options.methods)
    return building.Plan(
        methods=tuple(options.methods or registry.DEFAULT),
        classes=tuple(options.classes) if options.classes else None,
        replicates=_replicates(options),
        seed=options.seed,
        parameters=_parameters(options, chosen),
        factory=options.model,
        weights=_weights(options),
        data=options.data,
        preprocessing=_preprocessing(options),
        name=options.name,
        minimum_support=options.minimum_support,
        each_image=options.each_image,
        layer=options.layer,
    )


def _replicates(options: argparse.Namespace) -> int:
    if options.replicates is None:
        return 2 if options.each_image is None else 1
    return int(options.replicates)


def _parameters(
    options: argparse.Namespace, chosen: list[registry.ExplanationMethod]
) -> dict[str, registry.Parameters]:
    """What --images, --samples and --set change, by local function."""
    defaults = {method.local.slug: method.local.defaults for method in chosen}
    everywhere = {key: getattr(options, key) for key in ("images", "samples")}
    changes = written(options.set or [], defaults, lambda name: naming.local_among(name, defaults))
    return {
        slug: {key: value for key, value in everywhere.items() if value is not None and key in known}
        | changes.get(slug, {})
        for slug, known in defaults.items()
    }


def _weights(options: argparse.Namespace) -> Path:
    """--weights; the shipped ones for the paper's network alone."""
    if options.weights:
        return Path(options.weights)
    if options.model != classifiers.PAPER_FACTORY:
        raise ValueError(f"--model {options.model}: name its weights with --weights file.safetensors")
    return classifiers.PAPER_WEIGHTS


def _preprocessing(options: argparse.Namespace) -> Preprocessing | None:
    return declared(options.preprocessing) if options.preprocessing else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m explanations", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    command = commands.add_parser("train", help="train the paper's network")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--epochs", type=int, default=15)
    command.add_argument(
        "--out", type=Path, default=Path("paper_cnn.safetensors"), help="file of weights to write"
    )
    _add_data(command)
    command.set_defaults(run=train)

    command = commands.add_parser("accuracy", help="measure a classifier on all test images")
    _add_classifier(command)
    command.set_defaults(run=accuracy)

    command = commands.add_parser("build", help="build an explanation set, or finish an interrupted one")
    command.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder of the set")
    _add_plan(command)
    command.add_argument(
        "--replicates", type=int, help="maps of each class by each method (default: 2; of an image: 1)"
    )
    command.add_argument(
        "--each-image",
        type=int,
        nargs="?",
        const=1,
        metavar="N",
        help="maps of N single images of each class (default: 1) in place of the class's",
    )
    command.add_argument(
        "--minimum-support",
        type=int,
        default=1,
        metavar="IMAGES",
        help="leave out of a map what fewer images chose (default: 1; counts are in support.safetensors)",
    )
    command.add_argument("--name", help="name of the set (default: the data set's)")
    command.add_argument(
        "--dry-run", action="store_true", help="only say how many passes and seconds it will take"
    )
    command.add_argument("--workers", type=int, default=1, help="processes that share the work")
    command.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="a Dask scheduler that hands out the work, as in tcp://host:8786",
    )
    command.add_argument(
        "--cache", type=Path, metavar="FOLDER", help="keeps local explanations for other builds, too"
    )
    command.add_argument("--progress", choices=progress.STYLES, default="auto", help="json: a line a step")
    _add_layer(command)
    _add_device(command)
    _add_classifier(command)
    command.set_defaults(run=build)

    command = commands.add_parser(
        "stability", help="measure how far two seeds agree, and how many samples that takes"
    )
    _add_plan(command)
    command.add_argument("--agreement", type=float, default=85, metavar="PERCENT", help="that is wanted")
    command.add_argument("--top", type=int, default=100, metavar="PIXELS", help="how many must be the same")
    _add_layer(command)
    _add_device(command)
    _add_classifier(command)
    command.set_defaults(run=stability, replicates=2, name=None, minimum_support=1, each_image=None)

    command = commands.add_parser("methods", help="list the explanation methods and their parameters")
    command.add_argument("--format", choices=("text", "json"), default="text")
    command.set_defaults(run=methods)

    command = commands.add_parser("gallery", help="draw the comparison figure of a set")
    command.add_argument("folder", type=Path, help="folder of the set")
    command.add_argument("--out", type=Path, default=Path("gallery.png"), help="PNG or SVG file to write")
    command.add_argument("--replicate", type=int, help="default: all, side by side")
    command.add_argument("--classes", nargs="+", metavar="CLASS", help="default: all of the set")
    command.add_argument("--methods", nargs="+", metavar="METHOD", help="default: all that are compared")
    _add_classifier(command)
    command.set_defaults(run=draw_gallery)

    command = commands.add_parser("evaluate", help="measure how faithful the maps of a set are")
    evaluating.add_options(command)
    _add_classifier(command)
    command.set_defaults(run=evaluate)
    return parser


def _add_plan(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--methods",
        nargs="+",
        metavar="METHOD",
        help=f"of {', '.join(registry.METHODS)}; or local:aggregation; with @class: asked about that class",
    )
    command.add_argument("--classes", nargs="+", metavar="CLASS", help="default: all classes of the data set")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--images", type=int, help="images that a map aggregates, for every method")
    command.add_argument("--samples", type=int, help="perturbed copies of an image, for every method")
    command.add_argument(
        "--set",
        action="append",
        metavar="NAME=VALUE",
        help="one parameter, as in lime.samples=5000; see methods",
    )


def _add_layer(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--layer",
        default="",
        metavar="NAME",
        help="explain the units of this layer of a torch.nn.Sequential in place of pixels",
    )


def _add_data(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--data",
        type=Path,
        metavar="PATH",
        help="folder of IDX files, folder of a folder of pictures a class, or .npz file (default: MNIST)",
    )


def _add_device(command: argparse.ArgumentParser) -> None:
    command.add_argument("--device", choices=execution.DEVICES, help="default: cuda where there is one")


def _add_classifier(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--model",
        default=classifiers.PAPER_FACTORY,
        metavar="FACTORY",
        help="package.module:factory, or with arguments: package.module:factory(classes=10)",
    )
    command.add_argument("--weights", type=Path, metavar="FILE", help="the model's, as safetensors")
    _add_data(command)
    words = ", ".join(PREPROCESSING_KEYS)
    command.add_argument(
        "--preprocessing",
        nargs="+",
        metavar="KEY=VALUE",
        help=f"{words}, as the model wants them; or a JSON file of these or of timm's keys",
    )


if __name__ == "__main__":
    sys.exit(main())
