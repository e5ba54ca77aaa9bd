"""A report as a document: headline, scope, notes and sections. Results come in; formats print it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import metadata
from typing import Any

from analysis.reporting import headline, notes
from analysis.reporting.charts.canvas import Chart
from analysis.reporting.elements import Quantity, Section, Table
from analysis.reporting.results import Results
from analysis.reporting.sections import (
    choice_model,
    classic,
    contrasts,
    design,
    differences,
    metrics,
    participants,
    rankings,
    shares,
    stimuli,
    subgroups,
    tests,
)
from analysis.significance import ALPHA

# Sections that take every method as offered equally often. If offers were unequal, the choice model replaces
# them; only their keys in the JSON report stay.
_NEED_EQUAL_OFFERS = frozenset(
    {"shares", "differences", "contrasts", "baseline", "equivalence", "tests", "rankings", "classic"}
)


@dataclass(frozen=True)
class Document:
    """Everything that any format prints.

    `answer` is the headline, `scope` says what it generalises to, `notes` what a reader must know of the
    numbers, `source` where they come from. `facts` are the keys of the JSON report that belong to no section.
    """

    title: str
    answer: str
    scope: str
    notes: tuple[str, ...]
    all_sections: tuple[Section, ...]
    source: str
    design_sha256: str | None
    facts: dict[str, Any]

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The sections that have something to print."""
        return tuple(section for section in self.all_sections if section.tables or section.notes)

    @cached_property
    def charts(self) -> tuple[Chart, ...]:
        return tuple(chart for section in self.sections for chart in section.charts)

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        return tuple(table for section in self.sections for table in section.tables)

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        return tuple(quantity for section in self.all_sections for quantity in section.quantities)

    @property
    def apa(self) -> tuple[str, ...]:
        """Sentences for a paper's results section: participants, then tests, then everything else."""
        first = {"participants": 0, "tests": 1}
        ordered = sorted(self.sections, key=lambda section: first.get(section.slug, len(first)))
        return tuple(sentence for section in ordered for sentence in section.apa)

    @cached_property
    def record(self) -> dict[str, Any]:
        """The JSON report: what is undefined is None, and a note says why."""
        keys = {key: value for section in self.all_sections for key, value in section.record.items()}
        facts = {"answer": self.answer, "scope": self.scope, **self.facts, **keys, "notes": self.notes}
        return {key: _plain(value) for key, value in facts.items()}


def _beyond_stimuli(results: Results) -> Section:
    intervals = {share.method: (share.low, share.high) for share in results.shares}
    return stimuli.section(results.stimuli, intervals, results.label_shares)


def _contrasts(results: Results) -> Section:
    return contrasts.contrasts_section(results.contrasts, results.plan.alpha)


def _baseline(results: Results) -> Section | None:
    baseline = results.plan.baseline
    if baseline is None:
        return None
    return contrasts.baseline_section(results.against_baseline, baseline, results.plan.alpha)


def _equivalence(results: Results) -> Section | None:
    return None if results.equivalence is None else contrasts.equivalence_section(results.equivalence)


def _subgroups(results: Results) -> Section | None:
    if results.subgroups is None:
        return None
    return subgroups.section(results.subgroups, results.plan.alpha)


def _participants(results: Results) -> Section:
    return participants.section(results.flow)


def _design(results: Results) -> Section | None:
    return design.section(results.design)


def _choice_model(results: Results) -> Section | None:
    return None if results.worths is None else choice_model.section(results.worths)


# In the order in which a reader needs them; a section that a table does not allow is None.
# What is not printed, such as a comparison of one method, still has its keys in the JSON report.
SECTIONS: tuple[Callable[[Results], Section | None], ...] = (
    _choice_model,
    shares.section,
    differences.section,
    _contrasts,
    _baseline,
    _equivalence,
    _subgroups,
    tests.section,
    _beyond_stimuli,
    rankings.section,
    classic.section,
    metrics.section,
    _participants,
    _design,
)


def document(results: Results) -> Document:
    """All sections that the table allows, their headings marked where participants are simulated."""
    label = notes.simulated_label(results)
    sections = [section for section in (write(results) for write in SECTIONS) if section is not None]
    if results.worths is not None:
        sections = [_silenced(section) for section in sections]
    return Document(
        title=notes.labelled(f"Votes of {results.name}", label),
        answer=headline.answer(results),
        scope=headline.scope(results),
        notes=notes.notes(results),
        all_sections=tuple(_labelled(section, label, results) for section in sections),
        source=notes.source(results, version("beholder")),
        design_sha256=results.design_sha256,
        facts=_facts(results),
    )


def _silenced(section: Section) -> Section:
    if section.slug not in _NEED_EQUAL_OFFERS:
        return section
    return Section(section.slug, section.heading, record=section.record)


def _labelled(section: Section, label: str, results: Results) -> Section:
    """The section, with what is simulated in its heading and in the titles of its charts."""
    who = headline.participants(results)
    charts = tuple(
        replace(
            chart,
            title=notes.labelled(chart.title, label),
            description=f"{who}. {chart.description}",
        )
        for chart in section.charts
    )
    return replace(section, heading=notes.labelled(section.heading, label), charts=charts)


def _facts(results: Results) -> dict[str, Any]:
    counts, plan = results.counts, results.plan
    return {
        "n_participants": results.n_participants,
        "n_votes": results.n_votes,
        "n_simulated": results.n_simulated,
        "n_recruited": counts.n_recruited,
        "n_unanswered": counts.n_unanswered,
        "n_answers": counts.n_answers,
        "unequal_offers": results.by_offers,
        "excluded": dict(counts.excluded),
        "min_passed": plan.min_passed,
        "simulated": plan.simulated,
        "n_set_aside": counts.n_set_aside,
        "primary": plan.primary,
        # Left out at the usual level: reports at 0.05 keep their bytes.
        **({} if plan.alpha == ALPHA else {"alpha": plan.alpha}),
        "source": {"name": results.name, "sha256": results.table.sha256},
        "design_sha256": results.design_sha256,
        "seed": plan.seed,
        "versions": {name: version(name) for name in ("beholder", "numpy", "pandas", "scipy", "statsmodels")},
    }


def _plain(value: Any) -> Any:
    """The value with lists instead of tuples, as read from JSON."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def version(name: str) -> str | None:
    """The installed version of a package; None if it runs without being installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
