"""How often intervals over participants miss the truth, in simulated studies of known shares.

Writes benchmarks/coverage_intervals.md, again after each kind of study. Run with `python -m
benchmarks.coverage_intervals [STUDIES]`; 2,000 studies of each kind take about an hour on two cores. The
rules that these figures support are documented in `analysis.estimation.intervals` and
`analysis.estimation.simultaneous`.
"""

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # threads only slow down arrays this small

import numpy as np
from numpy.typing import NDArray

from analysis.estimation import simultaneous
from analysis.estimation.intervals import Estimate
from analysis.estimation.pairs import compare
from analysis.estimation.shares import estimate_shares
from analysis.votes.counting import Counts

STUDIES = 2000
PEOPLE = (6, 12, 40, 83)
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
            for icc in CORRELATIONS:
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
    for _ in range(studies):
        counts = _count(draw_table(setting, rng))
        rows = {
            "share": [
                (Estimate(s.share, s.low, s.high), truth[s.method]) for s in estimate_shares(counts).shares
            ]
        }
        pairs = compare(counts)
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


def write_page(results: list[Misses], studies: int) -> str:
    """The table in Markdown."""
    error = (0.05 * 0.95 / studies) ** 0.5 * 100
    lines = [
        "# How often intervals over participants miss the truth",
        "",
        f"{studies:,} simulated studies of each kind, 20 votes each unless stated (standard error about "
        f"{error:.1f}%). 95% intervals of shares, on average over the methods; simultaneous 95% intervals of "
        "all pairs, where a study counts if any interval misses. In brackets: the part of ratios that is "
        "stated. Made by `python -m benchmarks.coverage_intervals`.",
        "",
        "| Shares | Participants | ICC | Share | Difference | Ratio | Cohen's h |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for result in results:
        setting = result.setting
        cells = [f"{result.missed[kind] * 100:.1f}%" for kind in KINDS]
        cells[2] += f" ({result.stated['ratio'] * 100:.0f}%)"
        icc = "" if setting.icc is None else f"{setting.icc:g}"
        lines.append(f"| {setting.name} | {setting.participants} | {icc} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _use_fewer_directions() -> None:
    simultaneous.DIRECTIONS = 1 << 11  # right to 1e-3 of a critical value, and much faster


def main(studies: int = STUDIES) -> None:
    settings = list(list_settings())
    results = []
    with ProcessPoolExecutor(2, initializer=_use_fewer_directions) as pool:
        for result in pool.map(coverage, settings, [studies] * len(settings)):
            results.append(result)
            text = write_page(results, studies)
            Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
