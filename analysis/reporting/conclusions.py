"""What a report says in sentences beside its numbers: what is wrong with the classic analysis, whether the
tests agree, who was left out, what is simulated, and where the numbers come from.

A report comes in, sentences go out; the first of all, the answer, is in `answer`.
"""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING

from analysis import formatting as fmt
from analysis.inference.degenerate import substitute_test
from analysis.significance import ALPHA

if TYPE_CHECKING:
    from analysis.reporting.report import Report

CAVEAT = (
    "One-way ANOVA and Tukey HSD treat the shares of one participant as independent, but they add up to 1. "
    "Where the methods do not differ, these tests therefore find a difference in about 12 % of studies with "
    "four methods, not in 5 %. Repeated-measures ANOVA and Friedman's test compare each participant with "
    "themselves and hold 5 %."
)
INTERVAL_NOTE = "The 95 % intervals are t intervals over participants, whose votes are not independent."


def caveat(report: Report) -> str:
    """What is wrong with the classic analysis; it stands beside its numbers."""
    return CAVEAT if report.alpha == ALPHA else f"{CAVEAT} That is at {ALPHA:g}."


def of_tests(report: Report) -> tuple[str, ...]:
    """Whether the tests agree, why one is undefined, and how far the corrected one is from spherical."""
    if report.omnibus is None:
        return ()
    notes = list(filter(None, [substitute_test(report.counts, report.seed), report.omnibus.agreement]))
    notes += [f"{row.name}: {row.note}." for row in report.test_rows if row.note]
    if report.omnibus.repeated_measures.epsilon is not None:
        epsilon = f"{report.omnibus.repeated_measures.epsilon:.3f}"
        notes.append(f"Degrees of freedom of the repeated-measures ANOVA: Greenhouse–Geisser, ε = {epsilon}.")
    return tuple(notes)


def notes(report: Report) -> tuple[str, ...]:
    """What a reader must know of these numbers: who was left out, what is simulated or pooled."""
    said = (
        _level(report),
        _simulated(report),
        _set_aside(report),
        _left_out(report),
        _unequal(report),
        f"Design and plan of the analysis were frozen as SHA-256 {report.design_sha256}."
        if report.design_sha256
        else "",
        f"{fmt.counted(report.n_unanswered, 'scored question')} left without a choice."
        if report.n_unanswered
        else "",
    )
    return tuple(filter(None, said))


def simulated_label(report: Report) -> str:
    """What stands beside every heading: "simulated", "12 of 83 participants simulated", or nothing."""
    if report.n_simulated == 0:
        return ""
    if report.n_simulated == report.n_participants:
        return "simulated"
    return f"{fmt.count(report.n_simulated)} of {_participants(report)} simulated"


def source(report: Report) -> str:
    """Where the numbers come from, in one line."""
    kept = (
        ""
        if report.min_passed is None
        else f", kept by at least {fmt.counted(report.min_passed, 'check')} passed"
    )
    by = f"beholder {version('beholder') or 'of a checkout'}"
    return f"{report.name}{kept}; SHA-256 {report.sha256}; {by}; seed {report.seed}"


def version(name: str) -> str | None:
    """The installed version of a package; None where it runs without being installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _level(report: Report) -> str:
    if report.alpha == ALPHA:
        return ""
    return (
        f"Judged at {report.alpha:g}: a p below it is a finding, and the intervals of differences hold "
        f"{report.difference_level} together; those of shares stay at 95 %."
    )


def _simulated(report: Report) -> str:
    if not report.n_simulated:
        return ""
    return f"{fmt.count(report.n_simulated)} of {_participants(report)} are simulated."


def _set_aside(report: Report) -> str:
    if not report.n_set_aside:
        return ""
    kind = "Real" if report.simulated == "only" else "Simulated"
    return f"{kind} participants are set aside: {fmt.count(report.n_set_aside)}."


def _left_out(report: Report) -> str:
    if not report.excluded:
        return ""
    why = "; ".join(f"{reason}: {fmt.count(n)}" for reason, n in report.excluded)
    left_out = report.n_recruited - report.n_participants
    return f"{fmt.count(left_out)} of {fmt.counted(report.n_recruited, 'participant')} left out ({why})."


def _unequal(report: Report) -> str:
    """Which question each number answers where people cast unequal numbers of votes."""
    fewest, most = report.votes_per_participant
    if fewest == most:
        return ""
    return (
        f"Participants cast between {fewest} and {fmt.counted(most, 'vote')}. "
        "Shares pool the votes, and so does the cluster Wald test; all other tests and differences "
        "weigh participants equally, so a difference need not be that of two shares."
    )


def _participants(report: Report) -> str:
    return fmt.counted(report.n_participants, "participant")
