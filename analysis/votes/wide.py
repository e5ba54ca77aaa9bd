"""Wide tables: one row per participant, a column per question or per method, to one row per answer.

Columns that cannot be votes (dates, ages, durations, ids, totals) are refused by name unless the user names
the questions or methods: a number in such a column would count as votes.
"""

import re
import shlex
from collections.abc import Sequence
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd

from analysis.numerics.arrays import Integers
from analysis.votes.columns import (
    METHOD_COLUMNS,
    PERSON_COLUMNS,
    VoteTableError,
    listed,
    quoted,
)
from analysis.votes.reading_options import ReadingOptions
from analysis.votes.spelling import MISSING_TEXTS, is_none_text, key_of
from analysis.votes.survey_tools import is_metadata, selection

_DATE = re.compile(
    r"(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})(?:[T ,].*)?"  # days
    r"|\d{1,2}:\d{2}(?::\d{2})?.*"  # times of day
)
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")
# Columns about the person or the session, by `key_of`; no explanation method is called so.
_ABOUT_PEOPLE = frozenset(
    (
        *("age", "agegroup", "yearofbirth", "birthyear", "gender", "sex", "country", "nationality"),
        *("education", "language", "userlanguage", "income", "occupation", "consent", "comment", "comments"),
        *("duration", "durationinseconds", "durationseconds", "durationms", "time", "totaltime", "timetaken"),
        *("progress", "finished", "startdate", "enddate", "recordeddate", "submitdate", "datestamp"),
        *("id", "index", "responseid", "workerid", "prolificpid", "sessionid", "studyid", "seed", "lastpage"),
        *("ipaddress", "ipaddr", "locationlatitude", "locationlongitude", "distributionchannel", "device"),
        *("browser", "os", "screenwidth", "screenheight", "email", "recipientemail", "recipientlastname"),
        *("recipientfirstname", "externalreference", "startlanguage", "refurl", "payoff", "payment", "bonus"),
    )
)
_TOTALS = frozenset(
    ("total", "totals", "sum", "sums", "summe", "gesamt", "overall", "grandtotal", "subtotal", "somme")
)


def long_form(frame: pd.DataFrame, name: str, options: ReadingOptions) -> tuple[pd.DataFrame, list[str]]:
    """Turn one row per participant into one row per answer, each under its row of the file.

    Returns the answers and notes. Raises VoteTableError for a column or row that cannot be votes.
    """
    counts = options.layout == "counts"
    frame = frame.astype(object)
    if "participant" not in frame:
        columns = listed([column for column in frame.columns if column.strip()], 12)
        raise VoteTableError(f"{name}: no column 'participant' among {columns}; name it with --column")
    _refuse_repeated(frame, name)
    chosen = options.methods if counts else options.questions
    about_people = [c for c in ("participant", *PERSON_COLUMNS, *options.keep_columns) if c in frame]
    people = frame[list(dict.fromkeys(about_people))]
    others = [column for column in frame.columns if column not in people and column.strip()]
    if not others:
        noun = "method" if counts else "question"
        raise VoteTableError(f"{name}: no column of a {noun} besides {', '.join(people.columns)}")
    notes: list[str] = []
    if chosen is not None:
        option = "--methods" if counts else "--questions"
        votes = selected(chosen, list(frame.columns), name, option)
    else:
        votes, notes = _without_empty(frame, others)
        faults = _not_counts(frame, votes) if counts else _not_questions(frame, votes)
        _refuse_columns(frame, name, votes, faults, counts)
    if not counts:
        return pd.concat([people.assign(question=c, chosen_method=frame[c]) for c in votes]), notes
    return _from_counts(frame, name, people, votes, options), notes


def likely_questions(frame: pd.DataFrame) -> str:
    """Write the columns that can be questions as --questions takes them, "" if none can."""
    frame = frame.astype(object)
    columns, _ = _without_empty(frame, [column for column in frame.columns if column.strip()])
    faults = _not_questions(frame, columns)
    return selection([column for column in columns if column not in faults], list(frame.columns))


def selected(text: str, columns: Sequence[str], name: str, option: str) -> list[str]:
    """Return the columns that a list of names, ranges and patterns selects, in the order of the file.

    A range "Q1-Q20" takes all columns between its ends; names may contain hyphens and commas themselves.
    """
    parts = [text] if text in columns else [part.strip() for part in text.split(",") if part.strip()]
    taken = {column for part in parts for column in _one_selection(part, columns, name, option)}
    if not taken:
        raise VoteTableError(f"{name}: {option} {quoted(text)} selects no column")
    return [column for column in columns if column in taken]


