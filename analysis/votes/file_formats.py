"""Bytes of a CSV or Parquet file to a frame of text, indexed by row of the file.

A plain CSV file goes through pyarrow, which is ten times as fast as Python's reader. Any other file, and
every file with a fault, goes through Python's reader, which knows the line of each record, so that messages
can name it. Neither separator nor encoding is guessed: a file that needs another one is refused, with a
message that names the option.
"""

import csv
import io
import re
from collections.abc import Collection

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from analysis import formatting as fmt
from analysis.votes.columns import (
    ANSWERS,
    COLUMNS,
    LAYOUT,
    REQUIRED,
    NoVotesError,
    VoteTableError,
    quoted,
    text_of,
)
from analysis.votes.reading_options import SEPARATOR_NAMES

PARQUET = b"PAR1"
_WORTH_THREADS = 1 << 20  # bytes; pyarrow reads less than this as one block, which threads cannot share
_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_HEADERS = 1 << 18  # bytes that hold the header rows of any survey
_IMPORT_ID = b"ImportId"  # in row 3 of Qualtrics' files, which need the careful reader


def decoded(data: bytes, name: str, encoding: str | None) -> bytes:
    """Return the file in UTF-8. Raises VoteTableError if it is not text in `encoding`."""
    if encoding is None or data[:4] == PARQUET:
        return data
    try:
        text = data.decode(encoding)
    except (UnicodeError, ValueError) as error:
        why = getattr(error, "reason", str(error))
        raise VoteTableError(f"{name}: not text in --encoding {encoding}: {why}") from None
    return text.removeprefix("\ufeff").encode("utf-8", "surrogatepass")


def fast_csv(data: bytes, separator: str, wanted: Collection[str] | None = None) -> pd.DataFrame | None:
    """Read a file in which every line is a record and nothing needs a message; None for any other.

    Only `wanted` columns are read, those of COLUMNS by default.
    """
    if data[:4] == PARQUET or _IMPORT_ID in data[:_HEADERS]:
        return None
    quotes = data.count(b'"')
    sign = re.escape(separator.encode())
    # A quoted cell in which nothing needs the quotes.
    simple = rb'(?:^|(?<=[%b\n]))"[^"%b\r\n]*"(?=[%b\r\n]|$)' % (sign, sign, sign)
    odd_quote = quotes and sum(1 for _ in re.finditer(simple, data)) * 2 != quotes
    odd_end = b"\r" in data and data.count(b"\r") != data.count(b"\r\n")
    if odd_quote or odd_end or b"\x00" in data or not data or data.isspace():
        return None
    lines = data.count(b"\n") + (not data.endswith(b"\n")) - 1
    wanted = COLUMNS if wanted is None else wanted
    try:
        first = data[: data.index(b"\n")].decode("utf-8-sig")
        header = next(csv.reader([first], delimiter=separator))
        names = {column.strip() for column in header}
        if len(header) < 2 or len(names) < len(header) or not all(header):
            return None
        if not names >= set(REQUIRED) or not names & set(ANSWERS) or lines == 0:
            return None
        known = [column for column in header if column.strip() in wanted]
        table = arrow_csv.read_csv(
            pa.BufferReader(data.removeprefix(b"\xef\xbb\xbf")),
            read_options=arrow_csv.ReadOptions(use_threads=len(data) > _WORTH_THREADS),
            parse_options=arrow_csv.ParseOptions(delimiter=separator, ignore_empty_lines=False),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(known, pa.dictionary(pa.int32(), pa.string())),
                include_columns=known,
                strings_can_be_null=False,
            ),
        )
    except (ValueError, csv.Error, pa.ArrowInvalid):  # no line, or not UTF-8
        return None
    if table.num_rows != lines:
        return None
    frame = _frame(table, range(2, lines + 2))
    return None if "" in frame["participant"].cat.categories else frame


def careful_csv(data: bytes, name: str, separator: str) -> pd.DataFrame:
    """Read any CSV file; cells are stripped. Raises VoteTableError, which names the row."""
    header, records, rows = _parse(_utf8(data, name, separator), name, separator)
    values = zip(*records, strict=True) if records else [()] * len(header)
    columns = dict(zip(header, values, strict=True))
    return pd.DataFrame(columns, index=pd.Index(rows, name="row", dtype=np.int64), dtype=object)


def parquet_names(data: bytes, name: str) -> list[str]:
    """Return the columns of a Parquet file."""
    try:
        return [str(column) for column in parquet.ParquetFile(pa.BufferReader(data)).schema_arrow.names]
    except (pa.ArrowInvalid, OSError) as error:
        raise _unreadable(name, error) from None


def read_parquet(data: bytes, name: str, wanted: Collection[str] | None) -> pd.DataFrame:
    """Read the `wanted` columns of a Parquet file, all if None; rows count from 1."""
    try:
        file = parquet.ParquetFile(pa.BufferReader(data))
        texts = [column.name for column in file.schema_arrow if _is_text(column.type)]
        names = [str(column) for column in file.schema_arrow.names]
        known = None if wanted is None else [column for column in names if column in wanted]
        table = parquet.read_table(pa.BufferReader(data), columns=known, read_dictionary=texts)
    except (pa.ArrowInvalid, OSError) as error:
        raise _unreadable(name, error) from None
    return _frame(table, range(1, table.num_rows + 1))


