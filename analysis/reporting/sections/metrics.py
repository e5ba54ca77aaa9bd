"""Section: whether metrics of the maps and the participants agree, map by map."""

from dataclasses import asdict

from analysis import formatting as fmt
from analysis.metric_agreement.concordance import Concordance
from analysis.reporting.charts.canvas import Chart
from analysis.reporting.charts.interval_plots import Mark, correlation_chart, describe
from analysis.reporting.elements import Quantity, Section, Table
from analysis.reporting.results import Results

_HEADING = "Do metrics and people agree?"


def section(results: Results) -> Section:
    concordance = results.concordance
    if concordance is None:
        return Section("metrics", _HEADING, record={"metric_agreement": None})
    record = {"metric_agreement": asdict(concordance) | {"detectable": concordance.detectable}}
    if concordance.note:
        note = f"Nothing to compare: {concordance.note}."
        return Section("metrics", _HEADING, notes=(note,), record=record)
    return Section(
        slug="metrics",
        heading=_HEADING,
        verdict=_verdict(concordance),
        tables=(_agreement(concordance), _odds(concordance)),
        notes=_notes(concordance),
        charts=tuple(_charts(concordance)),
        record=record,
        quantities=tuple(_quantities(concordance)),
    )


def _verdict(concordance: Concordance) -> str:
    known = [row for row in concordance.metrics if row.correlation.value is not None]
    if not known:
        return ""
    best = max(known, key=lambda row: row.correlation.value or 0.0)
    return f"Highest rank correlation with the votes: {best.title}, {best.correlation.format(fmt.decimal)}."


def _agreement(concordance: Concordance) -> Table:
    rows = tuple(
        (
            row.title,
            row.better,
            row.correlation.format(fmt.decimal),
            row.within.format(fmt.decimal),
            fmt.p_value(row.p_maps),
            row.predicted.format(fmt.percent),
            row.over_favourite.format(fmt.points),
        )
        for row in concordance.metrics
    )
    headings = ("Metric", "Better", "Rank correlation", "Within questions", "p (maps)", "Votes predicted")
    caption = (
        "Metrics and votes, with 95% bootstrap confidence intervals over participants. All metrics are "
        "oriented so that more is better"
    )
    return Table("metric-agreement", caption, (*headings, "Gain over favourite"), rows, left=2)


def _odds(concordance: Concordance) -> Table:
    joint = concordance.joint
    rows = []
    for row in concordance.metrics:
        models = [row.odds, row.beyond, *([joint[row.metric]] if joint else [])]
        cells = [(odds.ratio.format(fmt.decimal), fmt.p_value(odds.p, odds.log10_p)) for odds in models]
        rows.append((row.title, *(cell for pair in cells for cell in pair)))
    headings = ["Metric", "Alone", "p", "Given the method", "p", *(["All metrics", "p"] if joint else [])]
    caption = (
        "Odds ratio of a choice for one standard deviation more of the metric (conditional logit, 95% "
        "confidence intervals clustered by participant)"
    )
    return Table("metric-odds", caption, tuple(headings), tuple(rows))


def _notes(concordance: Concordance) -> tuple[str, ...]:
    notes = []
    if concordance.chance is not None and concordance.favourite.value is not None:
        notes.append(
            f"Chance predicts {fmt.percent(concordance.chance)} of the votes. Always naming the method that "
            f"the other participants chose most often predicts {concordance.favourite.format(fmt.percent)}."
        )
    power = (
        "So few maps cannot show a correlation"
        if concordance.detectable is None
        else "With so many maps, more than one study in five misses a true rank correlation below "
        f"{fmt.decimal(concordance.detectable)}, whatever the number of participants"
    )
    notes.append(
        f"The votes are about {fmt.counted(concordance.n_maps, 'map')} in "
        f"{fmt.counted(concordance.n_questions, 'question')}. {power}. Maps of one question are not "
        "independent, which lowers the power further."
    )
    notes.append(
        "The intervals and the p of the odds ratios hold for these maps only: with enough participants, a "
        "metric of random numbers gets a small p. The unit of p (maps) is the map; it permutes the metric "
        "within each question. With many metrics, expect one in twenty below 0.05. A metric that only "
        "prefers the favourite method gets a small p too; the odds given the method show whether it knows "
        "more."
    )
    constant = [row.title for row in concordance.metrics if row.of_methods]
    if constant:
        notes.append(
            f"One value for each method: {'; '.join(constant)}. Permutations cannot tell so few values from "
            "chance."
        )
    notes += [concordance.joint_note] if concordance.joint_note else []
    undefined = {
        f"{row.title}: {odds.note}."
        for row in concordance.metrics
        for odds in (row.odds, row.beyond)
        if odds.note
    }
    return (*notes, *sorted(undefined), f"Metrics: {concordance.source}; SHA-256 {concordance.sha256}.")


def _charts(concordance: Concordance) -> list[Chart]:
    marks = []
    for row in concordance.metrics:
        estimate = row.correlation
        if estimate.value is not None:
            filled = estimate.low is not None and estimate.high is not None
            filled = filled and not (estimate.low or 0) <= 0 <= (estimate.high or 0)
            value = estimate.format(fmt.decimal)
            marks.append(Mark(row.title, value, estimate.value, estimate.low, estimate.high, filled))
    if not marks:
        return []
    title = "Rank correlation of metrics and votes"
    description = (
        f"Spearman's correlation over maps, 95% confidence interval over participants: {describe(marks)}."
    )
    return [correlation_chart("metrics", title, description, marks)]


def _quantities(concordance: Concordance) -> list[Quantity]:
    rows = []
    for row in concordance.metrics:
        for name, estimate in (
            ("rank correlation over maps", row.correlation),
            ("rank correlation in questions", row.within),
            ("share of votes predicted", row.predicted),
            ("share predicted over favourite", row.over_favourite),
        ):
            rows.append(Quantity(name, row.metric, row.title, estimate.value, estimate.low, estimate.high))
        for name, odds in (("odds ratio", row.odds), ("odds ratio at equal methods", row.beyond)):
            ratio = odds.ratio
            rows.append(
                Quantity(
                    name, row.metric, row.title, ratio.value, ratio.low, ratio.high,
                    p=odds.p, log10_p=odds.log10_p,
                )
            )  # fmt: skip
    return rows
