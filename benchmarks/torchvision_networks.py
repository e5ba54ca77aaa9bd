"""Five networks of torchvision with random weights, each explained by every method: verdict, seconds, memory.

    python -m benchmarks.torchvision_networks [NETWORK ...] [--methods METHOD ...]

Needs torchvision. Each pair runs in a process of its own, with two threads, on one photograph; methods take
few samples, so their seconds are to be compared between networks. Prints Markdown.
"""

import argparse
import subprocess
import sys
import time

import numpy as np
import torch

from benchmarks.explanations_memory import THREADS, peak_mib
from explanations.attribution.local import Sample
from explanations.methods.registry import LOCALS
from explanations.models import classifiers, execution, trial
from explanations.models.spec import OWN, ModelSpec

NETWORKS = {
    "vgg16": ("vgg16", 224),
    "resnet50": ("resnet50", 224),
    "densenet121": ("densenet121", 224),
    "inception_v3": ("inception_v3(init_weights=False)", 299),
    "vit_b_16": ("vit_b_16", 224),
}
CLASSES = tuple(map(str, range(1000)))
SAMPLES = 40
BACKGROUND = 3
FEWER = {"samples": SAMPLES, "background": BACKGROUND, "positions": 4, "segments": 50}


def photograph(side):
    """scikit-image's cat, (1, 3, side, side)."""
    from skimage import data, transform

    pixels = transform.resize(data.chelsea(), (side, side), anti_aliasing=True)
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float()


def fill_zero_layers(model):
    """Draw the weights of layers that are initialised with zeros, as ViT's head, whose maps would be zero."""
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, torch.nn.Linear) and not layer.weight.any():
                layer.weight.normal_(std=0.02)


def explain(network, slug):
    """Explain one image by one method, and print a row."""
    torch.manual_seed(0)
    execution.keep_memory()
    factory, side = NETWORKS[network]
    image, local = photograph(side), LOCALS[slug]
    spec = ModelSpec(f"torchvision.models:{factory}", OWN)
    loaded = classifiers.load(spec)
    fill_zero_layers(loaded.model)
    loaded = trial.try_out(loaded, image, CLASSES)
    parameters = {**local.defaults, "images": 1}
    parameters |= {key: min(value, parameters[key]) for key, value in FEWER.items() if key in parameters}
    background = torch.rand(BACKGROUND, *image.shape[1:])
    target = int(loaded.model(image).argmax())
    sample = Sample(0, "cat", target, 1, (0,), image, CLASSES, background)
    began = time.perf_counter()
    with execution.run_on(threads=THREADS, device="cpu"):
        try:
            local.refuse_unfit(spec.factory, loaded.lacks)
            weights = local.attribute(loaded.model, sample, parameters, lambda count: None)
            verdict = "ok" if np.any(weights) else "only zeros"
        except ValueError as error:
            verdict = " ".join(str(error).split())
    seconds = time.perf_counter() - began
    print(f"| {network} | {slug} | {seconds:.1f} | {peak_mib():,.0f} | {verdict} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("networks", nargs="*", default=list(NETWORKS), metavar="NETWORK")
    parser.add_argument(
        "--methods",
        nargs="+",
        default=[slug for slug, local in LOCALS.items() if "pixels" not in local.needs],
    )
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        explain(*options.one)
        return
    print(
        "| network | local method | s | peak, MiB | verdict |\n| --- | --- | ---: | ---: | --- |", flush=True
    )
    for network in options.networks:
        for slug in options.methods:
            command = [sys.executable, "-W", "ignore", "-m", "benchmarks.torchvision_networks"]
            subprocess.run([*command, "--one", network, slug], check=True)


if __name__ == "__main__":
    main()
