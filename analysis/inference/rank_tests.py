"""Rank tests of a number per participant and group: Friedman's, and all pairs after it.

Their null hypothesis is that the groups are exchangeable within participants, not that means are equal: where
a quarter of participants always choose one method and the others never do, so that all mean shares are equal,
they reject in nine studies of ten. scikit-posthocs has both tests of pairs, and a test compares them; here
they keep the size of a small p, and no drawing library is imported.
"""

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import stats

from analysis import formatting as fmt
from analysis.inference.repeated_measures import numbers_by_participant
from analysis.numerics.exact import ExactGroups, Groups
from analysis.numerics.multiplicity import holm
from analysis.numerics.studentised_range import range_tail
from analysis.numerics.tails import chi_square_tail, f_tail


@dataclass(frozen=True)
class Friedman:
    """Friedman's test of `n_participants` rankings of `groups`.

    `Q` is the statistic, chi-squared with `df` degrees of freedom, and `W` Kendall's coefficient of
    concordance in [0, 1]. None where undefined, and `note` says why.
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
    def statistic(self) -> float | None:
        """Q, referred to a chi-squared distribution."""
        return self.Q

    @property
    def degrees_of_freedom(self) -> tuple[float, ...]:
        """The number of groups minus 1."""
        return (self.df,)

    @property
    def statement(self) -> str:
        """The statistic with its degrees of freedom: "χ²(3) = 182.09"."""
        return fmt.UNDEFINED if self.Q is None else f"χ²({self.df}) = {fmt.f_value(self.Q)}"

    def __str__(self) -> str:
        n = fmt.counted(self.n_participants, "participant")
        title = f"Friedman test of {n} and {len(self.groups)} groups"
        if self.note:
            return f"{title}\n{self.note}"
        row = (self.statement, fmt.p_value(self.p, self.log10_p), fmt.share_of_variance(self.W))
        return f"{title}\n" + fmt.text_table(("", "p", "Kendall's W"), [row])


@dataclass(frozen=True)
class RankPair:
    """The difference of two groups' mean ranks, `a` minus `b`, with two family-wise p-values.

    The largest number has the highest rank. Conover's p is None where all participants rank all groups alike.
    """

    a: str
    b: str
    difference: float
    conover_p: float | None
    conover_log10_p: float | None
    nemenyi_p: float
    nemenyi_log10_p: float


@dataclass(frozen=True)
class RankPairs:
    """All pairs of groups of `n_participants`."""

    pairs: tuple[RankPair, ...]
    n_participants: int

    def __str__(self) -> str:
        rows = [
            (
                f"{pair.a} {fmt.MINUS} {pair.b}",
                fmt.decimal(pair.difference),
                fmt.p_value(pair.conover_p, pair.conover_log10_p),
                fmt.p_value(pair.nemenyi_p, pair.nemenyi_log10_p),
            )
            for pair in self.pairs
        ]
        headings = ("Pair", "Difference of mean ranks", "p (Conover, Holm)", "p (Nemenyi)")
        return fmt.text_table(headings, rows)


def friedman(groups: Groups | ExactGroups) -> Friedman:
    """Test whether the groups are exchangeable within participants, by their ranks.

    Ties share their mean rank. Raises ValueError and TypeError as `numbers_by_participant` does.
    """
    exact, n = numbers_by_participant(groups)
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


def rank_pairs(groups: Groups | ExactGroups) -> RankPairs:
    """Compare the mean ranks of all pairs by Conover's t with Holm's correction and by Nemenyi's range.

    Conover (1999), Practical Nonparametric Statistics, section 5.8; Nemenyi's as in Demsar (2006), Journal of
    Machine Learning Research 7:1, section 3.2.2. Raises ValueError and TypeError as `friedman` does.
    """
    exact, _ = numbers_by_participant(groups)
    ranks, names = exact.ranks, exact.names  # (participants, groups)
    n, k = ranks.shape
    sums = ranks.sum(axis=0)
    total = float((ranks**2).sum()) - n * k * (k + 1) ** 2 / 4
    between = float(((sums - n * (k + 1) / 2) ** 2).sum()) / n
    within = total - between
    tails: list[tuple[float, float] | None] = []
    pairs = list(combinations(range(k), 2))
    for a, b in pairs:
        if n < 2 or within <= 1e-9 * total:
            tails.append(None)
            continue
        squared = (sums[a] - sums[b]) ** 2 * (n - 1) * (k - 1) / (2 * n * within)
        tails.append(f_tail(float(squared), 1, (n - 1) * (k - 1)))
    result = []
    for (a, b), conover in zip(pairs, holm(tails), strict=True):
        difference = float(sums[a] - sums[b]) / n
        q = abs(difference) / math.sqrt(k * (k + 1) / (12 * n))
        nemenyi = range_tail(q, k, math.inf)
        p, log10_p = conover or (None, None)
        result.append(RankPair(names[a], names[b], difference, p, log10_p, *nemenyi))
    return RankPairs(tuple(result), n)
