"""One report, from which the terminal's text, the JSON, the HTML file and the site's page all come.

A vote table comes in. What goes out is computed and rounded here and nowhere else: a template only prints the
rows, sentences and figures of `Report`, so that every form agrees to the last printed digit.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from analysis import charts, page
from analysis import formatting as fmt
from analysis.anova import OneWay, one_way
from analysis.tukey import Pair, Tukey, hsd
from analysis.votes import Counts, VoteTable
from analysis.within import Friedman, RepeatedMeasures, friedman, repeated_measures

ALPHA = 0.05
CAVEAT = (
    "One-way ANOVA and Tukey HSD treat the shares of one participant as independent, but they add up to 1. "
    "Where the methods do not differ, these tests therefore find a difference in about 12 % of studies with "
    "four methods, not in 5 %. Repeated-measures ANOVA and Friedman's test compare each participant with "
    "themselves and hold 5 %."
)
INTERVAL_NOTE = "The 95 % intervals are t intervals over participants, whose votes are not independent."
ONE_METHOD = "undefined: there is only one method"


@dataclass(frozen=True)
class Share:
    """A method's votes and its share of all votes, with a 95 % interval that is None where undefined."""

    method: str
    votes: int
    share: float
    low: float | None
    high: float | None


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
    anova: OneWay | None
    tukey: Tukey | None
    repeated_measures: RepeatedMeasures | None
    friedman: Friedman | None

    # The answer

    @cached_property
    def answer(self) -> str:
        """The first thing to read: one or two plain sentences that claim no more than the tests do."""
        return f"{self._who} cast {fmt.counted(self.n_votes, 'vote')}. {self._finding}"

    @property
    def _who(self) -> str:
        if self.n_simulated == 0:
            return fmt.counted(self.n_participants, "participant")
        if self.n_simulated == self.n_participants:
            return fmt.counted(self.n_participants, "simulated participant")
        return f"{self._participants} ({fmt.count(self.n_simulated)} of them simulated)"

    @property
    def _finding(self) -> str:
        best = [m for m in self.methods if m.votes == self.methods[0].votes]
        names, share = _listed([m.method for m in best]), fmt.percent(best[0].share)
        if len(self.methods) == 1:
            return f"All were for {names}: with one method there is nothing to compare."
        if len(best) == len(self.methods):
            lead = f"{names} were chosen equally often ({share} each)"
        elif len(best) > 1:
            lead = f"{names} were chosen most often ({share} each)"
        else:
            lead = f"{names} was chosen most often ({share})"
        return lead + self._significance(len(best))

    def _significance(self, n_best: int) -> str:
        anova, overall, tukey = self.anova, self.repeated_measures, self.tukey
        assert anova is not None  # there are two methods or more
        assert overall is not None
        assert tukey is not None
        if self.n_participants == 1:
            return "; one participant says nothing about others, so no test is made."
        if anova.p is None or overall.p is None:
            if anova.ss_between == 0:
                return "; every participant split their votes evenly, so the tests are undefined (0/0)."
            return "; every participant split their votes alike, so the tests are undefined (zero variance)."
        omnibus = f"repeated-measures ANOVA, {fmt.p_phrase(overall.p)}"
        if overall.p >= ALPHA and n_best == len(self.methods):
            return f"; nothing shows that the methods differ ({omnibus})."
        if overall.p >= ALPHA:
            return f", but this is no evidence that the methods differ ({omnibus})."
        if n_best > 1:
            return f"; the methods differ ({omnibus}), but none was chosen more than every other."
        return _lead([pair for pair in tukey.pairs if pair.a == self.methods[0].method], omnibus)

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
                significant=_significant(pair),
            )
            for pair in (self.tukey.pairs if self.tukey else ())
        )

    @cached_property
    def anova_rows(self) -> tuple[tuple[str, str, str, str, str, str], ...]:
        """The classic table: source, sum of squares, df, mean square, F, p."""
        return self.anova.rows if self.anova else ()

    @cached_property
    def test_rows(self) -> tuple[OmnibusRow, ...]:
        """Do the methods differ at all? The classic test first, after it those that hold 5 %."""
        if not (self.anova and self.repeated_measures and self.friedman):
            return ()
        within = self.repeated_measures
        return (
            _omnibus("One-way ANOVA", self.anova, "η²", self.anova.eta_squared),
            _omnibus("Repeated-measures ANOVA", within, "partial η²", within.partial_eta_squared),
            _omnibus("Friedman test", self.friedman, "W", self.friedman.W),
        )

    @cached_property
    def test_notes(self) -> tuple[str, ...]:
        """Why a test is undefined, and how far the corrected one is from spherical."""
        notes = [f"{row.name}: {row.note}." for row in self.test_rows if row.note]
        if self.repeated_measures and self.repeated_measures.epsilon is not None:
            epsilon = f"{self.repeated_measures.epsilon:.3f}"
            notes.append(
                f"Degrees of freedom of the repeated-measures ANOVA: Greenhouse–Geisser, ε = {epsilon}."
            )
        return tuple(notes)

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of these numbers: who was left out, what is simulated or pooled."""
        notes = []
        if self.n_simulated:
            notes.append(f"{fmt.count(self.n_simulated)} of {self._participants} are simulated.")
        if self.n_set_aside:
            kind = "Real" if self.simulated == "only" else "Simulated"
            notes.append(f"{kind} participants are set aside: {fmt.count(self.n_set_aside)}.")
        if self.excluded:
            why = "; ".join(f"{reason}: {fmt.count(n)}" for reason, n in self.excluded)
            left_out = self.n_recruited - self.n_participants
            notes.append(
                f"{fmt.count(left_out)} of {fmt.counted(self.n_recruited, 'participant')} left out ({why})."
            )
        fewest, most = self.votes_per_participant
        if fewest != most:
            notes.append(
                f"Participants cast between {fewest} and {fmt.counted(most, 'vote')}. "
                "Shares pool the votes; tests and differences weigh participants equally, "
                "so a difference need not be that of two shares."
            )
        if self.n_unanswered:
            notes.append(f"{fmt.counted(self.n_unanswered, 'scored question')} left without a choice.")
        return tuple(notes)

    @property
    def _participants(self) -> str:
        return fmt.counted(self.n_participants, "participant")

    @property
    def simulated_label(self) -> str:
        """What stands beside every heading: "simulated", "12 of 83 participants simulated", or nothing."""
        if self.n_simulated == 0:
            return ""
        if self.n_simulated == self.n_participants:
            return "simulated"
        return f"{fmt.count(self.n_simulated)} of {self._participants} simulated"

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
        return CAVEAT

    @property
    def interval_note(self) -> str:
        return INTERVAL_NOTE

    @property
    def source(self) -> str:
        """Where the numbers come from, in one line."""
        kept = (
            ""
            if self.min_passed is None
            else f", kept by at least {fmt.counted(self.min_passed, 'check')} passed"
        )
        return f"{self.name}{kept}; SHA-256 {self.sha256}; beholder {version('beholder') or 'of a checkout'}"

    # Figures

    @cached_property
    def shares_svg(self) -> str:
        """The dot plot of shares, as the text of an SVG."""
        rows = zip(self.methods, self.share_rows, strict=True)
        marks = [charts.Mark(m.method, _value(r.share, r.interval), m.share, m.low, m.high) for m, r in rows]
        told = "; ".join(f"{mark.label} {mark.value}" for mark in marks)
        about = f"{self._who}. Share of votes with its 95 % interval: {told}."
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
        about = f"{self._who}. Difference of mean shares in points with its 95 % Tukey interval: {told}."
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

    def to_json(self) -> str:
        """The report as strict JSON: what is undefined is null, and a note says why."""
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False, allow_nan=False)

    def as_dict(self) -> dict[str, Any]:
        """What `to_json` writes."""
        return {
            "answer": self.answer,
            "n_participants": self.n_participants,
            "n_votes": self.n_votes,
            "n_simulated": self.n_simulated,
            "n_recruited": self.n_recruited,
            "n_unanswered": self.n_unanswered,
            "excluded": dict(self.excluded),
            "min_passed": self.min_passed,
            "simulated": self.simulated,
            "n_set_aside": self.n_set_aside,
            "votes": {m.method: m.votes for m in self.methods},
            "shares": {m.method: m.share for m in self.methods},
            "share_intervals": {m.method: _ends(m) for m in self.methods},
            "mean_proportions": {
                m.method: x for m, x in zip(self.methods, self.mean_proportions, strict=True)
            },
            "anova": _fields(self.anova, "F", "df_between", "df_within", "p", "log10_p", "eta_squared")
            | _fields(self.anova, "ss_between", "ss_within", "ms_between", "ms_within", "note"),
            "tukey": [asdict(pair) for pair in (self.tukey.pairs if self.tukey else ())],
            "tukey_note": self.tukey.note if self.tukey else ONE_METHOD,
            "repeated_measures": _fields(
                self.repeated_measures, "F", "df_between", "df_within", "epsilon", "p"
            )
            | _fields(self.repeated_measures, "log10_p", "p_uncorrected", "partial_eta_squared", "note"),
            "friedman": _fields(self.friedman, "Q", "df", "p", "log10_p", "W", "note"),
            "caveat": self.caveat,
            "notes": list(self.notes),
            "source": {"name": self.name, "sha256": self.sha256},
            "versions": {name: version(name) for name in ("beholder", "numpy", "scipy")},
        }


def report(table: VoteTable, min_passed: int | None = None, simulated: str = "include") -> Report:
    """Count the votes of a table and test them.

    `min_passed` and `simulated` are those of `VoteTable.counts`. Raises NoVotesError where there is no vote
    to count, and VoteTableError where the table is at fault.
    """
    counts = table.counts(min_passed, simulated)
    proportions = counts.proportions()
    n = len(counts.participants)
    comparable = len(counts.methods) > 1
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
        methods=shares(counts),
        mean_proportions=tuple(float(sum(values) / n) for values in proportions.values()),
        anova=one_way(proportions) if comparable else None,
        tukey=hsd(proportions) if comparable else None,
        repeated_measures=repeated_measures(proportions) if comparable else None,
        friedman=friedman(proportions) if comparable else None,
    )


def shares(counts: Counts) -> tuple[Share, ...]:
    """Each method's share of all votes with a 95 % t interval over participants, cut at 0 and 1.

    The share is a ratio of two sums over participants, its votes and all votes, with the variance of Cochran
    (1977), Sampling Techniques, section 2.11; where all cast equally many votes it is that of the mean of
    their proportions. Undefined for one participant, and where participants do not differ.
    """
    table = counts.table.astype(float)  # (participants, methods)
    totals, n = table.sum(axis=1, keepdims=True), len(table)
    pooled = table.sum(axis=0) / totals.sum()
    squares = ((table - pooled * totals) ** 2).sum(axis=0)
    if n > 1:
        margins = stats.t.ppf(0.975, n - 1) * np.sqrt(squares * n / (n - 1)) / totals.sum()
    result = []
    for i, (method, votes) in enumerate(counts.votes.items()):
        share, low, high = votes / counts.n_votes, None, None
        if n > 1 and margins[i] > 1e-12:  # what is left of zero after rounding
            low, high = max(0.0, share - float(margins[i])), min(1.0, share + float(margins[i]))
        result.append(Share(method, votes, share, low, high))
    return tuple(result)


def version(name: str) -> str | None:
    """The installed version of a package; None where it runs without being installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _omnibus(
    name: str, test: OneWay | RepeatedMeasures | Friedman, effect: str, size: float | None
) -> OmnibusRow:
    return OmnibusRow(
        name=name,
        statistic=test.statement,
        p=fmt.p_value(test.p, test.log10_p),
        effect=fmt.UNDEFINED if size is None else f"{effect} = {fmt.share_of_variance(size)}",
        holds_its_level=not isinstance(test, OneWay),
        note=test.note or "",
    )


