"""Measure a classifier on all test images."""

import argparse

from explanations.commands.options import add_classifier, read_model
from explanations.models import classifiers, loading


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_classifier(parser)


def run(options: argparse.Namespace) -> None:
    """Measure a classifier on all test images."""
    loaded, test = loading.load(read_model(options), options.data)
    share = classifiers.accuracy(loaded.model, test.images, test.labels)
    if loaded.title:
        print(loaded.title)
    print(f"{share:.2%} of the {len(test.images):,} test images of {test.name} are right")
