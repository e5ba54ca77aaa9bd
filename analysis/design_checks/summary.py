"""All checks of the design at once: a vote table and its counts in, results of `bias` and `agreement` out."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import formatting as fmt
from analysis.design_checks.agreement import Agreement, agreement
from analysis.design_checks.bias import (
    Carelessness,
    ClassByMethod,
    Order,
    Position,
    carelessness,
    chance_to_pass,
    class_by_method,
    order,
    position,
)
from analysis.reporting.elements import Table
from analysis.votes.columns import N_OPTIONS, codes_of, of_each
from analysis.votes.table import METHOD_COLUMNS, Counts, VoteTable

Row = tuple[str, str, str]


@dataclass(frozen=True)
class Design:
    """Each is None where the table has no column to judge by."""

    position: Position | None
    order: Order | None
    class_by_method: ClassByMethod | None
    careless: Carelessness
    agreement: Agreement | None
    n_checks: int | None
    min_passed: int | None
    chance_to_pass: float | None

    @property
    def rows(self) -> tuple[Row, ...]:
        """Check, result, and what it means: ready to print."""
        parts = (self._position, self._order, self._classes, self._careless, self._checks, self._agreement)
        return tuple(row for part in parts for row in part())

    @property
    def table(self) -> Table:
        caption = "Checks of the design, with the participant as the unit; nobody is left out for failing one"
        return Table("design-checks", caption, ("Check", "Result", "Meaning"), self.rows, left=3)

    def _position(self) -> list[Row]:
        if self.position is None:
            return []
        shares = " / ".join(fmt.percent(share) for share in self.position.shares)
        test = self.position.test
        meaning = _judged(test.p, "places were not chosen equally often", "no sign that places mattered")
        return [("Place of the chosen picture", f"{shares}; {self.position.statement}", meaning)]

    def _order(self) -> list[Row]:
        if self.order is None:
            return []
        most = max(self.order.changes.items(), key=lambda item: abs(item[1]))
        test = self.order.test
        result = f"largest change {fmt.points(most[1])} points ({most[0]}); {self.order.statement}"
        meaning = _judged(test.p, "choices changed during the study", "no sign that choices changed")
        rows = [("First and second half", result, meaning)]
        if self.order.slowing:
            times, low, high = (fmt.decimal(x) for x in self.order.slowing)
            quick = self.order.slowing[2] < 1
            rows.append(
                (
                    "Time of second half to first",
                    f"{times} ({low} to {high})",
                    "answers became quicker" if quick else "no sign of hurry towards the end",
                )
            )
        return rows

    def _classes(self) -> list[Row]:
        if self.class_by_method is None:
            return []
        p = self.class_by_method.p
        result = f"Cramér's V = {self.class_by_method.cramers_v:.3f}, {fmt.p_stated(p)}"
        meaning = _judged(p, "which method is chosen depends on the class", "no sign that classes differ")
        return [("Class by method", result, meaning)]

    def _careless(self) -> list[Row]:
        rows, people = [], fmt.counted(self.careless.n_participants, "participant")
        if self.careless.n_straight is not None:
            told = f"{fmt.count(self.careless.n_straight)} of {people}"
            rows.append(("Nearly always the same place", told, "90 % or more of at least 5 answers"))
        if self.careless.n_fast is not None and self.careless.median_ms is not None:
            told = f"{fmt.count(self.careless.n_fast)} of {fmt.counted(self.careless.n_answers, 'answer')}"
            rows.append(("Answers under 1 s", told, f"median {self.careless.median_ms / 1000:.1f} s"))
            told = f"{fmt.count(self.careless.n_fast_people or 0)} of {people}"
            rows.append(("People with a median under 1 s", told, ""))
        return rows

    def _checks(self) -> list[Row]:
        if self.chance_to_pass is None or self.n_checks is None:
            return []
        result = fmt.percent(self.chance_to_pass) if self.chance_to_pass >= 0.001 else "under 0.1 %"
        meaning = f"chance to pass at least {self.min_passed} of {self.n_checks} checks"
        return [("Somebody who clicks at random", result, meaning)]

    def _agreement(self) -> list[Row]:
        if self.agreement is None:
            return []
        if self.agreement.alpha is None or self.agreement.p is None:
            return [("Agreement on a question", fmt.UNDEFINED, self.agreement.note or "")]
        result = f"Krippendorff's α = {fmt.decimal(self.agreement.alpha, 3)}"
        if self.agreement.kappa is not None:
            result = f"Fleiss' κ = {fmt.decimal(self.agreement.kappa, 3)}, {result}"
        same, chance = fmt.percent(self.agreement.same or 0), fmt.percent(self.agreement.same_by_chance or 0)
        meaning = f"two people chose alike in {same}, by chance {chance}; {fmt.p_stated(self.agreement.p)}"
        return [("Agreement on a question", result, meaning)]


def design(table: VoteTable, counts: Counts, min_passed: int | None, seed: int) -> Design:
    """All checks that the table's columns allow, of the answers behind `counts`."""
    votes = table.counted(counts)
    least = min_passed if min_passed is not None else table.fewest_kept(counts)
    n_checks, questions = table.n_checks, _by_question(votes, counts)
    options = sum(column in votes for column in METHOD_COLUMNS) or N_OPTIONS
    return Design(
        position=position(votes),
        order=order(votes, counts.methods),
        class_by_method=class_by_method(votes, counts.methods, seed),
        careless=carelessness(votes),
        agreement=None if questions is None else agreement(questions, seed),
        n_checks=n_checks,
        min_passed=least,
        chance_to_pass=None
        if n_checks is None or least is None
        else chance_to_pass(n_checks, least, options),
    )


def _by_question(votes: pd.DataFrame, counts: Counts) -> NDArray[np.int64] | None:
    """How often each question was answered with each method: (questions, methods)."""
    if "question" not in votes:
        return None
    named = votes[of_each(votes["question"], bool, np.bool_)]
    if named.empty:
        return None
    (rows, names), (chosen, methods) = codes_of(named["question"]), codes_of(named["chosen_method"])
    columns = pd.Index(counts.methods).get_indexer(pd.Index(methods))[chosen]
    k = len(counts.methods)
    return np.bincount(rows * k + columns, minlength=len(names) * k).reshape(len(names), k)


def _judged(p: float | None, found: str, missed: str) -> str:
    if p is None:
        return fmt.UNDEFINED
    return found if p < 0.05 else missed
