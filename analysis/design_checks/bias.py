"""Checks of the design: did the place, the order, the class or the person decide, rather than the picture?

A vote table comes in, small results come out, each None where the table has no column to judge by. Every test
takes the participant as the unit. Not a filter: nobody is left out for failing one.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from analysis import formatting as fmt
from analysis.inference.hotelling import Hotelling, hotelling, t_squared
from analysis.numerics.exact import ExactShares
from analysis.numerics.tails import f_tail
from analysis.votes.columns import METHOD_COLUMNS, N_OPTIONS, codes_of, numbers, of_each, place_of

FAST_MS = 1000
_WORK = 20_000_000  # votes times shuffles
_AT_ONCE = 500_000  # of them held in memory
_STRAIGHT = 0.9  # of a person's answers in one place; of five answers or more


@dataclass(frozen=True)
class Position:
    """How often each place of a question was chosen, and whether places differ (Hotelling's T squared)."""

    shares: tuple[float, ...]  # of place 1, 2, ...
    votes: tuple[int, ...]
    intervals: tuple[tuple[float, float], ...]  # of 95 %, over participants
    test: Hotelling

    @property
    def statement(self) -> str:
        return f"{self.test.statement}, {fmt.p_stated(self.test.p, self.test.log10_p)}"


@dataclass(frozen=True)
class Order:
    """Whether a method's share changes from the first half of a participant's questions to the second.

    `changes` are differences of mean shares (late minus early) by method; `test` asks whether all are zero.
    `slowing` is the mean ratio of the second half's response time to the first's, with its 95 % interval.
    """

    changes: dict[str, float]
    test: Hotelling
    slowing: tuple[float, float, float] | None

    @property
    def statement(self) -> str:
        return f"{self.test.statement}, {fmt.p_stated(self.test.p, self.test.log10_p)}"


@dataclass(frozen=True)
class ClassByMethod:
    """Votes of each class for each method, and whether the classes differ.

    `p` is of a permutation test that shuffles each participant's votes over the questions they answered, with
    the chi-square of the table as its statistic: a chi-square test would take votes as independent.
    """

    labels: tuple[str, ...]
    methods: tuple[str, ...]
    votes: NDArray[np.int64]  # (classes, methods)
    cramers_v: float
    p: float
    shuffles: int


@dataclass(frozen=True)
class Carelessness:
    """Signs of answers without a look, among the participants who are counted."""

    n_participants: int
    n_straight: int | None  # chose one place nearly always
    n_answers: int
    n_fast: int | None
    n_fast_people: int | None  # with a median under FAST_MS
    median_ms: float | None


def position(votes: pd.DataFrame) -> Position | None:
    """`votes` are counted answers with `participant` and `chosen_position`."""
    if "chosen_position" not in votes:
        return None
    places = numbers(votes["chosen_position"]).to_numpy()
    known = np.isfinite(places)
    if not known.any():
        return None
    offered = [place_of(column) for column in METHOD_COLUMNS if column in votes]
    n = max(int(places[known].max()), 2, *offered)
    people = _renumbered(codes_of(votes["participant"])[0][known])
    table = _count(people, places[known].astype(np.int64) - 1, n)  # (participants, places)
    shares = table.sum(axis=0) / table.sum()
    chosen = tuple(table.sum(axis=0).tolist())
    return Position(tuple(shares.tolist()), chosen, _intervals(table), _equal(table))


def order(votes: pd.DataFrame, methods: tuple[str, ...]) -> Order | None:
    """`votes` are counted answers with `participant`, `position` and `chosen_method`."""
    if "position" not in votes:
        return None
    place, people = numbers(votes["position"]).to_numpy(), codes_of(votes["participant"])[0]
    rows = np.lexsort((place, people))
    rows = rows[np.isfinite(place[rows])]
    sizes = np.bincount(people[rows], minlength=1)
    starts = np.cumsum(sizes) - sizes
    rank = np.arange(len(rows)) - starts[people[rows]] + 1  # 1, 2, ... of each participant
    several = sizes[people[rows]] > 1
    rows, rank = rows[several], rank[several]
    late = rank > sizes[people[rows]] / 2
    people = _renumbered(people[rows])
    if len(people) == 0 or people.max() < 1:
        return None
    chosen = pd.Index(methods).get_indexer(pd.Index(codes_of(votes["chosen_method"])[1]))
    chosen = chosen[codes_of(votes["chosen_method"])[0][rows]]
    n = int(people.max()) + 1
    halves = [_count(people[half], chosen[half], len(methods), n) for half in (~late, late)]
    first, second = (half / half.sum(axis=1, keepdims=True) for half in halves)
    changes = second - first
    means = dict(zip(methods, changes.mean(axis=0).tolist(), strict=True))
    times = numbers(votes["response_ms"]).to_numpy()[rows] if "response_ms" in votes else None
    return Order(means, _zero(changes), None if times is None else _slowing(times, people, late))


def class_by_method(
    votes: pd.DataFrame, methods: tuple[str, ...], seed: int, shuffles: int = 499
) -> ClassByMethod | None:
    """`votes` are counted answers with `participant`, `label` and `chosen_method`."""
    if "label" not in votes:
        return None
    named = votes[of_each(votes["label"], bool, np.bool_)]
    (of_label, found), (of_method, chosen) = codes_of(named["label"]), codes_of(named["chosen_method"])
    labels = sorted(found, key=lambda x: (len(x), x))
    used = [method for method in methods if method in chosen]
    if len(labels) < 2 or len(used) < 2:
        return None
    rows = pd.Index(labels).get_indexer(pd.Index(found))[of_label]
    columns = pd.Index(used).get_indexer(pd.Index(chosen))[of_method]
    people = codes_of(named["participant"])[0]
    size = (len(labels), len(used))
    observed = np.bincount(rows * size[1] + columns, minlength=size[0] * size[1]).reshape(size)
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / observed.sum()
    chi_square = float(((observed - expected) ** 2 / expected).sum())
    shuffles = min(shuffles, max(99, _WORK // len(named)))
    as_far = shuffled_as_far(rows, columns, people, expected, chi_square, shuffles, seed)
    v = math.sqrt(chi_square / observed.sum() / (min(size) - 1))
    full = np.zeros((len(labels), len(methods)), dtype=np.int64)
    full[:, [methods.index(method) for method in used]] = observed
    p = (as_far + 1) / (shuffles + 1)
    return ClassByMethod(tuple(labels), methods, full, v, p, shuffles)


def shuffled_as_far(
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    people: NDArray[np.int64],
    expected: NDArray[np.float64],
    chi_square: float,
    shuffles: int,
    seed: int,
) -> int:
    """How many tables are as far from `expected` whose columns were shuffled within each of the people."""
    size, rng, as_far = expected.shape, np.random.default_rng(seed), 0
    by_person = np.argsort(people, kind="stable")
    people, cells, columns = people[by_person], rows[by_person] * size[1], columns[by_person]
    step = max(1, _AT_ONCE // len(people))
    for start in range(0, shuffles, step):
        n = min(step, shuffles - start)
        mixed = np.argsort(people + rng.random((n, len(people))), axis=1)  # (shuffles, votes), within people
        drawn = cells + columns[mixed] + np.arange(n)[:, None] * expected.size
        counts = np.bincount(drawn.ravel(), minlength=n * expected.size).reshape(n, *size)
        distances = ((counts - expected) ** 2 / expected).sum(axis=(1, 2))
        as_far += int((distances >= chi_square - 1e-9).sum())
    return as_far


def carelessness(votes: pd.DataFrame) -> Carelessness:
    """`votes` are counted answers; `chosen_position` and `response_ms` are used where they are."""
    people, names = codes_of(votes["participant"])
    straight = fast = fast_people = None
    median = None
    placed = np.isfinite(numbers(votes["chosen_position"]).to_numpy()) if "chosen_position" in votes else None
    if placed is not None and placed.any():
        places, distinct = codes_of(votes["chosen_position"][placed])
        table = _count(people[placed], places, len(distinct))
        answered = table.sum(axis=1)
        straight = int(((table.max(axis=1) >= _STRAIGHT * answered) & (answered >= 5)).sum())
    if "response_ms" in votes:
        times = numbers(votes["response_ms"])
        if times.notna().any():
            fast, median = int((times < FAST_MS).sum()), float(times.median())
            fast_people = int((times.groupby(people).median() < FAST_MS).sum())
    return Carelessness(len(names), straight, len(votes), fast, fast_people, median)


def chance_to_pass(n_checks: int, min_passed: int, n_options: int = N_OPTIONS) -> float:
    """The chance that somebody who clicks at random passes at least so many attention checks."""
    if not min_passed >= 0 or n_checks < 0 or n_options < 1:
        raise ValueError(f"{min_passed} of {n_checks} checks with {n_options} options: allowed are 0 or more")
    return float(stats.binom.sf(min_passed - 1, n_checks, 1 / n_options))


def _renumbered(people: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, ... without gaps, in the same order."""
    there = np.bincount(people, minlength=1) > 0
    return (np.cumsum(there) - 1)[people]


def _count(
    people: NDArray[np.int64], values: NDArray[np.intp], size: int, n: int | None = None
) -> NDArray[np.int64]:
    """How often each of `n` participants has each of the values 0 to `size` - 1: (participants, values)."""
    n = int(people.max()) + 1 if n is None else n
    return np.bincount(people * size + values, minlength=n * size).reshape(n, size)


def _intervals(table: NDArray[np.int64]) -> tuple[tuple[float, float], ...]:
    """95 % t intervals of the shares of the columns, by the ratio variance of `choice.clustered_shares`."""
    n, totals = len(table), table.sum(axis=1, keepdims=True)
    shares = table.sum(axis=0) / table.sum()
    spread = np.sqrt(((table - shares * totals) ** 2).sum(axis=0) * n / max(n - 1, 1)) / table.sum()
    margins = float(stats.t.ppf(0.975, max(n - 1, 1))) * spread if n > 1 else spread * 0
    ends = zip(shares - margins, shares + margins, strict=True)
    return tuple((max(0.0, float(low)), min(1.0, float(high))) for low, high in ends)


def _equal(table: NDArray[np.int64]) -> Hotelling:
    """Are a participant's shares of the columns equal on average?"""
    return hotelling(ExactShares(table, [str(i) for i in range(table.shape[1])]))


def _zero(changes: NDArray[np.float64]) -> Hotelling:
    """Are all columns zero on average? They add up to zero, so that the last one follows from the others."""
    moving = changes[:, np.ptp(changes, axis=0) > 0]  # a method that nobody chose, or all alike, says nothing
    n, k = moving.shape
    names, df = tuple(map(str, range(k))), (k - 1, n - k + 1)
    note = "T² is undefined: the changes are the same for every participant"
    if k > 1 and n < k:
        note = f"T² is undefined: {k} groups need at least {k} participants, and there are {n}"
    if k < 2 or n < k:
        return Hotelling(names, n, None, None, df, None, None, note)
    free = moving[:, :-1]
    result = t_squared(free.mean(axis=0), np.atleast_2d(np.cov(free.T)), n)
    if result is None:
        note = "T² is undefined: some combination of the changes is the same for every participant"
        return Hotelling(names, n, None, None, df, None, None, note)
    return Hotelling(names, n, *result, df, *f_tail(result[1], *df))


def _slowing(
    times: NDArray[np.float64], people: NDArray[np.int64], late: NDArray[np.bool_]
) -> tuple[float, float, float] | None:
    """The mean ratio of late to early times, of those with both, with its 95 % t interval on logarithms."""
    known, n = times > 0, int(people.max()) + 1
    means = []
    for half in (~late & known, late & known):
        logs, answers = np.log(times[half]), np.bincount(people[half], minlength=n)
        sums = np.bincount(people[half], weights=logs, minlength=n)
        means.append(np.where(answers > 0, sums / np.maximum(answers, 1), np.nan))
    change = means[1] - means[0]
    change = change[np.isfinite(change)]
    if len(change) < 2:
        return None
    middle, error = float(change.mean()), float(change.std(ddof=1)) / math.sqrt(len(change))
    margin = float(stats.t.ppf(0.975, len(change) - 1)) * error
    return math.exp(middle), math.exp(middle - margin), math.exp(middle + margin)
