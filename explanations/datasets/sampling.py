"""Selection of the images that each replicate of a class explains.

Replicates explain different images, which depend only on the seed.
"""

import numpy as np
from numpy.typing import NDArray

from explanations.running.randomness import generator

Numbers = NDArray[np.int64]


def parts(numbers: Numbers, seed: int, label: str, replicates: int, wanted: int) -> list[Numbers]:
    """For each replicate `wanted` of the images with these `numbers` (n,), no image in two of them.

    The first image of a replicate is the same however many are wanted.
    """
    drawn = generator(seed, "images", label).permutation(numbers)
    return [drawn[replicate::replicates][:wanted] for replicate in range(replicates)]
