"""Type I error of every test: how often each rejects a true null hypothesis, in 20,000 simulated studies.

Writes docs/type_one_error.md, with the tables of the modules in FURTHER. Run with `make bench-levels`. The
first table takes a quarter of an hour on two idle cores, the others about forty minutes together. The tests
of the analysis run the same studies, fewer of them.
"""

import importlib
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # threads only slow down arrays so small

import numpy as np
import pandas as pd
from scipy import stats

from analysis.design_checks.agreement import agreement
from analysis.design_checks.classes import check_classes
from analysis.design_checks.order import check_order
from analysis.design_checks.position import check_position
from analysis.estimation.pairs import compare, paired_tests
from analysis.inference.anova import one_way, welch
from analysis.inference.degenerate import even_spread
from analysis.inference.dirichlet_multinomial import dirichlet_multinomial
from analysis.inference.hotelling import hotelling
from analysis.inference.omnibus import LIBERAL, NAMES, PROCEDURES
from analysis.inference.permutation import permutation_test
from analysis.inference.pooled_shares import pooled_wald
from analysis.inference.rank_tests import friedman, rank_pairs
from analysis.inference.repeated_measures import repeated_measures
from analysis.inference.tukey import hsd
from analysis.metric_agreement.choice_sets import Choices
from analysis.metric_agreement.concordance import odds_ratio, p_over_maps
from analysis.numerics.exact import ExactShares
from analysis.planning import verdicts
from analysis.planning.looks import looks
from analysis.votes.table import Counts

ALPHA = 0.05
VOTES, FEWEST, N, CONCENTRATION = 20, 5, 40, 26
PERMUTATIONS, BLOCK = 199, 250
KINDS = {
    "4 methods": (4, VOTES),
    "2 methods": (2, VOTES),
    f"4 methods, {FEWEST} to {VOTES} votes each": (4, FEWEST),
}
PAIRS = {
    "tukey": "Tukey HSD",
    "holm": "Holm-adjusted paired t",
    "max-t": "Simultaneous intervals of the differences exclude 0",
    "conover": "Conover's t of ranks, Holm-adjusted",
    "nemenyi": "Nemenyi's range of ranks",
}
DESIGN = {  # simulated with four methods
    "position": "Position of the chosen picture (Hotelling's T²)",
    "order": "First and second half (Hotelling's T²)",
    "classes": "Class by method (permutation within participants)",
    "agreement": "Agreement on a question (permutation)",
}
METRICS = {  # of random numbers, simulated with four methods and equal numbers of votes
    "metric, maps": "A metric over maps (permutation within questions)",
    "metric, odds": "Odds ratio of a metric, where no map is preferred",
    "metric, equal": "The same at equal methods",
}
OTHERS = {
    "looks": "Repeated-measures ANOVA at 3 looks (O'Brien–Fleming)",
    "within-person": "Even spread within one person, whose votes are independent",
    **DESIGN,
    **METRICS,
    "chi-square": "Chi-squared test of all votes (not in any report)",
}
TITLES = {**NAMES, **PAIRS, **OTHERS}
NOT_CONTROLLED = (*LIBERAL, "tukey", "chi-square")
NULL_HYPOTHESES = {
    **{name: procedure.null_hypothesis for name, procedure in PROCEDURES.items()},
    "tukey": "equal mean shares of all pairs, all shares independent",
    "holm": "equal mean shares of all pairs",
    "max-t": "equal mean shares of all pairs",
    "conover": "methods exchangeable within participants, by ranks",
    "nemenyi": "methods exchangeable within participants, by ranks",
    "looks": "equal mean shares",
    "within-person": "equal shares of one person's independent votes",
    "position": "equal mean shares of the positions",
    "order": "no mean change of any share",
    "classes": "a participant's votes do not depend on the class",
    "agreement": "votes do not depend on the question",
    "metric, maps": "metric exchangeable within questions",
    "metric, odds": "odds ratio 1",
    "metric, equal": "odds ratio 1",
    "chi-square": "equal shares, all votes independent",
}
SIGN_TEST = (
    "The sign test, which is made where all participants split their votes alike, needs no simulation: of n",
    "participants without a preference among k methods, each of whom sticks to one, all agree with",
    "probability k^(1 - n), and its p is 2^(1 - n).",
)
OUTPUT = Path(__file__).parent.parent / "docs" / "type_one_error.md"
# Each has a function `tables(runs)` that returns a list of Markdown tables, and runs alone as well.
FURTHER = ("levels_offers", "levels_exposure", "levels_stimuli", "coverage_intervals", "levels_participants")
Rejected = dict[str, bool | None]  # None where a test is undefined


