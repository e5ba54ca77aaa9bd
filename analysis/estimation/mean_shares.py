"""Mean of the participants' shares of each method, each participant weighing alike."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analysis.estimation.intervals import Estimate


def mean_shares(counts: ArrayLike, answers: ArrayLike | None = None) -> tuple[Estimate, ...]:
    """Return the mean share of each method with its 95% t interval, cut at 0 and 1.

    `counts` is (participants, methods); `answers` (participants,) is what they are divided by, by default
    their sum. No interval where participants do not differ, or there is only one.
    """
    table = np.asarray(counts, dtype=float)
    total = table.sum(axis=1) if answers is None else np.asarray(answers, dtype=float)
    shares, n = table / total[:, None], len(table)
    means = shares.mean(axis=0)
    if n < 2:
        return tuple(Estimate(float(mean)) for mean in means)
    margins = stats.t.ppf(0.975, n - 1) * shares.std(axis=0, ddof=1) / np.sqrt(n)
    return tuple(
        Estimate(float(mean), max(0.0, float(mean - margin)), min(1.0, float(mean + margin)))
        if margin > 1e-12
        else Estimate(float(mean))
        for mean, margin in zip(means, margins, strict=True)
    )
