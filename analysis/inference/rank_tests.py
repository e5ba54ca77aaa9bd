"""Which groups differ in rank, after Friedman's test: a number per participant and group in, all pairs out.

Conover's t with Holm's correction, and Nemenyi's range. scikit-posthocs has both, and a test compares them;
here they keep the size of a small p, and need no drawing library to be imported.
"""

import math
from dataclasses import dataclass
from itertools import combinations

from analysis import formatting as fmt
from analysis.inference.repeated_measures import by_participant
from analysis.numerics.exact import ExactGroups, Groups
from analysis.numerics.multiplicity import holm
from analysis.numerics.studentised_range import range_tail
from analysis.numerics.tails import f_tail


@dataclass(frozen=True)
class RankPair:
    """Two groups by their mean ranks (the largest number has the highest), with two corrected p.

    None where undefined: where all participants rank all groups alike.
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
        return fmt.text_table(("Pair", "Mean ranks", "p (Conover, Holm)", "p (Nemenyi)"), rows)


def rank_pairs(groups: Groups | ExactGroups) -> RankPairs:
    """Compare the mean ranks of all pairs. Raises ValueError and TypeError as `friedman` does.

    Conover (1999), Practical Nonparametric Statistics, section 5.8; Nemenyi's as in Demsar (2006), Journal of
    Machine Learning Research 7:1, section 3.2.2.
    """
    exact, _ = by_participant(groups)
    ranks, names = exact.ranks, exact.names  # (participants, groups)
    n, k = ranks.shape
    sums = ranks.sum(axis=0)
    spread = float((ranks**2).sum()) - n * k * (k + 1) ** 2 / 4
    between = float(((sums - n * (k + 1) / 2) ** 2).sum()) / n
    left = spread - between  # of the ranks' sum of squares, within participants
    tails: list[tuple[float, float] | None] = []
    pairs = list(combinations(range(k), 2))
    for a, b in pairs:
        if n < 2 or left <= 1e-9 * spread:
            tails.append(None)
            continue
        squared = (sums[a] - sums[b]) ** 2 * (n - 1) * (k - 1) / (2 * n * left)
        tails.append(f_tail(float(squared), 1, (n - 1) * (k - 1)))
    result = []
    for (a, b), conover in zip(pairs, holm(tails), strict=True):
        difference = float(sums[a] - sums[b]) / n
        q = abs(difference) / math.sqrt(k * (k + 1) / (12 * n))
        nemenyi = range_tail(q, k, math.inf)
        p, log10_p = conover or (None, None)
        result.append(RankPair(names[a], names[b], difference, p, log10_p, *nemenyi))
    return RankPairs(tuple(result), n)
