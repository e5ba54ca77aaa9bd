"""The pre-registration of a study: its design and the plan of its analysis, as sections of plain sentences.

Made from the study alone, so that it says what the frozen file says. No codes that people are sent back with.
"""

from dataclasses import dataclass

from ..exporting import escape_markdown
from ..models import Study

NOT_STATED = "not stated"


@dataclass(frozen=True)
class Section:
    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Preregistration:
    title: str
    frozen: str  # in one sentence: under which hash and when, or that it is a draft
    sections: tuple[Section, ...]

    def to_markdown(self):
        parts = [f"# {_plain(self.title)}", self.frozen]
        for section in self.sections:
            parts.append(f"## {section.heading}")
            parts.append("\n".join(f"- {_plain(line)}" for line in section.lines))
        return "\n\n".join(parts) + "\n"


def preregistration(study):
    """The Preregistration of a study; best read once it is frozen."""
    sections = (
        Section("Question and pictures", _pictures(study)),
        Section("What each participant does", _tasks(study)),
        Section("Participants", _participants(study)),
        Section("Inclusion", _exclusions(study)),
        Section("Analysis", _analysis(study)),
    )
    return Preregistration(f"Pre-registration: {study}", _frozen(study), sections)


def _frozen(study):
    if study.is_draft:
        return "A draft: nothing is frozen yet."
    if not study.design_sha256:
        return f"Opened {study.opened_at:%Y-%m-%d %H:%M} UTC, before designs were frozen under a hash."
    return (
        f"Version {study.version}, frozen when it opened, {study.opened_at:%Y-%m-%d %H:%M} UTC, under "
        f"SHA-256 {study.design_sha256}."
    )


def _pictures(study):
    explanation_set = study.explanation_set
    text = study.text_in(study.default_language)
    lines = [
        f"Question: {text.question}",
        f"Methods compared: {', '.join(map(str, study.methods()))}.",
        f"Classes: {', '.join(study.labels())}.",
        f"Explanation set: {explanation_set.slug}, SHA-256 of its manifest without metrics "
        f"{explanation_set.digest}.",
        f"Classifier: {explanation_set.classifier or NOT_STATED}, accuracy on the test images: "
        f"{explanation_set.accuracy_percent or NOT_STATED}.",
    ]
    return tuple(lines)


def _tasks(study):
    n, shown = study.n_scored, study.n_votes
    part = f"all {n}" if shown == n else f"{shown} of the {n}, balanced over participants,"
    kinds = ", ".join(kind.label for kind in study.check_kinds())
    lines = [
        f"{study.n_practice} for practice, then {part} scored questions and "
        f"{study.n_checks} attention checks in an order drawn for each participant.",
        "The pictures of a question are shown in an order drawn for each participant and question, balanced "
        "over participants.",
    ]
    if study.n_checks:
        lines.append(f"Kinds of attention checks: {kinds}.")
    if study.allows_none:
        lines.append("“None of these” may be chosen; it counts for no method.")
    if study.asks_reason:
        lines.append("A reason may be given; it is not part of the analysis.")
    return tuple(lines)


def _participants(study):
    target = "any number" if study.quota is None else f"{study.quota} complete and included"
    lines = [
        f"Target: {target}. Recruitment: {study.get_platform_display()}.",
        f"Expected time: {study.minutes} minutes.",
    ]
    if study.pay is not None:
        lines.append(f"Pay: {study.pay:.2f} {study.currency}.")
    questions = study.text_in(study.default_language).screening_questions()
    lines += [f"Screening, to be answered with yes: {question}" for question in questions]
    lines.append(f"On withdrawal: {study.get_on_withdrawal_display()}.")
    return tuple(lines)


def _exclusions(study):
    lines = [
        f"Included: participants who finish and pass at least {study.min_passed} of {study.n_checks} checks."
    ]
    if study.on_failed_checks == Study.OnFailedChecks.AT_ONCE:
        lines.append("A participation ends as soon as too few checks can still be passed.")
    lines.append("Simulated participants are marked and counted separately.")
    return tuple(lines)


def _analysis(study):
    lines = [
        "The unit is the participant: the share of their votes for each method.",
        f"Primary test of any difference: {study.get_primary_test_display()}, at {float(study.alpha):g}.",
        f"Pairwise comparisons: {study.get_comparisons_display()}.",
    ]
    lines += [f"Planned contrast: {text}." for text in study.contrasts]
    if study.baseline:
        lines.append(f"Every other method is compared with {study.baseline}.")
    if study.smallest_difference is not None:
        points = f"{float(study.smallest_difference) * 100:g} points"
        lines.append(
            f"Smallest difference of interest: {points}. Equivalence is tested by two one-sided tests (TOST)."
        )
    return (
        *lines,
        f"Expected: the best method ahead by {float(study.expected_lead) * 100:g} points.",
        "Shares stay hidden until the study closes. Looking earlier needs a reason, which is logged.",
    )


def _plain(text):
    """One line of Markdown in which nothing of the text is markup."""
    return escape_markdown(" ".join(str(text).split()))
