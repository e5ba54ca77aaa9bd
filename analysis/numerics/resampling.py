"""Participants drawn again with replacement, and methods shuffled within participants.

Arrays with a row per participant come in, with a seed; sums and permutation p-values come out. The
participant is the unit throughout: a person's votes stay together (Davison and Hinkley 1997, Bootstrap
Methods and their Application, section 3.8). Knows no vote table.
"""

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from analysis import formatting as fmt

Floats = NDArray[np.float64]
REPLICATES = 10_000
SEED = 20190904  # any will do; this one is printed with the numbers that it made
_AT_ONCE = 1 << 16  # draws at a time: what they count fits a core's cache, which is five times as fast
_TOGETHER = 8  # replicates, at least, for each time that the columns are read
_WORK = 20_000_000  # participants times permutations


def bootstrap_sums(values: ArrayLike, replicates: int = REPLICATES, seed: int = SEED) -> Floats:
    """The column sums of as many rows drawn again: (participants, columns) to (replicates, columns)."""
    columns = np.asarray(values, dtype=float)
    n, rng = len(columns), np.random.default_rng(seed)
    kind = np.uint16 if n <= 1 << 16 else np.uint32
    step = max(1, _AT_ONCE // n)
    starts, block = np.arange(step)[:, None] * n, max(step, _TOGETHER)
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


@dataclass(frozen=True)
class Permutation:
    """A permutation test of `n_participants` participants: how often shuffled labels differ as much.

    `p` counts the table itself as one of the shuffles, so that it is never below 1 / (`permutations` + 1).
    None where every participant split their votes evenly, and `note` then says so.
    """

    n_participants: int
    permutations: int
    seed: int
    p: float | None
    note: str | None = None

    @property
    def log10_p(self) -> float | None:
        return None if self.p is None else float(np.log10(self.p))

    @property
    def statement(self) -> str:
        if self.p is None:
            return fmt.UNDEFINED
        return f"{fmt.count(self.permutations)} shuffles"


def permutation_test(proportions: ArrayLike, seed: int = SEED, shuffles: int = REPLICATES - 1) -> Permutation:
    """Are the methods exchangeable within each participant? `proportions` is (participants, methods).

    The statistic is the sum of squares between the methods' means, which orders the tables as F of the
    repeated-measures analysis does: shuffling within a participant leaves the total as it is (Good 2005,
    Permutation, Parametric, and Bootstrap Tests of Hypotheses, section 5.3).
    """
    values = np.asarray(proportions, dtype=float)
    n, k = values.shape
    if n < 2:
        note = "the permutation test is undefined: one participant says nothing about others"
        return Permutation(n, 0, seed, None, note)
    if np.ptp(values, axis=1).max() == 0:
        note = "the permutation test is undefined: every participant split their votes evenly"
        return Permutation(n, 0, seed, None, note)
    shuffles = min(shuffles, max(999, _WORK // n))
    rng = np.random.default_rng(seed)
    totals = np.zeros((shuffles, k))
    if k <= 5:
        orders = np.array(list(permutations(range(k))))  # (k!, methods)
        for row in values:
            totals += row[orders][rng.integers(0, len(orders), shuffles)]
    else:
        for row in values:
            totals += rng.permuted(np.broadcast_to(row, (shuffles, k)), axis=1)
    observed = (values.sum(axis=0) ** 2).sum()
    as_far = (totals**2).sum(axis=1) >= observed * (1 - 1e-12)  # equal sums may differ in the last bit
    return Permutation(n, shuffles, seed, float((as_far.sum() + 1) / (shuffles + 1)))
