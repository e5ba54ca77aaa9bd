"""The vote table: one row an answer. CSV, a DataFrame or rows come in, counts per participant come out.

`participant` and `chosen_method` are all that a table needs; `COLUMNS` lists what else is understood; others
are left alone. Whatever is wrong is said in one line: where, which value, and what is allowed.
"""

import csv
import hashlib
import io
import math
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import formatting as fmt
from analysis.exact import ExactGroups

METHOD_COLUMNS = ("method_1", "method_2", "method_3", "method_4")
COLUMNS = (
    *("study", "participant", "position", "question", "kind", "label", "replicate", *METHOD_COLUMNS),
    *("chosen_position", "chosen_method", "correct", "shown_at", "answered_at", "response_ms"),
    *("status", "checks_passed", "kept", "simulated"),
)
REQUIRED = ("participant", "chosen_method")
KINDS = ("scored", "check", "practice")
SIMULATED = ("include", "exclude", "only")

_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_LAYOUT = "a vote table is CSV in UTF-8: a header line, then one row an answer"
# Characters that would break a line of a report, or that XML, and so SVG, cannot hold.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


class VoteTableError(ValueError):
    """What is wrong with a vote table, in one line for the person who made it."""


class NoVotesError(VoteTableError):
    """The table is well formed, but no vote in it counts (yet)."""


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
    def exact(self) -> ExactGroups:
        """The proportions over one common denominator, without a fraction for each."""
        totals = self.table.sum(axis=1).tolist()
        denominator = math.lcm(*set(totals))
        factors = [denominator // total for total in totals]
        columns = self.table.T.tolist()
        if len(set(factors)) > 1:
            columns = [[x * f for x, f in zip(column, factors, strict=True)] for column in columns]
        else:
            columns = [[x * factors[0] for x in column] for column in columns]
        return ExactGroups(dict(zip(self.methods, columns, strict=True)), denominator)

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
    """A vote table that has been checked. `answers` holds text, one row an answer, under its row number."""

    name: str
    sha256: str
    answers: pd.DataFrame

    @classmethod
    def read(cls, path: str | Path) -> "VoteTable":
        """Read a CSV file, or standard input where `path` is "-". Row numbers are lines of the file.

        Raises VoteTableError for a file that cannot be read or is not a vote table.
        """
        if str(path) == "-":
            return cls.from_csv(sys.stdin.buffer.read(), "standard input")
        try:
            return cls.from_csv(Path(path).read_bytes(), str(path))
        except FileNotFoundError:
            raise VoteTableError(f"{path}: no such file; name a vote table in CSV") from None
        except IsADirectoryError:
            raise VoteTableError(f"{path}: a folder; name a vote table in CSV inside it") from None
        except OSError as error:
            raise VoteTableError(f"{path}: {error.strerror or error}") from None

    @classmethod
    def from_csv(cls, data: bytes, name: str) -> "VoteTable":
        """Read the bytes of a CSV file; `name` stands in messages and in the report."""
        header, records, rows = _parse(_decode(data, name), name)
        columns: dict[str, Sequence[str]] = dict.fromkeys(header, ())
        if records:
            columns = dict(zip(header, zip(*records, strict=True), strict=True))
        return cls._checked(columns, rows, name, hashlib.sha256(data).hexdigest(), ", row 1")

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, name: str = "votes") -> "VoteTable":
        """Take a DataFrame, one row an answer; missing values are empty, rows are counted from 1."""
        columns = {str(column): frame[column].tolist() for column in frame.columns}
        return cls._from_values(columns, len(frame), name)

    @classmethod
    def from_rows(cls, rows: Iterable[Mapping[str, Any]], name: str = "votes") -> "VoteTable":
        """Take mappings of column to value, one an answer; None is empty, rows are counted from 1."""
        records = list(rows)
        names = dict.fromkeys(str(column) for record in records for column in record)
        columns = {column: [record.get(column) for record in records] for column in names}
        return cls._from_values(columns, len(records), name)

    @classmethod
    def _from_values(cls, columns: Mapping[str, list[Any]], n: int, name: str) -> "VoteTable":
        texts = {column: [_text(value) for value in values] for column, values in columns.items()}
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(texts)
        writer.writerows(zip(*texts.values(), strict=True))
        digest = hashlib.sha256(out.getvalue().encode("utf-8", "surrogatepass")).hexdigest()
        stripped = {column: [text.strip() for text in values] for column, values in texts.items()}
        return cls._checked(stripped, range(1, n + 1), name, digest)

    @classmethod
    def _checked(
        cls,
        columns: Mapping[str, Sequence[str]],
        rows: Sequence[int],
        name: str,
        sha256: str,
        where: str = "",
    ) -> "VoteTable":
        if not rows and not columns:
            raise NoVotesError(f"{name}: no answers; a vote table has one row an answer")
        _check_header(list(columns), name + where)
        if not rows:
            raise NoVotesError(f"{name}: no answers below the header; {_LAYOUT}")
        known = {column: values for column, values in columns.items() if column in COLUMNS}
        answers = pd.DataFrame(known, index=pd.Index(rows, name="row"), dtype=object)
        _Checks(name, answers).run()
        return cls(name, sha256, answers)

    # What a rule for leaving people out can go by

    @cached_property
    def response_ms(self) -> pd.Series | None:
        """Milliseconds of each answer, NaN where none are given; None for a table without the column."""
        if "response_ms" not in self.answers:
            return None
        return pd.to_numeric(self.answers["response_ms"], errors="coerce")

    @cached_property
    def most_checks(self) -> int | None:
        """The most attention checks that anybody passed; None where the table does not say."""
        if not {"status", "checks_passed"} <= set(self.answers):
            return None
        passed = [float(text) for text in self.answers["checks_passed"].unique() if text]
        return int(max(passed)) if passed else None

    def n_complete(self, simulated: str = "include") -> int | None:
        """How many participants are complete; None where the table does not say."""
        if "status" not in self.answers:
            return None
        people = self._recruited(simulated)
        return int((people["status"].str.casefold() == "complete").sum())

    def counted(self, counts: Counts) -> pd.DataFrame:
        """The answers behind `counts`: those to scored questions that chose a method."""
        answers = self.answers[_scored(self.answers) & (self.answers["chosen_method"] != "")]
        return answers[answers["participant"].isin(counts.participants)]

    @cached_property
    def n_checks(self) -> int | None:
        """How many attention checks a participant was asked; None where the table does not say."""
        if "kind" in self.answers:
            checks = self.answers[self.answers["kind"].str.casefold() == "check"]
            if not checks.empty:
                return int(checks.groupby("participant", sort=False).size().max())
        return self.most_checks

    def fewest_kept(self, counts: Counts) -> int | None:
        """The fewest checks that a counted participant passed; None where the table does not say."""
        if self.most_checks is None:
            return None
        passed = pd.to_numeric(self._participants.loc[list(counts.participants), "checks_passed"])
        return None if passed.isna().any() else int(passed.min())

    def only(self, rows: pd.Series) -> "VoteTable":
        """The table with only the answers where `rows` holds; the name and hash stay those of the whole."""
        return VoteTable(self.name, self.sha256, self.answers[rows.to_numpy()])

    def counts(
        self, min_passed: int | None = None, simulated: str = "include", silent: bool = False
    ) -> Counts:
        """Count the votes: answers to scored questions by participants who are kept.

        With `min_passed`, a participant is kept whose status is "complete" and who passed at least so many
        checks, whatever `kept` says. `simulated` includes, excludes or singles out simulated participants.
        Raises NoVotesError where nothing is left, and VoteTableError for a kept participant without a vote,
        who with `silent` is left out instead.
        """
        if min_passed is not None and min_passed < 0:
            raise ValueError(f"min_passed is {min_passed}; it must be 0 or more")
        if simulated not in SIMULATED:
            raise ValueError(f"simulated is {simulated!r}; allowed are {', '.join(SIMULATED)}")
        people, recruited = self._participants, self._recruited(simulated)
        if recruited.empty:
            kind = "simulated" if simulated == "only" else "real"
            raise NoVotesError(f"{self.name}: no {kind} participant among {len(people)}")
        reasons = self._reasons_to_exclude(recruited, min_passed)
        kept = recruited[reasons == ""]
        excluded = {
            str(reason): int(n) for reason, n in reasons[reasons != ""].value_counts(sort=False).items()
        }
        if kept.empty:
            why = ", ".join(f"{reason}: {n}" for reason, n in excluded.items())
            raise NoVotesError(f"{self.name}: no participant is kept of {len(recruited)} ({why})")

        answers = self.answers[_scored(self.answers)]
        methods = _methods_offered(answers)
        answers = answers[answers["participant"].isin(kept.index)]
        votes = answers[answers["chosen_method"] != ""]
        table = _tabulate(votes, kept.index, methods)
        if silent:
            kept, table = kept[table.sum(axis=1) > 0], table[table.sum(axis=1) > 0]
            if kept.empty:
                raise NoVotesError(f"{self.name}: no vote is left")
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
            n_unanswered=len(answers) - len(votes),
        )

    def _recruited(self, simulated: str) -> pd.DataFrame:
        people = self._participants
        if simulated == "include":
            return people
        return people[people["simulated"] if simulated == "only" else ~people["simulated"]]

    @cached_property
    def _participants(self) -> pd.DataFrame:
        """One row a participant, in the order of the table, with what is the same in all of their rows."""
        first = self.answers.reset_index().drop_duplicates("participant").set_index("participant")
        people = first.reindex(columns=["row", "simulated", "kept", "status", "checks_passed"])
        people["simulated"] = _truth(first["simulated"]) if "simulated" in first else False
        people["kept"] = _truth(first["kept"]) if "kept" in first else True
        return people

    def _reasons_to_exclude(self, people: pd.DataFrame, min_passed: int | None) -> pd.Series:
        """Why each participant is left out; empty for those who are kept."""
        if min_passed is None:
            return self._why_not_kept(people)
        for column in ("status", "checks_passed"):
            if column not in self.answers:
                raise VoteTableError(
                    f"{self.name}: no column '{column}'; needed for min_passed are status and checks_passed"
                )
        complete = people["status"].str.casefold() == "complete"
        blank = people[complete & (people["checks_passed"] == "")]
        if not blank.empty:
            where = f"{self.name}, row {blank['row'].iloc[0]}, column checks_passed"
            raise VoteTableError(f"{where}: '' is not a number of checks; allowed are 0, 1, 2 and so on")
        passed = people["checks_passed"].where(complete, "0").astype(float) >= min_passed
        failed = f"fewer than {min_passed} checks passed"
        reasons = np.where(~complete, "not complete", np.where(~passed, failed, ""))
        return pd.Series(reasons, index=people.index, dtype=object)

    def _why_not_kept(self, people: pd.DataFrame) -> pd.Series:
        """The reason behind `kept`, where status and checks tell it: every other complete participant who
        passed as few checks is left out too, and all who passed more are kept.
        """
        reasons = pd.Series(np.where(people["kept"], "", "kept is false"), index=people.index, dtype=object)
        if "status" not in self.answers:
            return reasons
        out, complete = ~people["kept"], people["status"].str.casefold() == "complete"
        reasons[out & ~complete & (people["status"] != "")] = "not complete"
        if "checks_passed" not in self.answers:
            return reasons
        passed = pd.to_numeric(people["checks_passed"])
        fewest = passed[people["kept"]].min()
        failed = out & complete & (passed < fewest)
        if failed.any() and passed[out & complete].max() < fewest:
            # Between the most of those left out and the fewest of those kept, the rule is not known.
            sure = int(passed[failed].max()) + 1 == int(fewest)
            text = f"fewer than {int(fewest)} checks passed" if sure else "too few checks passed"
            reasons[failed] = text
        return reasons

    def _refuse_silent(self, kept: pd.DataFrame, table: NDArray[np.int64]) -> None:
        silent = np.flatnonzero(table.sum(axis=1) == 0)
        if silent.size:
            participant, row = kept.index[silent[0]], kept["row"].iloc[silent[0]]
            where = f"{self.name}, row {row}, column participant"
            raise VoteTableError(
                f"{where}: {_quoted(participant)} is kept and has no vote; "
                "allowed is at least one chosen_method in a scored question, or kept = false"
            )


