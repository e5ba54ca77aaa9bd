"""One report, from which the terminal's text, the JSON, the HTML file and the site's page all come.

A vote table comes in. What goes out is computed and rounded here and nowhere else: a template only prints the
rows, sentences and figures of `Report`, so that every form agrees to the last printed digit.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from analysis import formatting as fmt
from analysis.design_checks.participant_flow import Flow, flow
from analysis.design_checks.summary import Design, design
from analysis.estimation.effect_sizes import one_sided
from analysis.estimation.estimates import (
    Estimate,
    Estimates,
    PairEstimate,
    Share,
    clustered_shares,
    compare,
    estimate,
)
from analysis.inference.anova import OneWay
from analysis.inference.omnibus import LIBERAL, NAMES, PRIMARY, Omnibus, omnibus
from analysis.inference.pooled_shares import mean_shares
from analysis.inference.repeated_measures import Friedman, RepeatedMeasures
from analysis.inference.tukey import Pair, Tukey, hsd
from analysis.metric_agreement.concordance import Concordance, concordance
from analysis.metric_agreement.metric_table import MetricTable
from analysis.numerics.resampling import SEED
from analysis.reporting import answer as answers
from analysis.reporting import charts, conclusions, forms, page, record, sections
from analysis.reporting.tables import Section, Table
from analysis.significance import ALPHA, checked, confidence
from analysis.votes.table import Counts, VoteTable


@dataclass(frozen=True)
class ShareRow:
    """A method, ready to print."""

    method: str
    votes: str
    share: str
    interval: str


@dataclass(frozen=True)
class PairRow:
    """A pair of methods, ready to print; differences are in percentage points of the mean share."""

    a: str
    b: str
    label: str
    difference: str
    interval: str
    p: str
    significant: bool


@dataclass(frozen=True)
class OmnibusRow:
    """A test of whether the methods differ at all, ready to print."""

    name: str
    statistic: str
    p: str
    effect: str
    holds_its_level: bool
    note: str


@dataclass(frozen=True)
class Report:
    """What a vote table says. Built by `report`; prints as text, and has `to_json` and `to_html`."""

    name: str
    sha256: str
    min_passed: int | None
    simulated: str
    n_participants: int
    n_votes: int
    n_recruited: int
    n_simulated: int
    n_set_aside: int
    n_unanswered: int
    votes_per_participant: tuple[int, int]
    excluded: tuple[tuple[str, int], ...]
    methods: tuple[Share, ...]
    mean_proportions: tuple[float, ...]
    tukey: Tukey | None
    omnibus: Omnibus | None
    primary: str
    seed: int
    counts: Counts = field(repr=False)
    table: VoteTable = field(repr=False)
    metrics: MetricTable | None = field(repr=False, default=None)
    alpha: float = ALPHA
    contrasts: tuple[str, ...] = ()
    baseline: str | None = None
    smallest_difference: float | None = None

    @cached_property
    def answer(self) -> str:
        """The first thing to read: one or two plain sentences that claim no more than the tests do."""
        return answers.answer(self)

    @property
    def anova(self) -> OneWay | None:
        return None if self.omnibus is None else self.omnibus.one_way

    @property
    def repeated_measures(self) -> RepeatedMeasures | None:
        return None if self.omnibus is None else self.omnibus.repeated_measures

    @property
    def friedman(self) -> Friedman | None:
        return None if self.omnibus is None else self.omnibus.friedman

    # What is computed when it is asked for

    @cached_property
    def pair_estimates(self) -> tuple[PairEstimate, ...]:
        """Every pair of methods compared within participants."""
        return compare(self.counts, self.seed, alpha=self.alpha)

    @cached_property
    def estimates(self) -> Estimates:
        """Shares, pairs, effect sizes and the probabilities of rankings, with intervals over participants."""
        return estimate(self.counts, self.seed, alpha=self.alpha)

    @cached_property
    def mean_shares(self) -> tuple[Estimate, ...]:
        """Each method's share where participants weigh alike, not votes."""
        return mean_shares(self.counts.table)

    @cached_property
    def one_sided_effects(self) -> dict[str, Estimate]:
        """Eta and omega squared with the one-sided intervals of the noncentral F."""
        return {} if self.anova is None else one_sided(self.anova)

    @cached_property
    def flow(self) -> Flow:
        """Who is counted, who is not and why, and what other rules would have made of it."""
        return flow(self.table, self.counts, self.min_passed, self.simulated, self.alpha)

    @cached_property
    def design(self) -> Design:
        """Checks of the design: place, order, class, carelessness, agreement."""
        return design(self.table, self.counts, self.min_passed, self.seed)

    @cached_property
    def concordance(self) -> Concordance | None:
        """Whether metrics of the maps and people agree; None where no metrics were given."""
        return concordance(self.table, self.counts, self.metrics, self.seed) if self.metrics else None

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """All that goes beyond the classic analysis, ready to print: headings, tables, notes, figures."""
        return sections.sections(self)

    @cached_property
    def chapters(self) -> tuple[tuple[str, tuple[Table, ...], tuple[str, ...]], ...]:
        """Everything that is printed, the classic analysis first: heading, tables and notes."""
        beyond = ((section.heading, section.tables, section.notes) for section in self.sections)
        return (*page.classic(self), *beyond)

    @property
    def apa(self) -> str:
        """A paragraph for a results section."""
        return forms.apa(self)

    # Rows to print

    @cached_property
    def share_rows(self) -> tuple[ShareRow, ...]:
        return tuple(
            ShareRow(
                method=m.method,
                votes=fmt.count(m.votes),
                share=fmt.percent(m.share),
                interval=_interval(m.low, m.high, fmt.percent),
            )
            for m in self.methods
        )

    @cached_property
    def pair_rows(self) -> tuple[PairRow, ...]:
        return tuple(
            PairRow(
                a=pair.a,
                b=pair.b,
                label=f"{pair.a} {fmt.MINUS} {pair.b}",
                difference=fmt.points(pair.difference),
                interval=_interval(pair.low, pair.high, fmt.points),
                p=fmt.p_value(pair.p, pair.log10_p),
                significant=_significant(pair, self.alpha),
            )
            for pair in (self.tukey.pairs if self.tukey else ())
        )

    @cached_property
    def anova_rows(self) -> tuple[tuple[str, str, str, str, str, str], ...]:
        """The classic table: source, sum of squares, df, mean square, F, p."""
        return self.anova.rows if self.anova else ()

    @cached_property
    def test_rows(self) -> tuple[OmnibusRow, ...]:
        """Do the methods differ at all? The classic tests first, after them those that hold 5 %."""
        if self.omnibus is None:
            return ()
        effects = {
            "one-way": ("η²", self.omnibus.one_way.eta_squared),
            "repeated-measures": ("partial η²", self.omnibus.repeated_measures.partial_eta_squared),
            "friedman": ("W", self.omnibus.friedman.W),
        }
        return tuple(
            OmnibusRow(
                name=NAMES[name] + (" (primary)" if name == self.primary else ""),
                statistic=test.statement,
                p=fmt.p_value(test.p, test.log10_p),
                effect=_effect(*effects[name]) if name in effects else "",
                holds_its_level=name not in LIBERAL,
                note=test.note or "",
            )
            for name, test in self.omnibus.tests.items()
        )

    @cached_property
    def test_notes(self) -> tuple[str, ...]:
        """Whether the tests agree, and why one is undefined."""
        return conclusions.of_tests(self)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of these numbers: who was left out, what is simulated or pooled."""
        return conclusions.notes(self)

    @property
    def design_sha256(self) -> str | None:
        """What the table says of the design that was answered; None where it says nothing, or several."""
        if "design" not in self.table.answers:
            return None
        found = [value for value in self.table.answers["design"].unique() if value]
        return str(found[0]) if len(found) == 1 else None

    @property
    def simulated_label(self) -> str:
        """What stands beside every heading: "simulated", "12 of 83 participants simulated", or nothing."""
        return conclusions.simulated_label(self)

    def heading(self, text: str) -> str:
        """A heading that says what is simulated: "Shares of votes (simulated)"."""
        return f"{text} ({self.simulated_label})" if self.simulated_label else text

    @property
    def share_heading(self) -> str:
        return self.heading("Shares of votes")

    @property
    def pair_heading(self) -> str:
        return self.heading("Differences between methods")

    @property
    def test_heading(self) -> str:
        return self.heading("Do the methods differ at all?")

    @property
    def anova_heading(self) -> str:
        return self.heading("One-way ANOVA")

    @property
    def caveat(self) -> str:
        """What is wrong with the classic analysis; it stands beside its numbers."""
        return conclusions.caveat(self)

    @property
    def difference_level(self) -> str:
        """What the intervals of differences between methods hold, together: "95 %"."""
        return confidence(self.alpha)

    @property
    def interval_note(self) -> str:
        return conclusions.INTERVAL_NOTE

    @property
    def source(self) -> str:
        """Where the numbers come from, in one line."""
        return conclusions.source(self)

    # Figures

    @cached_property
    def shares_svg(self) -> str:
        """The dot plot of shares, as the text of an SVG."""
        rows = zip(self.methods, self.share_rows, strict=True)
        marks = [charts.Mark(m.method, _value(r.share, r.interval), m.share, m.low, m.high) for m, r in rows]
        told = "; ".join(f"{mark.label} {mark.value}" for mark in marks)
        about = f"{answers.who(self)}. Share of votes with its 95 % interval: {told}."
        return charts.shares(marks, about, self.share_heading)

    @cached_property
    def pairs_svg(self) -> str:
        """The forest plot of differences, as the text of an SVG; empty where there is one method only."""
        if not self.tukey:
            return ""
        marks = [
            charts.Mark(r.label, _value(r.difference, r.interval), p.difference, p.low, p.high, r.significant)
            for p, r in zip(self.tukey.pairs, self.pair_rows, strict=True)
        ]
        told = "; ".join(f"{m.label} {m.value}, p {r.p}" for m, r in zip(marks, self.pair_rows, strict=True))
        interval = f"{self.difference_level} Tukey interval"
        about = f"{answers.who(self)}. Difference of mean shares in points, {interval}: {told}."
        return charts.pairs(marks, about, self.pair_heading)

    # Forms

    def __str__(self) -> str:
        return self.to_text()

    def to_text(self) -> str:
        """The report for a terminal."""
        return page.text(self)

    def to_html(self) -> str:
        """The report as one HTML file that needs nothing else."""
        return page.html(self)

    def to_markdown(self) -> str:
        """The report without its figures, for a README or a notebook."""
        return forms.markdown(self)

    def to_latex(self) -> str:
        """Shares and differences within participants as tables, for the package booktabs."""
        return forms.latex(self)

    def to_csv(self) -> str:
        """Every estimate and test with all digits."""
        return forms.csv_table(self)

    def to_json(self) -> str:
        """The report as strict JSON: what is undefined is null, and a note says why."""
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False, allow_nan=False)

    def as_dict(self) -> dict[str, Any]:
        """What `to_json` writes."""
        return record.of(self)


def report(
    table: VoteTable,
    min_passed: int | None = None,
    simulated: str = "include",
    primary: str = PRIMARY,
    seed: int = SEED,
    metrics: MetricTable | None = None,
    alpha: float = ALPHA,
    contrasts: tuple[str, ...] = (),
    baseline: str | None = None,
    smallest_difference: float | None = None,
) -> Report:
    """Count the votes of a table and test them.

    `min_passed` and `simulated` are those of `VoteTable.counts`; `primary` is one of `omnibus.NAMES`, and
    `seed` is that of all resampling; `metrics` of the maps are held against the votes. A p
    below `alpha` is a finding, and the intervals of differences between methods hold 1 - `alpha` together;
    those of shares and effect sizes stay at 95 %. Raises NoVotesError where there is no vote to count,
    VoteTableError where the table is at fault, and ValueError for an alpha or a test that can't be.
    """
    checked(alpha)
    counts = table.counts(min_passed, simulated)
    n, comparable = len(counts.participants), len(counts.methods) > 1
    return Report(
        name=Path(table.name).name,
        sha256=table.sha256,
        min_passed=min_passed,
        simulated=simulated,
        n_participants=n,
        n_votes=counts.n_votes,
        n_recruited=counts.n_recruited,
        n_simulated=counts.n_simulated,
        n_set_aside=counts.n_set_aside,
        n_unanswered=counts.n_unanswered,
        votes_per_participant=counts.votes_per_participant,
        excluded=tuple(counts.excluded.items()),
        methods=clustered_shares(counts)[0],
        mean_proportions=tuple(float(counts.exact.mean(i)) for i in range(len(counts.methods))),
        tukey=_of_shares(hsd(counts.exact, 1 - alpha)) if comparable else None,
        omnibus=omnibus(counts, primary, seed, alpha) if comparable else None,
        primary=primary,
        seed=seed,
        counts=counts,
        table=table,
        metrics=metrics,
        alpha=alpha,
        contrasts=contrasts,
        baseline=baseline,
        smallest_difference=smallest_difference,
    )


def _of_shares(tukey: Tukey) -> Tukey:
    """With intervals cut at -1 and 1, beyond which no difference of shares can lie."""
    cut = (
        pair
        if pair.low is None or pair.high is None
        else replace(pair, low=max(pair.low, -1.0), high=min(pair.high, 1.0))
        for pair in tukey.pairs
    )
    return replace(tukey, pairs=tuple(cut))


def _effect(sign: str, size: float | None) -> str:
    return fmt.UNDEFINED if size is None else f"{sign} = {fmt.share_of_variance(size)}"


def _significant(pair: Pair, alpha: float) -> bool:
    return pair.p is not None and pair.p < alpha


def _interval(low: float | None, high: float | None, show: Callable[[float], str]) -> str:
    return fmt.UNDEFINED if low is None or high is None else f"{show(low)} to {show(high)}"


def _value(estimate: str, interval: str) -> str:
    """What stands at the right of a figure's row."""
    return estimate if interval == fmt.UNDEFINED else f"{estimate} ({interval})"
