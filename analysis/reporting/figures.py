"""Which figures a report has beyond the two of the classic analysis. A report in, SVG by name out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis import formatting as fmt
from analysis.reporting import answer, charts
from analysis.reporting import dot_plots as strips
from analysis.reporting.tables import Drawing

if TYPE_CHECKING:
    from analysis.reporting.report import Report


def of_pairs(report: Report) -> dict[str, Drawing]:
    """Differences within participants, and the participants one by one."""
    marks = []
    for pair in report.estimates.pairs:
        at = pair.difference.value or 0.0
        label = f"{pair.a} {fmt.MINUS} {pair.b}"
        found = pair.p is not None and pair.p < report.alpha
        value = pair.difference.shown(fmt.points)
        marks.append(charts.Mark(label, value, at, pair.difference.low, pair.difference.high, found))
    told = "; ".join(f"{mark.label} {mark.value}" for mark in marks)
    interval = f"simultaneous {report.difference_level} interval"
    about = f"{answer.who(report)}. Difference of mean shares in points, {interval}: {told}."
    title = report.heading("Differences within participants")
    drawn = {"paired-differences": Drawing(title, charts.pairs(marks, about, title, "paired"))}
    if report.n_participants > 2:
        drawn["participants"] = _participants(report)
    return drawn


def _participants(report: Report) -> Drawing:
    counts = report.counts
    shares = counts.shares.T
    middles = strips.told(counts.methods, np.sort(shares, axis=1)[:, shares.shape[1] // 2].tolist())
    dots = report.n_participants <= strips.MOST_DOTS
    mark = (
        "A dot is one participant's share of votes" if dots else "A bar is as high as participants are many"
    )
    about = f"{answer.who(report)}. {mark}. Medians: {middles}."
    each = "a mark a participant" if dots else "the more participants, the higher the bar"
    title = report.heading(f"Each participant's share of votes, {each}")
    return Drawing(title, strips.participants(counts.methods, shares, about, title))


def of_metrics(report: Report) -> dict[str, Drawing]:
    """The rank correlation of every metric with the votes."""
    marks = []
    for row in report.concordance.metrics if report.concordance else ():
        found = row.correlation
        if found.value is not None:
            apart = found.low is not None and found.high is not None and not found.low <= 0 <= found.high
            marks.append(
                charts.Mark(row.title, found.shown(fmt.decimal), found.value, found.low, found.high, apart)
            )
    if not marks:
        return {}
    told = "; ".join(f"{mark.label} {mark.value}" for mark in marks)
    title = report.heading("Rank correlation of metrics and votes")
    about = f"Spearman's correlation over maps, 95 % interval over participants: {told}."
    return {"metrics": Drawing(title, charts.correlations(marks, about, title, "metrics"))}


def of_rules(report: Report) -> dict[str, Drawing]:
    """The first method's share under every rule of who is counted."""
    flow, drawn = report.flow, dict[str, Drawing]()
    method, k = report.methods[0].method, len(report.methods)
    for name, title, rules in (
        ("thresholds", "If another number of checks had been asked for", flow.thresholds),
        ("speeds", "If quick answers had been left out", flow.speeds),
    ):
        marks = []
        for rule in rules:
            share = next((share for share in rule.shares if share.method == method), None)
            if share is not None:
                value = f"{fmt.percent(share.share)}, n = {fmt.count(rule.n_participants)}"
                marks.append(charts.Mark(rule.name, value, share.share, share.low, share.high))
        if len(marks) > 1:
            told = "; ".join(f"{mark.label} {mark.value}" for mark in marks)
            about = f"Share of votes for {method} with its 95 % interval, by rule: {told}."
            heading = report.heading(f"{title}: share of votes for {method}")
            drawn[name] = Drawing(heading, charts.shares(marks, about, heading, name, chance=1 / k))
    return drawn


def of_design(report: Report) -> dict[str, Drawing]:
    """How often each place was chosen, and the methods by class."""
    drawn: dict[str, Drawing] = {}
    place, classes = report.design.position, report.design.class_by_method
    if place is not None:
        marks = [
            charts.Mark(f"Place {i}", fmt.percent(share), share, low, high)
            for i, (share, (low, high)) in enumerate(zip(place.shares, place.intervals, strict=True), start=1)
        ]
        told = "; ".join(f"{mark.label} {mark.value}" for mark in marks)
        about = f"{answer.who(report)}. Share of answers for each place, with 95 % intervals: {told}."
        title = report.heading("Place of the chosen picture")
        drawn["position"] = Drawing(title, charts.shares(marks, about, title, "position"))
    if classes is not None:
        shares = (classes.votes / classes.votes.sum(axis=1, keepdims=True)).tolist()
        rows = zip(classes.labels, shares, strict=True)
        told = "; ".join(f"class {label}: {strips.told(classes.methods, row)}" for label, row in rows)
        about = f"Share of votes for each method, by class. {told}."
        title = report.heading("Methods by class")
        svg = strips.classes(classes.labels, classes.methods, shares, about, title)
        drawn["classes"] = Drawing(title, svg)
    return drawn
