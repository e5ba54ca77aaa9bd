"""Exclusion of participants, with reasons: by status, by attention checks and by the column `kept`.

The answers of a vote table come in, one row for each participant comes out, and for each reason the
participants that it excludes. `kept` decides wherever a table has it; otherwise the status does, in the words
of Prolific, CloudResearch Connect, Mechanical Turk, Qualtrics and Beholder itself.
"""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis import formatting as fmt
from analysis.numerics.arrays import Booleans
from analysis.votes.columns import NoVotesError, VoteTableError, numbers, of_each, quoted, truths

SIMULATED = ("include", "exclude", "only")
NOT_COMPLETE = "not complete"

# Statuses are compared in lower case, with spaces for hyphens and underscores.
COMPLETE = frozenset(
    {
        *("complete", "completed", "finished", "done", "approved", "accepted", "partially approved"),
        *("awaiting review", "submitted", "pending", "pending review", "paid"),
        *("ip address", "imported", "offline", "offline response"),  # response types of Qualtrics
    }
)
IN_PROGRESS = frozenset(
    {
        *("answering", "active", "in progress", "started", "reserved", "partial", "incomplete"),
        *("unfinished", "joined", "accepted invitation", "working", "paused"),
    }
)
EXCLUDED = {
    "returned": ("returned", "return requested", "returned submission"),
    "timed out": ("timed out", "timedout", "time out", "timeout", "expired"),
    "rejected": ("rejected",),
    "no consent": (
        *("no consent", "noconsent", "not consented", "consent declined", "declined consent", "declined"),
        *("consent refused", "did not consent", "consent revoked", "revoked consent"),
    ),
    "preview": (
        *("preview", "survey preview", "offline survey preview", "preview response", "survey preview spam"),
    ),
    "test": ("test", "survey test", "test response", "testing"),
    "screened out": ("screened out", "screen out", "screenout", "ineligible", "disqualified", "not eligible"),
    "withdrawn": ("withdrawn", "withdrew", "withdraw"),
    "failed attention checks": (
        *("failed", "failed checks", "failed check", "failed attention checks", "failed attention check"),
        *("attention check failed", "failed quality"),
    ),
    "spam": ("spam", "survey spam", "possible spam", "imported spam", "offline spam", "bot", "fraud"),
    "quota full": ("quota full", "over quota", "overquota", "quota exceeded"),
    "abandoned": ("abandoned", "dropped out", "dropout", "cancelled", "canceled", "dropped"),
    "duplicate": ("duplicate",),
}
_REASONS = {word: reason for reason, words in EXCLUDED.items() for word in words}


@dataclass(frozen=True, eq=False)
class Selection:
    """Included participants: `places` among the participants of the table, in its order.

    `excluded` counts the others by reason, in the order of the table.
    """

    n_recruited: int
    excluded: dict[str, int]
    places: NDArray[np.intp]
    notes: tuple[str, ...]


def normalise(status: str) -> str:
    """A status in lower case, with one space for any run of spaces, hyphens and underscores."""
    return re.sub(r"[\s_\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{EN DASH}-]+", " ", status).strip().casefold()


def is_complete(status: str) -> bool:
    """Return True if a status says that the participant finished."""
    return normalise(status) in COMPLETE


def reason_of(status: str) -> str:
    """The reason to exclude a participant with this status; empty if there is none."""
    return _REASONS.get(normalise(status), "")


def is_in_progress(status: str) -> bool:
    """Return True if a status says that the participant has not finished yet."""
    return normalise(status) in IN_PROGRESS


def is_unknown(status: str) -> bool:
    """Return True if a status is not one of those that are understood."""
    word = normalise(status)
    return bool(word) and not (word in COMPLETE or word in IN_PROGRESS or word in _REASONS)


