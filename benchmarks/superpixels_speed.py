"""LIME on superpixels and KernelSHAP beside bare forward passes, `lime` and `shap`, in one run: ResNet50.

    make bench-superpixels

SAMPLES perturbations of the same superpixels of one image of 224 x 224 pixels. The bare network is what its
factory makes, under `no_grad`, at the best of several batch sizes; it gets images that are already perturbed.
What is compared takes turns, REPEATS times: other work on the machine then hits all alike. Ratios are those
of the medians, of wall and of processor seconds. Two threads. Prints Markdown.
"""

import os
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import safetensors.torch
import shap
import torch
from lime.lime_image import LimeImageExplainer

from benchmarks.explanations_memory import photograph
from benchmarks.explanations_speed import REPEATS, THREADS, timed
from benchmarks.resnet50 import ResNet50
from explanations.attribution.perturbation import shapley, superpixel_lime, superpixels
from explanations.methods.registry import LOCALS
from explanations.models import classifiers, execution
from explanations.models.spec import ModelSpec

SAMPLES = 200
SEGMENTS = 50
BATCHES = (1, 4, 8, 16)
TARGET = 0


def both_clocks(function):
    """Wall seconds and processor seconds of one call; other work hardly changes the latter."""
    wall, processor = time.perf_counter(), time.process_time()
    function()
    return time.perf_counter() - wall, time.process_time() - processor


def bare(network, copies, batch):
    with torch.no_grad():
        for part in torch.split(copies, batch):
            network(part)


def best_batch(network, copies):
    """The bare forward passes at the batch size that is fastest for 16 images, of two calls of each."""
    tried = {batch: partial(bare, network, copies[:16], batch) for batch in BATCHES}
    best = min(tried, key=lambda batch: min(timed(tried[batch]), timed(tried[batch])))
    return partial(bare, network, copies, best)


def by_lime(network, image, pieces):
    """`lime` with the same number of samples of the same superpixels."""

    def logits(pictures):
        with torch.no_grad():
            return network(torch.from_numpy(pictures).permute(0, 3, 1, 2).float()).numpy()

    LimeImageExplainer(random_state=0).explain_instance(
        image[0].permute(1, 2, 0).double().numpy(),
        logits,
        labels=(TARGET,),
        top_labels=None,
        num_features=10,
        num_samples=SAMPLES,
        batch_size=10,  # its default
        segmentation_fn=lambda picture: pieces.numpy(),
    )


def by_shap(network, image, pieces):
    """`shap`'s KernelExplainer with as many coalitions of the same superpixels, hidden behind black."""
    count = int(pieces.max()) + 1

    def logits(masks):
        with torch.no_grad():
            shown = torch.from_numpy(masks).float()[:, pieces.flatten()].reshape(-1, 1, *image.shape[2:])
            return torch.cat([network(image * part)[:, TARGET] for part in torch.split(shown, 8)]).numpy()

    explainer = shap.KernelExplainer(logits, np.zeros((1, count)))
    explainer.shap_values(np.ones((1, count)), nsamples=SAMPLES, silent=True)


def main():
    warnings.simplefilter("ignore")
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    execution.keep_memory()
    network, image = ResNet50().eval().requires_grad_(False), photograph()
    with tempfile.NamedTemporaryFile(suffix=".safetensors") as weights:
        safetensors.torch.save_model(network, weights.name)
        model = classifiers.load(ModelSpec("benchmarks.resnet50:ResNet50", Path(weights.name))).model
    execution.lay_out(model, image)  # as loading does with the images of a data set
    pieces = superpixels.cut(image, "slic", SEGMENTS)
    copies = image * (torch.rand(SAMPLES, 1, *image.shape[2:]) < 0.5)
    settings = {"samples": SAMPLES, "address": (0,)}
    parameters = {slug: {**LOCALS[slug].defaults, **settings} for slug in ("lime-slic", "kernelshap")}
    for each in parameters.values():
        each.pop("images")
    calls = {
        "bare": best_batch(network, copies),
        "LIME": partial(superpixel_lime.lime_superpixels, model, image, TARGET, **parameters["lime-slic"]),
        "KernelSHAP": partial(shapley.kernelshap, model, image, TARGET, **parameters["kernelshap"]),
        "lime": partial(by_lime, network, image, pieces),
        "shap": partial(by_shap, network, image, pieces),
    }
    with execution.run_on(threads=THREADS, device="cpu"):
        rounds = [{name: both_clocks(call) for name, call in calls.items()} for _ in range(REPEATS)]
    taken = {name: np.median([each[name] for each in rounds], axis=0) for name in calls}
    what = f"{SAMPLES} samples of {int(pieces.max()) + 1} superpixels"
    print("| what | here, s | beside | s | times as long | of processor time |")
    print("| --- | ---: | --- | ---: | ---: | ---: |")
    for name, package in (("LIME", "lime"), ("KernelSHAP", "shap")):
        for key, peer in ((package, package), ("bare", "the bare forward passes")):
            wall, processor = taken[key] / taken[name]
            seconds = f"{taken[name][0]:.2f} | {peer} | {taken[key][0]:.2f}"
            print(f"| {name}, {what} | {seconds} | {wall:.2f} | {processor:.2f} |")
    print(f"\nFifteen-minute load of the machine: {os.getloadavg()[2]:.1f} on {os.cpu_count()} processors.")


if __name__ == "__main__":
    main()