def answers(k: int, fewest: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw a study whose participants differ and on average prefer no method: one row per vote.

    The position of the chosen picture is drawn at random.
    """
    weights = rng.dirichlet(np.full(k, CONCENTRATION / k), N)
    chosen = (rng.random((N, VOTES, 1)) > weights.cumsum(axis=1)[:, None, :-1]).sum(axis=2)
    cast = np.arange(VOTES) < rng.integers(fewest, VOTES + 1, (N, 1))  # (participants, questions)
    people, questions = np.nonzero(cast)
    return pd.DataFrame(
        {
            "participant": people,
            "position": questions + 1,
            "question": rng.permuted(np.tile(np.arange(VOTES), (N, 1)), axis=1)[cast],
            "chosen_position": rng.integers(1, 5, len(people)),
            "chosen_method": chosen[cast],
        }
    )


def omnibus_tests(table: np.ndarray, seed: int) -> dict[str, float | None]:
    """Return p of each omnibus test."""
    groups = ExactShares(table, list(map(str, range(table.shape[1]))))
    shares = table / table.sum(axis=1, keepdims=True)
    return {
        "one-way": one_way(groups).p,
        "welch": welch(groups).p,
        "repeated-measures": repeated_measures(groups).p,
        "hotelling": hotelling(groups).p,
        "friedman": friedman(groups).p,
        "permutation": permutation_test(shares, seed, PERMUTATIONS).p,
        "dirichlet-multinomial": dirichlet_multinomial(table).p,
        "pooled-wald": pooled_wald(table).p,
        "chi-square": float(stats.chisquare(table.sum(axis=0)).pvalue),
    }


def smallest_of_pairs(table: np.ndarray) -> dict[str, float | None]:
    """Return the smallest p of all pairs, which falls below 5% as often as any pair is rejected."""
    k = table.shape[1]
    groups = ExactShares(table, list(map(str, range(k))))
    p: dict[str, float | None] = {
        "tukey": min(pair.p or 0.0 for pair in hsd(groups).pairs),
        "holm": min(pair.p or 0.0 for pair in paired_tests(counts_of(table))),
    }
    if k < 3:
        return {**p, "conover": None, "nemenyi": None}
    ranked = rank_pairs(groups).pairs
    p["conover"] = min(pair.conover_p or 0.0 for pair in ranked)
    return {**p, "nemenyi": min(pair.nemenyi_p for pair in ranked)}


def design_tests(votes: pd.DataFrame, k: int, seed: int) -> dict[str, float | None]:
    """Return p of each check of the design."""
    methods = tuple(f"m{i}" for i in range(k))
    by_question = np.zeros((VOTES, k), dtype=np.int64)
    np.add.at(by_question, (votes["question"], votes["chosen_method"]), 1)
    named = votes.assign(chosen_method=np.array(methods, dtype=object)[votes["chosen_method"]])
    named = named.assign(label=(votes["question"] // 2).astype(str))
    places, halves = check_position(named), check_order(named, methods)
    classes = check_classes(named, methods, seed, PERMUTATIONS)
    assert places is not None
    assert halves is not None
    assert classes is not None
    return {
        "position": places.test.p,
        "order": halves.test.p,
        "classes": classes.p,
        "agreement": agreement(by_question, seed, PERMUTATIONS).p,
    }


def metric_tests(votes: pd.DataFrame, k: int, rng: np.random.Generator, seed: int) -> dict[str, float | None]:
    """Return p of each test of whether a metric of random numbers agrees with the votes."""
    maps = np.arange(VOTES * k)
    columns = (votes[name].to_numpy() for name in ("participant", "question", "chosen_method"))
    found = Choices(tuple((f"m{i % k}", f"{i // k}", "1") for i in maps), maps.reshape(VOTES, k), *columns)
    value = rng.standard_normal(VOTES * k)
    shares = found.times_chosen.sum(axis=0) / found.times_offered.sum(axis=0)
    return {
        "metric, maps": p_over_maps(value, found, shares, seed, PERMUTATIONS),
        "metric, odds": odds_ratio(value, found).p,
        "metric, equal": odds_ratio(value, found, with_methods=True).p,
    }


def stopped_early(table: np.ndarray) -> bool:
    """Whether the repeated-measures ANOVA rejects at any of three looks."""
    sizes = [len(table) // 3, 2 * len(table) // 3, len(table)]
    bounds = bounds_of(tuple(n / len(table) for n in sizes))
    p = [verdicts.repeated_measures(verdicts.moments(table[None, :n])).p[0] for n in sizes]
    return any(bool(x < bound) for x, bound in zip(p, bounds, strict=True))


@lru_cache
def bounds_of(fractions: tuple[float, ...]) -> tuple[float, ...]:
    return looks(fractions).p


def intervals_exclude_0(table: np.ndarray, seed: int) -> bool:
    ends = [pair.difference for pair in compare(counts_of(table), seed)]
    return any((end.low or 0.0) > 0 or (end.high or 0.0) < 0 for end in ends)


def rejected(k: int, fewest: int, seed: int) -> Rejected:
    """Return which tests reject at 5% in one simulated study."""
    rng = np.random.default_rng((k, fewest, seed))
    votes = answers(k, fewest, rng)
    table = np.zeros((N, k), dtype=np.int64)
    np.add.at(table, (votes["participant"], votes["chosen_method"]), 1)
    p = {**omnibus_tests(table, seed), **smallest_of_pairs(table)}
    p |= design_tests(votes, k, seed) if k == 4 else dict.fromkeys(DESIGN)
    p |= metric_tests(votes, k, rng, seed) if (k, fewest) == (4, VOTES) else dict.fromkeys(METRICS)
    p["within-person"] = even_spread(rng.multinomial(VOTES, [1 / k] * k), seed, 999)
    found: Rejected = {name: None if x is None else bool(x <= ALPHA) for name, x in p.items()}
    found["max-t"], found["looks"] = intervals_exclude_0(table, seed), stopped_early(table)
    return found


def counts_of(table: np.ndarray) -> Counts:
    people, methods = (tuple(map(str, range(n))) for n in table.shape)
    return Counts(people, methods, table, len(people), {}, 0, 0, 0)


def rates(kind: str, seeds: range) -> dict[str, float | None]:
    """Return how often each test rejects where it is defined; None where it never is."""
    studies = [rejected(*KINDS[kind], seed) for seed in seeds]
    found = {name: [x[name] for x in studies if x[name] is not None] for name in TITLES}
    return {name: float(np.mean(those)) if those else None for name, those in found.items()}


def mean(rates: list[float | None], weights: list[int]) -> float | None:
    """Average the rates of the blocks; None where the test is undefined in one of them."""
    known = [rate for rate in rates if rate is not None]
    return float(np.average(known, weights=weights)) if len(known) == len(rates) else None


def cell(rate: float | None) -> str:
    return "" if rate is None else f"{rate:.1%}"


def page(found: dict[str, dict[str, float | None]], runs: dict[str, int], further: list[str]) -> str:
    """Lay out the table of rates by kind of study, and the tables of other benchmarks, in Markdown."""
    error = np.sqrt(ALPHA * (1 - ALPHA) / max(runs.values())) * 100
    heads = [f"{kind} ({runs[kind]:,} studies)" for kind in KINDS]
    lines = [
        "# Type I error: how often each test rejects a true null hypothesis at 5%",
        "",
        f"Simulated studies of {N} participants with {VOTES} votes each, or with any number from {FEWEST} to "
        f"{VOTES}. Participants differ (Dirichlet-multinomial, concentration {CONCENTRATION}), and no method "
        "is preferred: every null hypothesis below is true. For tests of pairs, any rejected pair counts "
        "(family-wise). A cell is empty where a test is undefined or was not simulated. "
        f"{PERMUTATIONS} permutations in each permutation test. Standard error about {error:.2f}%. Made by "
        "`make bench-levels`; [statistics.md](statistics.md) says what each test is for.",
        "",
        f"| Test | Null hypothesis | Controls the type I error | {' | '.join(heads)} |",
        f"| --- | --- | --- |{' ---: |' * len(KINDS)}",
    ]
    for name, title in TITLES.items():
        controls = "no" if name in NOT_CONTROLLED else "yes"
        cells = " | ".join(cell(found[kind][name]) for kind in KINDS)
        lines.append(f"| {title} | {NULL_HYPOTHESES[name]} | {controls} | {cells} |")
    return "\n\n".join(["\n".join(lines), "\n".join(SIGN_TEST), *further]) + "\n"


def further_tables(runs: int) -> list[str]:
    """Tables of the modules in FURTHER."""
    modules = [importlib.import_module(f"benchmarks.{name}") for name in FURTHER]
    return [table for module in modules for table in module.tables(runs)]


def main(runs: int = 20_000, further_runs: int = 2000) -> None:
    """Simulate in blocks of every kind; the page is written after each block, so that little is lost."""
    parts: dict[str, list[dict[str, float | None]]] = {kind: [] for kind in KINDS}
    weights: list[int] = []
    found: dict[str, dict[str, float | None]] = {}
    blocks = [range(start, min(start + BLOCK, runs)) for start in range(0, runs, BLOCK)]
    with ProcessPoolExecutor(2) as pool:
        jobs = [[pool.submit(rates, kind, block) for kind in KINDS] for block in blocks]
        for block, futures in zip(blocks, jobs, strict=True):
            for kind, job in zip(KINDS, futures, strict=True):
                parts[kind].append(job.result())
            weights.append(len(block))
            found = {
                kind: {name: mean([part[name] for part in parts[kind]], weights) for name in TITLES}
                for kind in KINDS
            }
            OUTPUT.write_text(page(found, dict.fromkeys(KINDS, sum(weights)), []), encoding="utf-8")
    text = page(found, dict.fromkeys(KINDS, sum(weights)), further_tables(further_runs))
    OUTPUT.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
