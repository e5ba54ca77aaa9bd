"""The rules that the answers of a vote table must keep.

A frame of categorical text comes in, as `reading` makes it. The first answer that breaks a rule is refused
with a message of one line: file, row, column, value and what is allowed.
"""

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.numerics.arrays import Booleans, Integers
from analysis.votes.columns import (
    KINDS,
    MAX_METHODS,
    METHOD_COLUMNS,
    METHOD_NAMES,
    N_OPTIONS,
    OPTION_COLUMNS,
    OPTION_NAMES,
    TRUTH,
    UNPRINTABLE,
    VoteTableError,
    is_none,
    occurring,
    of_each,
    place_of,
    quoted,
    scored,
)


class Checks:
    """The rules for the answers of one table; `run` raises VoteTableError for the first that is broken."""

    def __init__(self, name: str, answers: pd.DataFrame) -> None:
        self.name = name
        self.answers = answers

    def run(self) -> None:
        self.choices_from_lists()
        self.one_study()
        self.positions()
        self.chosen_methods()
        self.positions_agree()
        self.none_is_no_method()
        self.chosen_options()
        self.worst_methods()
        self.one_answer_to_a_question()
        for column in ("kept", "simulated", "status", "checks_passed"):
            self.same_for_a_participant(column)

    def refuse(self, bad: pd.Series, column: str, complaint: str) -> None:
        """Raise for the first row where `bad` holds."""
        if bad.any():
            at = int(bad.to_numpy().argmax())
            raise self.error(self.answers.index[at], column, self.answers[column].iloc[at], complaint)

    def refuse_texts(self, column: str, wrong: Callable[[str], bool], complaint: str) -> None:
        """Raise for the first row whose text is wrong; each distinct text is checked once."""
        values = self.answers[column]
        texts = values.cat.categories
        bad = occurring(values)
        bad[bad] = [wrong(text) for text in texts[bad]]
        if bad.any():
            self.refuse(pd.Series(bad[values.cat.codes.to_numpy()]), column, complaint)

    def error(self, row: object, column: str, value: object, complaint: str) -> VoteTableError:
        return VoteTableError(f"{self.name}, row {row}, column {column}: {quoted(value)} {complaint}")

    def names(self) -> None:
        """Every participant has a name, and every name can be printed."""
        allowed = "; allowed is any text in one line"
        if "" in self.answers["participant"].cat.categories:
            nameless = "is not the name of a participant" + allowed
            self.refuse_texts("participant", lambda text: text == "", nameless)
        complaint = "holds a character that cannot be printed" + allowed
        for column in ("participant", *METHOD_NAMES, *OPTION_NAMES):
            # All texts are searched at once first: there may be as many as participants.
            if column in self.answers and UNPRINTABLE.search("".join(self.answers[column].cat.categories)):
                self.refuse_texts(column, lambda text: UNPRINTABLE.search(text) is not None, complaint)

    def choices_from_lists(self) -> None:
        self.one_of("kind", set(KINDS), f"is not a kind of question; allowed are {', '.join(KINDS)}")
        truth = f"is neither true nor false; allowed are {', '.join(TRUTH)}, in any case"
        self.one_of("kept", set(TRUTH), truth)
        self.one_of("simulated", set(TRUTH), truth)
        self.one_of("correct", {*TRUTH, ""}, truth + ", or nothing")
        self.one_of("tie", {*TRUTH, ""}, truth + ", or nothing")
        self.matches(
            "checks_passed",
            r"(?:\d{1,9}(?:\.0)?)?",
            "is not a number of checks; allowed are 0, 1, 2 and so on",
        )

    def one_of(self, column: str, allowed: set[str], complaint: str) -> None:
        if column in self.answers:
            self.refuse_texts(column, lambda text: text.casefold() not in allowed, complaint)

    def matches(self, column: str, pattern: str, complaint: str) -> None:
        if column in self.answers:
            self.refuse_texts(column, lambda text: re.fullmatch(pattern, text, re.ASCII) is None, complaint)

    def one_study(self) -> None:
        if "study" in self.answers:
            first = self.answers["study"].iloc[0]
            complaint = f"is a second study; allowed is one in a table, and the first is {quoted(first)}"
            self.refuse_texts("study", lambda text: text != first, complaint)

    def positions(self) -> None:
        last = max(
            (place_of(column) for column in METHOD_COLUMNS if column in self.answers), default=MAX_METHODS
        )
        places = [str(place) for place in range(1, max(last, N_OPTIONS) + 1)]
        complaint = f"is not a display position; allowed are {', '.join(places)}, or 0 for none of these"
        self.matches("chosen_position", rf"(?:(?:0|{'|'.join(places)})(?:\.0)?)?", complaint)

    def chosen_methods(self) -> None:
        self.offered("chosen_method", METHOD_COLUMNS, self.scored)

    def worst_methods(self) -> None:
        """The worst method was offered, and is not the chosen one."""
        self.offered("worst_method", METHOD_COLUMNS, self.scored)
        if {"worst_method", "chosen_method"} <= set(self.answers):
            worst = self.codes("worst_method")
            same = (worst == self.codes("chosen_method")) & (worst != self.code_of_empty("worst_method"))
            complaint = "is the chosen method too; allowed is another method"
            self.refuse(pd.Series(self.scored & same), "worst_method", complaint)

    def chosen_options(self) -> None:
        self.offered("chosen_option", OPTION_COLUMNS, np.ones(len(self.answers), dtype=np.bool_))

    def offered(self, column: str, offers: tuple[str, ...], rows: Booleans) -> None:
        """Refuse a name in `column` that is not among the `offers` of its row.

        Only `rows` are checked; a row without any offer allows every name.
        """
        columns = [offer for offer in offers if offer in self.answers]
        if not columns or column not in self.answers:
            return
        chosen, empty = self.codes(column), self.code_of_empty(column)
        valid = ~rows | (chosen == empty)
        unknown = np.ones(len(chosen), dtype=np.bool_)  # rows that do not say what was offered
        for offer in columns:
            here = self.codes(offer)
            valid |= here == chosen
            unknown &= here == empty
        valid |= unknown
        if not valid.all():
            at = int(valid.argmin())
            names = {self.answers[offer].iloc[at] for offer in columns} - {""}
            allowed = ", ".join(sorted(names, key=str.casefold))
            complaint = f"was not offered in this row; allowed are {allowed}"
            raise self.error(self.answers.index[at], column, self.answers[column].iloc[at], complaint)

    def codes(self, column: str) -> NDArray[Any]:
        """The names of a column as codes, which are the same in all columns of its kind."""
        return np.asarray(self.answers[column].cat.codes.to_numpy())

    @cached_property
    def scored(self) -> Booleans:
        return scored(self.answers)

    def code_of_empty(self, column: str) -> int:
        return list(self.answers[column].cat.categories).index("")

    @cached_property
    def people(self) -> Integers:
        """(answers,) the participant of each answer, as a number from 0."""
        return np.asarray(self.answers["participant"].cat.codes.to_numpy(), dtype=np.int64)

    @cached_property
    def first(self) -> Integers:
        """(participants,) the first answer of each participant, counted from 0."""
        first = np.zeros(int(self.people.max()) + 1, dtype=np.int64)
        first[self.people[::-1]] = np.arange(len(self.people))[::-1]
        return first

    def positions_agree(self) -> None:
        """The method at the chosen position is the chosen method."""
        if not {"chosen_position", "chosen_method"} <= set(self.answers):
            return
        place = of_each(self.answers["chosen_position"], lambda value: int(float(value or 0)), np.int64)
        asked, chosen = self.scored, self.codes("chosen_method")
        for column in METHOD_COLUMNS:
            if column in self.answers:
                here = self.codes(column)
                filled = here != self.code_of_empty("chosen_method")
                wrong = asked & (place == place_of(column)) & filled & (here != chosen)
                if wrong.any():
                    self.refuse_position(int(wrong.argmax()), column)

    def none_is_no_method(self) -> None:
        """Position 0 means "none of these", so there is no chosen method."""
        if {"chosen_position", "chosen_method"} <= set(self.answers):
            none = of_each(self.answers["chosen_position"], is_none, np.bool_)
            if not none.any():
                return
            method = self.codes("chosen_method") != self.code_of_empty("chosen_method")
            complaint = 'is a method, but chosen_position 0 means "none of these"; allowed is nothing'
            self.refuse(pd.Series(none & method), "chosen_method", complaint)

    def refuse_position(self, at: int, column: str) -> None:
        row, answer = self.answers.index[at], self.answers.iloc[at]
        allowed = [str(place_of(c)) for c in METHOD_COLUMNS if answer.get(c) == answer["chosen_method"] != ""]
        complaint = (
            f"is where {column} holds {quoted(answer[column])}, but chosen_method is "
            f"{quoted(answer['chosen_method'])}; allowed is {' or '.join(allowed) or 'nothing'}"
        )
        raise self.error(row, "chosen_position", answer["chosen_position"], complaint)

    def one_answer_to_a_question(self) -> None:
        if "question" not in self.answers:
            return
        counted = of_each(self.answers["question"], bool, np.bool_)
        if "kind" in self.answers:  # practice may be repeated
            counted = counted & of_each(
                self.answers["kind"], lambda value: value.casefold() != "practice", np.bool_
            )
        questions = self.answers["question"].cat
        pairs = self.people * len(questions.categories) + questions.codes.to_numpy()
        rows = np.flatnonzero(counted)
        possible = len(self.first) * len(questions.categories)
        if possible < 8 * len(rows) and np.bincount(pairs[rows]).max(initial=0) < 2:
            return  # counting is quicker than looking for duplicates
        again = pd.Series(pairs[rows]).duplicated().to_numpy()
        if again.any():
            at = rows[again.argmax()]
            earlier = rows[(pairs[rows] == pairs[at]).argmax()]
            participant, question = (self.answers[c].iloc[at] for c in ("participant", "question"))
            complaint = (
                f"was already answered by participant {quoted(participant)} in row "
                f"{self.answers.index[earlier]}; allowed is one answer per question"
            )
            raise self.error(self.answers.index[at], "question", question, complaint)

    def same_for_a_participant(self, column: str) -> None:
        """All rows of a participant agree in `column`; case does not matter."""
        if column not in self.answers:
            return
        values = self.answers[column]
        used = occurring(values)
        if used.sum() < 2:
            return

        def meaning(value: str) -> object:
            folded = value.casefold()
            return TRUTH[folded] if column in ("kept", "simulated") else folded

        meanings = np.zeros(len(used), dtype=np.int64)
        meanings[used] = pd.factorize(
            np.array([meaning(text) for text in values.cat.categories[used]], object)
        )[0]
        codes, people, first = meanings[values.cat.codes.to_numpy()], self.people, self.first
        differs = codes != codes[first[people]]
        if differs.any():
            at = int(differs.argmax())
            earlier = first[people[at]]
            participant = self.answers["participant"].iloc[at]
            value = quoted(self.answers[column].iloc[earlier])
            complaint = (
                f"differs from {value} in row {self.answers.index[earlier]}; "
                f"allowed is one value for {quoted(participant)}"
            )
            raise self.error(self.answers.index[at], column, self.answers[column].iloc[at], complaint)
