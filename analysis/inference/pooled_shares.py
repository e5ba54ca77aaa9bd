"""Shares of all votes, where participants cast unequal numbers of votes: their jackknife, and a Wald test.

Pooling the votes gives each vote equal weight; averaging the participants' shares gives each participant
equal weight. With equal numbers of votes that is the same; with unequal ones it answers two questions. The
participant is the sampling unit in both. One participant with many votes moves the pooled shares more than
others do, which the spread of participants around them understates; leaving each participant out in turn does
not.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from analysis.inference.hotelling import Hotelling, t_squared
from analysis.numerics.arrays import Floats
from analysis.numerics.clusters import effective_number
from analysis.numerics.tails import f_tail


@dataclass(frozen=True, eq=False)
class PooledShares:
    """The shares of all answers, (methods,), of at least two participants.

    `moves` (participants, methods) is how far the shares move when that participant is left out.
    `effective` is the number of participants of equal weight that these are worth: from 1 to the number of
    participants.
    """

    shares: Floats
    moves: Floats
    effective: float

    @property
    def variances(self) -> Floats:
        """Variance of each share, (methods,)."""
        n = len(self.moves)
        return np.asarray((n - 1) / n * (self.moves**2).sum(axis=0), dtype=float)

    @property
    def difference_covariance(self) -> Floats:
        """Covariance of the differences of the other shares to the last, (methods - 1, methods - 1)."""
        n, differences = len(self.moves), self.moves[:, :-1] - self.moves[:, -1:]
        return np.asarray((n - 1) / n * differences.T @ differences, dtype=float)


def pooled_shares(counts: ArrayLike, answers: ArrayLike | None = None) -> PooledShares:
    """Pool `counts`, (participants, methods), and leave each participant out in turn.

    `answers` (participants,) is what the counts are divided by, by default their sum; at least two
    participants must have some. The shares are ratio estimates (Cochran 1977, Sampling Techniques, section
    2.11), their covariance is the jackknife's (Efron 1982, The Jackknife, the Bootstrap and Other Resampling
    Plans, section 3): with equal numbers of answers it is that of the mean of the participants' shares. The
    effective number of participants is that of the worst case, in which each sticks to one method (Carter,
    Schnepel and Steigerwald 2017, Review of Economics and Statistics 99:698). Raises ValueError for fewer
    than two participants.
    """
    table = np.asarray(counts, dtype=float)
    if len(table) < 2:
        raise ValueError(f"pooled shares need at least 2 participants (got {len(table)})")
    total = (table.sum(axis=1) if answers is None else np.asarray(answers, dtype=float))[:, None]
    shares = table.sum(axis=0) / total.sum()
    moves = (shares * total - table) / (total.sum() - total)  # (participants, methods)
    effective = float(effective_number(total[:, 0]))
    return PooledShares(shares, moves, int(effective) if effective.is_integer() else effective)


def pooled_wald(counts: ArrayLike, answers: ArrayLike | None = None) -> Hotelling:
    """Test whether the shares of all answers are equal; the arguments are those of `pooled_shares`.

    A Wald test with the F of Hotelling's T-squared, which it is where all cast equally many votes (Korn and
    Graubard 1990, The American Statistician 44:270), and the effective number of participants. With the plain
    number it rejected in 5.8% of simulated studies of 40 people with 5 to 20 votes, with the effective one in
    4.6%. p is None where undefined.
    """
    table = np.asarray(counts, dtype=float)
    n, k = table.shape

    def undefined(reason: str, df: float) -> Hotelling:
        note = f"the Wald test is undefined: {reason}"
        return Hotelling(names, n, None, None, (k - 1, df), None, None, note)

    names = tuple(map(str, range(k)))
    if n < 2:
        return undefined("one participant says nothing about others", n - k + 1)
    pooled = pooled_shares(table, answers)
    df = (k - 1, pooled.effective - k + 1)
    if pooled.effective < k:
        got = f"there are {n}" if n < k else f"{n} with such unequal votes count as {pooled.effective:.1f}"
        return undefined(f"{k} groups need at least {k} participants, and {got}", df[1])
    covariance = pooled.difference_covariance * pooled.effective
    result = t_squared(pooled.shares[:-1] - pooled.shares[-1], covariance, pooled.effective)
    if result is None:
        return undefined("some combination of the methods is the same for every participant", df[1])
    return Hotelling(names, n, *result, df, *f_tail(result[1], *df))