class _Checks:
    """Everything that must hold of the answers of one table; the first breach is raised."""

    def __init__(self, name: str, answers: pd.DataFrame) -> None:
        self.name = name
        self.answers = answers

    def run(self) -> None:
        self.names()
        self.choices_from_lists()
        self.one_study()
        self.positions()
        self.chosen_methods()
        self.positions_agree()
        self.one_answer_to_a_question()
        for column in ("kept", "simulated", "status", "checks_passed"):
            self.same_for_a_participant(column)

    def refuse(self, bad: pd.Series, column: str, complaint: str) -> None:
        """Raise for the first row where `bad` holds."""
        if bad.any():
            row = bad.idxmax()
            raise self.error(row, column, self.answers.at[row, column], complaint)

    def error(self, row: object, column: str, value: object, complaint: str) -> VoteTableError:
        return VoteTableError(f"{self.name}, row {row}, column {column}: {_quoted(value)} {complaint}")

    def names(self) -> None:
        allowed = "; allowed is any text in one line"
        self.refuse(self.answers["participant"] == "", "participant", "names nobody" + allowed)
        for column in ("participant", "chosen_method", *METHOD_COLUMNS):
            if column in self.answers:
                strange = [v for v in self.answers[column].unique() if _UNPRINTABLE.search(v)]
                bad = self.answers[column].isin(strange)
                self.refuse(bad, column, "holds a character that cannot be printed" + allowed)

    def choices_from_lists(self) -> None:
        self.one_of("kind", set(KINDS), f"is not a kind of question; allowed are {', '.join(KINDS)}")
        truth = f"is neither true nor false; allowed are {', '.join(_TRUTH)}, in any case"
        self.one_of("kept", set(_TRUTH), truth)
        self.one_of("simulated", set(_TRUTH), truth)
        self.one_of("correct", {*_TRUTH, ""}, truth + ", or nothing")
        self.matches(
            "checks_passed",
            r"(?:\d{1,9}(?:\.0)?)?",
            "is not a number of checks; allowed are 0, 1, 2 and so on",
        )

    def one_of(self, column: str, allowed: set[str], complaint: str) -> None:
        if column in self.answers:
            self.refuse(~self.answers[column].str.casefold().isin(allowed), column, complaint)

    def matches(self, column: str, pattern: str, complaint: str) -> None:
        if column in self.answers:
            bad = [v for v in self.answers[column].unique() if not re.fullmatch(pattern, v, re.ASCII)]
            self.refuse(self.answers[column].isin(bad), column, complaint)

    def one_study(self) -> None:
        if "study" in self.answers:
            first = self.answers["study"].iloc[0]
            complaint = f"is a second study; allowed is one in a table, and the first is {_quoted(first)}"
            self.refuse(self.answers["study"] != first, "study", complaint)

    def positions(self) -> None:
        self.matches("chosen_position", r"(?:[1-4](?:\.0)?)?", "is not a position; allowed are 1, 2, 3, 4")

    def chosen_methods(self) -> None:
        columns = [column for column in METHOD_COLUMNS if column in self.answers]
        if not columns:
            return
        votes = self.votes()
        offered = votes[columns].to_numpy()  # (votes, positions)
        chosen = votes["chosen_method"].to_numpy()
        found = (offered == chosen[:, None]).any(axis=1) | (offered == "").all(axis=1)
        if not found.all():
            row, methods = votes.index[found.argmin()], offered[found.argmin()]
            allowed = ", ".join(sorted({m for m in methods if m}, key=str.casefold))
            complaint = f"was not offered in this row; allowed are {allowed}"
            raise self.error(row, "chosen_method", chosen[found.argmin()], complaint)

    def positions_agree(self) -> None:
        if "chosen_position" not in self.answers:
            return
        scored = self.answers[_scored(self.answers)]
        for column in METHOD_COLUMNS:
            if column in scored:
                here = scored[scored["chosen_position"].str[:1] == column[-1]]
                wrong = here[(here[column] != "") & (here[column] != here["chosen_method"])]
                if not wrong.empty:
                    self.refuse_position(wrong.index[0], column)

    def refuse_position(self, row: int, column: str) -> None:
        answer = self.answers.loc[row]
        allowed = [c[-1] for c in METHOD_COLUMNS if answer.get(c) == answer["chosen_method"] != ""]
        complaint = (
            f"is where {column} has {_quoted(answer[column])}, but chosen_method is "
            f"{_quoted(answer['chosen_method'])}; allowed is {' or '.join(allowed) or 'nothing'}"
        )
        raise self.error(row, "chosen_position", answer["chosen_position"], complaint)

    def one_answer_to_a_question(self) -> None:
        if "question" not in self.answers:
            return
        answers = self.answers[self.answers["question"] != ""]
        if "kind" in answers:  # practice may be repeated
            answers = answers[answers["kind"].str.casefold() != "practice"]
        again = answers.duplicated(["participant", "question"])
        if again.any():
            row = again.idxmax()
            participant, question = answers.at[row, "participant"], answers.at[row, "question"]
            same = (answers["participant"] == participant) & (answers["question"] == question)
            complaint = (
                f"was answered by participant {_quoted(participant)} in row {same.idxmax()} already; "
                "allowed is one answer to a question"
            )
            raise self.error(row, "question", question, complaint)

    def same_for_a_participant(self, column: str) -> None:
        if column not in self.answers:
            return
        values = self.answers[column].str.casefold()
        if column in ("kept", "simulated"):
            values = values.map(_TRUTH)
        first = values.groupby(self.answers["participant"], sort=False).transform("first")
        differs = values != first
        if differs.any():
            row = differs.idxmax()
            participant = self.answers.at[row, "participant"]
            earlier = (self.answers["participant"] == participant).idxmax()
            value = _quoted(self.answers.at[earlier, column])
            complaint = (
                f"differs from {value} in row {earlier}; allowed is one value for {_quoted(participant)}"
            )
            raise self.error(row, column, self.answers.at[row, column], complaint)

    def votes(self) -> pd.DataFrame:
        return self.answers[_scored(self.answers) & (self.answers["chosen_method"] != "")]


