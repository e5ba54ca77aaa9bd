"""The vote table: one row an answer. CSV, a DataFrame or rows come in, counts per participant come out.

`participant` and `chosen_method` are all that a table needs; `COLUMNS` lists what else is understood; others
are left alone. Whatever is wrong is said in one line: where, which value, and what is allowed.
"""

import csv
import hashlib
import io
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.numerics.exact import ExactShares
from analysis.votes import reading
from analysis.votes.columns import (
    COLUMNS,
    KINDS,
    METHOD_COLUMNS,
    REQUIRED,
    NoVotesError,
    VoteTableError,
    in_order,
    is_none,
    numbers,
    of_each,
    quoted,
    scored,
    text_of,
    truths,
)
from analysis.votes.reading_options import ReadingOptions, ReadingSettings

__all__ = ["COLUMNS", "KINDS", "METHOD_COLUMNS", "REQUIRED", "SIMULATED", "Counts", "NoVotesError"]
__all__ += ["VoteTable", "VoteTableError"]

SIMULATED = ("include", "exclude", "only")


@dataclass(frozen=True, eq=False)
class Counts:
    """The votes that count: how often each participant chose each method.

    `methods` stand in the order of their votes, most first, and those with equal votes by name; a method that
    was offered and never chosen is among them. `table` is integer, (participants, methods).
    """

    participants: tuple[str, ...]
    methods: tuple[str, ...]
    table: NDArray[np.int64]
    n_recruited: int  # participants in the table, after `simulated` was applied
    excluded: dict[str, int]  # reason -> participants
    n_simulated: int  # simulated participants among `participants`
    n_set_aside: int  # participants that `simulated` left out
    n_unanswered: int  # scored questions of `participants` without a choice

    @property
    def n_votes(self) -> int:
        return int(self.table.sum())

    @cached_property
    def votes(self) -> dict[str, int]:
        """Votes of each method, most first."""
        return dict(zip(self.methods, map(int, self.table.sum(axis=0)), strict=True))

    @property
    def votes_per_participant(self) -> tuple[int, int]:
        """The fewest and the most votes that a participant cast."""
        totals = self.table.sum(axis=1)
        return int(totals.min()), int(totals.max())

    @cached_property
    def exact(self) -> ExactShares:
        """The proportions without rounding."""
        return ExactShares(self.table, self.methods)

    def proportions(self) -> dict[str, list[Fraction]]:
        """Each method's exact proportion of each participant's votes; a participant's add up to 1."""
        rows = self.table.tolist()  # Python integers
        totals = [sum(row) for row in rows]
        return {
            method: [Fraction(row[i], total) for row, total in zip(rows, totals, strict=True)]
            for i, method in enumerate(self.methods)
        }


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

    # What a rule for leaving people out can go by

    @cached_property
    def response_ms(self) -> pd.Series | None:
        """Milliseconds of each answer, NaN where none are given; None for a table without the column."""
        if "response_ms" not in self.answers:
            return None
        return numbers(self.answers["response_ms"])

    @cached_property
    def most_checks(self) -> int | None:
        """The most attention checks that anybody passed; None where the table does not say."""
        if not {"status", "checks_passed"} <= set(self.answers):
            return None
        passed = self._participants["passed"].max()
        return None if passed != passed else int(passed)

    def n_complete(self, simulated: str = "include") -> int | None:
        """How many participants are complete; None where the table does not say."""
        if "status" not in self.answers:
            return None
        people = self._recruited(simulated)
        return int(people["complete"].sum())

    def counted(self, counts: Counts) -> pd.DataFrame:
        """The answers behind `counts`: those to scored questions that chose a method."""
        kept = self._participants.index.isin(counts.participants)
        answers = self.answers[self._votes & kept[self._people]]
        if not in_order(answers["participant"]):  # sorted once, for what is computed goes by their order
            people = answers["participant"].cat
            answers = answers.assign(participant=people.reorder_categories(sorted(people.categories)))
        return answers

    @cached_property
    def n_checks(self) -> int | None:
        """How many attention checks a participant was asked; None where the table does not say."""
        if "kind" in self.answers:
            checks = of_each(self.answers["kind"], lambda value: value.casefold() == "check", np.bool_)
            if checks.any():
                return int(self.answers["participant"][checks].value_counts().max())
        return self.most_checks

    def fewest_kept(self, counts: Counts) -> int | None:
        """The fewest checks that a counted participant passed; None where the table does not say."""
        if self.most_checks is None:
            return None
        passed = self._participants.loc[list(counts.participants), "passed"]
        return None if passed.isna().any() else int(passed.min())

    def counts(
        self,
        min_passed: int | None = None,
        simulated: str = "include",
        silent: bool = False,
        rows: NDArray[np.bool_] | None = None,
    ) -> Counts:
        """Count the votes: answers to scored questions by participants who are kept.

        With `min_passed`, a participant is kept whose status is "complete" and who passed at least so many
        checks, whatever `kept` says. `simulated` includes, excludes or singles out simulated participants.
        Raises NoVotesError where nothing is left, and VoteTableError for a kept participant without a vote,
        who with `silent` is left out instead. Of the answers only those count where `rows` holds.
        """
        if min_passed is not None and min_passed < 0:
            raise ValueError(f"min_passed is {min_passed}; it must be 0 or more")
        if "chosen_method" not in self.answers:
            raise NoVotesError(f"{self.name}: no column 'chosen_method', so there are no preference votes")
        if simulated not in SIMULATED:
            raise ValueError(f"simulated is {simulated!r}; allowed are {', '.join(SIMULATED)}")
        people, recruited = self._participants, self._recruited(simulated)
        if recruited.empty:
            kind = "simulated" if simulated == "only" else "real"
            raise NoVotesError(f"{self.name}: no {kind} participant among {len(people)}")
        reasons = self._reasons_to_exclude(recruited, min_passed)
        told = sorted((int(out.argmax()), reason) for reason, out in reasons.items() if out.any())
        excluded = {reason: int(reasons[reason].sum()) for _, reason in told}  # by who comes first
        kept = recruited[~np.logical_or.reduce(list(reasons.values()))]
        if kept.empty:
            why = ", ".join(f"{reason}: {n}" for reason, n in excluded.items())
            raise NoVotesError(f"{self.name}: no participant is kept of {len(recruited)} ({why})")

        methods, table, unanswered = self._ballots if rows is None else self._ballots_of(rows)
        places = kept["place"].to_numpy()
        table, unanswered = table[places], unanswered[places]
        if silent:
            spoke = table.sum(axis=1) > 0
            kept, table, unanswered = kept[spoke], table[spoke], unanswered[spoke]
            if kept.empty:
                raise NoVotesError(f"{self.name}: no vote is left")
        out = self._chose_none(kept, table)
        if out.any():
            excluded["chose none of the pictures every time"] = int(out.sum())
        if out.all():
            raise NoVotesError(f"{self.name}: everybody who is kept chose none of the pictures every time")
        kept, table, unanswered = kept[~out], table[~out], unanswered[~out]
        self._refuse_silent(kept, table)
        order = sorted(
            range(len(methods)), key=lambda i: (-table[:, i].sum(), methods[i].casefold(), methods[i])
        )
        return Counts(
            participants=tuple(kept.index),
            methods=tuple(methods[i] for i in order),
            table=table[:, order],
            n_recruited=len(recruited),
            excluded=excluded,
            n_simulated=int(kept["simulated"].sum()),
            n_set_aside=len(people) - len(recruited),
            n_unanswered=int(unanswered.sum()),
        )

    @cached_property
    def _people(self) -> NDArray[np.int64]:
        """Of each answer, the place of its participant in `_participants`."""
        people = self.answers["participant"].cat
        places = self._participants.index.get_indexer(people.categories)
        return np.asarray(places[people.codes.to_numpy()], dtype=np.int64)

    @cached_property
    def _scored(self) -> NDArray[np.bool_]:
        return scored(self.answers)

    @cached_property
    def _votes(self) -> NDArray[np.bool_]:
        """Which answers chose a method in a scored question."""
        chose = of_each(self.answers["chosen_method"], bool, np.bool_)
        return np.asarray(self._scored & chose, dtype=np.bool_)

    @cached_property
    def _ballots(self) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64]]:
        return self._ballots_of(np.ones(len(self.answers), dtype=np.bool_))

    def _ballots_of(self, rows: NDArray[np.bool_]) -> tuple[list[str], NDArray[np.int64], NDArray[np.int64]]:
        """The methods offered, and of everybody in the table the votes for each and the unanswered questions.

        (participants, methods) and (participants,), of the answers where `rows` holds.
        """
        methods, n = self._methods, len(self._participants)
        chosen = self.answers["chosen_method"].cat
        columns = pd.Index(methods, dtype=object).get_indexer(chosen.categories)[chosen.codes.to_numpy()]
        voted, asked = self._votes & rows, self._scored & rows
        flat = np.bincount((self._people * len(methods) + columns)[voted], minlength=n * len(methods))
        silent = np.bincount(self._people[asked & ~voted], minlength=n)
        return methods, flat.reshape(n, len(methods)).astype(np.int64), silent.astype(np.int64)

    @cached_property
    def _methods(self) -> list[str]:
        """Every method that stood in a scored question, so that one without votes is a group too."""
        columns = [column for column in (*METHOD_COLUMNS, "chosen_method") if column in self.answers]
        found: set[str] = set()
        for column in columns:
            values = self.answers[column].cat
            used = np.bincount(values.codes[self._scored], minlength=len(values.categories)) > 0
            found.update(map(str, values.categories[used]))
        return sorted(found - {""})

    def _recruited(self, simulated: str) -> pd.DataFrame:
        people = self._participants
        if simulated == "include":
            return people
        return people[people["simulated"] if simulated == "only" else ~people["simulated"]]

    @cached_property
    def _participants(self) -> pd.DataFrame:
        """One row a participant, in the order of the table, with what is the same in all of their rows."""
        told = ("simulated", "kept", "status", "checks_passed")
        columns = ["participant", *(column for column in told if column in self.answers)]
        first = self.answers.loc[~self.answers["participant"].duplicated(), columns]
        nothing = pd.Series(np.nan, index=first.index, dtype=object)
        status = first.get("status")
        people = {
            "row": first.index,
            "place": np.arange(len(first)),
            "simulated": truths(first["simulated"]) if "simulated" in first else False,
            "kept": truths(first["kept"]) if "kept" in first else True,
            "status": nothing if status is None else status.astype(object),
            "complete": False if status is None else of_each(status, _is_complete, np.bool_),
            # NaN where nothing is said
            "passed": numbers(first["checks_passed"]) if "checks_passed" in first else np.nan,
        }
        index = pd.Index(first["participant"].astype(object), name="participant")
        return pd.DataFrame(people, index=first.index).set_index(index)

    def _reasons_to_exclude(
        self, people: pd.DataFrame, min_passed: int | None
    ) -> dict[str, NDArray[np.bool_]]:
        """Why participants are left out: each reason, and for which of `people` it holds."""
        if min_passed is None:
            return self._why_not_kept(people)
        for column in ("status", "checks_passed"):
            if column not in self.answers:
                raise VoteTableError(
                    f"{self.name}: no column '{column}'; needed for min_passed are status and checks_passed"
                )
        complete, passed = people["complete"].to_numpy(), people["passed"].to_numpy()
        blank = people[complete & np.isnan(passed)]
        if not blank.empty:
            where = f"{self.name}, row {blank['row'].iloc[0]}, column checks_passed"
            raise VoteTableError(f"{where}: '' is not a number of checks; allowed are 0, 1, 2 and so on")
        failed = f"fewer than {min_passed} checks passed"
        return {"not complete": ~complete, failed: complete & (passed < min_passed)}

    def _why_not_kept(self, people: pd.DataFrame) -> dict[str, NDArray[np.bool_]]:
        """The reason behind `kept`, where status and checks tell it: every other complete participant who
        passed as few checks is left out too, and all who passed more are kept.
        """
        kept, complete = people["kept"].to_numpy(), people["complete"].to_numpy()
        unknown = ~kept
        if "status" not in self.answers:
            return {"kept is false": unknown}
        unfinished = unknown & ~complete & (people["status"] != "").to_numpy()
        reasons = {"not complete": unfinished}
        unknown = unknown & ~unfinished
        if "checks_passed" in self.answers and kept.any():
            passed = people["passed"].to_numpy()
            fewest = np.nan if np.isnan(passed[kept]).all() else np.nanmin(passed[kept])
            failed = ~kept & complete & (passed < fewest)
            if failed.any() and np.nanmax(passed[~kept & complete]) < fewest:
                # Between the most of those left out and the fewest of those kept, the rule is not known.
                sure = int(passed[failed].max()) + 1 == int(fewest)
                text = f"fewer than {int(fewest)} checks passed" if sure else "too few checks passed"
                reasons[text] = failed
                unknown = unknown & ~failed
        return {**reasons, "kept is false": unknown}

    def _chose_none(self, kept: pd.DataFrame, table: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of those kept chose none of the pictures every time, so that no share can be computed."""
        silent = table.sum(axis=1) == 0
        if not silent.any() or "chosen_position" not in self.answers:
            return np.zeros(len(kept), dtype=np.bool_)
        none = self._scored & of_each(self.answers["chosen_position"], is_none, np.bool_)
        return np.asarray(silent & kept.index.isin(self.answers["participant"][none].unique()))

    def _refuse_silent(self, kept: pd.DataFrame, table: NDArray[np.int64]) -> None:
        silent = np.flatnonzero(table.sum(axis=1) == 0)
        if silent.size:
            participant, row = kept.index[silent[0]], kept["row"].iloc[silent[0]]
            where = f"{self.name}, row {row}, column participant"
            raise VoteTableError(
                f"{where}: {quoted(participant)} is kept and has no vote; "
                "allowed is at least one chosen_method in a scored question, or kept = false"
            )


def _is_complete(status: str) -> bool:
    return status.casefold() == "complete"
