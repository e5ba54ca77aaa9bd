"""The bootstrap over participants: sums of the columns of resampled rows.

Arrays with a row per participant and a seed come in. The participant is the unit throughout: a participant's
votes stay together (Davison and Hinkley 1997, Bootstrap Methods and their Application, section 3.8).
"""

import numpy as np
from numpy.typing import ArrayLike

from analysis.numerics.arrays import Floats, Integers

REPLICATES = 10_000
SEED = 20190904  # an arbitrary default, printed beside the numbers that depend on it
_DRAWS_PER_BLOCK = 1 << 16  # their counts fit into a core's cache, which is five times as fast
_MIN_REPLICATES_PER_BLOCK = 8  # for each time that the columns are read
_REPEATS = 10  # participants per distinct row from which drawing counts of rows is faster than drawing rows
_COUNTS_PER_BLOCK = 1 << 20


def bootstrap_sums(values: ArrayLike, replicates: int = REPLICATES, seed: int = SEED) -> Floats:
    """Draw as many rows as there are, with replacement, and sum their columns.

    (participants, columns) to (replicates, columns). In a large study many participants have the same row;
    how often each distinct row is drawn is then multinomial, and drawn as such.
    """
    columns = np.asarray(values, dtype=float)
    distinct, times = np.unique(columns, axis=0, return_counts=True)
    rng = np.random.default_rng(seed)
    if len(distinct) * _REPEATS <= len(columns):
        return _sums_of_counts(distinct, times, replicates, rng)
    return _sums_of_rows(columns, replicates, rng)


def _sums_of_counts(distinct: Floats, times: Integers, replicates: int, rng: np.random.Generator) -> Floats:
    """Draw how often each distinct row comes, (replicates, distinct rows), in blocks."""
    n, sums = int(times.sum()), np.empty((replicates, distinct.shape[1]))
    order = np.argsort(-times)  # numpy stops drawing once all n are placed
    chances, block = times[order] / n, max(1, _COUNTS_PER_BLOCK // len(times))
    for start in range(0, replicates, block):
        size = min(block, replicates - start)
        sums[start : start + size] = rng.multinomial(n, chances, size=size) @ distinct[order]
    return sums


def _sums_of_rows(columns: Floats, replicates: int, rng: np.random.Generator) -> Floats:
    n = len(columns)
    kind = np.uint16 if n <= 1 << 16 else np.uint32
    step = max(1, _DRAWS_PER_BLOCK // n)
    starts, block = np.arange(step)[:, None] * n, max(step, _MIN_REPLICATES_PER_BLOCK)
    times, sums = np.empty((block, n)), np.empty((replicates, columns.shape[1]))
    for start in range(0, replicates, block):
        size = min(block, replicates - start)
        for first in range(0, size, step):
            rows = min(step, size - first)
            drawn = rng.integers(0, n, (rows, n), dtype=kind) + starts[:rows]
            counted = np.bincount(drawn.ravel(), minlength=rows * n)  # how often each row was drawn
            times[first : first + rows] = counted.reshape(rows, n)
        sums[start : start + size] = times[:size] @ columns
    return sums
