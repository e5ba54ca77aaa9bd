"""The columns of a vote table, and functions of their values.

Columns are pandas Series of text, categorical where they come from `reading`; missing values are "".
"""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.numerics.arrays import Booleans, Integers

N_OPTIONS = 4  # pictures in a question, where a table does not say
MAX_METHODS = 12  # pictures in one question at most
METHOD_COLUMNS = tuple(f"method_{place}" for place in range(1, MAX_METHODS + 1))
OPTION_COLUMNS = tuple(f"option_{place}" for place in range(1, MAX_METHODS + 1))

# Every column that the analysis understands and what it holds, in the order of an export. The codebook of a
# study takes its descriptions from here.
COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "study": "short name of the study",
        "participant": "pseudonym of the participant, unique across the studies of a site",
        "position": "number of the question in the participant's order: 0 is practice, then from 1",
        "question": "question: class and replicate, preceded by the kind unless it is scored",
        "kind": "scored, check (attention check with one correct answer) or practice",
        "question_type": "type of the question, for example choice, best_worst, pair, class or rating",
        "label": "class or image that the question is about",
        "replicate": "disjoint sample of images that the maps were computed from; a number for checks",
        "method": "method of the map, in questions that show a single map",
        **{
            column: f"method of the map at display position {place}"
            for place, column in enumerate(METHOD_COLUMNS, start=1)
        },
        **{
            column: f"class name offered at display position {place}"
            for place, column in enumerate(OPTION_COLUMNS, start=1)
        },
        "chosen_position": "display position of the chosen picture, from 1; 0 for none of these",
        "chosen_method": "method of the chosen map; empty for none of these or no answer",
        "chosen_option": "class name that the participant chose",
        "true_option": "class name that is correct",
        "worst_method": "method of the map chosen as the worst",
        "tie": "true if the participant saw no difference between the maps",
        "rating": "rating of the map, a number",
        "confidence": "how confident the participant was, a number",
        "correct": "true if the correct picture was chosen, in checks and practice; empty if scored",
        "shown_at": "time at which the server sent the question (ISO 8601, UTC)",
        "answered_at": "time at which the server stored the answer (ISO 8601, UTC)",
        "response_ms": "milliseconds between shown_at and answered_at",
        "client_shown_at": "time at which the browser displayed the question (ISO 8601, UTC)",
        "client_answered_at": "time of the answer by the browser's clock (ISO 8601, UTC)",
        "client_ms": "response time in milliseconds, measured by the browser",
        "status": "status of the participation, for example complete, answering, timed out or withdrawn",
        "checks_passed": "attention checks passed; empty until complete",
        "kept": "true if the participant is included in the analysis",
        "simulated": "true if a program answered",
        "condition": "experimental condition of the participant",
        "version": "version of the study; a change after opening makes a new version",
        "design": "SHA-256 of the study file as frozen when the study opened",
        "language": "language in which the study was shown, for example en",
    }
)
REQUIRED = ("participant",)
ANSWERS = ("chosen_method", "chosen_option", "rating")  # a table needs one of them
PERSON_COLUMNS = (  # the same in all rows of a participant
    *("study", "status", "checks_passed", "kept", "simulated"),
    *("condition", "version", "design", "language"),
)
# Columns that hold method names share their categories, and so do those that hold class names.
METHOD_NAMES = (*METHOD_COLUMNS, "chosen_method", "worst_method", "method")
OPTION_NAMES = (*OPTION_COLUMNS, "chosen_option", "true_option")
TIME_COLUMNS = ("response_ms", "client_ms")  # milliseconds
KINDS = ("scored", "check", "practice")
FEW_CODES = 16
TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
LAYOUT = "a vote table is a CSV file in UTF-8 with a header row and one row per answer"
# Characters that would break a line of a report, or that XML, and so SVG, cannot hold.
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


class VoteTableError(ValueError):
    """A fault of a vote table, in one line for the person who made it."""


class NoVotesError(VoteTableError):
    """The table is valid, but it holds no vote that counts."""


def place_of(column: str) -> int:
    """Return the display position, from 1, that a column of METHOD_COLUMNS is about."""
    return METHOD_COLUMNS.index(column) + 1


