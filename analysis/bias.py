"""Checks of the design: did the place, the order, the class or the person decide, rather than the picture?

A vote table comes in, small results come out, each None where the table has no column to judge by. Every test
takes the participant as the unit. Not a filter: nobody is left out for failing one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from analysis import formatting as fmt
from analysis.exact import ExactShares
from analysis.layout import METHOD_COLUMNS, N_OPTIONS, place_of
from analysis.tails import f_tail
from analysis.within import Hotelling, hotelling, t_squared

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
        return f"{self.test.statement}, {_p(self.test.p, self.test.log10_p)}"


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
        return f"{self.test.statement}, {_p(self.test.p, self.test.log10_p)}"


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
    places = pd.to_numeric(votes["chosen_position"], errors="coerce")
    known = votes[places.notna()].assign(place=places[places.notna()].astype(int))
    if known.empty:
        return None
    offered = [place_of(column) for column in METHOD_COLUMNS if column in votes]
    n = max(int(known["place"].max()), 2, *offered)
    table = _table(known, "place", list(range(1, n + 1)))  # (participants, places)
    shares = table.sum(axis=0) / table.sum()
    chosen = tuple(table.sum(axis=0).tolist())
    return Position(tuple(shares.tolist()), chosen, _intervals(table), _equal(table))


def order(votes: pd.DataFrame, methods: tuple[str, ...]) -> Order | None:
    """`votes` are counted answers with `participant`, `position` and `chosen_method`."""
    if "position" not in votes:
        return None
    place = pd.to_numeric(votes["position"], errors="coerce")
    rank = place.groupby(votes["participant"]).rank(method="first")
    size = rank.groupby(votes["participant"]).transform("max")
    late = rank > size / 2
    both = late.groupby(votes["participant"]).transform("nunique") == 2
    votes, late = votes[both & place.notna()], late[both & place.notna()]
    if votes["participant"].nunique() < 2:
        return None
    halves = [_table(votes[rows], "chosen_method", list(methods)) for rows in (~late, late)]
    first, second = (half / half.sum(axis=1, keepdims=True) for half in halves)
    changes = second - first
    means = dict(zip(methods, changes.mean(axis=0).tolist(), strict=True))
    return Order(means, _zero(changes), _slowing(votes, late))


def class_by_method(
    votes: pd.DataFrame, methods: tuple[str, ...], seed: int, shuffles: int = 499
) -> ClassByMethod | None:
    """`votes` are counted answers with `participant`, `label` and `chosen_method`."""
    if "label" not in votes:
        return None
    named = votes[votes["label"] != ""]
    labels = sorted(named["label"].unique(), key=lambda x: (len(x), x))
    used = [method for method in methods if (named["chosen_method"] == method).any()]
    if len(labels) < 2 or len(used) < 2:
        return None
    rows = pd.Index(labels).get_indexer(pd.Index(named["label"]))
    columns = pd.Index(used).get_indexer(pd.Index(named["chosen_method"]))
    people = pd.factorize(named["participant"])[0]
    size = (len(labels), len(used))
    observed = np.bincount(rows * size[1] + columns, minlength=size[0] * size[1]).reshape(size)
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / observed.sum()
    chi_square = float(((observed - expected) ** 2 / expected).sum())
    shuffles = min(shuffles, max(99, _WORK // len(named)))
    rng, as_far = np.random.default_rng(seed), 1
    by_person = np.argsort(people, kind="stable")
    people, cells, columns = people[by_person], rows[by_person] * size[1], columns[by_person]
    step = max(1, _AT_ONCE // len(named))
    for start in range(0, shuffles, step):
        n = min(step, shuffles - start)
        mixed = np.argsort(people + rng.random((n, len(people))), axis=1)  # (shuffles, votes), within people
        drawn = cells + columns[mixed] + np.arange(n)[:, None] * observed.size
        counts = np.bincount(drawn.ravel(), minlength=n * observed.size).reshape(n, *size)
        distances = ((counts - expected) ** 2 / expected).sum(axis=(1, 2))
        as_far += int((distances >= chi_square - 1e-9).sum())
    v = math.sqrt(chi_square / observed.sum() / (min(size) - 1))
    full = np.zeros((len(labels), len(methods)), dtype=np.int64)
    full[:, [methods.index(method) for method in used]] = observed
    return ClassByMethod(tuple(labels), methods, full, v, float(as_far / (shuffles + 1)), shuffles)


def carelessness(votes: pd.DataFrame) -> Carelessness:
    """`votes` are counted answers; `chosen_position` and `response_ms` are used where they are."""
    people = votes["participant"]
    straight = fast = fast_people = None
    median = None
    if "chosen_position" in votes and (votes["chosen_position"] != "").any():
        placed = votes[votes["chosen_position"] != ""]
        table = _table(placed, "chosen_position", sorted(set(placed["chosen_position"])))
        answered = table.sum(axis=1)
        straight = int(((table.max(axis=1) >= _STRAIGHT * answered) & (answered >= 5)).sum())
    if "response_ms" in votes:
        times = pd.to_numeric(votes["response_ms"], errors="coerce")
        if times.notna().any():
            fast, median = int((times < FAST_MS).sum()), float(times.median())
            fast_people = int((times.groupby(people).median() < FAST_MS).sum())
    return Carelessness(people.nunique(), straight, len(votes), fast, fast_people, median)


def chance_to_pass(n_checks: int, min_passed: int, n_options: int = N_OPTIONS) -> float:
    """The chance that somebody who clicks at random passes at least so many attention checks."""
    if not min_passed >= 0 or n_checks < 0 or n_options < 1:
        raise ValueError(f"{min_passed} of {n_checks} checks with {n_options} options: allowed are 0 or more")
    return float(stats.binom.sf(min_passed - 1, n_checks, 1 / n_options))


def _table(votes: pd.DataFrame, column: str, values: Sequence[object]) -> NDArray[np.int64]:
    """How often each participant has each value: (participants, values)."""
    people = pd.factorize(votes["participant"], sort=True)[0]
    at = pd.Index(list(values)).get_indexer(pd.Index(votes[column]))
    n = int(people.max()) + 1
    flat = np.bincount(people * len(values) + at, minlength=n * len(values))
    return flat.reshape(n, len(values))


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


def _slowing(votes: pd.DataFrame, late: pd.Series) -> tuple[float, float, float] | None:
    if "response_ms" not in votes:
        return None
    times = pd.to_numeric(votes["response_ms"], errors="coerce")
    logs = np.log(times.where(times > 0))
    means = logs.groupby([votes["participant"], late]).mean().unstack()
    change = (means[True] - means[False]).dropna()
    if len(change) < 2:
        return None
    middle, error = float(change.mean()), float(change.sem())
    margin = float(stats.t.ppf(0.975, len(change) - 1)) * error
    return math.exp(middle), math.exp(middle - margin), math.exp(middle + margin)


def _p(p: float | None, log10_p: float | None) -> str:
    return "p undefined" if p is None else f"p = {fmt.p_value(p, log10_p)}"
