"""One-way analyses of variance: Fisher's, with exact sums of squares, and Welch's.

A mapping of names to numbers comes in. Fisher (1925), Statistical Methods for Research Workers, chapter VII;
Welch (1951), Biometrika 38:330. Both take all numbers as independent, which shares of one participant are
not.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from statsmodels.stats.oneway import anova_generic

from analysis import formatting as fmt
from analysis.numerics.exact import ExactGroups, Groups, to_float
from analysis.numerics.tails import f_tail


@dataclass(frozen=True)
class OneWay:
    """A one-way analysis of variance of `n` numbers in `groups`.

    `F`, `p` and `log10_p` are None where F is undefined, and `note` says why. An underflowing `p` is the
    smallest float above 0, and `log10_p` has its size.
    """

    groups: tuple[str, ...]
    n: int
    F: float | None
    df_between: int
    df_within: int
    p: float | None
    log10_p: float | None
    eta_squared: float | None
    ss_between: float
    ss_within: float
    ms_between: float
    ms_within: float | None
    note: str | None = None

    @property
    def statistic(self) -> float | None:
        """F."""
        return self.F

    @property
    def degrees_of_freedom(self) -> tuple[float, ...]:
        """Between and within groups."""
        return (self.df_between, self.df_within)

    @property
    def statement(self) -> str:
        """The statistic with its degrees of freedom: "F(3, 328) = 338.22"."""
        if self.F is None:
            return fmt.UNDEFINED
        return f"F({self.df_between}, {self.df_within}) = {fmt.decimal(self.F)}"

    @property
    def rows(self) -> tuple[tuple[str, str, str, str, str, str], ...]:
        """The classic table as text: source, sum of squares, df, mean square, F, p."""
        between, within, total = self.ss_between, self.ss_within, self.ss_between + self.ss_within
        ms_within = fmt.UNDEFINED if self.ms_within is None else fmt.decimal(self.ms_within, 5)
        f, p = fmt.f_value(self.F), fmt.p_value(self.p, self.log10_p)
        ms_between = fmt.decimal(self.ms_between, 5)
        return (
            ("Between groups", fmt.decimal(between, 5), fmt.count(self.df_between), ms_between, f, p),
            ("Within groups", fmt.decimal(within, 5), fmt.count(self.df_within), ms_within, "", ""),
            ("Total", fmt.decimal(total, 5), fmt.count(self.n - 1), "", "", ""),
        )

    def __str__(self) -> str:
        title = f"One-way ANOVA of {fmt.counted(self.n, 'number')} in {len(self.groups)} groups"
        table = fmt.text_table(("", "Sum of squares", "df", "Mean square", "F", "p"), self.rows)
        last = self.note or f"eta squared = {fmt.share_of_variance(self.eta_squared)}"
        return f"{title} ({', '.join(self.groups)})\n{table}\n{last}"


@dataclass(frozen=True)
class Welch:
    """Welch's analysis of variance; None where undefined, and `note` says why."""

    groups: tuple[str, ...]
    n: int
    F: float | None
    df_between: int
    df_within: float | None
    p: float | None
    log10_p: float | None
    note: str | None = None

    @property
    def statistic(self) -> float | None:
        """F."""
        return self.F

    @property
    def degrees_of_freedom(self) -> tuple[float, ...]:
        """Between and within groups; empty where F is undefined."""
        return () if self.df_within is None else (self.df_between, self.df_within)

    @property
    def statement(self) -> str:
        """The statistic with its degrees of freedom: "F(3, 176.21) = 300.12"."""
        if self.F is None or self.df_within is None:
            return fmt.UNDEFINED
        return f"F({self.df_between}, {fmt.decimal(self.df_within)}) = {fmt.f_value(self.F)}"


def one_way(groups: Groups | ExactGroups) -> OneWay:
    """Test whether the means of at least two groups of at least one number each are equal.

    Sums of squares are exact and rounded once, at the end, so that F has all digits that NIST certifies.
    SciPy's and statsmodels' F lose all of them in SmLs07. Raises ValueError and TypeError as
    `ExactGroups.convert` does.
    """
    exact = ExactGroups.convert(groups)
    n, total = sum(exact.sizes), sum(exact.sums)
    of_groups = sum(
        (Fraction(x**2, size) for x, size in zip(exact.sums, exact.sizes, strict=True)), Fraction()
    )
    scale = exact.denominator**2
    between = (of_groups - Fraction(total**2, n)) / scale
    within = (sum(exact.squares) - of_groups) / scale
    df_between, df_within = len(exact.names) - 1, n - len(exact.names)

    F = p = log10_p = None
    note = _undefined(between, within, df_within)
    if note is None:
        F = to_float((between / df_between) / (within / df_within), "F")
        p, log10_p = f_tail(F, df_between, df_within)
    return OneWay(
        groups=exact.names,
        n=n,
        F=F,
        df_between=df_between,
        df_within=df_within,
        p=p,
        log10_p=log10_p,
        eta_squared=float(between / (between + within)) if between + within else None,
        ss_between=to_float(between, "the sum of squares between groups"),
        ss_within=to_float(within, "the sum of squares within groups"),
        ms_between=to_float(between / df_between, "the mean square between groups"),
        ms_within=to_float(within / df_within, "the mean square within groups") if df_within else None,
        note=note,
    )


def welch(groups: Groups | ExactGroups) -> Welch:
    """Test whether the means of groups with unequal variances are equal.

    The means and variances are exact; F and its degrees of freedom are statsmodels'. Raises ValueError and
    TypeError as `one_way` does.
    """
    exact = ExactGroups.convert(groups)
    names, k, n = exact.names, len(exact.names), sum(exact.sizes)
    variances = [exact.variance(i) for i in range(k)]
    if min(variances) == 0:
        constant = ", ".join(name for name, variance in zip(names, variances, strict=True) if variance == 0)
        note = f"Welch's F is undefined: zero variance within {constant}"
        return Welch(names, n, None, k - 1, None, None, None, note)
    centre = sum((exact.mean(i) for i in range(k)), Fraction()) / k  # keeps the digits of distant means
    means = [to_float(exact.mean(i) - centre, "a mean") for i in range(k)]
    result = anova_generic(
        np.array(means),
        np.array([to_float(variance, "a variance") for variance in variances]),
        np.array(exact.sizes, dtype=float),
        use_var="unequal",
    )
    F, df_within = float(result.statistic), float(result.df_denom)
    return Welch(names, n, F, k - 1, df_within, *f_tail(F, k - 1, df_within))


def _undefined(between: Fraction, within: Fraction, df_within: int) -> str | None:
    if df_within == 0:
        return "F is undefined: one number in each group leaves no variance within groups"
    if within:
        return None
    return "F is undefined: zero variance within groups" + ("" if between else " and between them (0/0)")
