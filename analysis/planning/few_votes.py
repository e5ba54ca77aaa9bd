"""Leads over methods with few votes, for many simulated studies at once.

A method with fewer than 20 effective votes for it, or against it, has no reliable t. The report then compares
by the intervals of Clopper and Pearson at the effective number of answers and at Bonferroni's level, combined
as by Zou, Huang and Zhang (2009), Computational Statistics and Data Analysis 53:1080. The rules are those of
`analysis.estimation.share_contrasts`, for one study.
"""

import numpy as np
from scipy import special

from analysis.numerics.arrays import Booleans, Floats

Bools = Booleans
FEW_VOTES = 20.0
_NONE = 1e-12  # a share below this is 0


def effective_answers(shares: Floats, variances: Floats, simple: Floats, n: int) -> Floats:
    """Estimate the independent answers that each share is worth. (studies, methods)

    `variances` are those of `shares` over `n` participants, `simple` those of independent answers.
    """
    extreme = _is_extreme(shares)
    total = simple.sum(axis=1, keepdims=True)
    overall = np.divide(variances.sum(axis=1, keepdims=True), total, out=np.ones_like(total), where=total > 0)
    own = np.divide(variances, simple, out=np.ones_like(simple), where=~extreme)
    independent = np.divide(shares * (1 - shares), simple, out=np.ones_like(simple), where=~extreme)
    effective = independent / np.maximum(own, np.maximum(overall, 1))
    return np.where(extreme | (total <= 0), float(n), effective)


def have_few_votes(shares: Floats, answers: Floats) -> Bools:
    """Mark methods with few effective votes for or against. (studies, methods)"""
    return np.asarray(np.minimum(shares, 1 - shares) * answers < FEW_VOTES)


def are_ahead(
    shares: Floats, covariances: Floats, answers: Floats, df: int, levels: Floats, leader: int
) -> Bools:
    """Mark methods that the leader is ahead of by intervals. (studies, methods)

    `levels` (studies,) are the two-sided levels of single intervals, alpha over the number of pairs.
    """
    errors = np.sqrt(np.maximum(np.diagonal(covariances, axis1=1, axis2=2), 0))  # (studies, methods)
    products = errors * errors[:, [leader]]
    correlation = np.divide(
        covariances[:, leader], products, out=np.zeros_like(products), where=products > 1e-24
    )
    low, high = _clopper_pearson(shares, answers, df, levels[:, None])
    below, above = (shares - low)[:, [leader]], high - shares
    squares = below**2 + above**2 - 2 * correlation * below * above
    return np.asarray(shares[:, [leader]] - shares > np.sqrt(np.maximum(squares, 0)))


def _clopper_pearson(shares: Floats, answers: Floats, df: int, alpha: Floats) -> tuple[Floats, Floats]:
    tail = alpha / 2
    reduction = (special.ndtri(tail) / special.stdtrit(df, tail)) ** 2
    n = np.where(_is_extreme(shares), answers, answers * reduction)
    votes = shares * n
    low = special.betaincinv(np.maximum(votes, 1e-9), n - votes + 1, tail)
    high = special.betainccinv(votes + 1, np.maximum(n - votes, 1e-9), tail)
    low = np.where((shares <= _NONE) | np.isnan(low), 0.0, low)
    high = np.where((shares >= 1 - _NONE) | np.isnan(high), 1.0, high)
    return np.asarray(low, dtype=float), np.asarray(high, dtype=float)


def _is_extreme(shares: Floats) -> Bools:
    return np.asarray((shares <= _NONE) | (shares >= 1 - _NONE))
