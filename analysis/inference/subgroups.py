"""Do groups of participants prefer different methods? Shares for each group, and the interaction.

A vote table, its counts and the name of a column of participants come in. The interaction of group and
method is tested by a mixed (split-plot) analysis of variance of the participants' shares, with the
Greenhouse-Geisser correction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import formatting as fmt
from analysis.estimation.shares import Share, estimate_shares
from analysis.numerics.arrays import Booleans
from analysis.numerics.exact import ExactGroups, to_float
from analysis.numerics.tails import f_tail
from analysis.votes.columns import VoteTableError, quoted
from analysis.votes.counting import Counts
from analysis.votes.table import VoteTable

MIN_PARTICIPANTS = 5  # in each group


@dataclass(frozen=True)
class Interaction:
    """The test of the group x method interaction; numbers are None where undefined, and `note` says why.

    `df` are those of the sphericity assumption; `epsilon` in [1 / (k - 1), 1] multiplies both.
    """

    F: float | None
    df: tuple[int, int]
    epsilon: float | None
    p: float | None
    log10_p: float | None
    partial_eta_squared: float | None
    note: str | None = None

    @property
    def statistic(self) -> float | None:
        return self.F

    @property
    def degrees_of_freedom(self) -> tuple[float, ...]:
        """Corrected degrees of freedom; those assumed where F is undefined."""
        epsilon = 1.0 if self.epsilon is None else self.epsilon
        return (self.df[0] * epsilon, self.df[1] * epsilon)

    @property
    def statement(self) -> str:
        """The test in one line: "F(2.07, 170.05) = 3.20"."""
        if self.F is None:
            return fmt.UNDEFINED
        first, second = (fmt.decimal(df, 2) for df in self.degrees_of_freedom)
        return f"F({first}, {second}) = {fmt.f_value(self.F)}"


@dataclass(frozen=True, eq=False)
class Subgroup:
    """One group of participants, its counts and shares; the methods are in the order of the whole study."""

    name: str
    counts: Counts
    shares: tuple[Share, ...]

    @property
    def n_participants(self) -> int:
        return len(self.counts.participants)


@dataclass(frozen=True, eq=False)
class Subgroups:
    """The groups of column `by` with at least MIN_PARTICIPANTS participants each.

    `left_out` names the smaller groups with their numbers of participants, and `n_missing` participants have
    no value. `interaction` is undefined, with a note, where fewer than two groups or methods are left, or
    where methods were offered unequally often.
    """

    by: str
    groups: tuple[Subgroup, ...]
    left_out: tuple[tuple[str, int], ...]
    n_missing: int
    interaction: Interaction


def compare_subgroups(table: VoteTable, counts: Counts, by: str) -> Subgroups:
    """Split the participants of `counts` by their value in column `by` of `table`.

    Raises VoteTableError for a column that the table does not have, or that differs within a participant.
    """
    values = _value_of_each(table, counts, by)
    names, sizes = np.unique(values[values != ""], return_counts=True)
    large = [str(name) for name, n in zip(names, sizes, strict=True) if n >= MIN_PARTICIPANTS]
    parts = {name: select_participants(counts, values == name) for name in large}
    groups = tuple(Subgroup(name, part, estimate_shares(part).shares) for name, part in parts.items())
    return Subgroups(
        by=by,
        groups=groups,
        left_out=tuple(
            (str(name), int(n)) for name, n in zip(names, sizes, strict=True) if n < MIN_PARTICIPANTS
        ),
        n_missing=int((values == "").sum()),
        interaction=_interaction(counts, groups),
    )


def select_participants(counts: Counts, mask: Booleans) -> Counts:
    """The counts of the participants where `mask` (participants,) holds, with the same methods."""
    return replace(
        counts,
        participants=tuple(np.array(counts.participants, dtype=object)[mask]),
        table=counts.table[mask],
        none=counts.none[mask],
        ties=counts.ties[mask],
        offered=counts.offered[mask],
        weighted=counts.weighted[mask],
        weighted_answers=counts.weighted_answers[mask],
        weighted_offered=counts.weighted_offered[mask],
    )


def group_by_method(groups: Mapping[str, ExactGroups]) -> Interaction:
    """Test whether the profile of means over the methods is the same in all groups of participants.

    Each group holds numbers by method, of at least two participants. With n_g participants in group g, the
    sum of squares of the interaction is that of methods within the groups less that of methods over all
    participants; as the highest term of the model it is the same for sums of squares of type I, II and III,
    also with unequal group sizes. It is tested against methods x participants within groups, with epsilon of
    the pooled covariance (Greenhouse and Geisser 1959, Psychometrika 24:95; Winer, Brown and Michels 1991,
    Statistical Principles in Experimental Design, chapter 7). The sums are exact.
    """
    exacts = list(groups.values())
    k, n = len(exacts[0].names), sum(exact.sizes[0] for exact in exacts)
    sums = [[Fraction(total, exact.denominator) for total in exact.sums] for exact in exacts]
    total = [sum(column, Fraction()) for column in zip(*sums, strict=True)]
    within_groups = [_sum_between(part, exact.sizes[0]) for part, exact in zip(sums, exacts, strict=True)]
    interaction = sum(within_groups, Fraction()) - _sum_between(total, n)
    error = sum((_sum_within(exact) for exact in exacts), Fraction()) - sum(within_groups, Fraction())
    df = ((len(exacts) - 1) * (k - 1), (n - len(exacts)) * (k - 1))
    if not error:
        note = "F is undefined: participants do not differ within their groups"
        return Interaction(None, df, None, None, None, None, note)
    F = to_float((interaction / df[0]) / (error / df[1]), "F")
    epsilon = _pooled_epsilon(exacts)
    p, log10_p = f_tail(F, df[0] * epsilon, df[1] * epsilon)
    return Interaction(F, df, epsilon, p, log10_p, float(interaction / (interaction + error)))


def _interaction(counts: Counts, groups: tuple[Subgroup, ...]) -> Interaction:
    note = None
    if len(groups) < 2:
        note = f"fewer than two groups have {MIN_PARTICIPANTS} participants"
    elif len(counts.methods) < 2:
        note = "there is only one method"
    elif not counts.complete_offers or counts.unequal_exposure:
        note = "methods were not offered equally often"
    if note:
        why = f"the interaction is undefined: {note}"
        return Interaction(None, (0, 0), None, None, None, None, why)
    return group_by_method({group.name: group.counts.exact for group in groups})


def _value_of_each(table: VoteTable, counts: Counts, by: str) -> NDArray[np.object_]:
    """The value of each participant of `counts`, (participants,)."""
    answers = table.answers
    if by not in answers:
        columns = ", ".join(map(str, answers.columns))
        raise VoteTableError(
            f"{table.name}: no column {quoted(by)} to compare groups by; there are {columns}"
        )
    pairs = answers[["participant", by]].drop_duplicates()
    again = pairs["participant"].duplicated()
    if again.any():
        row = again.idxmax()
        participant = quoted(pairs.at[row, "participant"])
        raise VoteTableError(
            f"{table.name}, row {row}, column {by}: {quoted(pairs.at[row, by])} is a second value of "
            f"participant {participant}; allowed is one for each participant"
        )
    values = pd.Series(pairs[by].astype(object).to_numpy(), index=pairs["participant"].astype(object))
    return np.asarray(values.loc[list(counts.participants)].to_numpy(), dtype=object)


def _sum_between(sums: list[Fraction], n: int) -> Fraction:
    """Sum of squares of methods, from their sums over `n` participants."""
    total = sum(sums, Fraction())
    return Fraction(sum((x * x for x in sums), Fraction()), n) - total**2 / (n * len(sums))


def _sum_within(exact: ExactGroups) -> Fraction:
    """Sum of squares within participants: of their numbers around their own means."""
    squares, products = sum(exact.squares), sum(map(sum, exact.products))
    return (Fraction(squares) - Fraction(products, len(exact.names))) / exact.denominator**2


def _pooled_epsilon(exacts: list[ExactGroups]) -> float:
    """Greenhouse-Geisser's epsilon of the covariance pooled over groups, from 1 / (k - 1) to 1."""
    k, df = len(exacts[0].names), sum(exact.sizes[0] - 1 for exact in exacts)
    parts = [(exact.sizes[0] - 1, exact.covariances()) for exact in exacts]
    pooled = [
        [sum((m * part[i][j] for m, part in parts), Fraction()) / df for j in range(k)] for i in range(k)
    ]
    means = [sum(row, Fraction()) / k for row in pooled]
    grand = sum(means, Fraction()) / k
    centred = [[pooled[i][j] - means[i] - means[j] + grand for j in range(k)] for i in range(k)]
    trace = sum((centred[i][i] for i in range(k)), Fraction())
    return float(trace**2 / ((k - 1) * sum(x * x for row in centred for x in row)))
