"""Exports of Qualtrics, oTree and LimeSurvey: header rows to skip, and the options that read each file.

Frames hold text, one column per column of the file, indexed by the file's rows.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis import formatting as fmt

_IMPORT_ID = re.compile(r'\{\s*"ImportId"')
_OTREE_WIDE = re.compile(r"(?P<app>\w+)\.(?P<round>\d+)\.(?P<of>player|group|subsession)\.(?P<field>\w+)")
_OTREE_LONG = re.compile(r"player\.(?P<field>\w+)")
_OTREE_OWN = frozenset(("id_in_group", "role", "payoff", "id_in_subsession", "round_number"))
_OTREE_FRAME = ("participant.", "session.")
_TOOLS = (  # tool, columns that only its exports have, its column of participants; in lower case
    ("Qualtrics", {"startdate", "responseid"}, "responseid"),
    ("Qualtrics", {"recordeddate", "responseid"}, "responseid"),
    ("LimeSurvey", {"lastpage", "startlanguage"}, "id"),
    ("LimeSurvey", {"last page", "start language"}, "response id"),
)
_PREVIEW = "survey preview"
_NORMAL = {"ip address", "0"}  # Qualtrics' Status of a response that came by a normal link


def without_qualtrics_headers(
    frame: pd.DataFrame, used: Collection[str] = ()
) -> tuple[pd.DataFrame, list[str]]:
    """Drop Qualtrics' second and third header row, question texts and import ids, and note it.

    Qualtrics' column `Status` becomes `status`: "complete" for a finished response, "incomplete" for another;
    "Survey Preview" and whatever else it says stay. It is left alone if it is among the `used` columns.
    """
    found = _import_ids(frame)
    if found is None:
        return frame, []
    rows = frame.index[: found + 1]
    texts = "question texts and import ids" if found else "import ids"
    which = " and ".join(str(row) for row in rows)
    notes = [f"{'Rows' if found else 'Row'} {which} of the file, Qualtrics' {texts}, were not read."]
    frame = frame.iloc[found + 1 :].astype(object)
    if "Status" in frame and "status" not in frame and "Status" not in used:
        frame = frame.assign(status=_status(frame)).drop(columns="Status")
        previews = int((frame["status"].str.casefold() == _PREVIEW).sum())
        if previews:
            notes.append(f"Survey previews by Qualtrics' column Status: {fmt.counted(previews, 'row')}.")
    return frame, notes


def _import_ids(frame: pd.DataFrame) -> int | None:
    """The place of the row of import ids among the first two, None if there is none."""
    for place in range(min(2, len(frame))):
        if any(_IMPORT_ID.match(str(value)) for value in frame.iloc[place]):
            return place
    return None


def _status(frame: pd.DataFrame) -> "pd.Series[str]":
    status = frame["Status"].astype(object)
    finished = np.ones(len(frame), dtype=np.bool_)
    if "Finished" in frame:
        finished = ~frame["Finished"].astype(str).str.casefold().isin(("false", "0")).to_numpy()
    normal = status.str.casefold().isin(_NORMAL)
    status = status.mask(status == "1", "Survey Preview").mask(normal & finished, "complete")
    return status.mask(normal & ~finished, "incomplete")


@dataclass(frozen=True)
class Export:
    """A survey tool whose export this is: the column of its participants, and options that read the rest."""

    tool: str
    participant: str
    options: str = ""


def recognise(columns: Sequence[str]) -> Export | None:
    """Return the tool that names columns as these are named, None for any other file."""
    lower = {column.casefold(): column for column in columns}
    if "participant.code" in columns:
        wide = any(_OTREE_WIDE.fullmatch(column) for column in columns)
        return Export("oTree", "participant.code", "" if wide else _otree_long(columns))
    for tool, keys, participant in _TOOLS:
        if keys <= set(lower) and participant in lower:
            return Export(tool, lower[participant])
    return None


def is_metadata(column: str) -> bool:
    """Return True if oTree writes this column about people, groups or sessions."""
    match = _OTREE_WIDE.fullmatch(column)
    return column.startswith(_OTREE_FRAME) or (match is not None and match["field"] in _OTREE_OWN)


def selection(questions: Sequence[str], columns: Sequence[str]) -> str:
    """Write the columns of questions as --questions takes them: a pattern, a range or a list."""
    rounds = [_OTREE_WIDE.fullmatch(column) for column in questions]
    patterns = {f"{match['app']}.*.{match['of']}.{match['field']}" for match in rounds if match}
    if questions and all(rounds) and len(patterns) == 1:
        return patterns.pop()
    places = [list(columns).index(column) for column in questions]
    if len(places) > 2 and places == list(range(places[0], places[0] + len(places))):
        return f"{questions[0]}-{questions[-1]}"
    return ",".join(questions[:12]) + (",..." if len(questions) > 12 else "")


def _otree_long(columns: Sequence[str]) -> str:
    matches = [match for match in map(_OTREE_LONG.fullmatch, columns) if match]
    fields = [match["field"] for match in matches if match["field"] not in _OTREE_OWN]
    chosen = f" --column chosen_method=player.{fields[0] if len(fields) == 1 else 'FIELD'}"
    known = "subsession.round_number" in columns
    return chosen.strip() + (" --column question=subsession.round_number" if known else "")
