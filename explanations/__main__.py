"""`python -m explanations`: train and measure the paper's network, build an explanation set, look at it."""

import argparse
import sys
from pathlib import Path

import torch

from explanations import classifiers, datasets, progress


def main(arguments: list[str] | None = None) -> int:
    """Run one command; a user's mistake is one line on standard error and status 2."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ValueError, TypeError) as error:
        print(f"python -m explanations {options.command}: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"python -m explanations {options.command}: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


def train(options: argparse.Namespace) -> None:
    """Train the paper's network on the 60,000 training images and measure it on the 10,000 test images."""
    training, test = datasets.mnist("train"), datasets.mnist("test")
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
            "command": f"python -m explanations train --seed {options.seed} --epochs {options.epochs}",
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
    test = _images(options, "test")
    model = classifiers.load(options.model, options.weights)
    share = classifiers.accuracy(model, test.images, test.labels)
    print(f"{share:.2%} of the {len(test.images):,} test images of {test.name} are right")


def _images(options: argparse.Namespace, split: str) -> datasets.LabelledImages:
    return datasets.idx_folder(options.data, split) if options.data else datasets.mnist(split)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m explanations", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    command = commands.add_parser("train", help="train the paper's network on MNIST")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--epochs", type=int, default=15)
    command.add_argument("--out", type=Path, default=Path("paper_cnn.safetensors"), help="file of weights to write")
    command.set_defaults(run=train)

    command = commands.add_parser("accuracy", help="measure a classifier on all test images")
    _add_classifier(command)
    command.set_defaults(run=accuracy)
    return parser


def _add_classifier(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", default=classifiers.PAPER_FACTORY, help="package.module:factory")
    command.add_argument("--weights", type=Path, default=classifiers.PAPER_WEIGHTS, help="safetensors")
    command.add_argument("--data", type=Path, help="folder of IDX files (default: the bundled MNIST)")


if __name__ == "__main__":
    sys.exit(main())
