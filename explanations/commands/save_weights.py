"""Write the weights of a model as safetensors, to be named with --weights."""

import argparse
from pathlib import Path

from explanations.models import classifiers, hubs
from explanations.models.spec import OWN, ModelSpec
from explanations.running.atomic_files import refuse_unwritable


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("model", help="package.module:factory, timm:NAME or hf:NAME-OR-FOLDER")
    parser.add_argument("out", type=Path, help="safetensors file to write")
    parser.add_argument(
        "--weights",
        default=OWN,
        help="torchvision's name, as in DEFAULT; default: those that the model loads",
    )


def run(options: argparse.Namespace) -> None:
    """Write the weights of a model as safetensors."""
    refuse_unwritable(options.out)
    network = hubs.open_network(ModelSpec(options.model, options.weights))
    if not network.model.state_dict():
        raise ValueError(f"{options.model}: has no weights that can be written")
    classifiers.save(network.model, options.out, {"model": options.model, "weights": network.title})
    print(options.out, network.title)
