"""How often intervals over participants miss the truth, in simulated studies of known shares.

`make bench-levels` takes the table from `tables`. Run with `python -m benchmarks.coverage_intervals
[STUDIES]`; 500 studies of each kind take five minutes on one core. The rules that these figures support are
documented in `analysis.estimation.intervals` and `analysis.estimation.simultaneous`.
"""

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # threads only slow down arrays this small

import numpy as np
from numpy.typing import NDArray

from analysis.estimation import share_contrasts, simultaneous
from analysis.estimation.intervals import Estimate
from analysis.estimation.pairs import PairEstimate, compare
from analysis.estimation.shares import estimate_shares
from analysis.votes.counting import Counts

MOST = 500  # studies of each kind
VERIFIED = 3  # of each kind, whose intervals are compared with those of the product as it is
PEOPLE = (6, 12, 40, 83)
FEW_PEOPLE = 12  # beyond it, only rare methods are simulated with each of CORRELATIONS
CORRELATIONS = (0.036, 0.1, 0.3)
SHARES = {
    "equal": (0.25, 0.25, 0.25, 0.25),
    ".40/.30/.20/.10": (0.4, 0.3, 0.2, 0.1),
    ".90/.04/.03/.03": (0.9, 0.04, 0.03, 0.03),
    "2 methods": (0.5, 0.5),
    "2 methods, .90/.10": (0.9, 0.1),
    "6 methods": (1 / 6,) * 6,
}
KINDS = ("share", "difference", "ratio", "Cohen's h")


@dataclass(frozen=True)
class Setting:
    """A kind of study; `icc` is the intraclass correlation, None if a quarter always choose one method."""

    name: str
    participants: int
    votes: int
    shares: tuple[float, ...]
    icc: float | None


@dataclass(frozen=True)
class Misses:
    """How often intervals missed: of a share on average, of a family of pairs if any interval missed.

    `stated` is the part of intervals that were stated, of the same kinds.
    """

    setting: Setting
    missed: dict[str, float]
    stated: dict[str, float]


def list_settings() -> Iterator[Setting]:
    """All kinds of study that are simulated."""
    for n in PEOPLE:
        for name, shares in SHARES.items():
            rare = name == ".90/.04/.03/.03"
            for icc in CORRELATIONS if n <= FEW_PEOPLE or rare else CORRELATIONS[1:2]:
                yield Setting(name, n, 20, shares, icc)
        for name in ("equal", ".40/.30/.20/.10", ".90/.04/.03/.03"):
            yield Setting(f"{name}, 5 votes", n, 5, SHARES[name], 0.05)
        yield Setting("a quarter always choose one", n, 20, SHARES["equal"], None)


def draw_table(setting: Setting, rng: np.random.Generator) -> NDArray[np.int64]:
    """The votes of one study, (participants, methods): Dirichlet-multinomial, or a quarter of one mind."""
    n, k = setting.participants, len(setting.shares)
    if setting.icc is None:
        tastes = np.zeros((n, k))
        tastes[:, 1:] = 1 / (k - 1)
        tastes[rng.random(n) < 0.25] = np.eye(k)[0]
    else:
        concentration = (1 - setting.icc) / setting.icc
        amounts = np.maximum(rng.gamma(np.array(setting.shares) * concentration, size=(n, k)), 1e-300)
        tastes = amounts / amounts.sum(axis=1, keepdims=True)
    return rng.multinomial(setting.votes, tastes)