def _one_selection(part: str, columns: Sequence[str], name: str, option: str) -> list[str]:
    if part in columns:
        return [part]
    if "*" in part:
        matches = [column for column in columns if fnmatchcase(column, part.replace("[", "[[]"))]
        if matches:
            return matches
    splits = [(part[:i].strip(), part[i + 1 :].strip()) for i, sign in enumerate(part) if sign == "-"]
    ranges = [(first, last) for first, last in splits if first in columns and last in columns]
    if len(ranges) > 1:
        raise VoteTableError(
            f"{name}: {option} {quoted(part)} can be split in several ways; list the columns"
        )
    if not ranges:
        known = listed([column for column in columns if column.strip()], 12)
        raise VoteTableError(
            f"{name}: {option} {quoted(part)} is neither a column nor a range; columns are {known}"
        )
    first, last = (list(columns).index(column) for column in ranges[0])
    if last < first:
        raise VoteTableError(
            f"{name}: {option} {quoted(part)}: {quoted(ranges[0][1])} comes first in the file"
        )
    return [column for column in columns[first : last + 1] if column.strip()]


def _refuse_repeated(frame: pd.DataFrame, name: str) -> None:
    again = frame["participant"].duplicated()
    if again.any():
        row = again.idxmax()
        participant = quoted(frame.at[row, "participant"])
        raise VoteTableError(
            f"{name}, row {row}, column participant: {participant} has a row already; "
            "allowed is one row per participant in a wide table"
        )


def _without_empty(frame: pd.DataFrame, columns: list[str]) -> tuple[list[str], list[str]]:
    """Leave out columns without a value, which a survey tool exports for fields that were not asked."""
    empty = [column for column in columns if not (frame[column] != "").any()]
    if not empty or len(empty) == len(columns):
        return columns, []
    note = f"Columns without a value were not read: {listed([quoted(column) for column in empty])}."
    return [column for column in columns if column not in empty], [note]


def _not_questions(frame: pd.DataFrame, columns: Sequence[str]) -> dict[str, str]:
    """Return which columns cannot hold chosen methods, and why."""
    values = {column: _answers(frame[column]) for column in columns}
    faults: dict[str, str] = {}
    for column, texts in values.items():
        if _is_about_people(column):
            faults[column] = "is about the participant or the session"
        elif texts and all(_DATE.fullmatch(text) for text in texts):
            faults[column] = "holds dates or times"
    rest = {column: texts for column, texts in values.items() if column not in faults}
    votes = _largest_component(rest)
    for column in rest:
        if column not in votes and len(rest) > 1:
            faults[column] = "holds values that no other column holds"
            if _are_numbers(values[column]) and not any(_are_numbers(values[vote]) for vote in votes):
                faults[column] = "holds numbers where others hold names"
    return faults | _mostly_alone(frame, [column for column in rest if column not in faults], values)


def _are_numbers(texts: set[str]) -> bool:
    return all(_NUMBER.fullmatch(text) for text in texts)


def _is_about_people(column: str) -> bool:
    return key_of(re.sub(r"\W+", "", column)) in _ABOUT_PEOPLE or is_metadata(column)


def _answers(values: "pd.Series[str]") -> set[str]:
    """The distinct texts of a column that are neither missing nor "none of these"."""
    distinct = set(map(str, values.unique())) - {""}
    return {text for text in distinct if text.casefold() not in MISSING_TEXTS and not is_none_text(text)}


def _largest_component(values: dict[str, set[str]]) -> set[str]:
    """The most columns that are linked by values they share; none if two groups are as large."""
    components: list[tuple[set[str], set[str]]] = []
    for column, texts in values.items():
        linked = [component for component in components if component[1] & texts]
        merged = ({column}.union(*(c for c, _ in linked)), texts.union(*(t for _, t in linked)))
        components = [component for component in components if component not in linked] + [merged]
    components.sort(key=lambda component: -len(component[0]))
    if len(components) > 1 and len(components[0][0]) == len(components[1][0]):
        return set()
    return components[0][0] if components else set()


def _mostly_alone(frame: pd.DataFrame, columns: Sequence[str], values: dict[str, set[str]]) -> dict[str, str]:
    """Columns of which most answers never recur elsewhere, such as an age among codes of methods."""
    if len(columns) < 4:
        return {}
    faults: dict[str, str] = {}
    for column in columns:
        elsewhere = set().union(*(values[other] for other in columns if other != column))
        own = frame[column][frame[column].isin(values[column])]
        if len(own) and not own.isin(elsewhere).mean() >= 0.5:
            faults[column] = "holds mostly values that no other column holds"
    return faults


