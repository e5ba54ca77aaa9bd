"""Preferences for display positions, whatever method they show."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis import formatting as fmt
from analysis.design_checks.participant_counts import count_by_participant
from analysis.inference.hotelling import Hotelling, hotelling
from analysis.inference.pooled_shares import pooled_shares
from analysis.numerics.arrays import Integers
from analysis.numerics.clusters import renumber
from analysis.numerics.exact import ExactShares
from analysis.votes.columns import METHOD_COLUMNS, codes_of, numbers, place_of


@dataclass(frozen=True)
class Position:
    """Choices of each display position, and Hotelling's test of equal mean shares.

    `intervals` are 95% t intervals over participants, with the jackknife's variance.
    """

    shares: tuple[float, ...]  # of positions 1, 2, ...
    votes: tuple[int, ...]
    intervals: tuple[tuple[float, float], ...]
    test: Hotelling

    @property
    def statement(self) -> str:
        """The test with its p: "F(3, 80) = 1.23, p = 0.304"; "undefined" without p."""
        return fmt.statistic_and_p(self.test.statement, self.test.p, self.test.log10_p)


def check_position(votes: pd.DataFrame) -> Position | None:
    """Test counted answers with `participant` and `chosen_position`; None without the latter.

    Answers without a position, and answers "none of these" (position 0), are left out.
    """
    if "chosen_position" not in votes:
        return None
    positions = numbers(votes["chosen_position"]).to_numpy()
    known = np.isfinite(positions) & (positions >= 1)
    if not known.any():
        return None
    offered = [place_of(column) for column in METHOD_COLUMNS if column in votes]
    n = max(int(positions[known].max()), 2, *offered)
    people = renumber(codes_of(votes["participant"])[0][known])[1]
    table = count_by_participant(
        people, positions[known].astype(np.int64) - 1, n
    )  # (participants, positions)
    votes_by_position = table.sum(axis=0)
    return Position(
        shares=tuple((votes_by_position / table.sum()).tolist()),
        votes=tuple(votes_by_position.tolist()),
        intervals=_intervals(table),
        test=hotelling(ExactShares(table, [str(i) for i in range(n)])),
    )


def _intervals(table: Integers) -> tuple[tuple[float, float], ...]:
    """95% confidence intervals of the pooled shares of the columns, cut at 0 and 1."""
    if len(table) < 2:
        return tuple((share, share) for share in (table.sum(axis=0) / table.sum()).tolist())
    pooled = pooled_shares(table)
    margins = stats.t.ppf(0.975, max(pooled.effective - 1, 1e-3)) * np.sqrt(pooled.variances)
    ends = zip(pooled.shares - margins, pooled.shares + margins, strict=True)
    return tuple((max(0.0, float(low)), min(1.0, float(high))) for low, high in ends)
