"""Tukey's honestly significant differences of every pair of groups.

A mapping of names to numbers comes in. Groups of unequal size are compared as Kramer (1956, Biometrics
12:307) does. statsmodels and SciPy give the same numbers in 30 to 40 times the time (benchmarks/speed.md) and
no p below 1e-14. Like the one-way analysis, it takes all numbers as independent.
"""

from dataclasses import dataclass, replace
from itertools import combinations
from math import sqrt

from analysis import formatting as fmt
from analysis.inference.anova import one_way
from analysis.numerics.exact import ExactGroups, Groups, to_float
from analysis.numerics.studentised_range import critical_range, range_tail


@dataclass(frozen=True)
class Pair:
    """Mean of `a` minus mean of `b`, with its simultaneous interval and family-wise p.

    `low`, `high`, `p` and `log10_p` are None where there is no variance within groups. An underflowing `p` is
    the smallest float above 0, and `log10_p` has its size.
    """

    a: str
    b: str
    difference: float
    low: float | None
    high: float | None
    p: float | None
    log10_p: float | None = None


@dataclass(frozen=True)
class Tukey:
    """All pairs of groups, in their order, with simultaneous intervals at `confidence`."""

    pairs: tuple[Pair, ...]
    confidence: float
    groups: tuple[str, ...]
    df: int
    note: str | None = None

    def clip(self, most: float) -> "Tukey":
        """The same with intervals cut at -`most` and `most`, which no difference can exceed."""
        cut = (
            pair
            if pair.low is None or pair.high is None
            else replace(pair, low=max(pair.low, -most), high=min(pair.high, most))
            for pair in self.pairs
        )
        return replace(self, pairs=tuple(cut))

    def __str__(self) -> str:
        rows = []
        for pair in self.pairs:
            numbers = (pair.difference, pair.low, pair.high)
            shown = [fmt.UNDEFINED if x is None else fmt.decimal(x, 4) for x in numbers]
            p = fmt.p_value(pair.p, pair.log10_p)
            rows.append([f"{pair.a} {fmt.MINUS} {pair.b}", *shown, p])
        table = fmt.text_table(("", "Difference", "Low", "High", "p"), rows)
        title = f"Tukey HSD of {len(self.groups)} groups, {self.confidence:.0%} intervals, df = {self.df}"
        return "\n".join(filter(None, (title, table, self.note)))


def hsd(groups: Groups | ExactGroups, confidence: float = 0.95) -> Tukey:
    """Compare the means of all pairs of at least two groups of at least one number each.

    Raises ValueError for a confidence outside 0 to 1, and what `one_way` raises.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, such as 0.95 (got {confidence!r})")
    exact = ExactGroups.convert(groups)
    analysis = one_way(exact)
    names, sizes = exact.names, exact.sizes
    pairs = []
    for i, j in combinations(range(len(names)), 2):
        a, b = names[i], names[j]
        difference = to_float(exact.mean(i) - exact.mean(j), f"the difference of {a} and {b}")
        if analysis.F is None or not analysis.ms_within:
            pairs.append(Pair(a, b, difference, None, None, None))
            continue
        spread = sqrt(analysis.ms_within / 2 * (1 / sizes[i] + 1 / sizes[j]))
        margin = critical_range(confidence, len(names), analysis.df_within) * spread
        p, log10_p = range_tail(abs(difference) / spread, len(names), analysis.df_within)
        pairs.append(Pair(a, b, difference, difference - margin, difference + margin, p, log10_p))
    note = analysis.note and analysis.note.replace("F is undefined", "The intervals and p are undefined")
    return Tukey(tuple(pairs), confidence, names, analysis.df_within, note)
