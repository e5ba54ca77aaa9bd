"""All checks of the design at once: a vote table and its counts in, one result per check out."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.design_checks.agreement import Agreement, agreement
from analysis.design_checks.carelessness import Carelessness, chance_to_pass, check_carelessness
from analysis.design_checks.classes import ClassByMethod, check_classes
from analysis.design_checks.order import Order, check_order
from analysis.design_checks.position import Position, check_position
from analysis.numerics.arrays import Integers
from analysis.significance import ALPHA
from analysis.votes.columns import METHOD_COLUMNS, N_OPTIONS, codes_of, of_each
from analysis.votes.table import Counts, VoteTable


@dataclass(frozen=True)
class Design:
    """The checks of one table; each is None where the table has no column to judge by."""

    position: Position | None
    order: Order | None
    class_by_method: ClassByMethod | None
    careless: Carelessness
    agreement: Agreement | None
    n_checks: int | None
    min_passed: int | None
    chance_to_pass: float | None

    @property
    def warnings(self) -> tuple[str, ...]:
        """One phrase for each check that is significant at 5%."""
        found = []
        if self.position and _is_significant(self.position.test.p):
            found.append("display positions were not chosen equally often")
        if self.order and _is_significant(self.order.test.p):
            found.append("choices changed from the first to the second half")
        if self.order and self.order.slowing and self.order.slowing[2] < 1:
            found.append("answers became faster")
        if self.class_by_method and _is_significant(self.class_by_method.p):
            found.append("which method is chosen depends on the class")
        if self.careless.n_straight:
            found.append("some participants nearly always chose the same position")
        if self.careless.n_fast_people:
            found.append("some participants answered in under 1 s")
        return tuple(found)


def design(table: VoteTable, counts: Counts, min_passed: int | None, seed: int) -> Design:
    """Run all checks that the table's columns allow on the answers behind `counts`."""
    votes = table.counted(counts)
    least = min_passed if min_passed is not None else table.fewest_kept(counts)
    n_checks, questions = table.n_checks, _votes_by_question(votes, counts)
    options = sum(column in votes for column in METHOD_COLUMNS) or N_OPTIONS
    known = n_checks is not None and least is not None
    return Design(
        position=check_position(votes),
        order=check_order(votes, counts.methods),
        class_by_method=check_classes(votes, counts.methods, seed),
        careless=check_carelessness(votes),
        agreement=None if questions is None else agreement(questions, seed),
        n_checks=n_checks,
        min_passed=least,
        chance_to_pass=chance_to_pass(n_checks or 0, least or 0, options) if known else None,
    )


def _votes_by_question(votes: pd.DataFrame, counts: Counts) -> Integers | None:
    """Count how often each question was answered with each method: (questions, methods)."""
    if "question" not in votes:
        return None
    named = votes[of_each(votes["question"], bool, np.bool_)]
    if named.empty:
        return None
    (rows, names), (chosen, methods) = codes_of(named["question"]), codes_of(named["chosen_method"])
    columns = pd.Index(counts.methods).get_indexer(pd.Index(methods))[chosen]
    k = len(counts.methods)
    return np.bincount(rows * k + columns, minlength=len(names) * k).reshape(len(names), k)


def _is_significant(p: float | None) -> bool:
    return p is not None and p < ALPHA
