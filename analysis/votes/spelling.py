"""Names that are spelled in several ways, marks of missing values, and texts that mean "none of these".

Two names are taken for spellings of one if they differ only in case, spaces, hyphens, underscores, dashes,
Unicode form (NFKC), or as "1" and "1.0" do. Such methods change every count, so they stop the reading unless
an option settles them; such participants stay apart, with a note.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from analysis import formatting as fmt
from analysis.votes.columns import (
    METHOD_NAMES,
    OPTION_NAMES,
    VoteTableError,
    categorical,
    listed,
    of_each,
    quoted,
    replace_texts,
)
from analysis.votes.reading_options import ReadingOptions

MISSING_TEXTS = frozenset(
    ("na", "n/a", "#n/a", "<na>", "nan", "-nan", "null", "#null!", "none", "nil", "missing", "undefined")
) | frozenset(("-", "--", "---", "–", "—", ".", "..", "...", "?"))
_NAMED = ((METHOD_NAMES, "chosen_method", "method"), (OPTION_NAMES, "chosen_option", "option"))
_NONE = re.compile(
    r"(?:none|neither) of (?:these|those|them|the above|the)"
    r"(?: (?:pictures|images|maps|methods|options|explanations))?[.!]?"
)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)
_IGNORED = re.compile(r"[\s_\-\u00ad\u200b-\u200f\u2010-\u2015\u2060\u2212\ufeff]+")


def key_of(name: str) -> str:
    """Return what all spellings of a name share."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    if _NUMBER.fullmatch(folded.strip()):  # a hyphen is a sign here
        whole, _, digits = folded.strip().partition(".")
        return whole if not digits.strip("0") else f"{whole}.{digits.rstrip('0')}"
    return _IGNORED.sub("", folded) or folded


def keys_of(names: Sequence[str]) -> list[str]:
    """Return `key_of` each name; plain ASCII names are folded together, which is quicker for many."""
    text = "\n".join(names)
    if not text.isascii() or text.count("\n") != len(names) - 1:
        return [key_of(name) for name in names]
    folded = re.sub(r"[ _\-\t]+", "", text.casefold()).split("\n")
    # Numbers have their own rule, in which a hyphen is a sign.
    return [
        key_of(name) if not key or (key[0] in "+.0123456789" and not name.isdigit()) else key
        for name, key in zip(names, folded, strict=True)
    ]


def spellings(names: Iterable[str]) -> list[list[str]]:
    """Group the names that are spellings of one another; names that have only one are left out."""
    distinct = list(names)
    keys = keys_of(distinct)
    if len(set(keys)) == len(keys):
        return []
    groups: dict[str, list[str]] = {}
    for key, name in zip(keys, distinct, strict=True):
        groups.setdefault(key, []).append(name)
    return [sorted(group) for group in groups.values() if len(group) > 1]


def is_none_text(text: str, none_text: str | None = None) -> bool:
    """Return True if an answer means "none of these"."""
    key = " ".join(text.casefold().split())
    return _NONE.fullmatch(key) is not None or (none_text is not None and text == none_text.strip())


def settle_names(frame: pd.DataFrame, name: str, options: ReadingOptions) -> tuple[pd.DataFrame, list[str]]:
    """Settle texts of "none", missing marks and spellings in a categorical frame, as `options` say.

    Returns the frame and notes on what was changed. Raises VoteTableError with the texts, how many answers
    hold each, and the option that settles them.
    """
    frame, notes = _settle_none(frame, options)
    for group, answer, noun in _NAMED:
        columns = [column for column in group if column in frame]
        if not columns:
            continue
        frame, more = _settle_marks(frame, name, columns, answer, noun, options)
        notes += more
        frame, more = _settle_spellings(frame, name, columns, answer, noun, options)
        notes += more
    return frame, notes + _participants(frame)


def _settle_none(frame: pd.DataFrame, options: ReadingOptions) -> tuple[pd.DataFrame, list[str]]:
    """Turn texts of "none of these" into chosen_position 0 without a method."""
    columns = [column for column in METHOD_NAMES if column in frame]
    texts = _texts(frame, columns)
    none = {text: "" for text in texts if text and is_none_text(text, options.none_text)}
    notes = []
    if none and "chosen_method" in frame:
        chosen = of_each(frame["chosen_method"], none.__contains__, np.bool_)
        position = pd.Series("", index=frame.index, dtype=object)
        if "chosen_position" in frame:
            position = frame["chosen_position"].astype(object)
        frame = frame.assign(chosen_position=pd.Categorical(position.mask(chosen, "0")))
        frame = _replaced(frame, columns, none)
        shown = listed([quoted(text) for text in sorted(none)])
        count = fmt.counted(int(chosen.sum()), "answer")
        notes.append(f'{shown} in chosen_method was read as "none of these" ({count}).')
    if options.none_text is not None and options.none_text.strip() not in none:
        notes.append(f"--none {quoted(options.none_text)} does not occur in chosen_method.")
    return frame, notes


