"""Families of contrasts of mean shares, each contrast with the interval that its votes allow.

Participants have equal weight. A family is judged together by `simultaneous`. A contrast with a method that
has few votes (`intervals.have_few_votes`) gets its interval from those of the shares instead, by the method
of variance estimates recovery (Zou, Huang and Zhang 2009, Computational Statistics and Data Analysis 53:1080)
at Bonferroni's level, and its p is the level at which that interval ends at 0.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from analysis.estimation.intervals import clopper_pearson, count_choosers, effective_answers, have_few_votes
from analysis.estimation.simultaneous import Comparison, simultaneous, t_tail
from analysis.numerics.arrays import Booleans, Floats
from analysis.numerics.resampling import SEED
from analysis.significance import ALPHA
from analysis.votes.counting import Counts

FEW = "few votes"
_ROUNDING = 1e-13  # part of the terms of a variance of 0 that rounding may leave
_SMALLEST = -60.0  # log10 of the smallest level at which an interval from few votes is computed
_STEPS = 32  # halvings of its logarithm


@dataclass(frozen=True)
class Scale:
    """A function of a share on which contrasts are differences, and its slope."""

    transform: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]


SHARE = Scale(lambda share: share, np.ones_like)
LOGARITHM = Scale(np.log, lambda share: 1 / share)
ANGLE = Scale(lambda share: 2 * np.arcsin(np.sqrt(share)), lambda share: 1 / np.sqrt(share * (1 - share)))


@dataclass(frozen=True, eq=False)
class MeanShares:
    """The mean of the participants' shares of each method, (methods,), and what its precision rests on.

    `covariance` (methods, methods) is that of the means. `answers` are effective answers.
    """

    means: Floats
    covariance: Floats
    answers: Floats
    n_participants: int

    @property
    def df(self) -> int:
        return max(self.n_participants - 1, 1)

    @property
    def variances(self) -> Floats:
        return np.asarray(self.covariance.diagonal())

    @cached_property
    def few(self) -> Booleans:
        """True for methods with few votes for or against them, (methods,)."""
        return have_few_votes(self.means, self.answers)

    @cached_property
    def correlation(self) -> Floats:
        """The correlation of the means; 0 with a method whose share does not vary."""
        errors = np.sqrt(self.variances)
        products = np.outer(errors, errors)
        result = np.divide(self.covariance, products, out=np.zeros_like(products), where=products > 1e-24)
        np.fill_diagonal(result, 1.0)
        return np.asarray(result)


def average_shares(counts: Counts) -> MeanShares:
    """Average the participants' shares; questions that were shown unequally often count equally."""
    shares, answers = counts.shares, counts.answers.astype(float)  # (participants, methods), (participants,)
    if counts.unequal_exposure:
        answers = counts.weighted_answers
        shares = counts.weighted / answers[:, None]
    n, means = len(shares), shares.mean(axis=0)
    residuals = shares - means
    covariance = residuals.T @ residuals / max(n - 1, 1) / n
    simple = means * (1 - means) * float((1 / answers).sum()) / n**2  # of independent answers
    choosers = count_choosers(counts.table, counts.answers)
    effective = effective_answers(means, covariance.diagonal(), simple, choosers, n)
    return MeanShares(means, covariance, effective, n)


