"""The vote table, one row per answer: a CSV file, a DataFrame or rows come in, counts come out.

A table needs the column `participant` and one of `chosen_method`, `chosen_option` and `rating`; `COLUMNS`
lists what else is understood. An error names the row, the column, the value and what is allowed, in one line.
"""

import csv
import hashlib
import io
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.numerics.arrays import Booleans
from analysis.votes import reading
from analysis.votes.columns import (
    COLUMNS,
    KINDS,
    METHOD_COLUMNS,
    REQUIRED,
    NoVotesError,
    VoteTableError,
    in_order,
    numbers,
    of_each,
    quoted,
    text_of,
)
from analysis.votes.counting import Ballots, Counts, Tally
from analysis.votes.exclusions import (
    SIMULATED,
    Selection,
    describe_participants,
    select,
    select_recruited,
)
from analysis.votes.exposure import measure_exposure, question_weights
from analysis.votes.reading_options import ReadingOptions, ReadingSettings

__all__ = ["COLUMNS", "KINDS", "METHOD_COLUMNS", "REQUIRED", "SIMULATED", "Counts", "NoVotesError"]
__all__ += ["VoteTable", "VoteTableError"]


@dataclass(frozen=True, eq=False)
class VoteTable:
    """A vote table that has been checked.

    `answers` holds categorical text, one row per answer, indexed by the row of the file. `notes` are
    sentences about how the file was read: what was skipped, merged or converted.
    """

    name: str
    sha256: str
    answers: pd.DataFrame
    notes: tuple[str, ...] = ()

    @classmethod
    def read(
        cls, path: str | Path, options: ReadingOptions | None = None, **settings: Unpack[ReadingSettings]
    ) -> "VoteTable":
        """Read a CSV, TSV or Parquet file, or CSV from standard input if `path` is "-".

        `settings` are the fields of ReadingOptions and change those of `options`. Rows count as the lines of
        the file. Raises VoteTableError for a file that cannot be read or is not a vote table.
        """
        options = (options or ReadingOptions()).but(settings)
        if str(path) == "-":
            return cls.from_csv(sys.stdin.buffer.read(), "standard input", options)
        if options.separator is None and Path(path).suffix.lower() in reading.SEPARATORS:
            options = options.but({"separator": reading.SEPARATORS[Path(path).suffix.lower()]})
        try:
            return cls.from_csv(Path(path).read_bytes(), str(path), options)
        except FileNotFoundError:
            raise VoteTableError(f"{path}: no such file; name a vote table in CSV") from None
        except IsADirectoryError:
            raise VoteTableError(f"{path}: a folder; name a vote table in CSV inside it") from None
        except OSError as error:
            raise VoteTableError(f"{path}: {error.strerror or error}") from None

    @classmethod
    def from_csv(
        cls,
        data: bytes,
        name: str,
        options: ReadingOptions | None = None,
        **settings: Unpack[ReadingSettings],
    ) -> "VoteTable":
        """Read the bytes of a CSV or Parquet file; `name` appears in messages and in the report."""
        result = reading.read_bytes(data, name, (options or ReadingOptions()).but(settings))
        return cls._checked(name, hashlib.sha256(data).hexdigest(), result)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        name: str = "votes",
        options: ReadingOptions | None = None,
        **settings: Unpack[ReadingSettings],
    ) -> "VoteTable":
        """Take a DataFrame; missing values are empty, rows count from 1."""
        columns = {str(column): frame[column].tolist() for column in frame.columns}
        return cls._from_values(columns, len(frame), name, (options or ReadingOptions()).but(settings))

    @classmethod
    def from_rows(
        cls,
        rows: Iterable[Mapping[str, Any]],
        name: str = "votes",
        options: ReadingOptions | None = None,
        **settings: Unpack[ReadingSettings],
    ) -> "VoteTable":
        """Take mappings of column to value; None is empty, rows count from 1."""
        records = list(rows)
        names = dict.fromkeys(str(column) for record in records for column in record)
        columns = {column: [record.get(column) for record in records] for column in names}
        return cls._from_values(columns, len(records), name, (options or ReadingOptions()).but(settings))

    @classmethod
    def _from_values(
        cls, columns: Mapping[str, list[Any]], n: int, name: str, options: ReadingOptions
    ) -> "VoteTable":
        texts = {column: [text_of(value) for value in values] for column, values in columns.items()}
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(texts)
        writer.writerows(zip(*texts.values(), strict=True))
        digest = hashlib.sha256(out.getvalue().encode("utf-8", "surrogatepass")).hexdigest()
        if not columns:
            raise NoVotesError(f"{name}: no answers; a vote table has one row per answer")
        return cls._checked(name, digest, reading.read_values(texts, n, name, options))

    @classmethod
    def _checked(cls, name: str, digest: str, result: reading.Reading) -> "VoteTable":
        return cls(name, digest, result.answers, result.notes)

    # What rules of inclusion are based on

    @cached_property
    def response_ms(self) -> pd.Series | None:
        """Milliseconds of each answer, NaN where blank; None for a table without the column."""
        if "response_ms" not in self.answers:
            return None
        return numbers(self.answers["response_ms"])

    @cached_property
    def most_checks(self) -> int | None:
        """The most attention checks that a participant passed; None where the table does not say."""
        if not {"status", "checks_passed"} <= set(self.answers):
            return None
        passed = self._participants["passed"].max()
        return None if passed != passed else int(passed)

    def n_complete(self, simulated: str = "include") -> int | None:
        """The participants with a complete status; None if the table does not say."""
        if "status" not in self.answers:
            return None
        people = select_recruited(self._participants, simulated, self.name)
        return int(people["complete"].sum())

    def counted(self, counts: Counts) -> pd.DataFrame:
        """The answers behind `counts` that chose a method."""
        answers = self.answers[self.ballots.voted & self.is_included(counts)]
        if not in_order(answers["participant"]):  # sorted once: the design checks rely on the order
            people = answers["participant"].cat
            answers = answers.assign(participant=people.reorder_categories(sorted(people.categories)))
        return answers

    def is_included(self, counts: Counts) -> Booleans:
        """Mark the answers of participants of `counts`, (answers,)."""
        return self.members(counts)[self.ballots.participant]

    def members(self, counts: Counts) -> Booleans:
        """Mark participants of the table who are in `counts`; cached."""
        for participants, known in self._memberships:
            if participants is counts.participants:
                return known
        members = np.asarray(self._participants.index.isin(counts.participants), dtype=np.bool_)
        self._memberships[:] = [(counts.participants, members)]
        return members

    @cached_property
    def _memberships(self) -> list[tuple[tuple[str, ...], Booleans]]:
        return []

    @cached_property
    def n_checks(self) -> int | None:
        """The number of attention checks; None if the table does not say."""
        if "kind" in self.answers:
            checks = of_each(self.answers["kind"], lambda value: value.casefold() == "check", np.bool_)
            if checks.any():
                return int(self.answers["participant"][checks].value_counts().max())
        return self.most_checks

    def fewest_kept(self, counts: Counts) -> int | None:
        """The fewest checks that an included participant passed; None where the table does not say."""
        if self.most_checks is None:
            return None
        passed = self._participants["passed"][self.members(counts)]
        return None if passed.isna().any() else int(passed.min())

    def counts(
        self,
        min_passed: int | None = None,
        simulated: str = "include",
        silent: bool = False,
        rows: Booleans | None = None,
    ) -> Counts:
        """Count the answers of included participants to scored questions.

        `exclusions.select` decides who is included. With `min_passed`, these are complete participants who
        passed at least so many attention checks, whatever `kept` says; otherwise `kept` decides, or the
        status in a table without it. `simulated` includes, excludes or singles out simulated participants.
        Only answers where `rows` holds are counted. "None of these" is an answer; participants who always
        chose it stay.

        Raises NoVotesError where nobody is included or no method was chosen, and VoteTableError for an
        included participant without an answer, who is left out instead if `silent`.
        """
        if "chosen_method" not in self.answers:
            raise NoVotesError(f"{self.name}: no column 'chosen_method', so there are no preference votes")
        selection = self._select(min_passed, simulated)
        places = selection.places
        if not len(places):
            why = ", ".join(f"{reason}: {n}" for reason, n in selection.excluded.items())
            n = selection.n_recruited
            raise NoVotesError(f"{self.name}: no participant is included of {n} ({why})")

        tally = self.ballots.tally(rows).select(places)
        if silent and not tally.answers.all():
            answered = tally.answers > 0
            places, tally = places[answered], tally.select(answered)
        self._refuse_unanswered(places, tally)
        if not tally.table.any():
            n = int(tally.answers.sum())
            raise NoVotesError(f"{self.name}: no method was chosen in any of the {n} counted answers")
        methods = self.ballots.methods
        votes, offers = tally.table.sum(axis=0), tally.offered.sum(axis=0)
        order = sorted(
            np.flatnonzero(offers).tolist(),  # a method offered to nobody who is included is not compared
            key=lambda i: (-votes[i], methods[i].casefold(), methods[i]),
        )
        return Counts(
            participants=self._names_at(places),
            methods=tuple(methods[i] for i in order),
            table=tally.table[:, order],
            n_recruited=selection.n_recruited,
            excluded=dict(selection.excluded),
            n_simulated=int(self._participants["simulated"].to_numpy()[places].sum()),
            n_set_aside=len(self._participants) - selection.n_recruited,
            n_unanswered=int(tally.unanswered.sum()),
            none=tally.none,
            ties=tally.ties,
            offered=tally.offered[:, order],
            none_possible=bool(self.ballots.none.any()),
            notes=selection.notes,
            **self._weighted(places, order, rows),
        )

    def n_included(self, min_passed: int | None, simulated: str = "include") -> int:
        """Count included participants, with or without an answer; raises as `counts`."""
        return len(self._select(min_passed, simulated).places)

    def _select(self, min_passed: int | None, simulated: str) -> Selection:
        """Included participants, and why others are excluded; computed once for each rule."""
        key = (min_passed, simulated)
        if key not in self._selections:
            if min_passed is not None and min_passed < 0:
                raise ValueError(f"min_passed must be at least 0 (got {min_passed})")
            columns = frozenset(map(str, self.answers))
            self._selections[key] = select(self._participants, columns, min_passed, simulated, self.name)
        return self._selections[key]

    @cached_property
    def _selections(self) -> dict[tuple[int | None, str], Selection]:
        return {}

    @cached_property
    def _names(self) -> NDArray[np.object_]:
        """The names of all participants in the order of the table."""
        return np.array(self._participants.index, dtype=object)

    def _names_at(self, places: NDArray[np.intp]) -> tuple[str, ...]:
        """The names of the participants at `places`; rules that include the same ones share the result."""
        key = places.tobytes()
        if key not in self._selected_names:
            self._selected_names[key] = tuple(self._names[places])
        return self._selected_names[key]

    @cached_property
    def _selected_names(self) -> dict[bytes, tuple[str, ...]]:
        return {}

    def _weighted(self, places: NDArray[np.intp], order: list[int], rows: Booleans | None) -> dict[str, Any]:
        """The exposure of the questions and, where it is unequal, counts in which each counts equally.

        `places` are those of the included participants. What was shown does not depend on `rows`.
        """
        ballots = self.ballots
        asked = ballots.asked[places]
        if ballots.question is None or (asked == ballots.n_questions).all():
            return {}
        is_included = np.zeros(ballots.n, dtype=np.bool_)
        is_included[places] = True
        shown = ballots.scored & is_included[ballots.participant]
        if ballots.question[shown].min(initial=0) < 0:  # a blank: which question it was is not known
            return {}
        exposure = measure_exposure(ballots.question[shown], asked)
        if exposure is None or not exposure.unequal:
            return {"exposure": exposure}
        counted = shown & ballots.answered & (True if rows is None else rows)
        weights = question_weights(ballots.question[counted])
        table, totals, offered = ballots.weigh(weights, counted, places)
        return {
            "exposure": exposure,
            "weighted": table[:, order],
            "weighted_answers": totals,
            "weighted_offered": offered[:, order],
        }

    @cached_property
    def ballots(self) -> Ballots:
        """The answers as arrays."""
        people = self.answers["participant"].cat
        places = self._participants.index.get_indexer(people.categories)[people.codes.to_numpy()]
        return Ballots(self.answers, np.asarray(places, dtype=np.int64), len(self._participants))

    @cached_property
    def _participants(self) -> pd.DataFrame:
        return describe_participants(self.answers)

    def _refuse_unanswered(self, places: NDArray[np.intp], tally: Tally) -> None:
        """Raise for an included participant without an answer, whose shares are undefined."""
        silent = places[tally.answers == 0]
        if silent.size:
            participant, row = self._names[silent[0]], self._participants["row"].iloc[int(silent[0])]
            where = f"{self.name}, row {row}, column participant"
            raise VoteTableError(
                f"{where}: {quoted(participant)} is included but answered no scored question; give at least "
                "one chosen_method, or set kept to false"
            )