def _settle_marks(
    frame: pd.DataFrame, name: str, columns: list[str], answer: str, noun: str, options: ReadingOptions
) -> tuple[pd.DataFrame, list[str]]:
    if options.missing_marks == "keep":
        return frame, []
    marks = sorted(text for text in _texts(frame, columns) if text.casefold() in MISSING_TEXTS)
    if not marks:
        return frame, []
    shown = _counted(frame, columns, answer, marks)
    if options.missing_marks == "refuse":
        none = ', --none TEXT if it means "none of these"' if noun == "method" else ""
        raise VoteTableError(
            f"{name}, column {answer if answer in frame else columns[0]}: {noun} names that may mark missing "
            f"answers: {shown}; add --missing-marks missing to read them so, or --missing-marks keep if they "
            f"are names{none}"
        )
    frame = _replaced(frame, columns, dict.fromkeys(marks, ""))
    return frame, [f"{noun.capitalize()} names read as missing: {shown}."]


def _settle_spellings(
    frame: pd.DataFrame, name: str, columns: list[str], answer: str, noun: str, options: ReadingOptions
) -> tuple[pd.DataFrame, list[str]]:
    groups = spellings(text for text in _texts(frame, columns) if text)
    if not groups:
        return frame, []
    answers, cells = _counts(frame, [answer]), _counts(frame, columns)
    for group in groups:
        group.sort(key=lambda text: (-answers.get(text, 0), -cells.get(text, 0), text))
    groups.sort(key=lambda group: group[0])
    shown = "; ".join(_counted(frame, columns, answer, group) for group in groups[:5])
    shown += f"; and {len(groups) - 5} more" if len(groups) > 5 else ""
    if options.same_names == "refuse":
        raise VoteTableError(
            f"{name}, column {answer if answer in frame else columns[0]}: {noun} names that differ only in "
            f"spelling: {shown}; add --same-names merge to count them as one, or --same-names keep to keep "
            "them apart"
        )
    if options.same_names == "keep":
        return frame, [f"{noun.capitalize()} names that differ only in spelling were kept apart: {shown}."]
    merged = {text: group[0] for group in groups for text in group[1:]}
    notes = [
        f"{noun.capitalize()} names that differ only in spelling were merged into {quoted(group[0])}: "
        f"{_counted(frame, columns, answer, group)}."
        for group in groups
    ]
    return _replaced(frame, columns, merged), notes


def _participants(frame: pd.DataFrame) -> list[str]:
    groups = spellings(_texts(frame, ["participant"]))
    if not groups:
        return []
    pairs = listed([" and ".join(quoted(text) for text in group) for group in sorted(groups)])
    return [
        f"Warning: participants whose names differ only in spelling are counted apart: {pairs}. If they are "
        "the same people, correct the file."
    ]


def _texts(frame: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """The texts of columns that share their categories, each of which occurs in one of them (or is "")."""
    return list(frame[columns[0]].cat.categories) if columns else []


def _replaced(frame: pd.DataFrame, columns: list[str], replacements: dict[str, str]) -> pd.DataFrame:
    return categorical(frame.assign(**{c: replace_texts(frame[c], replacements) for c in columns}))


def _counts(frame: pd.DataFrame, columns: list[str]) -> dict[str, int]:
    """Count the cells of the columns that hold each text."""
    totals: dict[str, int] = {}
    for column in columns:
        if column in frame:
            counts = np.bincount(frame[column].cat.codes, minlength=len(frame[column].cat.categories))
            for text, count in zip(frame[column].cat.categories, counts, strict=True):
                totals[text] = totals.get(text, 0) + int(count)
    return totals


def _counted(frame: pd.DataFrame, columns: list[str], answer: str, texts: list[str]) -> str:
    """List texts with how many answers hold each, as in "'LIME' (40), 'lime' (23)"."""
    totals = _counts(frame, [answer] if answer in frame else columns)
    return listed([f"{quoted(text)} ({totals.get(text, 0):,})" for text in texts])
