"""Holm's correction of several p-values. p and log10 p come in; both come out adjusted.

statsmodels' `multipletests(method="holm")` gives the same p (a test compares them), but keeps no logarithm of
a p that float64 cannot hold.
"""

import math
from collections.abc import Sequence


def holm(tails: Sequence[tuple[float, float] | None]) -> list[tuple[float, float] | None]:
    """Adjust p and log10 p of a family (Holm 1979, Scandinavian Journal of Statistics 6:65).

    None marks an undefined test: it stays None and does not count in the family.
    """
    defined = sorted((tail[1], i) for i, tail in enumerate(tails) if tail is not None)
    result: list[tuple[float, float] | None] = [None] * len(tails)
    p = log = -math.inf
    for rank, (_, i) in enumerate(defined):
        tail, times = tails[i], len(defined) - rank
        assert tail is not None
        p, log = max(p, min(1.0, tail[0] * times)), max(log, min(0.0, tail[1] + math.log10(times)))
        result[i] = (p, log)
    return result
