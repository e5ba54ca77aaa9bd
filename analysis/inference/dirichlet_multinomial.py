"""Likelihood-ratio test of equal shares in a Dirichlet-multinomial model of how participants differ.

Counts per participant come in. A participant's votes are multinomial with shares of their own, which follow a
Dirichlet distribution around those of the population (Mosimann 1962, Biometrika 49:65). Under the null
hypothesis all shares are equal; how much participants differ is estimated under both. No installed package
fits this model.

The null hypothesis includes the model: where a quarter of participants always choose one method and the
others never do, all mean shares are equal and the test rejects in nine studies of ten. Its chi-squared
distribution is that of many participants (docs/type_one_error.md has the rates by number of participants).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special

from analysis import formatting as fmt
from analysis.numerics.arrays import Floats, Integers
from analysis.numerics.tails import chi_square_tail

_BOUNDS = (-9.0, 14.0)  # of log alpha: from fully dependent to independent votes


@dataclass(frozen=True)
class DirichletMultinomial:
    """The test of `n_participants` participants.

    `concentration` is the sum of alpha: large where participants are alike, and infinite where they are more
    alike than independent votes would be. None where undefined, and `note` says why.
    """

    n_participants: int
    chi_square: float | None
    df: int
    p: float | None
    log10_p: float | None
    shares: tuple[float, ...]
    concentration: float | None
    note: str | None = None

    @property
    def statistic(self) -> float | None:
        """Twice the difference of the log likelihoods."""
        return self.chi_square

    @property
    def degrees_of_freedom(self) -> tuple[float, ...]:
        """The number of methods minus 1."""
        return (self.df,)

    @property
    def statement(self) -> str:
        """The statistic with its degrees of freedom: "χ²(3) = 260.12"."""
        if self.chi_square is None:
            return fmt.UNDEFINED
        return f"χ²({self.df}) = {fmt.f_value(self.chi_square)}"


def dirichlet_multinomial(counts: ArrayLike) -> DirichletMultinomial:
    """Test whether the shares are equal; `counts` are whole numbers, (participants, methods).

    A participant who chose no method has a row of zeros, which does not change the likelihood.
    """
    table = np.asarray(counts, dtype=np.int64)
    n, k = table.shape
    if n < 2:
        note = "the likelihood ratio is undefined: one participant says nothing about others"
        return DirichletMultinomial(n, None, k - 1, None, None, (), None, note)
    columns = [np.unique(column, return_counts=True) for column in table.T]
    totals = np.unique(table.sum(axis=1), return_counts=True)

    def loss(logs: Floats) -> tuple[float, Floats]:
        """Minus the log likelihood, up to a constant, and its gradient by log alpha."""
        alpha = np.exp(logs)
        both = alpha.sum()
        value = -_rise(both, *totals)
        common = -_slope(both, *totals)
        slopes = np.array([_slope(a, *column) for a, column in zip(alpha, columns, strict=True)])
        value += sum(_rise(a, *column) for a, column in zip(alpha, columns, strict=True))
        return -value, -(slopes + common) * alpha

    def loss_of_equal(logs: Floats) -> tuple[float, Floats]:
        value, gradient = loss(np.repeat(logs, k))
        return value, np.array([gradient.sum()])

    shares = (table.sum(axis=0) + 0.5) / (table.sum() + 0.5 * k)
    best, logs = _lowest(loss, np.log(shares * _moment_estimate(table, shares)))
    null, _ = _lowest(loss_of_equal, np.log([_moment_estimate(table, np.full(k, 1 / k)) / k]))
    alpha = np.exp(logs)
    fitted, concentration = alpha / alpha.sum(), float(alpha.sum())
    # Where participants are more alike than chance, the likelihood rises towards that of independent votes.
    votes = table.sum(axis=0)
    alike = float(special.entr(votes / votes.sum()).sum() * votes.sum())
    if alike <= best:
        best, fitted, concentration = alike, votes / votes.sum(), math.inf
    chi_square = max(0.0, 2 * (min(null, float(votes.sum() * math.log(k))) - best))
    p, log10_p = chi_square_tail(chi_square, k - 1)
    shown = tuple(fitted.tolist())
    return DirichletMultinomial(n, chi_square, k - 1, p, log10_p, shown, concentration)


def _moment_estimate(table: Integers, shares: Floats) -> float:
    """Estimate a concentration to start from, by how much more than chance counts vary (Mosimann 1962)."""
    totals = table.sum(axis=1, keepdims=True)
    by_chance = float((totals * shares * (1 - shares)).sum())
    excess = float(((table - totals * shares) ** 2).sum()) / by_chance - 1
    pairs = float((totals * (totals - 1)).sum() / totals.sum())
    return min(max(pairs / excess - 1, 0.1), 200.0) if excess > 0 else 200.0  # flat beyond


def _rise(alpha: float, counts: Integers, times: Integers) -> float:
    """Sum log Gamma(alpha + count) - log Gamma(alpha) over distinct `counts`, each weighted by `times`."""
    return float(times @ special.gammaln(alpha + counts) - times.sum() * special.gammaln(alpha))


def _slope(alpha: float, counts: Integers, times: Integers) -> float:
    """Derivative of `_rise` by alpha."""
    return float(times @ special.digamma(alpha + counts) - times.sum() * special.digamma(alpha))


def _lowest(loss: Callable[[Floats], tuple[float, Floats]], start: Floats) -> tuple[float, Floats]:
    """Minimise `loss` and return the minimum and where it is.

    Truncated Newton, because L-BFGS-B calls BLAS, whose threads take ten times as long for so few numbers.
    """
    options = {"ftol": 1e-13, "gtol": 1e-8, "maxfun": 2000}
    bounds = [_BOUNDS] * len(start)
    fit = optimize.minimize(  # type: ignore[call-overload]
        loss, start, jac=True, method="TNC", bounds=bounds, options=options
    )
    return float(fit.fun), np.asarray(fit.x)