def _not_counts(frame: pd.DataFrame, columns: Sequence[str]) -> dict[str, str]:
    """Return which columns cannot hold numbers of votes, and why."""
    faults: dict[str, str] = {}
    for column in columns:
        texts = [text for text in frame[column] if text]
        if _is_about_people(column):
            faults[column] = "is about the participant or the session"
        elif len(texts) > 1 and not any(_NUMBER.fullmatch(text) for text in texts):
            faults[column] = "holds no numbers"
    rest = [column for column in columns if column not in faults]
    table = _whole_numbers(frame, rest)
    return faults | ({} if table is None else _breaking_totals(rest, table))


def _whole_numbers(frame: pd.DataFrame, columns: Sequence[str]) -> Integers | None:
    """(participants, columns), None if a cell is not a number of votes, which has its own message."""
    cells = frame[list(columns)].to_numpy().tolist()
    if not columns or any(not _COUNT.fullmatch(cell) for row in cells for cell in row):
        return None
    return np.array([[int(float(cell)) for cell in row] for row in cells], dtype=np.int64)


def _breaking_totals(columns: Sequence[str], table: Integers) -> dict[str, str]:
    """The column that is the sum of the others, or without which all participants have as many votes."""
    totals = table.sum(axis=1)
    if len(table) < 3 or len(columns) < 3:
        return {}
    for i, column in enumerate(columns):
        others = totals - table[:, i]
        if (table[:, i] == others).all() and others.any():
            return {column: "is the sum of the others"}
    constant = [i for i in range(len(columns)) if np.ptp(totals - table[:, i]) == 0]
    if np.ptp(totals) > 0 and len(table) > 3 and len(constant) == 1:
        votes = int((totals - table[:, constant[0]])[0])
        return {columns[constant[0]]: f"breaks the totals of {votes} votes per participant"}
    return {}


def _refuse_columns(
    frame: pd.DataFrame, name: str, columns: Sequence[str], faults: dict[str, str], counts: bool
) -> None:
    if not faults:
        return
    reasons: dict[str, list[str]] = {}
    for column in columns:
        if column in faults:
            reasons.setdefault(faults[column], []).append(_shown(frame, column))
    why = "; ".join(f"{listed(shown, 6)} ({reason})" for reason, shown in reasons.items())
    noun, option = ("methods", "--methods") if counts else ("questions", "--questions")
    rest = [column for column in columns if column not in faults]
    example = selection(rest, list(frame.columns)) if rest else f"{columns[0]},..."
    raise VoteTableError(
        f"{name}: columns that do not look like {noun}: {why}; name the {noun} with {option}, such as "
        f"{option} {shlex.quote(example)}"
    )


def _shown(frame: pd.DataFrame, column: str) -> str:
    values = [text for text in dict.fromkeys(frame[column]) if text][:1]
    return f"{quoted(column)}, for example {quoted(values[0])}" if values else quoted(column)


_COUNT = re.compile(r"\d{1,9}(?:\.0)?", re.ASCII)


def _from_counts(
    frame: pd.DataFrame, name: str, people: pd.DataFrame, columns: Sequence[str], options: ReadingOptions
) -> pd.DataFrame:
    _refuse_total(frame, name, columns)
    # Every method was offered, so that one without votes is a group too; the table has room for twelve.
    methods = [column for column in columns if not is_none_text(column, options.none_text)]
    offered = dict(zip(METHOD_COLUMNS, methods, strict=False)) if len(methods) <= len(METHOD_COLUMNS) else {}
    parts = []
    for column in columns:
        times = [_whole(name, row, column, value) for row, value in frame[column].items()]
        rows = np.repeat(np.arange(len(frame)), times)
        parts.append(people.assign(chosen_method=column, **offered).iloc[rows])
    return pd.concat(parts)


def _refuse_total(frame: pd.DataFrame, name: str, columns: Sequence[str]) -> None:
    """Refuse a row that holds the sums of the others, or a participant named as one."""
    table = _whole_numbers(frame, columns)
    for place, (row, participant) in enumerate(frame["participant"].items()):
        sums = False
        if table is not None and len(frame) > 2:
            sums = bool((table[place] * 2 == table.sum(axis=0)).all() and table[place].any())
        named = key_of(participant) in _TOTALS
        if named or (sums and len(frame) > 5):
            what = "holds the sums of the other rows" if sums else "is the name of a total"
            raise VoteTableError(
                f"{name}, row {row}, column participant: {quoted(participant)} {what}, not the votes of a "
                "participant; delete the row"
            )


def _whole(name: str, row: object, column: str, value: str) -> int:
    if not _COUNT.fullmatch(value):
        complaint = "is not a number of votes; allowed are 0, 1, 2 and so on"
        raise VoteTableError(f"{name}, row {row}, column {column}: {quoted(value)} {complaint}")
    return int(float(value))
