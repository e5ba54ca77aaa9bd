"""Section: results for new classes or images, and the shares for each one."""

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np

from analysis import formatting as fmt
from analysis.estimation.label_shares import LabelShares
from analysis.estimation.stimuli import BeyondStimuli
from analysis.inference.min_f import MinF
from analysis.reporting.charts.canvas import Chart
from analysis.reporting.charts.label_shares import label_chart
from analysis.reporting.elements import Quantity, Section, Table
from analysis.significance import confidence

MOST_ROWS = 50  # labels in the printed table
Interval = tuple[float | None, float | None]


def section(
    result: BeyondStimuli, intervals: Mapping[str, Interval], labels: LabelShares | None = None
) -> Section:
    """`intervals` are the 95% confidence intervals of each method's share over participants alone.

    `labels` adds the shares for each label.
    """
    tables = [*_shares(result, intervals), *_pairs(result), *_tests(result.min_f), *_labels(result, labels)]
    return Section(
        slug="stimuli",
        heading="Beyond these stimuli",
        verdict=_verdict(result),
        tables=tuple(tables),
        notes=tuple(_notes(result, labels)),
        charts=tuple(_charts(result, labels)),
        record={
            "stimuli": _record(result),
            "label_shares": None if labels is None else _label_record(labels),
        },
        quantities=tuple(_quantities(result, labels)),
        apa=_apa(result),
        method=_method(result),
    )


def _verdict(result: BeyondStimuli) -> str:
    nouns, test = result.scope.nouns, result.min_f
    if not result.shares:
        return f"These results hold {result.scope.phrase} only."
    leader = result.shares[0]
    best = f"{leader.method} {fmt.percent(leader.share)}"
    if leader.low is not None and leader.high is not None:
        best += f" {_bracket(leader.low, leader.high)}"
    if test is None:
        return f"Shares are given over new {nouns} as well; differences between methods are not tested."
    if test.p is None:
        return f"Whether methods differ over new {nouns} cannot be tested: min F' is undefined."
    stated = f"{test.statement}, {fmt.p_stated(test.p, test.log10_p)}"
    if test.p >= result.alpha:
        return f"No difference between methods is shown over new {nouns}: {stated}."
    return f"Over new {nouns} as well: {best}; {stated}."


def _shares(result: BeyondStimuli, intervals: Mapping[str, Interval]) -> list[Table]:
    if not result.shares:
        return []
    rows = tuple(
        (
            share.method,
            fmt.percent(share.share),
            fmt.interval(*intervals.get(share.method, (None, None)), fmt.percent),
            fmt.interval(share.low, share.high, fmt.percent),
        )
        for share in result.shares
    )
    nouns = result.scope.nouns
    headings = ("Method", "Share", "Over participants", f"Over participants and {nouns}")
    caption = f"Shares with 95% confidence intervals, for these {nouns} and for new ones"
    return [Table("shares-beyond", caption, headings, rows)]


def _pairs(result: BeyondStimuli) -> list[Table]:
    if not result.pairs:
        return []
    rows = tuple(
        (
            f"{pair.a} {fmt.MINUS} {pair.b}",
            fmt.points(pair.difference),
            fmt.interval(pair.low, pair.high, fmt.points),
            fmt.p_value(pair.p, pair.log10_p),
        )
        for pair in result.pairs
    )
    level = confidence(result.alpha)
    caption = (
        f"Differences of shares in percentage points over participants and {result.scope.nouns}, with "
        f"simultaneous {level} confidence intervals (single-step max-t)"
    )
    return [Table("differences-beyond", caption, ("Pair", "Points", f"{level} CI", "p"), rows)]