def is_none(position: str) -> bool:
    """Return True if a chosen position means "none of these"."""
    return position in ("0", "0.0")


def text_of(value: Any) -> str:
    """Spell a value as a CSV file would: "" if missing, true and false in lower case."""
    if isinstance(value, str):
        return value
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float):  # pandas turns a column of integers with gaps into floats
        return "" if value != value else str(int(value)) if value.is_integer() else repr(value)
    return str(value)


def quoted(value: object) -> str:
    """Quote a value on one line; long values are cut."""
    text = str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")


def listed(values: Sequence[object], limit: int = 5) -> str:
    """List values with commas; those beyond `limit` are only counted."""
    more = f" and {len(values) - limit:,} more" if len(values) > limit else ""
    return ", ".join(str(value) for value in values[:limit]) + more


def occurring(values: pd.Series) -> Booleans:
    """Return which categories of a categorical column occur in it."""
    return find_codes(values.cat.codes.to_numpy(), len(values.cat.categories))


def find_codes(codes: NDArray[np.integer[Any]], n: int) -> Booleans:
    """Return which of the codes 0 to n - 1 occur; a few are looked for one by one, in a tenth of the time."""
    if n <= FEW_CODES:
        return np.array([(codes == code).any() for code in range(n)], dtype=np.bool_)
    return np.bincount(codes, minlength=n) > 0


def in_order(values: pd.Series) -> bool:
    """Return True if the categories of a column are sorted; pandas caches the answer."""
    return bool(values.cat.categories.is_monotonic_increasing)


def codes_of(values: pd.Series) -> tuple[Integers, list[str]]:
    """Encode values as indices into the sorted list of the distinct ones."""
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
    """Apply a function to every value, calling it once per distinct value."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, distinct, used = values.cat.codes.to_numpy(), values.cat.categories, occurring(values)
    else:
        codes, distinct = pd.factorize(values)
        used = np.ones(len(distinct), dtype=np.bool_)
    results = np.zeros(len(distinct), dtype=dtype)
    results[used] = [function(value) for value in distinct[used]]
    return results[codes]


def truths(values: pd.Series) -> Booleans:
    """Convert the texts of TRUTH, in any case, to booleans."""
    return of_each(values, lambda value: TRUTH[value.casefold()], np.bool_)


def numbers(values: pd.Series) -> pd.Series:
    """Convert texts to float64; NaN for any text that is not a number."""
    if not isinstance(values.dtype, pd.CategoricalDtype):
        return pd.to_numeric(values, errors="coerce").astype(np.float64)
    distinct = pd.Series(values.cat.categories.astype(object))
    parsed = pd.to_numeric(distinct, errors="coerce").to_numpy(np.float64)
    return pd.Series(parsed[values.cat.codes.to_numpy()], index=values.index)


def scored(answers: pd.DataFrame) -> Booleans:
    """Return which rows belong to scored questions: all of them if there is no `kind`."""
    if "kind" not in answers:
        return np.ones(len(answers), dtype=np.bool_)
    return of_each(answers["kind"], lambda value: value.casefold() == "scored", np.bool_)


def categorical(frame: pd.DataFrame) -> pd.DataFrame:
    """Encode every column as categories; columns of the same kind of name share theirs."""
    result = {
        column: values.array if isinstance(values.dtype, pd.CategoricalDtype) else pd.Categorical(values)
        for column, values in frame.items()
    }
    for group in (METHOD_NAMES, OPTION_NAMES):
        shared = [column for column in group if column in result]
        names = sorted({name for column in shared for name in result[column].categories} | {""})
        for column in shared:
            result[column] = result[column].set_categories(names)
    return pd.DataFrame(result, index=frame.index)


def replace_texts(values: pd.Series, replacements: Mapping[str, str]) -> pd.Series:
    """Replace whole texts of a categorical column; the categories are those that remain."""
    texts = np.array([replacements.get(text, text) for text in values.cat.categories], dtype=object)
    places, distinct = pd.factorize(texts)
    codes = places[values.cat.codes.to_numpy()]
    return pd.Series(pd.Categorical.from_codes(codes, categories=pd.Index(distinct)), index=values.index)