def judge_contrasts(
    sample: MeanShares, matrix: Floats, scale: Scale = SHARE, alpha: float = ALPHA, seed: int = SEED
) -> tuple[Comparison, ...]:
    """Judge the contrasts of `matrix`, (contrasts, methods), together, with 1 - `alpha` confidence.

    A contrast is not judged where it does not vary over participants. Where votes are few, p is computed on
    the scale of shares only.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        used = np.where(matrix == 0, 0.0, matrix * scale.transform(sample.means))
        slopes = np.where(matrix == 0, 0.0, matrix * scale.slope(sample.means))
        covariance = _transform_covariance(sample.covariance, slopes)
        estimates = used.sum(axis=1)  # (contrasts,)
    family = simultaneous(estimates, covariance, sample.df, alpha, seed).comparisons
    varies = _transform_covariance(sample.covariance, matrix).diagonal() > 1e-24
    few = ((matrix != 0) & sample.few).any(axis=1) & varies & (sample.n_participants > 1)
    if not few.any():
        return family
    size = int(varies.sum())
    low, high = _recover_limits(sample, matrix[few], scale, np.full(int(few.sum()), alpha / size))
    levels = _find_levels(sample, matrix[few]) if scale is SHARE else np.full(len(low), np.nan)
    judged = list(family)
    for i, place in enumerate(np.flatnonzero(few).tolist()):
        judged[place] = _replace(judged[place], float(low[i]), float(high[i]), size * float(levels[i]))
    return tuple(judged)


def _transform_covariance(covariance: Floats, matrix: Floats) -> Floats:
    """Return the covariance of contrasts, without rounding errors of a variance of 0."""
    result = np.asarray(matrix @ covariance @ matrix.T, dtype=float)
    terms = np.einsum("ij,jk,ik->i", *map(np.abs, (matrix, covariance, matrix)))
    constant = result.diagonal() <= _ROUNDING * terms
    result[constant] = result[:, constant] = 0.0
    return result


def _replace(comparison: Comparison, low: float, high: float, p: float) -> Comparison:
    """The comparison with an interval from few votes, if its ends are finite."""
    if comparison.estimate is None:
        return comparison
    ends = (low, high) if math.isfinite(low) and math.isfinite(high) else (None, None)
    tail = (None, None) if math.isnan(p) else (min(1.0, p), min(0.0, math.log10(p)))
    return replace(comparison, low=ends[0], high=ends[1], p=tail[0], log10_p=tail[1], method=FEW)


def _recover_limits(
    sample: MeanShares, matrix: Floats, scale: Scale, alphas: Floats
) -> tuple[Floats, Floats]:
    """The ends of the interval of each contrast, (contrasts,), at its own level of `alphas`, (contrasts,)."""
    low, high = clopper_pearson(sample.means, sample.answers, sample.df, alphas[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        values = scale.transform(sample.means)
        below, above = values - scale.transform(low), scale.transform(high) - values  # (contrasts, methods)
        centre = np.where(matrix == 0, 0.0, matrix * values).sum(axis=1)
        down = np.where(matrix > 0, matrix * below, -matrix * above)
        up = np.where(matrix > 0, matrix * above, -matrix * below)
        down, up = (np.where(matrix == 0, 0.0, side) for side in (down, up))
        down, up = (_length(side, np.sign(matrix), sample.correlation) for side in (down, up))
        return centre - down, centre + up


def _length(sides: Floats, signs: Floats, correlation: Floats) -> Floats:
    """The length of `sides` (contrasts, methods), which are correlated with `signs`."""
    finite = np.asarray(np.isfinite(sides).all(axis=1), dtype=np.bool_)
    signed = np.where(finite[:, None], sides * signs, 0.0)
    squares = np.einsum("ij,jk,ik->i", signed, correlation, signed)
    return np.where(finite, np.sqrt(np.maximum(squares, 0.0)), np.inf)


def p_against(sample: MeanShares, contrast: Floats, null: float) -> float | None:
    """The two-sided p that a single contrast of shares, (methods,), is `null`, without adjustment.

    It is below alpha where the contrast's own interval with 1 - alpha excludes `null`. None where the
    contrast does not vary.
    """
    variance = _transform_covariance(sample.covariance, contrast[None])
    [one] = simultaneous([contrast @ sample.means], variance, sample.df).comparisons
    if one.error is None or one.estimate is None:
        return None
    if ((contrast != 0) & sample.few).any():
        return float(_find_levels(sample, contrast[None], null)[0])
    return t_tail(abs(one.estimate - null) / one.error, sample.df)[0]


def _find_levels(sample: MeanShares, matrix: Floats, null: float = 0.0) -> Floats:
    """The level at which the interval of each contrast of shares begins to exclude `null`, (contrasts,)."""
    small, large = np.full(len(matrix), _SMALLEST), np.zeros(len(matrix))
    for _ in range(_STEPS):
        middle = (small + large) / 2
        low, high = _recover_limits(sample, matrix, SHARE, 10**middle)
        excludes = (low > null) | (high < null)
        small, large = np.where(excludes, small, middle), np.where(excludes, middle, large)
    return np.asarray(10**large)