def _tests(test: MinF | None) -> list[Table]:
    if test is None:
        return []
    first, second = test.by_participants, test.by_stimuli
    rows = (
        ("Participants (F1)", first.statement, fmt.p_value(first.p, first.log10_p)),
        ("Labels (F2)", second.statement, fmt.p_value(second.p, second.log10_p)),
        ("Both (min F')", test.statement, fmt.p_value(test.p, test.log10_p)),
    )
    caption = "Are the shares equal? Repeated-measures ANOVA, Greenhouse-Geisser corrected"
    return [Table("min-f", caption, ("Generalises over", "F", "p"), rows, left=2)]


def _labels(result: BeyondStimuli, labels: LabelShares | None) -> list[Table]:
    if labels is None:
        return []
    rows = tuple(
        (
            label,
            fmt.count(int(labels.answers[i])),
            *(_cell(labels, i, j) for j in range(len(labels.methods))),
        )
        for i, label in enumerate(labels.labels[:MOST_ROWS])
    )
    caption = "Shares for each label, with 95% confidence intervals over participants"
    if len(labels.labels) > MOST_ROWS:
        caption += f"; the first {MOST_ROWS} of {fmt.count(len(labels.labels))} labels"
    heading = result.scope.noun.capitalize()
    return [Table("label-shares", caption, (heading, "Answers", *labels.methods), rows)]


def _cell(labels: LabelShares, i: int, j: int) -> str:
    if np.isnan(labels.shares[i, j]):
        return "not offered"
    share = fmt.percent(float(labels.shares[i, j]))
    if np.isnan(labels.low[i, j]):
        return share
    return f"{share} {_bracket(float(labels.low[i, j]), float(labels.high[i, j]))}"


def _notes(result: BeyondStimuli, labels: LabelShares | None) -> list[str]:
    notes = [f"{result.note}."] if result.note else []
    nouns = result.scope.nouns
    if result.shares:
        notes.append(
            f"The intervals over participants are {result.scope.phrase}: another study with new participants "
            f"and the same stimuli. Those over participants and {nouns} are for new participants and new "
            f"{nouns} of the same kind; they are conservative, wider than needed if {nouns} hardly differ."
        )
    if result.min_f is not None:
        notes.append(
            f"F1 generalises to new participants only, F2 to new {nouns} only. min F' generalises to both, "
            "and is conservative (Clark 1973)."
        )
    if any(share.low is None for share in result.shares):
        notes.append(
            f"A share has no interval over {nouns} where fewer than five of them offered its method, or "
            "where the answers agree too closely to estimate a variance."
        )
    if labels is not None:
        notes.append(
            f"The intervals of single {nouns} are those of Clopper and Pearson for the effective number of "
            "answers, clustered by participant. They are not simultaneous: some exclude the overall share by "
            "chance."
        )
    return notes


def _charts(result: BeyondStimuli, labels: LabelShares | None) -> list[Chart]:
    if labels is None:
        return []
    answers = labels.answers / labels.answers.sum()
    overall = {share.method: share.share for share in result.shares}
    shares = [
        overall.get(method, float(np.nansum(labels.shares[:, j] * answers)))
        for j, method in enumerate(labels.methods)
    ]
    title = _leads(labels, result.scope.nouns)
    listed = "; ".join(
        f"{method} from {fmt.percent(float(np.nanmin(column)))} to {fmt.percent(float(np.nanmax(column)))}"
        for method, column in zip(labels.methods, labels.shares.T, strict=True)
        if not np.isnan(column).all()
    )
    description = (
        f"{title}. Shares over {fmt.count(len(labels.labels))} {result.scope.nouns}, with 95% confidence "
        f"intervals over participants: {listed}."
    )
    chart = label_chart("label-shares", title, description, labels, shares, result.scope.nouns)
    return [] if chart is None else [chart]


def _leads(labels: LabelShares, nouns: str) -> str:
    """Count labels for which one method has the largest share, alone or tied."""
    n = fmt.count(len(labels.labels))
    largest = labels.shares >= np.nanmax(labels.shares, axis=1, keepdims=True)  # (labels, methods)
    everywhere = np.flatnonzero(largest.all(axis=0))
    if len(everywhere) == 1:
        return f"{labels.methods[everywhere[0]]} has the largest share for all {n} {nouns}"
    times = int(largest.any(axis=0).sum())
    return f"{times} of {len(labels.methods)} methods have the largest share for at least one of {n} {nouns}"


