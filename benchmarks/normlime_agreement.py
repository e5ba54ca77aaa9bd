"""How many of the top 100 pixels of a NormLIME map two seeds agree on, by number of samples and by target.

    python benchmarks/normlime_agreement.py

The same 24 test images of each class, two independent banks of masks, K = 100. About two minutes on 2 cores.
"""

import numpy as np

from explanations import classifiers, datasets, progress, randomness
from explanations.aggregation import normlime
from explanations.attribution import lime

CLASSES = (3, 7, 9)
IMAGES = 24
FEATURES = 100
TOP = 100


def top_pixels(model, images, label, samples, target, seed):
    """The TOP pixels of the class map of `label` from one bank of masks, as a set of indices."""
    bank = lime.mask_bank(images[0, 0].numel(), samples, randomness.generator(seed, "agreement"))
    weights = lime.explain(model, images, label, bank, features=FEATURES, target=target)  # (images, pixels)
    return set(np.argsort(-normlime(weights))[:TOP].tolist())


def main():
    model, test = (
        classifiers.load(classifiers.PAPER_FACTORY, classifiers.PAPER_WEIGHTS),
        datasets.mnist("test"),
    )
    assigned = classifiers.predicted(model, test.images)
    settings = [(target, samples) for target in lime.TARGETS for samples in (1000, 2000, 5000)]
    rows = []
    with progress.shown("Comparing seeds") as step:
        for done, (target, samples) in enumerate(settings):
            step(done, len(settings), f"{samples} samples, {target}")
            overlaps = []
            for label in CLASSES:
                images = test.images[(assigned == label).nonzero()[:IMAGES, 0]]
                first, second = (top_pixels(model, images, label, samples, target, seed) for seed in (0, 1))
                overlaps.append(len(first & second))
            rows.append(
                f"| {samples:,} | {target} | {', '.join(map(str, overlaps))} | {np.mean(overlaps):.0f} |"
            )
    print(f"| samples | target | digits {', '.join(map(str, CLASSES))} | mean |\n|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
