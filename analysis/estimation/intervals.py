"""Estimates with confidence intervals, and intervals of shares from few answers.

A share's t interval needs about 20 effective votes for the method and as many against it. With fewer, its
interval is that of Clopper and Pearson (1934, Biometrika 26:404) at the effective number of answers (Korn and
Graubard 1998, Survey Methodology 24:193): the number of independent answers that would determine the share
equally well. `benchmarks/coverage_intervals.py` measures how often each interval covers the truth.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analysis import formatting as fmt
from analysis.numerics.arrays import Booleans, Floats, Integers

FEW_VOTES = 20.0  # effective votes for a method, or against it, below which its t interval is not used
T, CLOPPER_PEARSON = "t", "Clopper-Pearson"  # the intervals of a share
_ZERO = 1e-12  # a share that rounding leaves where the truth is 0


@dataclass(frozen=True)
class Estimate:
    """A number with its confidence interval.

    `value` is None where the number is undefined, and `low` and `high` where no interval is stated; `reason`
    then says why.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str = ""

    def format(self, show: Callable[[float], str]) -> str:
        """The number and its interval as text: "0.30 (0.26 to 0.35)"."""
        if self.value is None:
            return fmt.UNDEFINED
        if self.low is None or self.high is None:
            return show(self.value)
        return f"{show(self.value)} ({show(self.low)} to {show(self.high)})"


def effective_answers(
    shares: Floats, variances: Floats, simple: Floats, choosers: Integers, n_participants: int
) -> Floats:
    """Estimate how many independent answers would determine each share equally well, (methods,).

    `variances` are those of `shares` over participants, `simple` those of as many independent answers. The
    design effect of a share is at least 1 and at least that of all shares together, because the variance of a
    rare method is itself badly known. `choosers` (methods,) are the participants who chose a method, or who
    chose anything else if those are fewer: each participant counts as at most twice as many answers as there
    are choosers, because votes from few people say little about others. A method that all or no participants
    chose counts each participant once. docs/type_one_error.md shows how often the intervals miss, also of
    .90/.10 with an intraclass correlation of .3 and 12 participants, which need that bound most.
    """
    extreme = _is_extreme(shares)
    if simple.sum() <= 0:
        return np.full(len(shares), float(n_participants))
    own = np.divide(variances, simple, out=np.ones(len(shares)), where=~extreme)
    design_effects = np.maximum(own, max(1.0, float(variances.sum() / simple.sum())))
    independent = np.divide(shares * (1 - shares), simple, out=np.ones(len(shares)), where=~extreme)
    answers = np.minimum(independent / design_effects, 2.0 * choosers * n_participants)
    return np.where(extreme, n_participants, answers)


def count_choosers(table: Integers, answers: Integers) -> Integers:
    """Count participants who chose each method, or did not if fewer, (methods,).

    `table` (participants, methods) are votes, and `answers` (participants,) all answers.
    """
    chose, did_not = (table > 0).sum(axis=0), (table < answers[:, None]).sum(axis=0)
    return np.asarray(np.minimum(chose, did_not), dtype=np.int64)


def have_few_votes(shares: Floats, answers: Floats) -> Booleans:
    """Mark methods with few effective votes for or against them, (methods,)."""
    return np.asarray(np.minimum(shares, 1 - shares) * answers < FEW_VOTES, dtype=np.bool_)


def clopper_pearson(
    shares: Floats, answers: Floats, df: float, alpha: float | Floats, fewest: float = 0.0
) -> tuple[Floats, Floats]:
    """The ends of the intervals of `shares` (methods,) at `answers` effective answers, with 1 - `alpha`.

    The number of answers is reduced for the `df` degrees of freedom of the variance that it is based on, by
    the squared ratio of the normal to the t quantile, unless the share is 0 or 1, but not below `fewest`.
    For a share of all participants that is their number: a share in [0, 1] varies most where each participant
    sticks to one answer, and then no variance has to be estimated. `alpha` may be an array that broadcasts
    against (methods,).
    """
    tail = np.asarray(alpha, dtype=float) / 2
    reduction = (special.ndtri(tail) / special.stdtrit(df, tail)) ** 2
    n = np.where(_is_extreme(shares), answers, np.maximum(answers * reduction, fewest))
    votes = shares * n
    with np.errstate(invalid="ignore"):
        low = special.betaincinv(np.maximum(votes, 1e-9), n - votes + 1, tail)
        high = special.betainccinv(votes + 1, np.maximum(n - votes, 1e-9), tail)
    low = np.where((shares <= _ZERO) | np.isnan(low), 0.0, low)
    high = np.where((shares >= 1 - _ZERO) | np.isnan(high), 1.0, high)
    return np.asarray(low, dtype=float), np.asarray(high, dtype=float)


def _is_extreme(shares: Floats) -> NDArray[Any]:
    return np.asarray((shares <= _ZERO) | (shares >= 1 - _ZERO))
