"""Files of votes: CSV, TSV or Parquet, long or wide, to the columns of a vote table.

Bytes come in, a frame of text goes out whose index is the row of the file. A plain CSV goes through pyarrow,
which is ten times as fast; whatever is odd in any way goes through Python's own reader, which knows the line
of every record, so that a message can name it.
"""

import csv
import io
import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from analysis import formatting as fmt
from analysis.votes.columns import (
    COLUMNS,
    LAYOUT,
    METHOD_COLUMNS,
    REQUIRED,
    UNPRINTABLE,
    NoVotesError,
    VoteTableError,
    quoted,
    text_of,
)

SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
SHAPES = ("long", "questions", "counts")
_WORTH_THREADS = 1 << 20  # bytes; fewer are one block, which threads cannot share


def table(
    data: bytes,
    name: str,
    separator: str = ",",
    columns: Mapping[str, str] | None = None,
    shape: str = "long",
) -> pd.DataFrame:
    """The known columns of a file as text, under the row of the file that each answer stands in.

    `columns` maps a column's name here to its name in the file. `shape` is "long" (a row an answer),
    "questions" (a row a participant, a column a question that holds the chosen method) or "counts" (a row a
    participant, a column a method that holds its number of votes). Raises VoteTableError.
    """
    if shape not in SHAPES:
        raise ValueError(f"shape is {shape!r}; allowed are {', '.join(SHAPES)}")
    plain = _plain(data, separator) if not columns and shape == "long" else None
    if data[:4] == b"PAR1":
        frame = _parquet(data, name, all_known=not columns and shape == "long")
    else:
        frame = _any_csv(data, name, separator) if plain is None else plain
    frame = _renamed(frame, columns or {}, name)
    if shape == "long":
        where = "" if data[:4] == b"PAR1" else ", row 1"
        check_header(list(frame.columns), name + where)
    else:
        frame = _long(frame, name, shape)
    if frame.empty:
        raise NoVotesError(f"{name}: no answers below the header; {LAYOUT}")
    return categorical(frame[[column for column in frame.columns if column in COLUMNS]])


def categorical(frame: pd.DataFrame) -> pd.DataFrame:
    """Each column as codes of its distinct texts, which the columns that hold methods share."""
    result = {
        column: values.array if isinstance(values.dtype, pd.CategoricalDtype) else pd.Categorical(values)
        for column, values in frame.items()
    }
    shared = [column for column in (*METHOD_COLUMNS, "chosen_method") if column in result]
    methods = sorted({method for column in shared for method in result[column].categories} | {""})
    for column in shared:
        result[column] = result[column].set_categories(methods)
    return pd.DataFrame(result, index=frame.index)


def _any_csv(data: bytes, name: str, separator: str) -> pd.DataFrame:
    header, records, rows = _parse(_decode(data, name), name, separator)
    values = zip(*records, strict=True) if records else [()] * len(header)
    found = dict(zip(header, values, strict=True))
    return pd.DataFrame(found, index=pd.Index(rows, name="row", dtype=np.int64), dtype=object)


def _plain(data: bytes, separator: str) -> pd.DataFrame | None:
    """A file in which every line is a record and nothing needs explaining; None for any other."""
    if data[:4] == b"PAR1":
        return None
    quotes = data.count(b'"')
    simple = rb'(?:^|(?<=[,\t\n]))"[^",\t\r\n]*"(?=[,\t\r\n]|$)'  # nothing in it that needs the quotes
    odd_quote = quotes and sum(1 for _ in re.finditer(simple, data)) * 2 != quotes
    odd_end = b"\r" in data and data.count(b"\r") != data.count(b"\r\n")
    if odd_quote or odd_end or b"\x00" in data or not data or data.isspace():
        return None
    lines = data.count(b"\n") + (not data.endswith(b"\n")) - 1
    try:
        first = data[: data.index(b"\n")].decode("utf-8-sig")
        header = next(csv.reader([first], delimiter=separator))
        if len(header) < 2 or len({name.strip() for name in header}) < len(header) or not all(header):
            return None
        if not {name.strip() for name in header} >= set(REQUIRED) or lines == 0:
            return None
        known = [column for column in header if column.strip() in COLUMNS]
        found = arrow_csv.read_csv(
            pa.BufferReader(data.removeprefix(b"\xef\xbb\xbf")),
            read_options=arrow_csv.ReadOptions(use_threads=len(data) > _WORTH_THREADS),
            parse_options=arrow_csv.ParseOptions(delimiter=separator, ignore_empty_lines=False),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(known, pa.dictionary(pa.int32(), pa.string())),
                include_columns=known,
                strings_can_be_null=False,
            ),
        )
    except (ValueError, csv.Error, pa.ArrowInvalid):  # no line, or not in UTF-8
        return None
    if found.num_rows != lines:
        return None
    frame = _frame(found, range(2, lines + 2))
    return None if "" in frame["participant"].cat.categories else frame