def coverage(setting: Setting, studies: int, seed: int = 1) -> Misses:
    """Simulate studies and count the intervals that miss the true values."""
    rng = np.random.default_rng((seed, setting.participants, len(setting.shares)))
    truth = dict(zip(map(str, range(len(setting.shares))), setting.shares, strict=True))
    missed, stated = (dict.fromkeys(KINDS, 0.0) for _ in range(2))
    for study in range(studies):
        counts = _count(draw_table(setting, rng))
        rows = {
            "share": [
                (Estimate(s.share, s.low, s.high), truth[s.method]) for s in estimate_shares(counts).shares
            ]
        }
        with _without_p():
            pairs = compare(counts)
        if study < VERIFIED:
            assert [_ends(pair) for pair in pairs] == [_ends(pair) for pair in compare(counts)]
        values = [(pair, truth[pair.a], truth[pair.b]) for pair in pairs]
        rows["difference"] = [(pair.difference, a - b) for pair, a, b in values]
        rows["ratio"] = [(pair.ratio, a / b) for pair, a, b in values]
        rows["Cohen's h"] = [
            (pair.cohens_h, 2 * float(np.arcsin(a**0.5) - np.arcsin(b**0.5))) for pair, a, b in values
        ]
        for kind, estimates in rows.items():
            wrong = [_misses(estimate, value) for estimate, value in estimates]
            missed[kind] += float(np.mean(wrong)) if kind == "share" else any(wrong)
            stated[kind] += float(np.mean([estimate.low is not None for estimate, _ in estimates]))
    rates = ({kind: total / studies for kind, total in totals.items()} for totals in (missed, stated))
    return Misses(setting, *rates)


def _count(table: NDArray[np.int64]) -> Counts:
    people, methods = (tuple(map(str, range(n))) for n in table.shape)
    return Counts(people, methods, table, len(people), {}, 0, 0, 0)


def _misses(estimate: Estimate, value: float) -> bool:
    if estimate.low is None or estimate.high is None:
        return False
    return not estimate.low - 1e-9 <= value <= estimate.high + 1e-9


@contextmanager
def _without_p() -> Iterator[None]:
    """Skip the p-values of pairs, which take most of the time; the intervals are the product's."""
    find_levels, tail = share_contrasts._find_levels, simultaneous.LargestT.tail
    share_contrasts._find_levels = lambda _sample, matrix, _null=0.0: np.full(len(matrix), np.nan)
    simultaneous.LargestT.tail = lambda _self, _t: (1.0, 0.0)  # type: ignore[method-assign]
    try:
        yield
    finally:
        share_contrasts._find_levels = find_levels
        simultaneous.LargestT.tail = tail  # type: ignore[method-assign]


def _ends(pair: PairEstimate) -> list[float | None]:
    return [end for one in (pair.difference, pair.ratio, pair.cohens_h) for end in (one.low, one.high)]


def write_table(results: list[Misses], studies: int) -> str:
    """The table in Markdown."""
    error = (0.05 * 0.95 / studies) ** 0.5 * 100
    lines = [
        f"## Intervals over participants ({studies:,} studies of each row)",
        "",
        f"How often intervals miss the truth (standard error about {error:.1f}%), with 20 votes each unless "
        "stated. 95% intervals of shares: on average over the methods. Simultaneous 95% intervals of all "
        "pairs: a study counts if any interval misses. In brackets: the part of ratios that is stated. "
        f"Intervals are computed without their p-values; in {VERIFIED} studies of each row they are compared "
        "with those of the product as it is, and equal.",
        "",
        "| Shares | People | ICC | Share | Difference | Ratio | Cohen's h |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for result in results:
        setting = result.setting
        cells = [f"{result.missed[kind] * 100:.1f}%" for kind in KINDS]
        cells[2] += f" ({result.stated['ratio'] * 100:.0f}%)"
        icc = "" if setting.icc is None else f"{setting.icc:g}"
        lines.append(f"| {setting.name} | {setting.participants} | {icc} | {' | '.join(cells)} |")
    return "\n".join(lines)


def tables(runs: int = MOST, processes: int = 2) -> list[str]:
    """How often intervals miss, in Markdown; at most `MOST` studies of each kind."""
    runs, settings = min(runs, MOST), list(list_settings())
    results = []
    with ProcessPoolExecutor(processes, initializer=_use_fewer_directions) as pool:
        for result in pool.map(coverage, settings, [runs] * len(settings)):
            results.append(result)
            print(write_table([result], runs).splitlines()[-1], file=sys.stderr, flush=True)
    return [write_table(results, runs)]


def _use_fewer_directions() -> None:
    simultaneous.DIRECTIONS = 1 << 11  # right to 1e-3 of a critical value, and much faster


if __name__ == "__main__":
    print("\n\n".join(tables(*map(int, sys.argv[1:]))))