def describe_participants(answers: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each participant, with the values that their rows share.

    Columns: `row`, `place` (from 0), `simulated`, `kept`, `status`, `reason` (why the status excludes, or
    empty), `complete`, `in_progress`, `unknown` (of the status), and `passed` (attention checks, NaN where
    the table does not say).
    """
    stated = ("simulated", "kept", "status", "checks_passed")
    columns = ["participant", *(column for column in stated if column in answers)]
    first = answers.loc[~answers["participant"].duplicated(), columns]
    missing = pd.Series("", index=first.index, dtype=object)
    status = first.get("status")
    people = {
        "row": first.index,
        "place": np.arange(len(first)),
        "simulated": truths(first["simulated"]) if "simulated" in first else False,
        "kept": truths(first["kept"]) if "kept" in first else True,
        "status": missing if status is None else status.astype(object),
        "reason": missing if status is None else of_each(status, reason_of, object),
        "complete": False if status is None else of_each(status, is_complete, np.bool_),
        "in_progress": False if status is None else of_each(status, is_in_progress, np.bool_),
        "unknown": False if status is None else of_each(status, is_unknown, np.bool_),
        "passed": numbers(first["checks_passed"]) if "checks_passed" in first else np.nan,
    }
    index = pd.Index(first["participant"].astype(object), name="participant")
    return pd.DataFrame(people, index=first.index).set_index(index)


def select_recruited(people: pd.DataFrame, simulated: str, name: str) -> pd.DataFrame:
    """The participants that `simulated` includes, one of SIMULATED. Raises NoVotesError if none is left."""
    if simulated not in SIMULATED:
        raise ValueError(f"simulated is {simulated!r}; allowed are {', '.join(SIMULATED)}")
    if simulated == "include":
        return people
    selected = people[people["simulated"] if simulated == "only" else ~people["simulated"]]
    if selected.empty:
        kind = "simulated" if simulated == "only" else "real"
        raise NoVotesError(f"{name}: no {kind} participant among {len(people)}")
    return selected


def select(
    people: pd.DataFrame, columns: frozenset[str], min_passed: int | None, simulated: str, name: str
) -> Selection:
    """Apply `select_recruited` and `reasons_to_exclude` to all participants of the table `name`."""
    recruited = select_recruited(people, simulated, name)
    reasons = reasons_to_exclude(recruited, columns, min_passed, name)
    out = np.zeros(len(recruited), dtype=np.bool_)
    for reason in reasons.values():
        out |= reason
    by_first = sorted((int(where.argmax()), reason) for reason, where in reasons.items() if where.any())
    return Selection(
        n_recruited=len(recruited),
        excluded={reason: int(reasons[reason].sum()) for _, reason in by_first},
        places=recruited["place"].to_numpy()[~out],
        notes=status_notes(recruited, columns, min_passed),
    )


def reasons_to_exclude(
    people: pd.DataFrame, columns: frozenset[str], min_passed: int | None, name: str
) -> dict[str, Booleans]:
    """Map each reason to the participants it excludes, (participants,).

    `columns` are those of the table `name`. With `min_passed`, complete participants who passed at least so
    many attention checks are included, whatever `kept` says; otherwise `kept` decides, and where the table
    has no such column, the status. Raises VoteTableError where `min_passed` needs what the table lacks.
    """
    if min_passed is not None:
        return _by_checks(people, columns, min_passed, name)
    if "kept" in columns:
        return _by_kept(people, columns)
    return _by_status(people, np.ones(len(people), dtype=np.bool_))


def status_notes(people: pd.DataFrame, columns: frozenset[str], min_passed: int | None) -> tuple[str, ...]:
    """Sentences on participants who are included although their status is unfinished or not known.

    Where `kept` or `min_passed` decides, only the statuses that `min_passed` takes for unfinished are named.
    """
    if "status" not in columns or (min_passed is None and "kept" in columns):
        return ()
    in_progress, unknown = people["in_progress"], people["unknown"]
    included = "included" if min_passed is None else "excluded as not complete"
    notes = []
    if min_passed is None and in_progress.any():
        shown = _list_statuses(people["status"][in_progress])
        n = fmt.counted(int(in_progress.sum()), "included participant")
        notes.append(f"{n} had not finished: {shown}.")
    if unknown.any():
        shown = _list_statuses(people["status"][unknown])
        which = fmt.counted(int(unknown.sum()), "participant")
        notes.append(
            f"{which} with an unknown status {'is' if unknown.sum() == 1 else 'are'} {included}: {shown}. "
            "A column kept (true or false) settles who is included."
        )
    return tuple(notes)


def _list_statuses(statuses: pd.Series) -> str:
    counts = statuses.value_counts()
    return ", ".join(f"{quoted(status)} ({fmt.count(int(n))})" for status, n in sorted(counts.items()))


def _by_status(people: pd.DataFrame, among: Booleans) -> dict[str, Booleans]:
    """Participants whose status excludes them, by reason."""
    reasons = people["reason"].to_numpy()
    return {
        reason: among & (reasons == reason)
        for reason in sorted(set(reasons[among].tolist()) - {""}, key=list(EXCLUDED).index)
    }


def _by_checks(
    people: pd.DataFrame, columns: frozenset[str], min_passed: int, name: str
) -> dict[str, Booleans]:
    for column in ("status", "checks_passed"):
        if column not in columns:
            raise VoteTableError(
                f"{name}: no column '{column}'; needed for min_passed are status and checks_passed"
            )
    complete, passed = people["complete"].to_numpy(), people["passed"].to_numpy()
    blank = people[complete & np.isnan(passed)]
    if not blank.empty:
        where = f"{name}, row {blank['row'].iloc[0]}, column checks_passed"
        raise VoteTableError(f"{where}: '' is not a number of checks; allowed are 0, 1, 2 and so on")
    by_status = _by_status(people, ~complete)
    unfinished = ~complete & (people["reason"] == "").to_numpy()
    failed = f"fewer than {min_passed} checks passed"
    return {**by_status, NOT_COMPLETE: unfinished, failed: complete & (passed < min_passed)}


def _by_kept(people: pd.DataFrame, columns: frozenset[str]) -> dict[str, Booleans]:
    """The reason behind `kept`, where status and checks tell it.

    They do where every other complete participant who passed as few checks is excluded too, and all who
    passed more are included.
    """
    kept, complete = people["kept"].to_numpy(), people["complete"].to_numpy()
    unknown = ~kept
    if "status" not in columns:
        return {"kept is false": unknown}
    reasons = _by_status(people, unknown & ~complete)
    for out in reasons.values():
        unknown = unknown & ~out
    unfinished = unknown & ~complete & (people["status"] != "").to_numpy()
    reasons[NOT_COMPLETE] = unfinished
    unknown = unknown & ~unfinished
    if "checks_passed" in columns and kept.any():
        passed = people["passed"].to_numpy()
        fewest = np.nan if np.isnan(passed[kept]).all() else np.nanmin(passed[kept])
        failed = ~kept & complete & (passed < fewest)
        if failed.any() and np.nanmax(passed[~kept & complete]) < fewest:
            # Between the most of those excluded and the fewest of those included, the rule is not known.
            certain = int(passed[failed].max()) + 1 == int(fewest)
            text = f"fewer than {int(fewest)} checks passed" if certain else "too few checks passed"
            reasons[text] = failed
            unknown = unknown & ~failed
    return {**reasons, "kept is false": unknown}
