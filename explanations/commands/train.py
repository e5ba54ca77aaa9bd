"""Train the paper's network on all training images and measure it on all test images."""

import argparse
from pathlib import Path

import torch

from explanations.commands.options import add_data
from explanations.datasets import labelled_images
from explanations.models import classifiers, paper_cnn, trial
from explanations.models.classifiers import LoadedModel
from explanations.models.spec import ModelSpec
from explanations.running import progress
from explanations.running.atomic_files import refuse_unwritable


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument(
        "--out", type=Path, default=Path("paper_cnn.safetensors"), help="file of weights to write"
    )
    add_data(parser)


def run(options: argparse.Namespace) -> None:
    """Train the paper's network on all training images and measure it on all test images."""
    refuse_unwritable(options.out)
    training, test = labelled_images.load(options.data, "train"), labelled_images.load(options.data, "test")
    untrained = LoadedModel(ModelSpec(), paper_cnn.PaperCNN().eval(), "")
    trial.try_out(untrained, training.images[: trial.IMAGES], test.classes)
    with progress.show_progress("Training") as step:
        model = paper_cnn.train(
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
