"""Changes of choices and response times between the halves of a study."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis import formatting as fmt
from analysis.design_checks.participant_counts import count_by_participant
from analysis.inference.hotelling import Hotelling, hotelling_of_changes
from analysis.numerics.arrays import Booleans, Floats, Integers
from analysis.numerics.clusters import renumber
from analysis.votes.columns import codes_of, numbers


@dataclass(frozen=True)
class Order:
    """Changes of each method's share between halves, with Hotelling's test that all are zero.

    `changes` are differences of mean shares, late minus early. `slowing` is the geometric mean ratio of the
    second half's response time to the first's with its 95% confidence interval; None without times.
    """

    changes: dict[str, float]
    test: Hotelling
    slowing: tuple[float, float, float] | None

    @property
    def statement(self) -> str:
        """The test with its p: "F(3, 80) = 1.23, p = 0.304"; "undefined" without p."""
        return fmt.statistic_and_p(self.test.statement, self.test.p, self.test.log10_p)


def check_order(votes: pd.DataFrame, methods: tuple[str, ...]) -> Order | None:
    """Test counted answers with `participant`, `position` and `chosen_method`; None without `position`.

    Participants with a single answer have no halves and are left out.
    """
    if "position" not in votes:
        return None
    position, people = numbers(votes["position"]).to_numpy(), codes_of(votes["participant"])[0]
    rows = np.arange(len(people)) if _is_sorted(people, position) else np.lexsort((position, people))
    rows = rows[np.isfinite(position[rows])]
    sizes = np.bincount(people[rows], minlength=1)
    starts = np.cumsum(sizes) - sizes
    rank = np.arange(len(rows)) - starts[people[rows]] + 1  # 1, 2, ... of each participant
    several = sizes[people[rows]] > 1
    rows, rank = rows[several], rank[several]
    late = rank > sizes[people[rows]] / 2
    people = renumber(people[rows])[1]
    if len(people) == 0 or people.max() < 1:
        return None
    codes, names = codes_of(votes["chosen_method"])
    chosen = pd.Index(methods).get_indexer(pd.Index(names))[codes[rows]]
    n = int(people.max()) + 1
    halves = [count_by_participant(people[half], chosen[half], len(methods), n) for half in (~late, late)]
    first, second = (half / half.sum(axis=1, keepdims=True) for half in halves)
    changes = second - first  # (participants, methods)
    means = dict(zip(methods, changes.mean(axis=0).tolist(), strict=True))
    times = numbers(votes["response_ms"]).to_numpy()[rows] if "response_ms" in votes else None
    slowing = None if times is None else _ratio_of_times(times, people, late)
    return Order(means, hotelling_of_changes(changes), slowing)


def _is_sorted(people: Integers, position: Floats) -> bool:
    """Return True if answers are sorted by participant and position, as usual."""
    steps = np.diff(people)
    return bool((steps >= 0).all() and ((steps > 0) | (np.diff(position) >= 0)).all())


def _ratio_of_times(times: Floats, people: Integers, late: Booleans) -> tuple[float, float, float] | None:
    """Mean ratio of late to early times with its 95% t interval, both on the logarithms.

    Only participants with times in both halves count; None for fewer than two.
    """
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
    mean, error = float(change.mean()), float(change.std(ddof=1)) / math.sqrt(len(change))
    margin = float(stats.t.ppf(0.975, len(change) - 1)) * error
    return math.exp(mean), math.exp(mean - margin), math.exp(mean + margin)
