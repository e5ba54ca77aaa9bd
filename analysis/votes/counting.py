"""Counts of choices and offers of each method by each participant.

The checked answers of a vote table come in as a frame of text. `Ballots` holds them as arrays, and `Counts`
is what the analysis counts of them. An answer "none of these" (chosen_position 0) is an answer; a scored
question without any answer is not.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.numerics.arrays import Booleans, Floats, Integers
from analysis.numerics.exact import ExactShares
from analysis.votes.columns import METHOD_COLUMNS, TRUTH, find_codes, is_none, of_each, scored
from analysis.votes.exposure import Exposure

NO_CHOICE = ("class", "rating")  # types of questions that do not ask for a method


def _no_integers() -> Integers:
    return np.zeros(0, dtype=np.int64)


def _no_floats() -> Floats:
    return np.zeros(0)


@dataclass(frozen=True, eq=False)
class Counts:
    """The answers that count: how often each participant chose each method.

    `methods` are in the order of their votes, most first, those with equal votes by name; a method that was
    offered and never chosen is among them. `table` and `offered` are integer, (participants, methods);
    `none` and `ties` are integer, (participants,).

    The fields from `none` on may be left out: then nobody answered "none of these", every answer offered all
    methods, and all questions count equally.
    """

    participants: tuple[str, ...]
    methods: tuple[str, ...]
    table: Integers
    n_recruited: int  # participants in the table, after `simulated` was applied
    excluded: dict[str, int]  # reason -> participants
    n_simulated: int  # simulated participants among `participants`
    n_set_aside: int  # participants that `simulated` excludes
    n_unanswered: int  # scored questions of `participants` without an answer
    none: Integers = field(default_factory=_no_integers)  # answers "none of these"
    ties: Integers = field(default_factory=_no_integers)  # answers that call it a tie
    offered: Integers = field(default_factory=_no_integers)  # answers in which a method was offered
    none_possible: bool = False  # "none of these" was chosen in some scored question of the table
    weighted: Floats = field(default_factory=_no_floats)  # `table`, each question counting equally
    weighted_answers: Floats = field(default_factory=_no_floats)  # `answers`, weighted in the same way
    weighted_offered: Floats = field(default_factory=_no_floats)  # `offered`, weighted in the same way
    exposure: Exposure | None = None  # of the questions, where participants answered different ones
    notes: tuple[str, ...] = ()  # on participants whose status leaves their inclusion in doubt

    def __post_init__(self) -> None:
        n, k = self.table.shape
        nobody = np.zeros(n, dtype=np.int64)
        self._fill("none", nobody, (n,))
        self._fill("ties", nobody, (n,))
        self._fill("offered", np.repeat(self.answers[:, None], k, axis=1), (n, k))
        self._fill("weighted", self.table.astype(float), (n, k))
        self._fill("weighted_answers", self.answers.astype(float), (n,))
        self._fill("weighted_offered", self.offered.astype(float), (n, k))

    def _fill(self, name: str, values: Integers | Floats, shape: tuple[int, ...]) -> None:
        """Set a field that was left out."""
        if getattr(self, name).shape != shape:
            object.__setattr__(self, name, values)

    @cached_property
    def answers(self) -> Integers:
        """Answers of each participant, (participants,): choices of a method, of none, and ties."""
        return np.asarray(self.table.sum(axis=1) + self.none + self.ties, dtype=np.int64)

    @property
    def n_answers(self) -> int:
        return int(self.answers.sum())

    @property
    def n_votes(self) -> int:
        """Answers that chose a method."""
        return int(self.table.sum())

    @cached_property
    def votes(self) -> dict[str, int]:
        """Votes of each method, most first."""
        return dict(zip(self.methods, map(int, self.table.sum(axis=0)), strict=True))

    @cached_property
    def offers(self) -> dict[str, int]:
        """The number of counted answers that offered each method, by `methods`."""
        return dict(zip(self.methods, map(int, self.offered.sum(axis=0)), strict=True))

    @cached_property
    def complete_offers(self) -> bool:
        """True if each counted answer offered all methods, as far as the table says."""
        return bool((self.offered == self.answers[:, None]).all())

    @property
    def unequal_exposure(self) -> bool:
        """True if questions were shown unequally often and answers are weighted."""
        return self.exposure is not None and self.exposure.unequal

    @property
    def answers_per_participant(self) -> tuple[int, int]:
        """The fewest and the most answers that a participant gave."""
        return int(self.answers.min()), int(self.answers.max())

    @cached_property
    def shares(self) -> Floats:
        """Each participant's share of answers for each method, (participants, methods).

        Rows sum to 1 where nobody answered "none of these"; a participant who always did has zeros.
        """
        return np.asarray(self.table / self.answers[:, None], dtype=float)

    @cached_property
    def exact(self) -> ExactShares:
        """The same shares without rounding."""
        return ExactShares(self.table, self.methods, self.answers)

    @cached_property
    def none_counts(self) -> "Counts":
        """Answers "none of these" against all others, as counts of two answers: none and any method."""
        table = np.stack([self.none, self.answers - self.none], axis=1)
        return Counts(
            participants=self.participants,
            methods=("none of these", "any method"),
            table=table,
            n_recruited=self.n_recruited,
            excluded=self.excluded,
            n_simulated=self.n_simulated,
            n_set_aside=self.n_set_aside,
            n_unanswered=self.n_unanswered,
        )

    def proportions(self) -> dict[str, list[Fraction]]:
        """Each method's exact share of each participant's answers."""
        totals = self.answers.tolist()  # Python integers
        return {
            method: [Fraction(votes, total) for votes, total in zip(column, totals, strict=True)]
            for method, column in zip(self.methods, self.table.T.tolist(), strict=True)
        }


def _select(values: NDArray[Any], which: Booleans) -> NDArray[Any]:
    """Return the values where `which` holds; all of them, without a copy, where it always does."""
    return values if which.all() else values[which]


@dataclass(frozen=True, eq=False)
class Tally:
    """Sums over the answers of each participant: (participants, methods) or (participants,)."""

    table: Integers
    none: Integers
    ties: Integers
    unanswered: Integers
    offered: Integers

    @cached_property
    def answers(self) -> Integers:
        return np.asarray(self.table.sum(axis=1) + self.none + self.ties, dtype=np.int64)

    def select(self, places: NDArray[np.intp] | Booleans) -> "Tally":
        """The sums of some participants."""
        return Tally(*(x[places] for x in (self.table, self.none, self.ties, self.unanswered, self.offered)))


@dataclass(frozen=True, eq=False)
class Ballots:
    """The answers of a vote table as arrays, before anybody is excluded.

    `answers` is the checked frame; `participant` (answers,) says whose each is, as a place among `n`
    participants.
    """

    answers: pd.DataFrame
    participant: Integers
    n: int

    @cached_property
    def scored(self) -> Booleans:
        """True for answers to scored questions that ask for a method, (answers,)."""
        is_scored = scored(self.answers)
        if "question_type" not in self.answers:
            return is_scored
        types = of_each(self.answers["question_type"], lambda text: text.casefold() in NO_CHOICE, np.bool_)
        return np.asarray(is_scored & ~types, dtype=np.bool_)

    @cached_property
    def voted(self) -> Booleans:
        """True for answers that chose a method in a scored question, (answers,)."""
        return np.asarray(
            self.scored & of_each(self.answers["chosen_method"], bool, np.bool_), dtype=np.bool_
        )

    @cached_property
    def none(self) -> Booleans:
        """True for answers "none of these" to scored questions, (answers,)."""
        if "chosen_position" not in self.answers:
            return np.zeros(len(self.answers), dtype=np.bool_)
        none = of_each(self.answers["chosen_position"], is_none, np.bool_)
        return np.asarray(self.scored & none & ~self.voted, dtype=np.bool_)

    @cached_property
    def tied(self) -> Booleans:
        """True for ties without a choice in scored questions, (answers,)."""
        if "tie" not in self.answers:
            return np.zeros(len(self.answers), dtype=np.bool_)
        tied = of_each(self.answers["tie"], lambda text: TRUTH.get(text.casefold(), False), np.bool_)
        return np.asarray(self.scored & tied & ~self.voted & ~self.none, dtype=np.bool_)

    @cached_property
    def answered(self) -> Booleans:
        return np.asarray(self.voted | self.none | self.tied, dtype=np.bool_)

    @cached_property
    def methods(self) -> tuple[str, ...]:
        """Every method offered or chosen in a scored question, by name."""
        columns = [column for column in (*METHOD_COLUMNS, "chosen_method") if column in self.answers]
        names: set[str] = set()
        for column in columns:
            values = self.answers[column].cat
            used = find_codes(_select(values.codes.to_numpy(), self.scored), len(values.categories))
            names.update(map(str, values.categories[used]))
        return tuple(sorted(names - {""}))

    def codes(self, column: str) -> Integers:
        """A column that holds methods as indices into `methods`, -1 for a blank: (answers,)."""
        values = self.answers[column].cat
        return self._places(values.categories)[values.codes.to_numpy()]

    def _places(self, names: pd.Index) -> Integers:
        """The index of each name in `methods`, -1 for any other."""
        places = pd.Index(self.methods, dtype=object).get_indexer(names)
        return np.asarray(places, dtype=np.int64)

    @cached_property
    def chosen(self) -> Integers:
        return self.codes("chosen_method")

    @cached_property
    def offered(self) -> Booleans | None:
        """The methods that each answer offered, (answers, methods); None for all.

        A row whose columns method_1.. are all blank says nothing, and counts as if everything was offered.
        """
        columns = [column for column in METHOD_COLUMNS if column in self.answers]
        if not columns or self._offers_are_complete(columns):
            return None
        n, k = len(self.answers), len(self.methods)
        sets = np.zeros((n, k + 1), dtype=np.bool_)  # the last column takes the blanks
        begins = np.arange(n, dtype=np.int64) * (k + 1)
        for column in columns:
            sets.ravel()[begins + self.codes(column)] = True  # a blank, -1, marks the last of the row before
        sets = sets[:, :k]
        sets[~sets.any(axis=1)] = True
        return None if sets[self.answered].all() else sets

    def _offers_are_complete(self, columns: list[str]) -> bool:
        """Return True if each answer offered all methods, by fast bit operations."""
        k = len(self.methods)
        if k > len(columns):
            return False
        masks = np.zeros(len(self.answers), dtype=np.uint16)  # at most 12 columns
        for column in columns:
            bits = np.append(np.uint16(1) << np.arange(k, dtype=np.uint16), np.uint16(0))  # a blank is -1
            values = self.answers[column].cat
            masks |= bits[self._places(values.categories)][values.codes.to_numpy()]
        return bool(((masks == (1 << k) - 1) | (masks == 0) | ~self.answered).all())

    @cached_property
    def question(self) -> Integers | None:
        """The question of each answer as a code, -1 for a blank; None for a table without the column."""
        return self._codes_of("question")

    def _codes_of(self, column: str) -> Integers | None:
        if column not in self.answers:
            return None
        values = self.answers[column].cat
        codes = values.codes.to_numpy().astype(np.int64)
        if "" in values.categories:
            codes[codes == values.categories.get_loc("")] = -1
        return codes

    @cached_property
    def asked(self) -> Integers:
        """The scored questions that each participant was asked, (participants,)."""
        return np.bincount(_select(self.participant, self.scored), minlength=self.n).astype(np.int64)

    @cached_property
    def n_questions(self) -> int:
        """The number of scored questions in the table; 0 where it does not say."""
        if self.question is None:
            return 0
        question = _select(self.question, self.scored)
        return int(np.count_nonzero(np.bincount(_select(question, question >= 0))))

    @cached_property
    def _tallies(self) -> list[tuple[Booleans | None, Tally]]:
        """The latest selection of rows and its sums, which rules on participants share."""
        return []

    def tally(self, rows: Booleans | None = None) -> Tally:
        """Sum the answers of each participant, of those where `rows` holds; the last result is kept."""
        for selection, tally in self._tallies:
            if selection is rows:
                return tally
        self._tallies[:] = [*self._tallies[:1], (rows, self._sum(rows))]  # the first stays: all, mostly
        return self._tallies[-1][1]

    def _sum(self, rows: Booleans | None) -> Tally:
        k, people = len(self.methods), self.participant
        here = slice(None) if rows is None else rows

        def count(which: Booleans) -> Integers:
            chosen = _select(people, which if rows is None else which & rows)
            return np.bincount(chosen, minlength=self.n).astype(np.int64)

        voted = self.voted if rows is None else self.voted & rows
        flat = np.bincount(_select(people * k + self.chosen, voted), minlength=self.n * k)
        table = flat.reshape(self.n, k).astype(np.int64)
        none, ties = count(self.none), count(self.tied)
        unanswered = count(self.scored & ~self.answered)
        answers = table.sum(axis=1) + none + ties
        answered = self.answered[here]
        if self.offered is None or self.offered[here][answered].all():
            offered = np.repeat(answers[:, None], k, axis=1)
        else:
            offered = np.stack([count(self.answered & column) for column in self.offered.T], axis=1)
        return Tally(table, none, ties, unanswered, offered)

    def weigh(
        self, weights: Floats, rows: Booleans, places: NDArray[np.intp]
    ) -> tuple[Floats, Floats, Floats]:
        """Weighted choices, answers and offers of the participants at `places`.

        `rows` (answers,) marks the counted answers, and `weights` has one number for each of them.
        """
        k, people = len(self.methods), self.participant[rows]

        def total(which: Booleans) -> Floats:
            return np.asarray(
                np.bincount(people[which], weights=weights[which], minlength=self.n)[places], dtype=float
            )

        everything = np.ones(len(people), dtype=np.bool_)
        chosen = np.where(self.voted[rows], self.chosen[rows], -1)
        table = np.stack([total(chosen == j) for j in range(k)], axis=1)
        answers = total(everything)
        if self.offered is None:
            return table, answers, np.repeat(answers[:, None], k, axis=1)
        return table, answers, np.stack([total(column) for column in self.offered[rows].T], axis=1)