def _parquet(data: bytes, name: str, all_known: bool) -> pd.DataFrame:
    try:
        file = parquet.ParquetFile(pa.BufferReader(data))
        texts = [field.name for field in file.schema_arrow if _is_text(field.type)]
        names = [str(column) for column in file.schema_arrow.names]
        if all_known:
            check_header(names, name)
        known = [column for column in names if column in COLUMNS] if all_known else None
        found = parquet.read_table(pa.BufferReader(data), columns=known, read_dictionary=texts)
    except (pa.ArrowInvalid, OSError) as error:
        why = str(error).splitlines()[0]
        raise VoteTableError(f"{name}: a Parquet file that cannot be read: {why}") from None
    return _frame(found, range(1, found.num_rows + 1))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))  # pandas writes large ones


def _frame(found: pa.Table, rows: range) -> pd.DataFrame:
    """Arrow's columns as text, one code for each distinct value. Nothing for what is missing."""
    columns = {}
    for name, column in zip(found.column_names, found.columns, strict=True):
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        column = column.unify_dictionaries().combine_chunks()
        part = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
        texts = [text_of(value).strip() for value in part.dictionary.to_pylist()]
        codes, missing = part.indices, part.null_count > 0
        if missing:
            codes, texts = codes.fill_null(len(texts)), [*texts, ""]
        placed = codes.to_numpy(zero_copy_only=False)
        if len(set(texts)) < len(texts):  # such as 1 and "1 ", or nothing and what is missing
            to, distinct = pd.factorize(np.array(texts, dtype=object))
            placed, texts = to[placed], list(distinct)
        values: pd.Categorical = pd.Categorical.from_codes(placed, categories=pd.Index(texts, dtype=object))
        used = np.bincount(placed, minlength=len(texts)) > 0
        columns[name.strip()] = values if used.all() else values.remove_unused_categories()
    return pd.DataFrame(columns, index=pd.Index(rows, name="row"))


def _renamed(frame: pd.DataFrame, columns: Mapping[str, str], name: str) -> pd.DataFrame:
    for ours, theirs in columns.items():
        if ours not in COLUMNS:
            allowed = ", ".join(COLUMNS)
            raise VoteTableError(
                f"{name}: {quoted(ours)} is no column of a vote table; allowed are {allowed}"
            )
        if theirs not in frame:
            there = ", ".join(map(str, frame.columns))
            raise VoteTableError(f"{name}: no column {quoted(theirs)} to take for {ours}; there are {there}")
    replaced = [ours for ours, theirs in columns.items() if ours != theirs and ours in frame]
    frame = frame.drop(columns=[column for column in replaced if column not in columns.values()])
    return frame.rename(columns={theirs: ours for ours, theirs in columns.items()})


