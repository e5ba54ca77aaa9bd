"""The memory that every method takes at its defaults: ResNet50 with random weights, one image of 224 x 224.

Each method runs in a process of its own: `python -m benchmarks.explanations_memory [METHOD ...]`. Peaks are
resident memory of the whole process, libraries and weights included. GOAL is what issue 14 allows.
"""

import resource
import subprocess
import sys
import time

import torch

from benchmarks.resnet50 import ResNet50
from explanations.attribution import baselines
from explanations.methods.registry import LOCALS, Sample
from explanations.models import execution

GOAL = 2.5  # GiB
SIDE = 224
TRAINING = 60  # images, as many as the largest background asks for and more


def main() -> None:
    slugs = sys.argv[1:] or [slug for slug in LOCALS if slug != "lime"]  # pixel-LIME is not for such images
    if len(slugs) == 1:
        print(line(slugs[0]))
        return
    print(f"| method | seconds | peak, GiB (goal: {GOAL}) | sum of sizes |\n|---|---|---|---|", flush=True)
    for slug in slugs:
        print(
            subprocess.run(
                [sys.executable, "-m", __spec__.name, slug], stdout=subprocess.PIPE, text=True, check=True
            ).stdout,
            end="",
            flush=True,
        )


def line(slug: str) -> str:
    """A row of the table: one image by one method."""
    torch.manual_seed(0)
    model = ResNet50().eval().requires_grad_(False)
    training = torch.rand(TRAINING, 3, SIDE, SIDE)
    image = smooth(torch.rand(1, 3, SIDE, SIDE))
    local = LOCALS[slug]
    parameters = {**local.defaults, "images": 1}
    target = int(model(image).argmax())
    given = baselines.background(parameters, training, 0)
    sample = Sample(0, "class", target, 1, (0,), image, background=given)
    execution.keep_memory()
    began = time.monotonic()
    try:
        weights = local.attribute(model, sample, parameters, lambda count: None)
        result = f"{abs(weights).sum():.4g}"
    except ValueError as error:
        result = str(error)
    seconds = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return f"| {slug} | {seconds:.1f} | {peak:.2f} | {result} |"


def smooth(noise: torch.Tensor) -> torch.Tensor:
    """An image of blotches, as photographs are rather than noise."""
    coarse = torch.nn.functional.avg_pool2d(noise, 16)
    return torch.nn.functional.interpolate(coarse, size=noise.shape[2:], mode="bilinear")


if __name__ == "__main__":
    main()
