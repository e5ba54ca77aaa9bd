"""All estimates of one table of counts: shares, pairs, effect sizes and rankings.

Estimates only: what the tests say is in `analysis.inference`.
"""

from dataclasses import dataclass
from functools import cached_property

from analysis import formatting as fmt
from analysis.estimation.effect_sizes import effect_sizes
from analysis.estimation.intervals import Estimate
from analysis.estimation.pairs import PairEstimate, compare
from analysis.estimation.rankings import Rankings, bootstrap_rankings
from analysis.estimation.shares import Share, estimate_shares
from analysis.numerics.resampling import REPLICATES, SEED
from analysis.significance import ALPHA
from analysis.votes.counting import Counts


@dataclass(frozen=True)
class Estimates:
    """Shares, pairs, effect sizes and rankings of one table of counts."""

    counts: Counts
    shares: tuple[Share, ...]
    design_effect: float | None
    icc: float | None
    pairs: tuple[PairEstimate, ...]
    effects: dict[str, Estimate]  # eta squared, omega squared, Kendall's W
    rankings: Rankings | None
    seed: int

    @cached_property
    def df(self) -> int:
        return len(self.counts.participants) - 1

    def __str__(self) -> str:
        rows = [
            (
                f"{pair.a} {fmt.MINUS} {pair.b}",
                pair.difference.format(fmt.points),
                pair.ratio.format(fmt.decimal),
                pair.cohens_h.format(fmt.decimal),
                fmt.p_value(pair.p_simultaneous, pair.log10_p_simultaneous),
            )
            for pair in self.pairs
        ]
        return fmt.text_table(("Pair", "Points", "Ratio", "Cohen's h", "p (max-t)"), rows)


def estimate(
    counts: Counts, seed: int = SEED, replicates: int = REPLICATES, alpha: float = ALPHA
) -> Estimates:
    """Estimate everything; `alpha` is that of the intervals of pairs, those of shares have 95% confidence."""
    shares = estimate_shares(counts)
    return Estimates(
        counts=counts,
        shares=shares.shares,
        design_effect=shares.design_effect,
        icc=shares.icc,
        pairs=compare(counts, seed, alpha),
        effects=effect_sizes(counts),
        rankings=bootstrap_rankings(counts, seed, replicates),
        seed=seed,
    )
