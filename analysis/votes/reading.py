"""Files, frames and rows of votes to checked answers, one row per answer.

Bytes or columns of text come in; a frame of categorical text goes out, indexed by the rows of the file, with
notes on whatever was skipped, merged or converted.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.votes import file_formats
from analysis.votes.columns import (
    ANSWERS,
    COLUMNS,
    LAYOUT,
    REQUIRED,
    UNPRINTABLE,
    NoVotesError,
    VoteTableError,
    categorical,
    quoted,
)
from analysis.votes.reading_options import SHAPES, ReadingOptions
from analysis.votes.spelling import settle_names
from analysis.votes.survey_tools import recognise, without_qualtrics_headers
from analysis.votes.times import settle_numbers
from analysis.votes.validation import Checks
from analysis.votes.wide import likely_questions, long_form

__all__ = ["SEPARATORS", "SHAPES", "Reading", "ReadingOptions", "read_bytes", "read_values"]

SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}


@dataclass(frozen=True, eq=False)
class Reading:
    """The answers of a table, and sentences about how they were read."""

    answers: pd.DataFrame
    notes: tuple[str, ...]


def read_bytes(data: bytes, name: str, options: ReadingOptions, separator: str = ",") -> Reading:
    """Read a CSV or Parquet file; `separator` holds unless the options name another.

    Raises VoteTableError, which names file, row, column, value and what is allowed.
    """
    separator = options.separator or separator
    data = file_formats.decoded(data, name, options.encoding)
    renamed = options.renamed()
    wanted = None if options.layout != "long" else {*COLUMNS, *renamed.values(), *options.keep_columns}
    where = ""
    if data[:4] == file_formats.PARQUET:
        if options.layout == "long" and not renamed:
            _check_header(file_formats.parquet_names(data, name), name)
        frame = file_formats.read_parquet(data, name, wanted)
    else:
        plain = None if wanted is None or renamed else file_formats.fast_csv(data, separator, wanted)
        frame = file_formats.careful_csv(data, name, separator) if plain is None else plain
        where = ", row 1"
    return _arranged(frame, name, where, options)


def read_values(columns: Mapping[str, Sequence[str]], n: int, name: str, options: ReadingOptions) -> Reading:
    """Take `n` texts of each column; rows count from 1."""
    stripped = {column: [text.strip() for text in values] for column, values in columns.items()}
    frame = pd.DataFrame(stripped, index=pd.RangeIndex(1, n + 1, name="row"), dtype=object)
    return _arranged(frame, name, "", options)


def _arranged(frame: pd.DataFrame, name: str, where: str, options: ReadingOptions) -> Reading:
    """Select, rename and reshape the columns of a file, and settle their names and numbers."""
    frame, notes = without_qualtrics_headers(frame, [*options.renamed().values(), *options.keep_columns])
    absent = [column for column in options.keep_columns if column not in frame]
    if absent:
        raise VoteTableError(f"{name}{where}: no column {quoted(absent[0])}; columns are {_named(frame)}")
    original, frame = frame, _renamed(frame, options, name)
    if options.layout == "long":
        _check_header(list(frame.columns), name + where, original)
    else:
        if "participant" not in frame:
            _refuse_export(original, name + where, list(frame.columns))
        _refuse_empty(frame, name)
        frame, more = long_form(frame, name, options)
        notes += more
    _refuse_empty(frame, name)
    known = [column for column in frame.columns if column in COLUMNS or column in options.keep_columns]
    answers = categorical(frame[known])
    Checks(name, answers).names()
    answers, more = settle_names(answers, name, options)
    notes += more
    answers, more = settle_numbers(answers, name, options)
    Checks(name, answers).run()
    return Reading(answers, tuple(notes + more))


def _refuse_empty(frame: pd.DataFrame, name: str) -> None:
    if frame.empty:
        raise NoVotesError(f"{name}: no answers below the header; {LAYOUT}")


def _renamed(frame: pd.DataFrame, options: ReadingOptions, name: str) -> pd.DataFrame:
    columns = options.renamed()
    for ours, theirs in columns.items():
        if ours not in COLUMNS:
            raise VoteTableError(
                f"{name}: --column {ours}={theirs}: {quoted(ours)} is not a column of a vote table; "
                f"allowed are {', '.join(COLUMNS)}"
            )
        if theirs not in frame:
            raise VoteTableError(
                f"{name}: --column {ours}={theirs}: no column {quoted(theirs)}; columns are {_named(frame)}"
            )
    replaced = [ours for ours, theirs in columns.items() if ours != theirs and ours in frame]
    frame = frame.drop(columns=[column for column in replaced if column not in columns.values()])
    names = {theirs: ours for ours, theirs in columns.items()}
    copies = {theirs: frame[theirs] for theirs in names if theirs in options.keep_columns}
    return frame.rename(columns=names).assign(**copies)


def _named(frame: pd.DataFrame) -> str:
    shown = ", ".join(str(column) for column in frame.columns if str(column).strip())
    return UNPRINTABLE.sub("?", shown if len(shown) <= 200 else shown[:200] + "...")


def _check_header(names: Sequence[str], name: str, original: pd.DataFrame | None = None) -> None:
    """Raise VoteTableError unless the columns are those of a vote table in long form.

    `original` is the file under its own column names, by which the export of a known tool is recognised.
    """
    missing = next((column for column in REQUIRED if column not in names), None)
    if missing is None and not any(column in names for column in ANSWERS):
        missing = "chosen_method"
    if missing is None:
        return
    if original is not None:
        _refuse_export(original, name, names)
    shown = _named(pd.DataFrame(columns=list(names)))
    raise VoteTableError(
        f"{name}: no column {quoted(missing)} among {shown}; needed are participant and one of "
        f"{', '.join(ANSWERS)}: --column names other columns, --shape a table with one row per participant"
    )


def _refuse_export(original: pd.DataFrame, name: str, names: Sequence[str]) -> None:
    """Raise with the options that read the file if a known survey tool wrote it.

    `names` are the columns after --column was applied; they are not yet those of a vote table.
    """
    export = recognise([str(column) for column in original.columns])
    if export is None:
        return
    options = (
        [] if "participant" in names else [f"--column {shlex.quote('participant=' + export.participant)}"]
    )
    questions = likely_questions(original.drop(columns=export.participant))
    options.append(export.options or f"--questions {shlex.quote(questions or 'COLUMNS')}")
    raise VoteTableError(f"{name}: this looks like an export of {export.tool}; add {' '.join(options)}")
