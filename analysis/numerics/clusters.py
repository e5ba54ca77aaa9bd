"""Clusters of answers, such as participants: their codes, and their effective number."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.numerics.arrays import Floats, Integers

_SPARSE = 8  # codes per answer above which a sort takes less memory than an array over all codes


def renumber(codes: NDArray[np.integer[Any]]) -> tuple[Integers, Integers]:
    """Return the codes that occur, ascending, and the place of each code among them.

    `codes` (answers,) are at least 0. The result is that of np.unique, but without a sort, which is slow for
    a million answers.
    """
    if not len(codes) or int(codes.max()) > _SPARSE * len(codes):
        present, places = np.unique(codes, return_inverse=True)
        return present.astype(np.int64), places.astype(np.int64)
    occurs = np.bincount(codes) > 0
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[codes]


def effective_number(totals: Floats) -> Floats:
    """Estimate as how many clusters of equal weight those with `totals`, (clusters, ...), count: (...).

    That of the worst case, in which all answers of a cluster are the same (Carter, Schnepel and Steigerwald
    2017, Review of Economics and Statistics 99:698). A number that only rounding keeps from being whole is
    whole.
    """
    squares = totals**2
    number = squares.sum(axis=0) ** 2 / (squares**2).sum(axis=0)
    whole = np.round(number)
    return np.asarray(np.where(np.abs(number - whole) < 1e-9 * whole, whole, number), dtype=float)
