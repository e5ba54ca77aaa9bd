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
from analysis.numerics.exact import ExactGroups, Groups, to_float
from analysis.numerics.tails import chi_square_tail, f_tail


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

    None where undefined, and `note` then says why. The degrees of freedom are whole numbers but where
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
    def statement(self) -> str:
        """The test in one line: "F(3, 80) = 327.26"."""
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


def repeated_measures(groups: Groups | ExactGroups) -> RepeatedMeasures:
    """Are the means equal, each participant being compared with itself? Raises ValueError and TypeError.

    statsmodels' AnovaRM gives the same F and uncorrected p (a test compares them), but solves a regression
    with a column for each participant, which takes time with the cube of their number, and has no correction.
    """
    exact, n = by_participant(groups)
    k, scale, totals, products = len(exact.names), exact.denominator**2, exact.sums, exact.products
    centre = Fraction(sum(totals) ** 2, n * k)
    between = Fraction(sum(total**2 for total in totals), n) - centre
    participants = Fraction(sum(map(sum, products)), k) - centre  # squares of a participant's sum
    within = sum(exact.squares) - centre - between - participants

    df_between, df_within = k - 1, (k - 1) * (n - 1)
    F = epsilon = p = log10_p = p_uncorrected = None
    note = _undefined(n, between, within)
    if note is None:
        F = to_float((between / df_between) / (within / df_within), "F")
        epsilon = _greenhouse_geisser(exact)
        p, log10_p = f_tail(F, df_between * epsilon, df_within * epsilon)
        p_uncorrected, _ = f_tail(F, df_between, df_within)
    return RepeatedMeasures(
        groups=exact.names,
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
    exact, n = by_participant(groups)
    names, k = exact.names, len(exact.names)
    note = None
    if k < 3:
        note = "Friedman's test needs at least three groups"
    elif n < 2:
        note = "Friedman's test is undefined: one participant says nothing about others"
    elif not np.ptp(exact.ranks, axis=1).any():
        note = "Friedman's test is undefined: every participant's numbers are all tied"
    if note:
        return Friedman(names, n, None, k - 1, None, None, None, note)
    Q = float(stats.friedmanchisquare(*exact.ranks.T).statistic)
    p, log10_p = chi_square_tail(Q, k - 1)
    return Friedman(names, n, Q, k - 1, p, log10_p, Q / (n * (k - 1)))


def hotelling(groups: Groups | ExactGroups) -> Hotelling:
    """Are the means equal, whatever the covariances of the groups? Raises ValueError and TypeError.

    Hotelling (1931), Annals of Mathematical Statistics 2:360, of the k - 1 differences to the last group: the
    Wald test with the covariance clustered by participant, with its finite-sample F.
    """
    exact, n = by_participant(groups)
    names, k = exact.names, len(exact.names)
    df = (k - 1, n - k + 1)

    def undefined(note: str) -> Hotelling:
        return Hotelling(names, n, None, None, df, None, None, f"T² is undefined: {note}")

    if n < 2:
        return undefined("one participant says nothing about others")
    if n < k:
        return undefined(f"{k} groups need at least {k} participants, and there are {n}")
    covariances, means = exact.covariances(), [exact.mean(i) for i in range(k)]
    last, others = k - 1, range(k - 1)
    differences = [float(means[i] - means[last]) for i in others]
    spread = [[float(_contrast(covariances, i, j, last)) for j in others] for i in others]
    result = t_squared(np.array(differences), np.array(spread), n)
    if result is None:
        return undefined("some combination of the groups is the same for every participant")
    return Hotelling(names, n, *result, df, *f_tail(result[1], *df))


def t_squared(
    means: NDArray[np.float64], covariance: NDArray[np.float64], n: float
) -> tuple[float, float] | None:
    """T squared and its F, of (d,) means of `n` participants with their (d, d) covariance, being all zero.

    None where some combination of them does not vary.
    """
    d, scales = len(means), np.linalg.eigvalsh(covariance)
    if not scales[0] > 1e-12 * max(scales[-1], (means**2).max()):
        return None
    squared = float(n * means @ np.linalg.solve(covariance, means))
    return squared, squared * (n - d) / ((n - 1) * d)


def _contrast(covariances: list[list[Fraction]], i: int, j: int, last: int) -> Fraction:
    """The covariance of the differences of groups i and j to the last one."""
    return covariances[i][j] - covariances[i][last] - covariances[last][j] + covariances[last][last]


def by_participant(groups: Groups | ExactGroups) -> tuple[ExactGroups, int]:
    """The groups and the number of participants, of whom each group must have one number."""
    exact = ExactGroups.of(groups)
    n = exact.sizes[0]
    for name, size in zip(exact.names, exact.sizes, strict=True):
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


def _greenhouse_geisser(exact: ExactGroups) -> float:
    """How far the groups' covariances are from spherical, from 1 / (k - 1) to 1 (spherical).

    epsilon = (tr C)^2 / ((k - 1) tr(C C)) with C the double-centred covariance of the groups: Greenhouse and
    Geisser (1959), Psychometrika 24:95, after Box (1954), Annals of Mathematical Statistics 25:484.
    """
    covariance, k = exact.covariances(), len(exact.names)
    means = [sum(row) / k for row in covariance]
    grand = sum(means) / k
    centred = [[covariance[i][j] - means[i] - means[j] + grand for j in range(k)] for i in range(k)]
    trace = sum(centred[i][i] for i in range(k))
    return float(trace**2 / ((k - 1) * sum(value**2 for row in centred for value in row)))
