"""Explanations of the paper's network on MNIST beside `lime`, captum and the bare network, in one run.

    make bench-explanations

Two threads. What is compared is timed in turns, REPEATS times, and ratios are those of the medians: other
work on the machine then hits all alike. The bare network is what its factory makes, with its weights, under
`no_grad`, at the best of several batch sizes; all explain the same masks, and all profit from the allocator's
settings. Prints Markdown.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from captum.attr import Lime, NoiseTunnel, Saliency
from lime.lime_image import LimeImageExplainer

from explanations.attribution.gradient import noisy_gradients
from explanations.attribution.perturbation import lime
from explanations.datasets import labelled_images
from explanations.models import execution, loading, paper_cnn
from explanations.models.spec import PAPER_WEIGHTS, ModelSpec

THREADS = 2
REPEATS = 3
LABEL = 3
FEATURES = 100
IMAGES = 10  # explained together, as a shard of a build is
COPIES = 100  # noisy ones of each image
BATCHES = (100, 500, 1000)
PIXELS = torch.arange(784).reshape(28, 28)


def timed(function):
    """Wall seconds of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def in_turns(functions):
    """The median wall seconds of each function by its name, over REPEATS rounds."""
    rounds = [{name: timed(function) for name, function in functions.items()} for _ in range(REPEATS)]
    return {name: statistics.median(taken[name] for taken in rounds) for name in functions}


def best_batch(function):
    """`function` with the batch size of BATCHES that is fastest, of two calls each."""
    return min(
        (partial(function, batch) for batch in BATCHES), key=lambda call: min(timed(call), timed(call))
    )


def bare_network():
    """The network as anyone would load it."""
    model = paper_cnn.PaperCNN()
    model.load_state_dict(safetensors.torch.load_file(PAPER_WEIGHTS))
    return model.eval().requires_grad_(False)


class Drawn(np.random.RandomState):
    """A random state that hands out given masks, for `lime` to explain the same samples."""

    def __init__(self, masks):
        super().__init__(0)
        self.masks = masks

    def randint(self, low, high, size):
        return self.masks.ravel()[:size].astype(int)


def chosen_by_lime(model, image, masks):
    """The pixels that `lime` gives a weight, each pixel a segment."""

    def logits(pictures):  # (n, 28, 28, 3) of float64
        grey = np.ascontiguousarray(pictures[..., 0], dtype=np.float32)
        with torch.no_grad():
            return model(torch.from_numpy(grey)[:, None]).numpy()

    explainer = LimeImageExplainer(feature_selection="lasso_path", random_state=Drawn(masks))
    explained = explainer.explain_instance(
        np.repeat(image[0].double().numpy()[..., None], 3, axis=2),
        logits,
        labels=(LABEL,),
        top_labels=None,
        hide_color=0,
        num_features=FEATURES,
        num_samples=len(masks),
        batch_size=500,
        segmentation_fn=lambda picture: PIXELS.numpy(),
        random_seed=0,
    )
    return {int(pixel) for pixel, weight in explained.local_exp[LABEL] if weight}


def lime_rows(model, bare, images, samples):
    """One image by each of the others, IMAGES together here, the masks and their Gram matrix included."""
    masks = np.random.default_rng(samples).integers(0, 2, (samples, 784), dtype=np.uint8)
    masks[0] = 1
    flat = torch.from_numpy(masks.astype(np.float32))
    found = {}

    def ours():
        bank = lime.bank_of_masks(masks)
        found["ours"] = lime.explain(model, images, LABEL, bank, FEATURES, "logit", skip_black=False)

    def theirs():
        found["lime"] = chosen_by_lime(bare, images[0], masks)

    def captums():
        Lime(bare).attribute(
            images[:1],
            target=LABEL,
            feature_mask=PIXELS[None, None],
            n_samples=samples,
            perturbations_per_eval=500,
        )

    def forward(batch):
        with torch.no_grad():
            for part in torch.split(flat, batch):
                bare((images[0].flatten() * part).reshape(-1, 1, 28, 28))

    taken = in_turns({"ours": ours, "lime": theirs, "captum": captums, "bare": best_batch(forward)})
    taken["ours"] /= len(images)
    same = found["lime"] == set(np.flatnonzero(found["ours"][0]).tolist())
    what = (
        f"LIME of 784 pixels, {samples:,} samples, K = {FEATURES}; pixels {'the same' if same else 'DIFFER'}"
    )
    return [(what, taken["ours"], name, taken[key]) for key, name in PEERS.items()]


PEERS = {"lime": "lime", "captum": "captum's Lime", "bare": "the bare forward passes"}


def gradient_rows(model, bare, images):
    """VarGrad of IMAGES images, beside captum's and the forward and backward passes alone."""

    def ours():
        noisy_gradients.vargrad(model, images, LABEL, range(len(images)), samples=COPIES)

    def captums():
        for image in images:
            NoiseTunnel(Saliency(bare)).attribute(
                image[None], nt_type="vargrad", nt_samples=COPIES, nt_samples_batch_size=COPIES, stdevs=0.3,
                target=LABEL, abs=False,
            )  # fmt: skip

    copies = images.repeat_interleave(COPIES, dim=0)

    def backward(batch):
        for part in torch.split(copies, batch):
            inputs = part.clone().requires_grad_()
            torch.autograd.grad(bare(inputs)[:, LABEL].sum(), inputs)

    taken = in_turns({"ours": ours, "captum": captums, "bare": best_batch(backward)})
    what = f"VarGrad, {len(images)} images, {COPIES} samples each"
    return [
        (what, taken["ours"], "captum's NoiseTunnel", taken["captum"]),
        (what, taken["ours"], "the bare forward and backward passes", taken["bare"]),
    ]


def built():
    """Wall seconds, processor seconds and peak memory in MiB of building the reference set."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "explanations", "build", "--out", str(Path(folder) / "set")]
        wall = timed(lambda: subprocess.run(command, check=True, capture_output=True))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main():
    torch.set_num_threads(THREADS)
    execution.keep_memory()
    model = loading.load(ModelSpec(), None)[0].model
    bare, test = bare_network(), labelled_images.mnist("test")
    images = test.images[test.labels == LABEL][:IMAGES]
    with execution.run_on(threads=THREADS, device="cpu"):
        rows = [row for samples in (1000, 5000) for row in lime_rows(model, bare, images, samples)]
        rows += gradient_rows(model, bare, images)
    print("| what | here, s | beside | s | times as long |\n| --- | ---: | --- | ---: | ---: |")
    for what, ours, name, theirs in rows:
        print(f"| {what} | {ours:.3f} | {name} | {theirs:.3f} | {theirs / ours:.2f} |")
    wall, busy, memory = built()
    print(
        f"\nThe reference set (4 methods, 10 digits, 2 replicates): {wall:.0f} s on the shared machine; "
        f"{busy:.0f} processor seconds, or {busy / THREADS:.0f} s on {THREADS} processors of its own; "
        f"peak memory {memory:,.0f} MiB.\n\n"
        f"Medians of {REPEATS} rounds. Fifteen-minute load of the machine: {os.getloadavg()[2]:.1f} on "
        f"{os.cpu_count()} processors."
    )


if __name__ == "__main__":
    main()
