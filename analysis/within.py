"""Tests of one number per participant and method that hold their level when a participant's numbers depend.

In comes a mapping of method to numbers, the i-th number of each method from the same participant; out come
the repeated-measures analysis of variance with Greenhouse and Geisser's correction, Hotelling's T squared and
Friedman's rank test.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis import formatting as fmt
from analysis.exact import ExactGroups, Groups, to_float
from analysis.tails import chi_square_tail, f_tail


@dataclass(frozen=True)
class RepeatedMeasures:
    """A repeated-measures analysis of variance of `n_participants` participants and `groups`.

    `epsilon` is Greenhouse and Geisser's; `p` and `log10_p` are for both degrees of freedom times epsilon,
    `p_uncorrected` is for them as they are. None where undefined, and `note` then says why.
    """

    groups: tuple[str, ...]
    n_participants: int
    F: float | None
    df_between: int
    df_within: int
    epsilon: float | None
    p: float | None
    log10_p: float | None
    p_uncorrected: float | None
    partial_eta_squared: float | None
    ss_between: float
    ss_participants: float
    ss_within: float
    note: str | None = None

    @property
    def df_corrected(self) -> tuple[float, float] | None:
        """Both degrees of freedom times epsilon."""
        return (
            None if self.epsilon is None else (self.df_between * self.epsilon, self.df_within * self.epsilon)
        )

    @property
    def statement(self) -> str:
        """The test in one line: "F(2.07, 170.05) = 253.66"."""
        if self.F is None or self.df_corrected is None:
            return fmt.UNDEFINED
        first, second = (fmt.decimal(df, 2) for df in self.df_corrected)
        return f"F({first}, {second}) = {fmt.f_value(self.F)}"

    def __str__(self) -> str:
        n = fmt.counted(self.n_participants, "participant")
        title = f"Repeated-measures ANOVA of {n} and {len(self.groups)} groups"
        if self.note:
            return f"{title}\n{self.note}"
        effect = fmt.share_of_variance(self.partial_eta_squared)
        row = (self.statement, f"{self.epsilon:.3f}", fmt.p_value(self.p, self.log10_p), effect)
        return f"{title}\n" + fmt.text_table(
            ("Greenhouse-Geisser", "epsilon", "p", "partial eta squared"), [row]
        )


@dataclass(frozen=True)
class Friedman:
    """Friedman's test of `n_participants` rankings of `groups`: the statistic `Q`, Kendall's `W` in [0, 1].

    None where undefined, and `note` then says why.
    """

    groups: tuple[str, ...]
    n_participants: int
    Q: float | None
    df: int
    p: float | None
    log10_p: float | None
    W: float | None
    note: str | None = None

    @property
    def statement(self) -> str:
        """The test in one line: "Q(3) = 182.09"."""
        return fmt.UNDEFINED if self.Q is None else f"Q({self.df}) = {fmt.f_value(self.Q)}"

    def __str__(self) -> str:
        n = fmt.counted(self.n_participants, "participant")
        title = f"Friedman test of {n} and {len(self.groups)} groups"
        if self.note:
            return f"{title}\n{self.note}"
        row = (self.statement, fmt.p_value(self.p, self.log10_p), fmt.share_of_variance(self.W))
        return f"{title}\n" + fmt.text_table(("", "p", "Kendall's W"), [row])


@dataclass(frozen=True)
class Hotelling:
    """Hotelling's T squared of `n_participants` and `groups`, and the F and p that follow from it.

    None where undefined, and `note` then says why.
    """

    groups: tuple[str, ...]
    n_participants: int
    T2: float | None
    F: float | None
    df: tuple[int, int]
    p: float | None
    log10_p: float | None
    note: str | None = None

    @property
    def statement(self) -> str:
        """The test in one line: "F(3, 80) = 327.26"."""
        return fmt.UNDEFINED if self.F is None else f"F({self.df[0]}, {self.df[1]}) = {fmt.f_value(self.F)}"

    def __str__(self) -> str:
        n = fmt.counted(self.n_participants, "participant")
        title = f"Hotelling's T² of {n} and {len(self.groups)} groups"
        if self.note or self.T2 is None:
            return f"{title}\n{self.note}"
        row = (self.statement, fmt.decimal(self.T2), fmt.p_value(self.p, self.log10_p))
        return f"{title}\n" + fmt.text_table(("", "T²", "p"), [row])


def repeated_measures(groups: Groups | ExactGroups) -> RepeatedMeasures:
    """Are the means equal, each participant being compared with itself? Raises ValueError and TypeError.

    statsmodels' AnovaRM gives the same F and uncorrected p (a test compares them), but solves a regression
    with a column for each participant, which takes time with the cube of their number, and has no correction.
    """
    exact, n = _by_participant(groups)
    columns, k, scale = list(exact.numerators.values()), len(exact.numerators), exact.denominator**2
    totals, rows = [sum(column) for column in columns], [sum(row) for row in zip(*columns, strict=True)]
    centre = Fraction(sum(totals) ** 2, n * k)
    between = Fraction(sum(total**2 for total in totals), n) - centre
    participants = Fraction(sum(row**2 for row in rows), k) - centre
    within = sum(value**2 for column in columns for value in column) - centre - between - participants

    df_between, df_within = k - 1, (k - 1) * (n - 1)
    F = epsilon = p = log10_p = p_uncorrected = None
    note = _undefined(n, between, within)
    if note is None:
        F = to_float((between / df_between) / (within / df_within), "F")
        epsilon = _greenhouse_geisser(columns)
        p, log10_p = f_tail(F, df_between * epsilon, df_within * epsilon)
        p_uncorrected, _ = f_tail(F, df_between, df_within)
    return RepeatedMeasures(
        groups=tuple(exact.numerators),
        n_participants=n,
        F=F,
        df_between=df_between,
        df_within=df_within,
        epsilon=epsilon,
        p=p,
        log10_p=log10_p,
        p_uncorrected=p_uncorrected,
        partial_eta_squared=float(between / (between + within)) if between + within else None,
        ss_between=to_float(between / scale, "the sum of squares between groups"),
        ss_participants=to_float(participants / scale, "the sum of squares between participants"),
        ss_within=to_float(within / scale, "the sum of squares within participants"),
        note=note,
    )


def friedman(groups: Groups | ExactGroups) -> Friedman:
    """Do participants rank the groups alike? Ties share their mean rank. Raises ValueError and TypeError."""
    exact, n = _by_participant(groups)
    names, k = tuple(exact.numerators), len(exact.numerators)
    note = None
    if k < 3:
        note = "Friedman's test needs at least three groups"
    elif n < 2:
        note = "Friedman's test is undefined: one participant says nothing about others"
    elif all(len(set(row)) == 1 for row in zip(*exact.numerators.values(), strict=True)):
        note = "Friedman's test is undefined: every participant's numbers are all tied"
    if note:
        return Friedman(names, n, None, k - 1, None, None, None, note)
    Q = float(stats.friedmanchisquare(*dense_ranks(exact)[0].T).statistic)
    p, log10_p = chi_square_tail(Q, k - 1)
    return Friedman(names, n, Q, k - 1, p, log10_p, Q / (n * (k - 1)))


def hotelling(groups: Groups | ExactGroups) -> Hotelling:
    """Are the means equal, whatever the covariances of the groups? Raises ValueError and TypeError.

    Hotelling (1931), Annals of Mathematical Statistics 2:360, of the k - 1 differences to the last group: the
    Wald test with the covariance clustered by participant, with its finite-sample F.
    """
    exact, n = _by_participant(groups)
    names, k = tuple(exact.numerators), len(exact.numerators)
    df = (k - 1, n - k + 1)

    def undefined(note: str) -> Hotelling:
        return Hotelling(names, n, None, None, df, None, None, f"T² is undefined: {note}")

    if n < 2:
        return undefined("one participant says nothing about others")
    if n < k:
        return undefined(f"{k} groups need at least {k} participants, and there are {n}")
    columns = np.array([exact.floats(name) for name in names])
    differences = columns[:-1] - columns[-1]  # (groups - 1, participants)
    means, covariance = differences.mean(axis=1), np.atleast_2d(np.cov(differences))
    scales = np.linalg.eigvalsh(covariance)
    if not scales[0] > 1e-12 * max(scales[-1], (means**2).max()):
        return undefined("some combination of the groups is the same for every participant")
    t_squared = float(n * means @ np.linalg.solve(covariance, means))
    F = t_squared * df[1] / ((n - 1) * df[0])
    return Hotelling(names, n, t_squared, F, df, *f_tail(F, *df))


def _by_participant(groups: Groups | ExactGroups) -> tuple[ExactGroups, int]:
    exact = ExactGroups.of(groups)
    sizes = {name: len(values) for name, values in exact.numerators.items()}
    n = next(iter(sizes.values()))
    for name, size in sizes.items():
        if size != n:
            raise ValueError(f"each group needs one number per participant: {name!r} has {size}, not {n}")
    return exact, n


def _undefined(n: int, between: Fraction, within: Fraction) -> str | None:
    if n < 2:
        return "F is undefined: one participant says nothing about others"
    if within:
        return None
    return "F is undefined: zero variance within participants" + (
        "" if between else " and between groups (0/0)"
    )


def dense_ranks(groups: Groups | ExactGroups) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Each participant's ranks of the groups, (participants, groups), ties at their mean; and their names.

    Ranked as integers, for two numbers may differ that floats cannot tell apart.
    """
    exact, _ = _by_participant(groups)
    rows = []
    for row in zip(*exact.numerators.values(), strict=True):
        order = {value: rank for rank, value in enumerate(sorted(set(row)))}
        rows.append([order[value] for value in row])
    return np.asarray(stats.rankdata(rows, axis=1), dtype=float), tuple(exact.numerators)


def _greenhouse_geisser(columns: list[list[int]]) -> float:
    """How far the groups' covariances are from spherical, from 1 / (k - 1) to 1 (spherical).

    epsilon = (tr C)^2 / ((k - 1) tr(C C)) with C the double-centred covariance of the groups: Greenhouse and
    Geisser (1959), Psychometrika 24:95, after Box (1954), Annals of Mathematical Statistics 25:484.
    """
    n, k = len(columns[0]), len(columns)
    totals = [sum(column) for column in columns]
    products = [[n * sum(map(int.__mul__, a, b)) for b in columns] for a in columns]  # (groups, groups)
    covariance = [[products[i][j] - totals[i] * totals[j] for j in range(k)] for i in range(k)]
    means = [Fraction(sum(row), k) for row in covariance]
    grand = sum(means) / k
    centred = [[covariance[i][j] - means[i] - means[j] + grand for j in range(k)] for i in range(k)]
    trace = sum(centred[i][i] for i in range(k))
    return float(trace**2 / ((k - 1) * sum(value**2 for row in centred for value in row)))
