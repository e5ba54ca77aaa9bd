"""The shares of all votes with each participant left out in turn: how sure they are where votes are unequal.

Counts in, a covariance out and the number of participants that it rests on. One participant with many votes
moves the shares more than others; the spread of participants around the pooled shares tells too little of it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PooledShares:
    """The shares of all votes, (methods,), of at least two participants.

    `moves` (participants, methods) is how far the shares go when that participant is left out. As many
    participants of equal weight as `effective` would tell as much, at least 1, at most as many as there are.
    """

    shares: Floats
    moves: Floats
    effective: float

    @property
    def variances(self) -> Floats:
        """Of each share, (methods,)."""
        n = len(self.moves)
        return np.asarray((n - 1) / n * (self.moves**2).sum(axis=0), dtype=float)

    @property
    def difference_covariance(self) -> Floats:
        """Of the differences of the other shares to the last one, (methods - 1, methods - 1)."""
        n, differences = len(self.moves), self.moves[:, :-1] - self.moves[:, -1:]
        return np.asarray((n - 1) / n * differences.T @ differences, dtype=float)


def pooled_shares(counts: ArrayLike) -> PooledShares:
    """Of `counts` of votes, (participants, methods), everybody having cast one at least.

    The shares are ratio estimates (Cochran 1977, Sampling Techniques, section 2.11), their covariance is the
    jackknife's (Efron 1982, The Jackknife, the Bootstrap and Other Resampling Plans, section 3): of equal
    numbers of votes it is that of the mean of the participants' shares. The effective number of participants
    is that of the worst case, in which each sticks to one method (Carter, Schnepel and Steigerwald 2017,
    Review of Economics and Statistics 99:698). Raises ValueError for fewer than two participants.
    """
    table = np.asarray(counts, dtype=float)
    if len(table) < 2:
        raise ValueError("needed are at least 2 participants, for one says nothing about others")
    cast = table.sum(axis=1, keepdims=True)  # (participants, 1)
    shares = table.sum(axis=0) / cast.sum()
    moves = (shares * cast - table) / (cast.sum() - cast)
    effective = float((cast**2).sum() ** 2 / (cast**4).sum())
    near = round(effective)  # what rounding alone keeps from being whole is whole, and is printed so
    return PooledShares(shares, moves, near if abs(effective - near) < 1e-9 * near else effective)