def _unreadable(name: str, error: Exception) -> VoteTableError:
    return VoteTableError(f"{name}: a Parquet file that cannot be read: {str(error).splitlines()[0]}")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))  # pandas writes large strings


def _frame(table: pa.Table, rows: range) -> pd.DataFrame:
    """Convert Arrow's columns to categories of text; missing values become ""."""
    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        column = column.unify_dictionaries().combine_chunks()
        part = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
        texts = part.dictionary.to_pylist()
        if not _is_text(part.dictionary.type):
            texts = [text_of(value) for value in texts]
        texts = [text.strip() for text in texts]
        codes, missing = part.indices, part.null_count > 0
        if missing:
            codes, texts = codes.fill_null(len(texts)), [*texts, ""]
        placed = codes.to_numpy(zero_copy_only=False)
        if len(set(texts)) < len(texts):  # such as 1 and "1 ", or "" and a missing value
            to, distinct = pd.factorize(np.array(texts, dtype=object))
            placed, texts = to[placed], list(distinct)
        values: pd.Categorical = pd.Categorical.from_codes(placed, categories=pd.Index(texts, dtype=object))
        used = np.bincount(placed, minlength=len(texts)) > 0
        columns[name.strip()] = values if used.all() else values.remove_unused_categories()
    return pd.DataFrame(columns, index=pd.Index(rows, name="row"))


def _utf8(data: bytes, name: str, separator: str) -> str:
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        raise NoVotesError(f"{name}: the file is empty; {LAYOUT}")
    if (encoding := _utf16(data)) is not None:
        raise VoteTableError(_other_encoding(data, name, encoding, separator))
    if b"\x00" in data:
        row = data.count(b"\n", 0, data.index(b"\x00")) + 1
        raise VoteTableError(f"{name}, row {row}: byte 0x00 does not belong in a text file; {LAYOUT}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = data.removeprefix(b"\xef\xbb\xbf")[error.start]
        row = data.count(b"\n", 0, error.start) + 1
        raise VoteTableError(
            f"{name}, row {row}: byte 0x{byte:02x} is not UTF-8; save the file as UTF-8, or name its "
            "encoding, such as --encoding cp1252 for a file from Excel on Windows"
        ) from None


def _utf16(data: bytes) -> str | None:
    """Return the UTF-16 codec that a byte order mark or zero bytes indicate."""
    if data[:2] in _BYTE_ORDER_MARKS:
        return _BYTE_ORDER_MARKS[data[:2]]
    begin = data[:200]
    if len(begin) >= 8:
        even, odd = begin[::2], begin[1::2]
        if all(even) and not any(odd):
            return "utf-16-le"
        if all(odd) and not any(even):
            return "utf-16-be"
    return None


def _other_encoding(data: bytes, name: str, encoding: str, separator: str) -> str:
    """Name the options that read a file in UTF-16, the separator among them if its header shows it."""
    header = data[:4096].decode(encoding, "ignore").split("\n")[0]
    other = next((sign for sign in ("\t", ";") if sign in header and separator not in header), None)
    also = f" --separator {SEPARATOR_NAMES[other]}" if other else ""
    return f"{name}: the file is in UTF-16, not UTF-8; add --encoding {encoding}{also}"


def _parse(text: str, name: str, separator: str) -> tuple[list[str], list[list[str]], list[int]]:
    """Return the header, the records below it, and the line of the file at which each record begins."""
    lines, skipped = io.StringIO(text, newline=""), 0
    first = lines.readline()
    declared = re.fullmatch(r'"?sep=(.)"?\s*', first)
    if declared:
        skipped = 1
        if declared[1] != separator:
            raise VoteTableError(f"{name}, row 1: {_other_separator(declared[1], separator)}")
    else:
        _refuse_other_separator(first, name, separator)
        lines.seek(0)
    reader = csv.reader(lines, delimiter=separator, strict=True)
    header: list[str] = []
    records: list[list[str]] = []
    rows: list[int] = []
    end = skipped
    try:
        for fields in reader:
            begin, end = end + 1, reader.line_num + skipped
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


def _refuse_other_separator(line: str, name: str, separator: str) -> None:
    """Refuse a first line that is a single column by `separator`, and several by another."""
    plain = re.sub(r'"[^"]*"', '""', line)
    if separator in plain or '"' in plain.replace('""', ""):  # the cell goes on in the next line
        return
    for other in SEPARATOR_NAMES:
        if other in plain:
            raise VoteTableError(f"{name}, row 1: {_other_separator(other, separator)}")


def _other_separator(sign: str, separator: str) -> str:
    option = SEPARATOR_NAMES.get(sign, quoted(sign))
    return (
        f"the columns are separated by {_shown(sign)}, not by {_shown(separator)}; add --separator {option}"
    )


def _shown(separator: str) -> str:
    return "a tab" if separator == "\t" else repr(separator)


def _header(names: list[str], name: str, row: int, separator: str) -> list[str]:
    for other in SEPARATOR_NAMES:  # such as a title above the header, without a separator
        if other != separator and "participant" not in names and other in "".join(names) and len(names) == 1:
            raise VoteTableError(f"{name}, row {row}: {_other_separator(other, separator)}")
    for column in names:
        if column and names.count(column) > 1:
            raise VoteTableError(f"{name}, row {row}: two columns are named {quoted(column)}; allowed is one")
    return [column or f" {i}" for i, column in enumerate(names)]  # columns without a name are not read
