"""Codes of participants, labels or cells renumbered without a sort, which a million answers would feel."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.numerics.arrays import Integers

_SPARSE = 8  # codes per answer above which a sort takes less memory than an array over all codes


def renumber(codes: NDArray[np.integer[Any]]) -> tuple[Integers, Integers]:
    """Return the codes that occur, ascending, and the place of each code among them, as np.unique does.

    `codes` (answers,) are at least 0.
    """
    if not len(codes) or int(codes.max()) > _SPARSE * len(codes):
        present, places = np.unique(codes, return_inverse=True)
        return present.astype(np.int64), places.astype(np.int64)
    occurs = np.bincount(codes) > 0
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[codes]
