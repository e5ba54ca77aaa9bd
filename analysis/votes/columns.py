"""The vote table's columns, what may stand in them, and what is said of what may not.

Text comes in, text and truth values go out; knows neither files nor participants.
"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

N_OPTIONS = 4  # pictures in a question, where a table does not say
MAX_METHODS = 12  # in one question; a table has as many columns as its questions had pictures
METHOD_COLUMNS = tuple(f"method_{place}" for place in range(1, MAX_METHODS + 1))
COLUMNS = (
    *("study", "participant", "position", "question", "kind", "label", "replicate", *METHOD_COLUMNS),
    *("chosen_position", "chosen_method", "correct", "shown_at", "answered_at", "response_ms"),
    *("status", "checks_passed", "kept", "simulated", "version", "design"),
)
REQUIRED = ("participant", "chosen_method")
KINDS = ("scored", "check", "practice")
TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
LAYOUT = "a vote table is CSV in UTF-8: a header line, then one row an answer"
# Characters that would break a line of a report, or that XML, and so SVG, cannot hold.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


class VoteTableError(ValueError):
    """What is wrong with a vote table, in one line for the person who made it."""


class NoVotesError(VoteTableError):
    """The table is well formed, but no vote in it counts (yet)."""


def place_of(column: str) -> int:
    """The place that a column of METHOD_COLUMNS tells of, from 1."""
    return METHOD_COLUMNS.index(column) + 1


def is_none(position: str) -> bool:
    """Whether a chosen position says that none of the pictures was chosen."""
    return position in ("0", "0.0")


def text_of(value: Any) -> str:
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


def quoted(value: object) -> str:
    """The value as it stands, in quotes, on one line, cut where it is long."""
    text = str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")


def occurring(values: pd.Series) -> NDArray[np.bool_]:
    """Which of a categorical column's texts occur in it."""
    return np.bincount(values.cat.codes.to_numpy(), minlength=len(values.cat.categories)) > 0


def in_order(values: pd.Series) -> bool:
    """Whether a categorical column's texts stand sorted; pandas remembers."""
    return bool(values.cat.categories.is_monotonic_increasing)


def codes_of(values: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    """The values as places in the sorted list of those that occur."""
    if not isinstance(values.dtype, pd.CategoricalDtype):
        codes, distinct = pd.factorize(values, sort=True)
        return np.asarray(codes, dtype=np.int64), list(distinct)
    used = occurring(values)
    names = np.asarray(values.cat.categories, dtype=object)
    order = np.arange(len(names)) if in_order(values) else np.argsort(names, kind="stable")
    order = order[used[order]]
    places = np.full(len(names), -1, dtype=np.int64)
    places[order] = np.arange(len(order))
    return places[values.cat.codes.to_numpy()], list(map(str, names[order]))


def of_each(values: pd.Series, function: Callable[[str], Any], dtype: Any) -> NDArray[Any]:
    """A function of every value, called once for each distinct one: a million answers have few."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, distinct, used = values.cat.codes.to_numpy(), values.cat.categories, occurring(values)
    else:
        codes, distinct = pd.factorize(values)
        used = np.ones(len(distinct), dtype=np.bool_)
    found = np.zeros(len(distinct), dtype=dtype)
    found[used] = [function(value) for value in distinct[used]]
    return found[codes]


def truths(values: pd.Series) -> NDArray[np.bool_]:
    return of_each(values, lambda value: TRUTH[value.casefold()], np.bool_)


def numbers(values: pd.Series) -> pd.Series:
    """Numbers, NaN for what is none."""
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return pd.to_numeric(values, errors="coerce").astype(np.float64)
    distinct = pd.Series(values.cat.categories.astype(object))
    parsed = pd.to_numeric(distinct, errors="coerce").to_numpy(np.float64)
    return pd.Series(parsed[values.cat.codes.to_numpy()], index=values.index)


def scored(answers: pd.DataFrame) -> NDArray[np.bool_]:
    """Which answers are votes or could have been: those to scored questions."""
    if "kind" not in answers:
        return np.ones(len(answers), dtype=np.bool_)
    return of_each(answers["kind"], lambda value: value.casefold() == "scored", np.bool_)
