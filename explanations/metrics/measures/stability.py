"""Stability: agreement of the replicates of one class, from other images and random numbers.

Rank correlation and overlap of the greatest pixels, as Ghorbani et al. 2019, arXiv:1710.10547, section 2,
compare explanations.
"""

import numpy as np
from scipy import stats

from explanations.metrics.subject import Advance, Floats, Parameters, Subject, lacks, ranks


def rank_correlation(a: Floats, b: Floats) -> float:
    """Spearman's correlation of two maps (H, W); NaN where one is the same everywhere."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(stats.spearmanr(a.ravel(), b.ravel()).statistic)


def overlap(a: Floats, b: Floats, share: float, generator: np.random.Generator) -> float:
    """The share of the greatest pixels of `a` (H, W) that are among the greatest of `b`: `share` of all."""
    count = max(1, round(share * a.size))
    first, second = (ranks(importance, generator) < count for importance in (a, b))
    return float((first & second).sum() / count)


def measure(subject: Subject, parameters: Parameters, advance: Advance) -> dict[str, Floats]:
    """Both values with every other replicate."""
    if not subject.siblings:
        raise lacks("siblings")
    random, own = subject.generator("stability"), subject.importance
    advance(1)
    return {
        "replicate-correlation": np.array([rank_correlation(own, other) for other in subject.siblings]),
        "replicate-overlap": np.array(
            [overlap(own, other, parameters["share"], random) for other in subject.siblings]
        ),
    }
