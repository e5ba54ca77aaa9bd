"""Tables of counts by participant, for the checks of the design."""

import numpy as np
from numpy.typing import NDArray

from analysis.numerics.arrays import Integers


def count_by_participant(
    people: Integers, values: NDArray[np.intp], size: int, n: int | None = None
) -> Integers:
    """Count how often each participant has each value from 0 to `size` - 1: (participants, values).

    `n` is the number of participants, by default the largest number in `people` plus 1.
    """
    n = int(people.max()) + 1 if n is None else n
    return np.bincount(people * size + values, minlength=n * size).reshape(n, size)
