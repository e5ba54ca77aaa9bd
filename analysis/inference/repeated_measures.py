"""Repeated-measures analysis of variance with Greenhouse and Geisser's correction.

A mapping of methods to numbers comes in; the i-th number of each method belongs to the same participant.
"""

from dataclasses import dataclass
from fractions import Fraction

from analysis import formatting as fmt
from analysis.numerics.exact import ExactGroups, Groups, to_float
from analysis.numerics.tails import f_tail


@dataclass(frozen=True)
class RepeatedMeasures:
    """A repeated-measures analysis of variance of `n_participants` participants and `groups`.

    `epsilon` is Greenhouse and Geisser's; `p` and `log10_p` belong to both degrees of freedom times epsilon,
    `p_uncorrected` to the degrees of freedom as they are. None where undefined, and `note` says why.
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
        if self.epsilon is None:
            return None
        return self.df_between * self.epsilon, self.df_within * self.epsilon

    @property
    def statistic(self) -> float | None:
        """F."""
        return self.F

    @property
    def degrees_of_freedom(self) -> tuple[float, ...]:
        """Both degrees of freedom times epsilon; empty where undefined."""
        return self.df_corrected or ()

    @property
    def statement(self) -> str:
        """The statistic with its corrected degrees of freedom: "F(2.07, 170.05) = 253.66"."""
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
        headings = ("Greenhouse-Geisser", "epsilon", "p", "partial eta squared")
        return f"{title}\n{fmt.text_table(headings, [row])}"


def repeated_measures(groups: Groups | ExactGroups) -> RepeatedMeasures:
    """Test whether the means are equal, comparing each participant with themselves.

    The sums of squares are exact. statsmodels' AnovaRM gives the same F and uncorrected p (a test compares
    them), but it has no epsilon, and it solves a regression with a column for each participant, which takes
    time with the cube of their number. Raises ValueError and TypeError as `numbers_by_participant` does.
    """
    exact, n = numbers_by_participant(groups)
    k, scale, totals, products = len(exact.names), exact.denominator**2, exact.sums, exact.products
    centre = Fraction(sum(totals) ** 2, n * k)
    between = Fraction(sum(total**2 for total in totals), n) - centre
    participants = Fraction(sum(map(sum, products)), k) - centre  # from the squared sum of each participant
    within = sum(exact.squares) - centre - between - participants

    df_between, df_within = k - 1, (k - 1) * (n - 1)
    F = epsilon = p = log10_p = p_uncorrected = None
    note = _reason_undefined(n, between, within)
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
        partial_eta_squared=float(between / (between + within)) if n > 1 and between + within else None,
        ss_between=to_float(between / scale, "the sum of squares between groups"),
        ss_participants=to_float(participants / scale, "the sum of squares between participants"),
        ss_within=to_float(within / scale, "the sum of squares within participants"),
        note=note,
    )


def numbers_by_participant(groups: Groups | ExactGroups) -> tuple[ExactGroups, int]:
    """Convert `groups` and return them with the number of participants.

    Raises ValueError where groups have unequal sizes, and what `ExactGroups.convert` raises.
    """
    exact = ExactGroups.convert(groups)
    n = exact.sizes[0]
    for name, size in zip(exact.names, exact.sizes, strict=True):
        if size != n:
            raise ValueError(f"each group needs one number per participant: {name!r} has {size}, not {n}")
    return exact, n


def _reason_undefined(n: int, between: Fraction, within: Fraction) -> str | None:
    if n < 2:
        return "F is undefined: one participant says nothing about others"
    if within:
        return None
    groups = "" if between else " and between groups (0/0)"
    return f"F is undefined: zero variance within participants{groups}"


def _greenhouse_geisser(exact: ExactGroups) -> float:
    """Estimate epsilon, from 1 / (k - 1) to 1, where the covariances of the groups are spherical.

    epsilon = (tr C)^2 / ((k - 1) tr(C C)) with C the double-centred covariance of the groups: Greenhouse and
    Geisser (1959), Psychometrika 24:95, after Box (1954), Annals of Mathematical Statistics 25:484.
    """
    covariance, k = exact.covariances(), len(exact.names)
    means = [sum(row) / k for row in covariance]
    grand = sum(means) / k
    centred = [[covariance[i][j] - means[i] - means[j] + grand for j in range(k)] for i in range(k)]
    trace = sum(centred[i][i] for i in range(k))
    return float(trace**2 / ((k - 1) * sum(value**2 for row in centred for value in row)))
