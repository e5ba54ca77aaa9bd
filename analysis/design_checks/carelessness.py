"""Signs of careless responding: one display position nearly always, fast answers, checks passed by chance."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.design_checks.participant_counts import count_by_participant
from analysis.votes.columns import N_OPTIONS, codes_of, numbers

FAST_MS = 1000
_SAME_POSITION = 0.9  # of a participant's answers
_MIN_ANSWERS = 5


@dataclass(frozen=True)
class Carelessness:
    """Signs of careless responding among the included participants; None without the column."""

    n_participants: int
    n_straight: int | None  # chose one position in 90% or more of at least 5 answers
    n_answers: int
    n_fast: int | None  # answers under FAST_MS
    n_fast_people: int | None  # participants with a median under FAST_MS
    median_ms: float | None


def check_carelessness(votes: pd.DataFrame) -> Carelessness:
    """Count signs in counted answers, from `chosen_position` and `response_ms` where the table has them."""
    people, names = codes_of(votes["participant"])
    straight = fast = fast_people = median = None
    if "chosen_position" in votes:
        known = np.isfinite(numbers(votes["chosen_position"]).to_numpy())
        if known.any():
            positions, distinct = codes_of(votes["chosen_position"][known])
            table = count_by_participant(people[known], positions, len(distinct))
            answers = table.sum(axis=1)
            same = table.max(axis=1) >= _SAME_POSITION * answers
            straight = int((same & (answers >= _MIN_ANSWERS)).sum())
    if "response_ms" in votes:
        times = numbers(votes["response_ms"])
        if times.notna().any():
            fast, median = int((times < FAST_MS).sum()), float(times.median())
            fast_people = int((times.groupby(people).median() < FAST_MS).sum())
    return Carelessness(len(names), straight, len(votes), fast, fast_people, median)


def chance_to_pass(n_checks: int, min_passed: int, n_options: int = N_OPTIONS) -> float:
    """Return the probability that random clicks pass at least `min_passed` checks.

    Raises ValueError for negative numbers or no options.
    """
    if not min_passed >= 0 or n_checks < 0 or n_options < 1:
        raise ValueError(
            f"checks must be 0 or more and options 1 or more (got {min_passed} of {n_checks} checks with "
            f"{n_options} options)"
        )
    return float(stats.binom.sf(min_passed - 1, n_checks, 1 / n_options))