def _lead(pairs: Sequence[Pair], omnibus: str) -> str:
    """What the method with most votes is ahead of, and what it is not. `pairs` compare it with each other."""
    ahead = [pair for pair in pairs if _significant(pair) and pair.difference > 0]
    behind = [pair for pair in pairs if _significant(pair) and pair.difference < 0]
    level = [pair for pair in pairs if not _significant(pair)]
    if behind:  # who cast few votes counts more in a mean of proportions than in a sum of votes
        others = _listed([pair.b for pair in behind])
        return f", but less than {others} where participants weigh equally (Tukey HSD, {_together(behind)})."
    if not ahead:
        return f"; the methods differ ({omnibus}), but it was not chosen significantly more than any other."
    others = "each of the others" if not level and len(ahead) > 1 else _listed([pair.b for pair in ahead])
    sentence = f", more than {others} (Tukey HSD, {_together(ahead)})"
    if level:
        rest = _listed([pair.b for pair in level])
        sentence += f"; its lead over {rest} is not significant ({_together(level)})"
    return sentence + "."


def _significant(pair: Pair) -> bool:
    return pair.p is not None and pair.p < ALPHA


def _together(pairs: Sequence[Pair]) -> str:
    """The p of one pair, or what holds of all: "p = 0.012", "every p < 0.001", "p from 0.002 to 0.03"."""
    phrases = list(
        dict.fromkeys(fmt.p_phrase(p.p) for p in sorted(pairs, key=lambda p: p.p or 0) if p.p is not None)
    )
    if len(phrases) == 1:
        return phrases[0] if len(pairs) == 1 else f"every {phrases[0]}"
    return f"{phrases[0]} to {phrases[-1]}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _interval(low: float | None, high: float | None, show: Callable[[float], str]) -> str:
    return fmt.UNDEFINED if low is None or high is None else f"{show(low)} to {show(high)}"


def _value(estimate: str, interval: str) -> str:
    """What stands at the right of a figure's row."""
    return estimate if interval == fmt.UNDEFINED else f"{estimate} ({interval})"


def _ends(share: Share) -> dict[str, float] | None:
    return None if share.low is None or share.high is None else {"low": share.low, "high": share.high}


def _fields(result: object, *names: str) -> dict[str, Any]:
    """The named attributes of a result; of no result, null and why."""
    if result is None:
        return {name: ONE_METHOD if name == "note" else None for name in names}
    return {name: getattr(result, name) for name in names}
