"""Frequencies of each order of the methods when participants are drawn again.

Counts per participant and a seed come in; probabilities of rankings come out.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis import formatting as fmt
from analysis.numerics.arrays import Floats
from analysis.numerics.resampling import REPLICATES, SEED, bootstrap_sums
from analysis.votes.counting import Counts


@dataclass(frozen=True)
class Rankings:
    """The share of bootstrap replicates with each order of the methods, and with each method first."""

    orders: tuple[tuple[tuple[str, ...], float], ...]  # most probable first
    first: dict[str, float]
    replicates: int
    seed: int

    def __str__(self) -> str:
        rows = [(" > ".join(order), fmt.probability(p, self.replicates)) for order, p in self.orders]
        return fmt.text_table(("Ranking", "Probability"), rows)


def bootstrap_rankings(counts: Counts, seed: int = SEED, replicates: int = REPLICATES) -> Rankings | None:
    """Rank the methods by their votes in each bootstrap replicate of the participants.

    None where there is only one participant or one method.
    """
    if len(counts.participants) < 2 or len(counts.methods) < 2:
        return None
    return count_rankings(bootstrap_sums(counts.table, replicates, seed), counts.methods, seed)


def count_rankings(sums: Floats, methods: Sequence[str], seed: int = SEED) -> Rankings:
    """Count the orders of the columns of `sums`, (replicates, methods); ties are broken at random."""
    lots = np.random.default_rng(seed + 1).random(sums.shape)
    orders = np.lexsort((lots, -sums), axis=1)
    counted = Counter(map(tuple, orders.tolist()))
    named = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    first = np.bincount(orders[:, 0], minlength=len(methods)) / len(sums)
    return Rankings(
        orders=tuple((tuple(methods[i] for i in order), times / len(sums)) for order, times in named),
        first=dict(zip(methods, first.tolist(), strict=True)),
        replicates=len(sums),
        seed=seed,
    )