def _decode(data: bytes, name: str) -> str:
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        raise NoVotesError(f"{name}: the file is empty; {_LAYOUT}")
    if b"\x00" in data:
        row = data.count(b"\n", 0, data.index(b"\x00")) + 1
        raise VoteTableError(f"{name}, row {row}: byte 0x00 says that this is not a text file; {_LAYOUT}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = data.removeprefix(b"\xef\xbb\xbf")[error.start]
        row = data.count(b"\n", 0, error.start) + 1
        raise VoteTableError(f"{name}, row {row}: byte 0x{byte:02x} is not UTF-8; {_LAYOUT}") from None


def _parse(text: str, name: str) -> tuple[list[str], list[list[str]], list[int]]:
    """The header, the records below it, and the line of the file at which each record begins."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    records: list[list[str]] = []
    rows: list[int] = []
    end = 0
    try:
        for fields in reader:
            begin, end = end + 1, reader.line_num
            record = [field.strip() for field in fields]
            if not any(record):
                continue
            if not header:
                header = _header(record, name, begin)
                continue
            if len(record) != len(header):
                values = fmt.counted(len(record), "value")
                raise VoteTableError(
                    f"{name}, row {begin}: {values}; allowed are {len(header)}, one for each column"
                )
            records.append(record)
            rows.append(begin)
    except csv.Error as error:
        raise VoteTableError(f"{name}, row {end + 1}: {error}; {_LAYOUT}") from None
    if not header:
        raise NoVotesError(f"{name}: the file is empty; {_LAYOUT}")
    return header, records, rows


def _header(names: list[str], name: str, row: int) -> list[str]:
    for separator, shown in ((";", "';'"), ("\t", "a tab")):
        if "participant" not in names and separator in "".join(names):
            raise VoteTableError(f"{name}, row {row}: the columns are separated by {shown}; allowed is ','")
    for column in names:
        if column and names.count(column) > 1:
            raise VoteTableError(
                f"{name}, row {row}: two columns are named {_quoted(column)}; allowed is one"
            )
    return [column or f" {i}" for i, column in enumerate(names)]  # nameless columns are left alone


def _check_header(names: list[str], name: str) -> None:
    for column in REQUIRED:
        if column not in names:
            there = ", ".join(name for name in names if name.strip())
            shown = _UNPRINTABLE.sub("?", there if len(there) <= 200 else there[:200] + "...")
            needed = " and ".join(REQUIRED)
            raise VoteTableError(f"{name}: no column '{column}' among {shown}; needed are {needed}")


def _text(value: Any) -> str:
    """A cell as a CSV file would hold it: nothing for what is missing, true and false in lower case."""
    if isinstance(value, str):
        return value
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float):  # a column of integers with gaps comes as floats
        return "" if value != value else str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def _quoted(value: object) -> str:
    """The value as it stands, in quotes, on one line, cut where it is long."""
    text = str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _truth(values: pd.Series) -> pd.Series:
    return values.str.casefold().map(_TRUTH).astype(bool)


def _scored(answers: pd.DataFrame) -> pd.Series:
    if "kind" in answers:
        return answers["kind"].str.casefold() == "scored"
    return pd.Series(True, index=answers.index)


def _methods_offered(scored: pd.DataFrame) -> list[str]:
    """Every method that stood in a scored question, so that one without votes is a group too."""
    columns = [column for column in (*METHOD_COLUMNS, "chosen_method") if column in scored]
    return sorted({str(method) for column in columns for method in scored[column].unique()} - {""})


def _tabulate(votes: pd.DataFrame, participants: pd.Index, methods: list[str]) -> NDArray[np.int64]:
    """How often each participant chose each method: (participants, methods)."""
    rows = participants.get_indexer(pd.Index(votes["participant"]))
    columns = pd.Index(methods, dtype=object).get_indexer(pd.Index(votes["chosen_method"]))
    size = len(participants) * len(methods)
    flat = np.bincount(rows * len(methods) + columns, minlength=size)
    return flat.reshape(len(participants), len(methods)).astype(np.int64)
