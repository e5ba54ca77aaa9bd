"""Numbers with a decimal sign, and response times in milliseconds."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis.numerics.arrays import Booleans, Floats
from analysis.votes.columns import (
    TIME_COLUMNS,
    TRUTH,
    VoteTableError,
    listed,
    occurring,
    quoted,
    replace_texts,
    text_of,
    truths,
)
from analysis.votes.reading_options import ReadingOptions
from analysis.votes.spelling import MISSING_TEXTS

DECIMAL_COLUMNS = (*TIME_COLUMNS, "rating", "confidence")
# Nobody compares pictures with a median of a tenth of a second, and few take 100 s over each.
_SECONDS_BELOW = 100.0
_POSSIBLE = "allowed is a number from 0, with a decimal point"


def settle_numbers(frame: pd.DataFrame, name: str, options: ReadingOptions) -> tuple[pd.DataFrame, list[str]]:
    """Check times, ratings and confidences, and convert decimal commas and seconds.

    Returns the frame and notes on what was converted. Raises VoteTableError for the first value that is not
    a number, or a time below 0.
    """
    notes: list[str] = []
    for column in DECIMAL_COLUMNS:
        if column not in frame:
            continue
        values = frame[column]
        missing = {text: "" for text in values.cat.categories if text.casefold() in MISSING_TEXTS}
        if missing:
            values = replace_texts(values, missing)
            marks = listed([quoted(text) for text in sorted(missing)])
            notes.append(f"{column}: {marks} was read as missing.")
        if options.decimal == ",":
            values = _with_points(values, name, column)
        _refuse(values, name, column)
        if column in TIME_COLUMNS:
            values, more = _in_milliseconds(frame, values, column)
            notes += more
        frame = frame.assign(**{column: values})
    return frame, notes


def _with_points(values: pd.Series, name: str, column: str) -> pd.Series:
    texts = values.cat.categories
    allowed = "has a point, but --decimal is ','; allowed is a number such as 1234,5"
    _refuse_where(values, np.array(["." in text for text in texts], dtype=np.bool_), name, column, allowed)
    return replace_texts(values, {text: text.replace(",", ".") for text in texts})


def _refuse(values: pd.Series, name: str, column: str) -> None:
    parsed = _parsed(values)
    blank = np.asarray(values.cat.categories == "")
    time = column in TIME_COLUMNS
    wrong = ~blank & ~(np.isfinite(parsed) & (parsed >= 0 if time else True))
    if wrong.any():
        comma = "; add --decimal , if decimals have a comma"

        def complaint(text: str) -> str:
            unit = "a number of milliseconds" if time else "a number"
            allowed = _POSSIBLE if time else "allowed is a number with a decimal point, or nothing"
            return f"is not {unit}; {allowed}{comma if ',' in text else ''}"

        _refuse_where(values, wrong, name, column, complaint)


def _refuse_where(
    values: pd.Series, wrong: Booleans, name: str, column: str, complaint: str | Callable[[str], str]
) -> None:
    """Raise for the first row whose category is wrong."""
    wrong = wrong & occurring(values)
    if wrong.any():
        at = int(wrong[values.cat.codes.to_numpy()].argmax())
        text = values.iloc[at]
        why = complaint if isinstance(complaint, str) else complaint(text)
        raise VoteTableError(f"{name}, row {values.index[at]}, column {column}: {quoted(text)} {why}")


def _parsed(values: pd.Series) -> Floats:
    """Return the number of each category, NaN where it is none."""
    texts = np.asarray(values.cat.categories, dtype=object)
    return np.asarray(pd.to_numeric(pd.Series(texts), errors="coerce"), dtype=np.float64)


def _in_milliseconds(frame: pd.DataFrame, values: pd.Series, column: str) -> tuple[pd.Series, list[str]]:
    """Convert seconds. Small whole numbers may be the milliseconds of a program, and only get a note."""
    parsed = _parsed(values)
    codes = values.cat.codes.to_numpy()
    if _has_truths(frame, "simulated"):
        codes = codes[~truths(frame["simulated"])]
    counts = np.where(np.isfinite(parsed), np.bincount(codes, minlength=len(parsed)), 0)
    if not counts.any():
        return values, []
    order = np.argsort(parsed)
    middle = parsed[order[np.searchsorted(counts[order].cumsum(), counts.sum() / 2)]]
    if not 0 < middle < _SECONDS_BELOW:
        return values, []
    median = text_of(round(float(middle), 3))
    if counts[parsed % 1 != 0].sum() < counts.sum() / 2:
        doubt = f"Warning: the median of {column} is {median} ms; if the column holds seconds, convert it."
        return values, [doubt]
    texts = {
        text: text_of(round(number * 1000, 6))
        for text, number in zip(values.cat.categories, parsed.tolist(), strict=True)
        if np.isfinite(number)
    }
    note = f"{column} holds seconds (median {median}) and was converted to milliseconds."
    return replace_texts(values, texts), [note]


def _has_truths(frame: pd.DataFrame, column: str) -> bool:
    """Return True if a column holds truth values; `validation` refuses others."""
    return column in frame and all(text.casefold() in TRUTH for text in frame[column].cat.categories)