def _record(result: BeyondStimuli) -> dict[str, object]:
    test = result.min_f
    return {
        "scope": {**asdict(result.scope), "phrase": result.scope.phrase},
        "note": result.note,
        "shares": {
            share.method: {"share": share.share, "low": share.low, "high": share.high, "df": share.df}
            for share in result.shares
        },
        "pairs": [asdict(pair) for pair in result.pairs],
        "min_f": test
        and {
            "F": test.F,
            "df": test.df and list(test.df),
            "p": test.p,
            "log10_p": test.log10_p,
            "F1": test.by_participants.F,
            "F2": test.by_stimuli.F,
            "note": test.note,
        },
    }


def _label_record(labels: LabelShares) -> dict[str, object]:
    return {
        label: {
            method: {
                "share": _number(labels.shares[i, j]),
                "low": _number(labels.low[i, j]),
                "high": _number(labels.high[i, j]),
            }
            for j, method in enumerate(labels.methods)
        }
        for i, label in enumerate(labels.labels)
    }


def _quantities(result: BeyondStimuli, labels: LabelShares | None) -> list[Quantity]:
    rows = [
        Quantity("share (over labels)", share.method, value=share.share, low=share.low, high=share.high)
        for share in result.shares
    ]
    rows += [
        Quantity(
            "difference (over labels)",
            pair.a,
            pair.b,
            value=pair.difference,
            low=pair.low,
            high=pair.high,
            p=pair.p,
            log10_p=pair.log10_p,
        )
        for pair in result.pairs
    ]
    test = result.min_f
    if test is not None:
        df1, df2 = test.df or (None, None)
        rows.append(Quantity("min F'", statistic=test.F, df1=df1, df2=df2, p=test.p, log10_p=test.log10_p))
    if labels is not None:
        rows += [
            Quantity(
                "share for a label",
                label,
                method,
                value=_number(labels.shares[i, j]),
                low=_number(labels.low[i, j]),
                high=_number(labels.high[i, j]),
            )
            for i, label in enumerate(labels.labels)
            for j, method in enumerate(labels.methods)
        ]
    return rows


def _apa(result: BeyondStimuli) -> tuple[str, ...]:
    test, nouns = result.min_f, result.scope.nouns
    if test is None or test.p is None:
        return ()
    outcome = "differed" if test.p < result.alpha else "did not differ significantly"
    intervals = "; ".join(
        f"{share.method} ({fmt.percent(share.share)}, {fmt.confidence_interval(share.low, share.high)})"
        for share in result.shares
        if share.low is not None and share.high is not None
    )
    listed = f" Shares over participants and {nouns} were: {intervals}." if intervals else ""
    return (
        f"Over participants and {nouns}, shares {outcome}, {test.statement}, {fmt.apa_p(test.p)}.{listed}",
    )


def _method(result: BeyondStimuli) -> tuple[str, ...]:
    if not result.shares:
        return ()
    nouns = result.scope.nouns
    tested = (
        f" Equal shares over participants and {nouns} were tested by min F' (Clark, 1973), with "
        "Greenhouse-Geisser correction of both F ratios."
        if result.min_f
        else ""
    )
    return (
        f"To generalise to new {nouns}, confidence intervals were also computed over participants and "
        f"{nouns}, from the sum of the two cluster-jackknife variances (Cameron et al., 2011), on the logit "
        f"scale for shares, with t quantiles for the smaller number of clusters less 1.{tested}",
    )


def _bracket(low: float, high: float) -> str:
    """An interval of shares beside its share: "[53.6, 59.6]"."""
    return f"[{', '.join(fmt.percent(end).removesuffix('%') for end in (low, high))}]"


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
