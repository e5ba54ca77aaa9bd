"""Every pair of methods compared within participants: differences, ratios and Cohen's h of mean shares.

Counts per participant come in. Each participant has equal weight. Intervals are simultaneous over all pairs
(single-step max-t), and `p_simultaneous` is read from the same distribution.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from analysis.estimation.intervals import Estimate
from analysis.estimation.share_contrasts import ANGLE, LOGARITHM, SHARE, average_shares, judge_contrasts
from analysis.estimation.simultaneous import Comparison, pair_matrix
from analysis.numerics.multiplicity import holm
from analysis.numerics.resampling import SEED
from analysis.numerics.tails import f_tail
from analysis.significance import ALPHA
from analysis.votes.counting import Counts

_WIDEST = math.log(1000)  # no digit of a ratio is known if its interval is wider
_NO_VARIATION = "participants do not differ"
_NO_RATIO = "one of the two shares is 0"
_TOO_WIDE = "a ratio would reach below 0.001 or above 1,000"
_ZERO = 1e-12  # a standard deviation that rounding leaves where the truth is 0


@dataclass(frozen=True)
class PairEstimate:
    """Two methods compared within participants: `a` minus `b`, and `a` over `b`.

    The intervals of each kind (differences, ratios, Cohen's h) are simultaneous over all pairs, with
    confidence 1 - alpha. `t` is the paired t statistic of the difference, `p` its p after Holm's correction,
    and `p_simultaneous` its p from the largest |t| of all pairs: below alpha exactly where the interval of
    the difference excludes 0. That is the verdict on the pair.
    """

    a: str
    b: str
    difference: Estimate
    ratio: Estimate
    cohens_h: Estimate
    t: float | None
    p: float | None
    log10_p: float | None
    p_simultaneous: float | None = None
    log10_p_simultaneous: float | None = None
    method: str = ""


@dataclass(frozen=True)
class PairTest:
    """The paired t test of two methods; `p` is after Holm's correction. None where undefined."""

    a: str
    b: str
    difference: float
    t: float | None
    p: float | None
    log10_p: float | None


@dataclass(frozen=True)
class Verdicts:
    """The other methods by the verdict on one method, in the order of the pairs."""

    method: str
    ahead: tuple[str, ...]
    behind: tuple[str, ...]
    undecided: tuple[str, ...]


def compare(counts: Counts, seed: int = SEED, alpha: float = ALPHA) -> tuple[PairEstimate, ...]:
    """Compare every pair of methods by the mean of the participants' shares, with 1 - `alpha` confidence."""
    pairs = list(combinations(range(len(counts.methods)), 2))
    if not pairs:
        return ()
    sample, matrix = average_shares(counts), pair_matrix(pairs, len(counts.methods))
    families = [judge_contrasts(sample, matrix, scale, alpha, seed) for scale in (SHARE, LOGARITHM, ANGLE)]
    return tuple(
        PairEstimate(
            a=test.a,
            b=test.b,
            difference=bound_difference(difference, 1.0),
            ratio=_exponential(ratio),
            cohens_h=bound_difference(angle, math.pi),
            t=test.t,
            p=test.p,
            log10_p=test.log10_p,
            p_simultaneous=difference.p,
            log10_p_simultaneous=difference.log10_p,
            method=difference.method,
        )
        for test, difference, ratio, angle in zip(paired_tests(counts), *families, strict=True)
    )


def paired_tests(counts: Counts) -> tuple[PairTest, ...]:
    """Test every pair of methods by a paired t test of the participants' shares, with Holm's correction."""
    shares = counts.shares  # (participants, methods)
    n, pairs = len(shares), list(combinations(range(len(counts.methods)), 2))
    if not pairs:
        return ()
    a, b = np.transpose(pairs)
    between = shares[:, a] - shares[:, b]  # (participants, pairs)
    differences = between.mean(axis=0)
    spread = between.std(axis=0, ddof=1) if n > 1 else np.zeros(len(pairs))
    t = [float(d / s * math.sqrt(n)) if s > _ZERO else None for d, s in zip(differences, spread, strict=True)]
    tails = holm([None if x is None else f_tail(x**2, 1, n - 1) for x in t])
    return tuple(
        PairTest(counts.methods[i], counts.methods[j], float(d), x, *(tail or (None, None)))
        for (i, j), d, x, tail in zip(pairs, differences, t, tails, strict=True)
    )


def verdicts(pairs: Sequence[PairEstimate], method: str, alpha: float = ALPHA) -> Verdicts:
    """Sort the other methods by the verdict on `method`.

    A pair is decided where its `p_simultaneous` is below `alpha`, that of its interval.
    """
    ahead: list[str] = []
    behind: list[str] = []
    undecided: list[str] = []
    for pair in pairs:
        if method not in (pair.a, pair.b):
            continue
        other = pair.b if pair.a == method else pair.a
        gap = (pair.difference.value or 0.0) * (1 if pair.a == method else -1)
        if pair.p_simultaneous is None or pair.p_simultaneous >= alpha:
            undecided.append(other)
        else:
            (ahead if gap > 0 else behind).append(other)
    return Verdicts(method, tuple(ahead), tuple(behind), tuple(undecided))


def bound_difference(comparison: Comparison, most: float) -> Estimate:
    """The interval cut where no difference can lie: beyond -`most` and `most`."""
    low, high = comparison.low, comparison.high
    if low is None or high is None:
        return Estimate(comparison.estimate, reason=_NO_VARIATION)
    return Estimate(comparison.estimate, max(low, -most), min(high, most))


def _exponential(comparison: Comparison) -> Estimate:
    """A ratio from a difference of logarithms, without an interval that is too wide."""
    if comparison.estimate is None:
        return Estimate(None, reason=_NO_RATIO)
    low, high, value = comparison.low, comparison.high, math.exp(comparison.estimate)
    if not comparison.method:
        return Estimate(value, reason=_NO_VARIATION)
    if low is None or high is None or max(-low, high) > _WIDEST:
        return Estimate(value, reason=_TOO_WIDE)
    return Estimate(value, math.exp(low), math.exp(high))
