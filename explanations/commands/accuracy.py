"""Measure a classifier on all test images."""

import argparse

from explanations.commands.options import add_classifier, read_preprocessing, read_weights
from explanations.models import classifiers, loading


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_classifier(parser)


def run(options: argparse.Namespace) -> None:
    """Measure a classifier on all test images."""
    model, test = loading.loaded(
        options.model, read_weights(options), options.data, read_preprocessing(options)
    )
    share = classifiers.accuracy(model, test.images, test.labels)
    print(f"{share:.2%} of the {len(test.images):,} test images of {test.name} are right")
