"""Peak memory of every local method at its defaults on ResNet50, one image of 224 x 224 pixels.

    python -m benchmarks.explanations_memory [METHOD ...]

Each method runs in a process of its own, with two threads. Prints Markdown.
"""

import resource
import subprocess
import sys
import time

import numpy as np
import torch

from benchmarks.resnet50 import ResNet50
from explanations.attribution.local import Sample
from explanations.methods.registry import LOCALS
from explanations.models import execution

SIDE = 224
THREADS = 2
BACKGROUND = 50  # images, the default of the methods that compare with others


def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def photograph():
    """scikit-image's cat, (1, 3, 224, 224)."""
    from skimage import data, transform

    pixels = transform.resize(data.chelsea(), (SIDE, SIDE), anti_aliasing=True)
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float()


def measure(slug):
    """Explain one image; print what it took."""
    torch.manual_seed(0)
    execution.keep_memory()
    model, image = ResNet50().eval().requires_grad_(False), photograph()
    execution.lay_out(model, image)
    local = LOCALS[slug]
    background = torch.rand(BACKGROUND, *image.shape[1:]) if "background" in local.needs else None
    sample = Sample(0, "cat", int(model(image).argmax()), 1, (0,), image, background=background)
    before, began = peak_mib(), time.perf_counter()
    with execution.run_on(threads=THREADS, device="cpu"):
        try:
            weights = local.attribute(model, sample, {**local.defaults, "images": 1}, lambda count: None)
            said = "" if np.any(weights) else "only zeros"
        except ValueError as error:
            said = " ".join(str(error).split())
    seconds = time.perf_counter() - began
    print(f"| {slug} | {before:,.0f} | {peak_mib():,.0f} | {seconds:.1f} | {said} |", flush=True)


def main(slugs):
    print("| local method | before, MiB | peak, MiB | s | |\n| --- | ---: | ---: | ---: | --- |", flush=True)
    for slug in slugs or [slug for slug, local in LOCALS.items() if "pixels" not in local.needs]:
        subprocess.run([sys.executable, "-m", "benchmarks.explanations_memory", "--one", slug], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measure(sys.argv[2])
    else:
        main(sys.argv[1:])
