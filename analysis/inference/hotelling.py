"""Hotelling's T-squared test: whether several means of the same participants are equal, or all zero.

Numbers per participant come in, T-squared with its F and p out. No assumption about the covariances of the
groups is made, which costs degrees of freedom: with k groups F has (k - 1, n - k + 1).
"""

from dataclasses import dataclass

import numpy as np
from statsmodels.stats.multivariate import test_mvmean as multivariate_mean_test

from analysis import formatting as fmt
from analysis.inference.repeated_measures import numbers_by_participant
from analysis.numerics.arrays import Floats
from analysis.numerics.exact import ExactGroups, Groups
from analysis.numerics.tails import f_tail


@dataclass(frozen=True)
class Hotelling:
    """Hotelling's T-squared of `n_participants` and `groups` with its F and p.

    None where undefined, and `note` says why. The degrees of freedom are whole numbers except where
    participants weigh unequally.
    """

    groups: tuple[str, ...]
    n_participants: int
    T2: float | None
    F: float | None
    df: tuple[int, float]
    p: float | None
    log10_p: float | None
    note: str | None = None

    @property
    def statistic(self) -> float | None:
        """F."""
        return self.F

    @property
    def degrees_of_freedom(self) -> tuple[float, ...]:
        """Numerator and denominator."""
        return self.df

    @property
    def statement(self) -> str:
        """The statistic with its degrees of freedom: "F(3, 80) = 327.26"."""
        if self.F is None:
            return fmt.UNDEFINED
        first, second = self.df
        shown = str(second) if isinstance(second, int) else fmt.decimal(second, 2)
        return f"F({first}, {shown}) = {fmt.f_value(self.F)}"

    def __str__(self) -> str:
        n = fmt.counted(self.n_participants, "participant")
        title = f"Hotelling's T² of {n} and {len(self.groups)} groups"
        if self.note or self.T2 is None:
            return f"{title}\n{self.note}"
        row = (self.statement, fmt.decimal(self.T2), fmt.p_value(self.p, self.log10_p))
        return f"{title}\n" + fmt.text_table(("", "T²", "p"), [row])


def hotelling(groups: Groups | ExactGroups) -> Hotelling:
    """Test whether the means are equal, whatever the covariances of the groups.

    Hotelling (1931), Annals of Mathematical Statistics 2:360, applied to the k - 1 differences to the last
    group: the Wald test with the covariance clustered by participant, with its finite-sample F. Raises
    ValueError and TypeError as `numbers_by_participant` does.
    """
    exact, n = numbers_by_participant(groups)
    if n < 2:
        return _undefined(exact.names, n, "one participant says nothing about others")
    values = exact.values  # (participants, groups)
    return _test_zero_means(exact.names, values[:, :-1] - values[:, -1:], "groups")


def hotelling_of_changes(changes: Floats) -> Hotelling:
    """Test whether all columns of `changes`, (participants, groups), have mean zero.

    Each participant's changes add up to zero, so that the last column follows from the others. Columns that
    are the same for all participants are left out.
    """
    varying = changes[:, np.ptp(changes, axis=0) > 0]
    n, k = varying.shape
    names = tuple(map(str, range(k)))
    if k < 2:
        return _undefined(names, n, "the changes are the same for every participant")
    return _test_zero_means(names, varying[:, :-1], "changes")


def t_squared(means: Floats, covariance: Floats, n: float) -> tuple[float, float] | None:
    """Return T-squared and its F for the hypothesis that all means are zero.

    `means` (d,) come from `n` participants, of whom there may be a fractional, effective number, with
    `covariance` (d, d) of one participant. None where some combination of the means does not vary.
    """
    d = len(means)
    if _is_singular(means, covariance):
        return None
    squared = float(n * means @ np.linalg.solve(covariance, means))
    return squared, squared * (n - d) / ((n - 1) * d)


def _test_zero_means(names: tuple[str, ...], differences: Floats, nouns: str) -> Hotelling:
    """Test whether the columns of `differences`, (participants, groups - 1), have mean zero."""
    n, k = len(differences), len(names)
    if n < k:
        return _undefined(names, n, f"{k} groups need at least {k} participants, and there are {n}")
    if _is_singular(differences.mean(axis=0), np.atleast_2d(np.cov(differences.T))):
        return _undefined(names, n, f"some combination of the {nouns} is the same for every participant")
    if k == 2:  # statsmodels refuses a single column
        values = t_squared(differences.mean(axis=0), np.atleast_2d(np.cov(differences.T)), n)
        assert values is not None
        squared, F = values
    else:
        result = multivariate_mean_test(differences)
        squared, F = float(result.t2), float(result.statistic)
    df = (k - 1, n - k + 1)
    return Hotelling(names, n, squared, F, df, *f_tail(F, *df))


def _is_singular(means: Floats, covariance: Floats) -> bool:
    """Return True if some combination of the columns does not vary, up to rounding."""
    scales = np.linalg.eigvalsh(covariance)
    return not scales[0] > 1e-12 * max(scales[-1], (means**2).max())


def _undefined(names: tuple[str, ...], n: int, reason: str) -> Hotelling:
    df = (len(names) - 1, n - len(names) + 1)
    return Hotelling(names, n, None, None, df, None, None, f"T² is undefined: {reason}")