def _long(frame: pd.DataFrame, name: str, shape: str) -> pd.DataFrame:
    """One row a participant to one row an answer, each under the row of the file."""
    frame = frame.astype(object)
    if "participant" not in frame:
        there = ", ".join(map(str, frame.columns))
        raise VoteTableError(f"{name}: no column 'participant' among {there}; name it with --column")
    again = frame["participant"].duplicated()
    if again.any():
        row = again.idxmax()
        complaint = "has a row already; allowed is one row a participant in a wide table"
        participant = quoted(frame.at[row, "participant"])
        raise VoteTableError(f"{name}, row {row}, column participant: {participant} {complaint}")
    of_people = ("participant", "study", "status", "checks_passed", "kept", "simulated")
    people = frame[[column for column in of_people if column in frame]]
    others = [column for column in frame.columns if column not in of_people and column.strip()]
    if not others:
        kind = "method" if shape == "counts" else "question"
        raise VoteTableError(f"{name}: no column of a {kind} beside {', '.join(people.columns)}")
    if shape == "questions":
        return pd.concat([people.assign(question=column, chosen_method=frame[column]) for column in others])
    # All columns were on offer, so that a method without votes is a group too; the table has room for some.
    offered = dict(zip(METHOD_COLUMNS, others, strict=False)) if len(others) <= len(METHOD_COLUMNS) else {}
    parts = []
    for column in others:
        times = [_whole(name, row, column, value) for row, value in frame[column].items()]
        rows = np.repeat(np.arange(len(frame)), times)
        parts.append(people.assign(chosen_method=column, **offered).iloc[rows])
    return pd.concat(parts)


def _whole(name: str, row: object, column: str, value: str) -> int:
    if not re.fullmatch(r"\d{1,9}(?:\.0)?", value, re.ASCII):
        complaint = "is not a number of votes; allowed are 0, 1, 2 and so on"
        raise VoteTableError(f"{name}, row {row}, column {column}: {quoted(value)} {complaint}")
    return int(float(value))


def _decode(data: bytes, name: str) -> str:
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        raise NoVotesError(f"{name}: the file is empty; {LAYOUT}")
    if b"\x00" in data:
        row = data.count(b"\n", 0, data.index(b"\x00")) + 1
        raise VoteTableError(f"{name}, row {row}: byte 0x00 says that this is not a text file; {LAYOUT}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = data.removeprefix(b"\xef\xbb\xbf")[error.start]
        row = data.count(b"\n", 0, error.start) + 1
        raise VoteTableError(f"{name}, row {row}: byte 0x{byte:02x} is not UTF-8; {LAYOUT}") from None


def _parse(text: str, name: str, separator: str) -> tuple[list[str], list[list[str]], list[int]]:
    """The header, the records below it, and the line of the file at which each record begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
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
                header = _header(record, name, begin, separator)
                continue
            if len(record) != len(header):
                values = fmt.counted(len(record), "value")
                raise VoteTableError(
                    f"{name}, row {begin}: {values}; allowed are {len(header)}, one for each column"
                )
            records.append(record)
            rows.append(begin)
    except csv.Error as error:
        raise VoteTableError(f"{name}, row {end + 1}: {error}; {LAYOUT}") from None
    if not header:
        raise NoVotesError(f"{name}: the file is empty; {LAYOUT}")
    return header, records, rows


def _header(names: list[str], name: str, row: int, expected: str) -> list[str]:
    signs = {";": "';'", "\t": "a tab", ",": "','"}
    for separator, shown in signs.items():
        if separator != expected and "participant" not in names and separator in "".join(names):
            allowed = signs[expected]
            raise VoteTableError(
                f"{name}, row {row}: the columns are separated by {shown}; allowed is {allowed}"
            )
    for column in names:
        if column and names.count(column) > 1:
            raise VoteTableError(f"{name}, row {row}: two columns are named {quoted(column)}; allowed is one")
    return [column or f" {i}" for i, column in enumerate(names)]  # nameless columns are left alone


def check_header(names: list[str], name: str) -> None:
    for column in REQUIRED:
        if column not in names:
            there = ", ".join(name for name in names if name.strip())
            shown = UNPRINTABLE.sub("?", there if len(there) <= 200 else there[:200] + "...")
            needed = " and ".join(REQUIRED)
            raise VoteTableError(
                f"{name}: no column '{column}' among {shown}; needed are {needed}: "
                "--column tells other names, --shape a table of one row a participant"
            )
