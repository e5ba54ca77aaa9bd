"""The classic one-way analysis of variance: a mapping of name to numbers in, F and its p out.

Knows nothing of votes and participants. Fisher (1925), Statistical Methods for Research Workers, chapter VII.
"""

from dataclasses import dataclass
from fractions import Fraction

from analysis import formatting as fmt
from analysis.exact import ExactGroups, Groups, to_float
from analysis.tails import f_tail


@dataclass(frozen=True)
class OneWay:
    """A one-way analysis of variance of `n` numbers in `groups`.

    `F`, `p` and `log10_p` are None where F is undefined, and `note` then says why. `p` is never 0: where it
    underflows it is the smallest float above 0, and `log10_p` has its size.
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
    def statement(self) -> str:
        """The test in one line: "F(3, 328) = 338.22"."""
        if self.F is None:
            return fmt.UNDEFINED
        return f"F({self.df_between}, {self.df_within}) = {fmt.decimal(self.F)}"

    @property
    def rows(self) -> tuple[tuple[str, str, str, str, str, str], ...]:
        """The classic table, ready to print: source, sum of squares, df, mean square, F, p."""
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


def one_way(groups: Groups | ExactGroups) -> OneWay:
    """Are the means of the groups equal? `groups` maps at least two names to at least one number each.

    The sums of squares are exact, and each is rounded once, at the end. Raises ValueError and TypeError.
    """
    exact = groups if isinstance(groups, ExactGroups) else ExactGroups.of(groups)
    columns = exact.numerators
    n, total = sum(map(len, columns.values())), sum(map(sum, columns.values()))
    of_groups = sum((Fraction(sum(values) ** 2, len(values)) for values in columns.values()), Fraction())
    squares = sum(value * value for values in columns.values() for value in values)
    scale = exact.denominator**2
    between, within = (of_groups - Fraction(total**2, n)) / scale, (squares - of_groups) / scale
    df_between, df_within = len(columns) - 1, n - len(columns)

    F = p = log10_p = None
    note = _undefined(between, within, df_within)
    if note is None:
        F = to_float((between / df_between) / (within / df_within), "F")
        p, log10_p = f_tail(F, df_between, df_within)
    return OneWay(
        groups=tuple(columns),
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


def _undefined(between: Fraction, within: Fraction, df_within: int) -> str | None:
    if df_within == 0:
        return "F is undefined: one number in each group leaves no variance within groups"
    if within:
        return None
    return "F is undefined: zero variance within groups" + ("" if between else " and between them (0/0)")
