"""Permutation test that the methods are exchangeable within each participant.

Shares per participant come in, a p-value out. Exchangeability is more than equal mean shares: where a quarter
of participants always choose one method and the others never do, all mean shares are equal, and the test
rejects in a tenth of studies.
"""

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import ArrayLike

from analysis import formatting as fmt
from analysis.numerics.arrays import Floats
from analysis.numerics.resampling import SEED

PERMUTATIONS = 9_999
_MIN_PERMUTATIONS = 999
_WORK = 20_000_000  # participants times permutations
_MOST_LISTED = 5  # methods whose permutations are listed, 120 of 5
_REPEATS = 4  # participants per listed permutation from which drawing counts is faster


@dataclass(frozen=True)
class Permutation:
    """A permutation test of `n_participants` participants.

    `p` is the share of `permutations` whose method totals differ at least as much as the observed ones, which
    count as one permutation more; so it is never below 1 / (`permutations` + 1), its floor. `statistic` is
    the sum of squares of the methods' mean shares around their mean. None where undefined, and `note` says
    why.
    """

    n_participants: int
    permutations: int
    seed: int
    p: float | None
    note: str | None = None
    statistic: float | None = None

    @property
    def degrees_of_freedom(self) -> tuple[float, ...]:
        """Empty: the test refers to no distribution."""
        return ()

    @property
    def is_at_floor(self) -> bool:
        """True if no permutation differed as much: p is then an upper bound."""
        return self.p is not None and self.p * (self.permutations + 1) < 1.5

    @property
    def log10_p(self) -> float | None:
        """log10 of p."""
        return None if self.p is None else float(np.log10(self.p))

    @property
    def statement(self) -> str:
        """The number of permutations in words: "9,999 permutations"."""
        if self.p is None:
            return fmt.UNDEFINED
        return f"{fmt.count(self.permutations)} permutations"


def permutation_test(shares: ArrayLike, seed: int = SEED, n_permutations: int = PERMUTATIONS) -> Permutation:
    """Test whether methods are exchangeable within each participant; `shares` is (participants, methods).

    The statistic is the sum of squares between the methods' means, which orders the permutations as F of the
    repeated-measures analysis does, because permuting within a participant leaves the total sum of squares as
    it is (Good 2005, Permutation, Parametric, and Bootstrap Tests of Hypotheses, section 5.3). Above 2,000
    participants there are fewer permutations, at least 999.
    """
    values = np.asarray(shares, dtype=float)
    n = len(values)
    if n < 2:
        note = "the permutation test is undefined: one participant says nothing about others"
        return Permutation(n, 0, seed, None, note)
    if np.ptp(values, axis=1).max() == 0:
        note = "the permutation test is undefined: every participant split their votes evenly"
        return Permutation(n, 0, seed, None, note)
    n_permutations = min(n_permutations, max(_MIN_PERMUTATIONS, _WORK // n))
    totals = _permuted_totals(values, n_permutations, np.random.default_rng(seed))
    observed = (values.sum(axis=0) ** 2).sum()
    as_far = (totals**2).sum(axis=1) >= observed * (1 - 1e-12)  # equal sums may differ in the last bit
    means = values.mean(axis=0)
    return Permutation(
        n_participants=n,
        permutations=n_permutations,
        seed=seed,
        p=float((as_far.sum() + 1) / (n_permutations + 1)),
        statistic=float(n * ((means - means.mean()) ** 2).sum()),
    )


def _permuted_totals(values: Floats, n_permutations: int, rng: np.random.Generator) -> Floats:
    """Sum the rows of `values`, each permuted at random: (permutations, methods).

    Rows with the same numbers in any order permute alike; where there are many, how often each permutation
    comes is multinomial, and drawn as such.
    """
    k = values.shape[1]
    totals = np.zeros((n_permutations, k))
    if k > _MOST_LISTED:
        for row in values:
            totals += rng.permuted(np.broadcast_to(row, (n_permutations, k)), axis=1)
        return totals
    orders = np.array(list(permutations(range(k))))  # (k!, methods)
    rows, times = np.unique(np.sort(values, axis=1), axis=0, return_counts=True)
    for row, n in zip(rows, times.tolist(), strict=True):
        permuted = row[orders]  # (k!, methods)
        if n >= _REPEATS * len(orders):
            chances = np.full(len(orders), 1 / len(orders))
            totals += rng.multinomial(n, chances, size=n_permutations) @ permuted
        else:
            for _ in range(n):
                totals += permuted[rng.integers(0, len(orders), n_permutations)]
    return totals
