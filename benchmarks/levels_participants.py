"""Type I error of the omnibus tests by number of participants, at the null hypothesis that each one states.

`tables(runs)` returns Markdown tables for docs/type_one_error.md; `make bench-levels` calls it. In each
setting all mean shares are equal; the settings differ in how participants differ. Only where participants are
drawn from a symmetric distribution are the methods exchangeable, which rank and permutation tests need.
"""

from concurrent.futures import ProcessPoolExecutor
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from analysis.inference.dirichlet_multinomial import dirichlet_multinomial
from analysis.inference.hotelling import hotelling
from analysis.inference.permutation import permutation_test
from analysis.inference.pooled_shares import pooled_wald
from analysis.inference.rank_tests import friedman, rank_pairs
from analysis.inference.repeated_measures import repeated_measures
from analysis.numerics.exact import ExactShares

ALPHA, VOTES, PERMUTATIONS = 0.05, 20, 199
MOST = 500  # studies of each kind
SIZES = (2, 3, 4, 6, 12, 20, 30, 40)
# name: methods, intra-class correlation of a symmetric Dirichlet-multinomial, fewest votes
SYMMETRIC = {
    "4 methods, icc .05": (4, 0.05, VOTES),
    "4 methods, icc .3": (4, 0.3, VOTES),
    "2 methods, icc .3": (2, 0.3, VOTES),
    "6 methods, icc .1": (6, 0.1, VOTES),
    "4 methods, icc .1, 5 to 20 votes": (4, 0.1, 5),
}
EQUAL_MEANS = ("a quarter always choose A", "taste for A is Beta(1, 3)")
TITLES = {
    "repeated-measures": "Repeated-measures ANOVA",
    "hotelling": "Hotelling's T²",
    "pooled-wald": "Cluster Wald test of pooled shares",
    "permutation": "Permutation within participants",
    "dirichlet-multinomial": "Dirichlet-multinomial likelihood ratio",
    "friedman": "Friedman test",
    "conover": "Conover's t of ranks, Holm-adjusted",
    "nemenyi": "Nemenyi's range of ranks",
}
OF_MEANS = ("repeated-measures", "hotelling", "pooled-wald")  # the null hypothesis is equal mean shares
Rates = dict[str, float | None]


def simulate(setting: str, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw one study: counts (participants, methods) with equal mean shares."""
    if setting in SYMMETRIC:
        k, icc, fewest = SYMMETRIC[setting]
        shares = rng.dirichlet(np.full(k, (1 - icc) / icc / k), n)
        shares = np.maximum(shares, 1e-12)
        votes = rng.integers(fewest, VOTES + 1, n)
        return rng.multinomial(votes, shares / shares.sum(axis=1, keepdims=True))
    of_a = rng.random(n) < 0.25 if setting == EQUAL_MEANS[0] else rng.beta(1, 3, n)
    others = np.repeat((1 - of_a)[:, None] / 3, 3, axis=1)
    return rng.multinomial(VOTES, np.column_stack([of_a, others]))


def p_values(table: NDArray[np.int64], seed: int) -> dict[str, float | None]:
    """p of each test of one study; of the tests of pairs, the smallest."""
    groups = ExactShares(table, list(map(str, range(table.shape[1]))))
    ranks = friedman(groups)
    p = {
        "repeated-measures": repeated_measures(groups).p,
        "hotelling": hotelling(groups).p,
        "pooled-wald": pooled_wald(table).p,
        "permutation": permutation_test(groups.values, seed, PERMUTATIONS).p,
        "dirichlet-multinomial": dirichlet_multinomial(table).p,
        "friedman": ranks.p,
        "conover": None,
        "nemenyi": None,
    }
    if ranks.p is not None:
        pairs = rank_pairs(groups).pairs
        known = [pair.conover_p for pair in pairs if pair.conover_p is not None]
        p["conover"] = min(known) if known else None
        p["nemenyi"] = min(pair.nemenyi_p for pair in pairs)
    return p


def rejection_rates(setting: str, n: int, runs: int) -> Rates:
    """The share of studies in which each test rejects; None where it is defined in fewer than half."""
    rng = np.random.default_rng((n, *setting.encode()))
    found: dict[str, list[bool]] = {name: [] for name in TITLES}
    for run in range(runs):
        for name, p in p_values(simulate(setting, n, rng), run).items():
            if p is not None:
                found[name].append(p <= ALPHA)
    return {name: sum(x) / len(x) if len(x) >= runs / 2 else None for name, x in found.items()}


def tables(runs: int = 2000, processes: int = 2) -> list[str]:
    """Return the highest rates by number of participants, and the rates by setting at 12 and at 40.

    At most `MOST` studies of each kind.
    """
    runs = min(runs, MOST)
    cells = [(setting, n) for setting in (*SYMMETRIC, *EQUAL_MEANS) for n in SIZES]
    with ProcessPoolExecutor(processes) as pool:
        rates = dict(zip(cells, pool.map(_rates_of_cell, cells, repeat(runs)), strict=True))
    return [_by_size(rates, runs), _by_setting(rates, 12, runs), _by_setting(rates, 40, runs)]


def _rates_of_cell(cell: tuple[str, int], runs: int) -> Rates:
    return rejection_rates(*cell, runs)


def _by_size(rates: dict[tuple[str, int], Rates], runs: int) -> str:
    lines = [
        f"## By number of participants ({runs:,} studies of each setting)",
        "",
        "The highest rate of the settings in which the null hypothesis of the test is true: for "
        f"{', '.join(TITLES[name] for name in OF_MEANS)} all of them, for the others those in which methods "
        f"are exchangeable. {VOTES} votes each, {PERMUTATIONS} permutations.",
        "",
        f"| Test | {' | '.join(f'{n} people' for n in SIZES)} |",
        f"| --- |{' ---: |' * len(SIZES)}",
    ]
    for name, title in TITLES.items():
        settings = (*SYMMETRIC, *(EQUAL_MEANS if name in OF_MEANS else ()))
        cells = []
        for n in SIZES:
            known = [rate for s in settings if (rate := rates[s, n][name]) is not None]
            cells.append(f"{max(known):.1%}" if known else "")
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _by_setting(rates: dict[tuple[str, int], Rates], n: int, runs: int) -> str:
    settings = (*SYMMETRIC, *EQUAL_MEANS)
    lines = [
        f"## {n} participants who differ in several ways ({runs:,} studies each)",
        "",
        "All mean shares are equal. In the last two columns methods are not exchangeable: a test of "
        "exchangeability that rejects there is right, and says nothing about mean shares.",
        "",
        f"| Test | {' | '.join(settings)} |",
        f"| --- |{' ---: |' * len(settings)}",
    ]
    for name, title in TITLES.items():
        cells = ["" if (rate := rates[s, n][name]) is None else f"{rate:.1%}" for s in settings]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    import sys

    print("\n\n".join(tables(*map(int, sys.argv[1:]))))
