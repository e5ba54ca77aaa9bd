"""The parts of a report beyond the classic analysis, each a section of tables, notes and figures.

Results come in, text comes out; nothing is computed here, so that every form of the report prints the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis import formatting as fmt
from analysis.reporting import figures
from analysis.reporting.tables import Section, Table

if TYPE_CHECKING:
    from analysis.design_checks.participant_flow import Rule
    from analysis.reporting.report import Report


def sections(report: Report) -> tuple[Section, ...]:
    """Those that the table allows, in the order in which a reader needs them."""
    made = (
        _estimates(report),
        _rankings(report),
        _metrics(report),
        _flow(report),
        _design(report),
    )
    return tuple(section for section in made if section is not None)


def _estimates(report: Report) -> Section | None:
    """How large the differences are, each participant compared with themselves."""
    estimates = report.estimates
    if not estimates.pairs:
        return None
    pairs = tuple(
        (
            f"{pair.a} {fmt.MINUS} {pair.b}",
            pair.difference.shown(fmt.points),
            pair.ratio.shown(fmt.decimal),
            pair.cohens_h.shown(fmt.decimal),
            fmt.p_value(pair.p, pair.log10_p),
        )
        for pair in estimates.pairs
    )
    tables = [
        Table(
            "paired-differences",
            "Differences of mean shares in points, their ratios and Cohen's h, simultaneous "
            f"{report.difference_level} intervals",
            ("Pair", "Points", "Ratio", "Cohen's h", "p (Holm)"),
            pairs,
        )
    ]
    tables += _weights(report)
    if estimates.effects:
        tables.append(_effects(report))
    ranks = report.omnibus.rank_pairs if report.omnibus else None
    if ranks is not None:
        rows = tuple(
            (
                f"{pair.a} {fmt.MINUS} {pair.b}",
                fmt.decimal(pair.difference),
                fmt.p_value(pair.conover_p, pair.conover_log10_p),
                fmt.p_value(pair.nemenyi_p, pair.nemenyi_log10_p),
            )
            for pair in ranks.pairs
        )
        headings = ("Pair", "Mean ranks", "p (Conover, Holm)", "p (Nemenyi)")
        tables.append(Table("rank-differences", "Pairs by rank, after Friedman's test", headings, rows))
    return Section(
        "estimates",
        report.heading("How large the differences are"),
        tuple(tables),
        _estimate_notes(report),
        figures.of_pairs(report),
    )


def _weights(report: Report) -> list[Table]:
    """Both ways to weigh, where they differ: participants who cast unequal numbers of votes."""
    fewest, most = report.votes_per_participant
    if fewest == most:
        return []
    rows = tuple(
        (pooled.method, f"{pooled.share} ({pooled.interval})", mean.shown(fmt.percent))
        for pooled, mean in zip(report.share_rows, report.mean_shares, strict=True)
    )
    caption = "Shares where each vote weighs alike, and where each participant does, with 95 % intervals"
    return [Table("weights", caption, ("Method", "Each vote alike", "Each participant alike"), rows)]


def _effects(report: Report) -> Table:
    one_sided = report.one_sided_effects
    rows = tuple(
        (
            name,
            effect.shown(fmt.share_of_variance),
            one_sided[name].shown(fmt.share_of_variance) if name in one_sided else "",
        )
        for name, effect in report.estimates.effects.items()
    )
    caption = (
        "Effect sizes with 95 % intervals: percentiles over participants, and one-sided by the noncentral F, "
        "which takes shares as independent"
    )
    return Table("effect-sizes", caption, ("Effect size", "Over participants", "Noncentral F"), rows)


def _estimate_notes(report: Report) -> tuple[str, ...]:
    estimates = report.estimates
    notes = [
        "Each participant weighs alike and is compared with themselves (paired t). The intervals of one "
        f"column hold together with {report.difference_level} (largest |t| of all pairs); p is after Holm's "
        "correction."
    ]
    if any(pair.ratio.value is not None and pair.ratio.low is None for pair in estimates.pairs):
        notes.append("A ratio has no interval where that would reach below 0.001 or above 1,000.")
    if estimates.design_effect is not None:
        icc = "undefined" if estimates.icc is None else fmt.decimal(estimates.icc, 4)
        notes.append(
            f"Design effect of votes from the same person: {fmt.decimal(estimates.design_effect, 3)}; "
            f"intra-class correlation: {icc}."
        )
    return tuple(notes)


def _rankings(report: Report) -> Section | None:
    found = report.estimates.rankings
    if found is None:
        return None
    shown = [(order, p) for order, p in found.orders if p >= 0.001][:8]
    rows = tuple((" > ".join(order), fmt.probability(p, found.replicates)) for order, p in shown)
    first = tuple((m, fmt.probability(p, found.replicates)) for m, p in found.first.items())
    note = (
        f"How often {fmt.count(found.replicates)} sets of participants, drawn again with replacement, gave "
        f"the ranking (seed {found.seed}). Not the probability that a ranking is true."
    )
    tables = (
        Table("rankings", "Rankings by votes", ("Ranking", "Share of resamples"), rows),
        Table("first", "Most votes", ("Method", "Share of resamples"), first),
    )
    return Section("rankings", report.heading("How firm the ranking is"), tables, (note,))


def _metrics(report: Report) -> Section | None:
    """Whether metrics of the maps and people agree."""
    found = report.concordance
    if found is None:
        return None
    heading = report.heading("Do metrics and people agree?")
    if found.note:
        return Section("metrics", heading, (), (f"Nothing to compare: {found.note}.",))
    rows = tuple(
        (
            row.title,
            row.better,
            row.correlation.shown(fmt.decimal),
            row.within.shown(fmt.decimal),
            fmt.p_value(row.p_maps),
            row.predicted.shown(fmt.percent),
            row.over_favourite.shown(fmt.points),
        )
        for row in found.metrics
    )
    headings = (
        "Metric",
        "Better",
        "Rank correlation",
        "In questions",
        "p (maps)",
        "Votes predicted",
        "Over favourite",
    )
    caption = "Metrics and votes, with 95 % bootstrap intervals over participants; more is agreement"
    tables = [Table("metric-agreement", caption, headings, rows, left=2), _metric_odds(report)]
    return Section("metrics", heading, tuple(tables), _metric_notes(report), figures.of_metrics(report))


def _metric_odds(report: Report) -> Table:
    assert report.concordance is not None
    joint = report.concordance.joint
    rows = []
    for row in report.concordance.metrics:
        models = [row.odds, row.beyond, *([joint[row.metric]] if joint else [])]
        shown = [(odds.ratio.shown(fmt.decimal), fmt.p_value(odds.p, odds.log10_p)) for odds in models]
        rows.append((row.title, *(cell for pair in shown for cell in pair)))
    headings = ["Metric", "Alone", "p", "At equal methods", "p", *(["All together", "p"] if joint else [])]
    caption = (
        "Odds ratios of a choice for one standard deviation more of the metric (conditional logit, 95 % "
        "intervals robust against votes of one person)"
    )
    return Table("metric-odds", caption, tuple(headings), tuple(rows))


def _metric_notes(report: Report) -> tuple[str, ...]:
    found = report.concordance
    assert found is not None
    notes = []
    if found.chance is not None and found.favourite.value is not None:
        notes.append(
            f"Chance predicts {fmt.percent(found.chance)} of the votes; always naming the method that the "
            f"other participants chose most often, {found.favourite.shown(fmt.percent)}."
        )
    few = (
        "So few can show no correlation"
        if found.detectable is None
        else f"With so many, a true rank correlation below {fmt.decimal(found.detectable)} is missed in more "
        "than one study of five, however many people vote"
    )
    notes.append(
        f"The votes are of {fmt.counted(found.n_maps, 'map')} in "
        f"{fmt.counted(found.n_questions, 'question')}. {few}. Maps of one question are not independent, "
        "which makes it worse."
    )
    notes.append(
        "The intervals and the p of the odds ratios hold for these very maps: with enough voters a metric of "
        "random numbers gets a small one. p (maps) takes the map as its unit and shuffles the metric within "
        "each question; where many metrics are tried, expect one in twenty below 0.05. A metric that merely "
        "prefers the favourite method gets a small one too; the odds at equal methods show if it knows more."
    )
    alike = [row.title for row in found.metrics if row.of_methods]
    if alike:
        notes.append(
            f"One value a method: {'; '.join(alike)}. So few values can't be told from chance by shuffling."
        )
    notes += [found.joint_note] if found.joint_note else []
    undefined = {
        f"{row.title}: {odds.note}." for row in found.metrics for odds in (row.odds, row.beyond) if odds.note
    }
    return (*notes, *sorted(undefined), f"Metrics: {found.source}; SHA-256 {found.sha256}.")


def _flow(report: Report) -> Section:
    flow = report.flow
    steps = tuple((name, fmt.count(n)) for name, n in flow.steps)
    tables = [Table("flow", "Participants", ("", "n"), steps)]
    for name, caption, rules in (
        ("thresholds", "If another number of attention checks had been asked for", flow.thresholds),
        ("speeds", "If quick answers had been left out", flow.speeds),
    ):
        if rules:
            tables.append(_rules(name, caption, rules))
    notes = (flow.stable,) if flow.stable else ()
    return Section(
        "participants", report.heading("Who is counted"), tuple(tables), notes, figures.of_rules(report)
    )


def _rules(name: str, caption: str, rules: tuple[Rule, ...]) -> Table:
    rows = tuple(
        (
            rule.name,
            rule.conclusion,
            fmt.count(rule.n_participants),
            fmt.count(rule.n_votes),
            f"{rule.leader} {fmt.percent(rule.shares[0].share)}",
            fmt.p_value(rule.p, rule.log10_p),
        )
        for rule in rules
    )
    return Table(name, caption, ("Rule", "Conclusion", "n", "Votes", "Most votes", "p"), rows, left=2)


def _design(report: Report) -> Section | None:
    design = report.design
    tables = [design.table] if design.rows else []
    if design.class_by_method is not None:
        found = design.class_by_method
        rows = tuple(
            (label, *(fmt.count(int(n)) for n in row))
            for label, row in zip(found.labels, found.votes, strict=True)
        )
        tables.append(Table("classes", "Votes by class", ("Class", *found.methods), rows))
    if not tables:
        return None
    heading = report.heading("Checks of the design")
    return Section("design", heading, tuple(tables), (), figures.of_design(report))
