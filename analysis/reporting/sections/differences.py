"""Section: the differences between methods, each participant compared with themselves.

This is the verdict on every pair: p and interval come from one distribution (single-step max-t).
"""

from dataclasses import asdict

import numpy as np

from analysis import formatting as fmt
from analysis.estimation.pairs import PairEstimate
from analysis.estimation.share_contrasts import FEW
from analysis.reporting.charts.canvas import Chart
from analysis.reporting.charts.dot_plots import MOST_DOTS, participant_chart
from analysis.reporting.charts.interval_plots import Mark, describe, difference_chart
from analysis.reporting.elements import Quantity, Section, Table
from analysis.reporting.results import Results
from analysis.reporting.sections.contrasts import explain_methods
from analysis.significance import confidence


def section(results: Results) -> Section:
    pairs = results.pairs
    if not pairs:
        return Section("differences", "Differences between methods", record={"estimates": _record(results)})
    level = confidence(results.plan.alpha)
    rows = tuple(
        (
            f"{pair.a} {fmt.MINUS} {pair.b}",
            pair.difference.format(fmt.points),
            fmt.p_value(pair.p_simultaneous, pair.log10_p_simultaneous),
            pair.ratio.format(fmt.decimal),
            pair.cohens_h.format(fmt.decimal),
        )
        for pair in pairs
    )
    caption = (
        "Differences of mean shares in percentage points, ratios of shares and Cohen's h, each with "
        f"simultaneous {level} confidence intervals"
    )
    headings = ("Pair", "Points", "p", "Ratio", "Cohen's h")
    return Section(
        slug="differences",
        heading="Differences between methods",
        verdict=_verdict(pairs, results.plan.alpha),
        tables=(Table("paired-differences", caption, headings, rows),),
        notes=_notes(pairs, results.plan.alpha),
        charts=tuple(_charts(results, level)),
        record={"estimates": _record(results)},
        quantities=tuple(_quantities(pairs)),
        apa=_apa(results, level),
        method=(
            "Pairs of methods were compared within participants by paired t tests, with single-step max-t "
            f"adjusted p values and simultaneous {level} confidence intervals [@hothorn2008simultaneous].",
        ),
    )


def is_significant(pair: PairEstimate, alpha: float) -> bool:
    return pair.p_simultaneous is not None and pair.p_simultaneous < alpha


def _verdict(pairs: tuple[PairEstimate, ...], alpha: float) -> str:
    significant = sum(is_significant(pair, alpha) for pair in pairs)
    if all(pair.p_simultaneous is None for pair in pairs):
        return "No difference can be tested."
    if len(pairs) == 1:
        return f"The difference is {'' if significant else 'not '}significant."
    if significant == len(pairs):
        return f"All {len(pairs)} differences are significant."
    return f"{significant} of {len(pairs)} differences {'is' if significant == 1 else 'are'} significant."


def _notes(pairs: tuple[PairEstimate, ...], alpha: float) -> tuple[str, ...]:
    estimates = [estimate for pair in pairs for estimate in (pair.difference, pair.ratio, pair.cohens_h)]
    reasons = dict.fromkeys(e.reason for e in estimates if e.low is None and e.reason)
    return (
        "Every participant has equal weight and is compared with themselves. A filled dot marks a difference "
        f"with p below {alpha:g}.",
        *explain_methods({pair.method for pair in pairs}, alpha),
        *(f"No interval where {reason}." for reason in reasons),
    )


def _charts(results: Results, level: str) -> list[Chart]:
    marks = [
        Mark(
            f"{pair.a} {fmt.MINUS} {pair.b}",
            pair.difference.format(fmt.points),
            pair.difference.value or 0.0,
            pair.difference.low,
            pair.difference.high,
            is_significant(pair, results.plan.alpha),
        )
        for pair in results.pairs
    ]
    title = f"Difference of mean shares in points, with simultaneous {level} confidence intervals"
    charts = [difference_chart("paired-differences", title, f"{title}: {describe(marks)}.", marks)]
    if results.n_participants > 2:
        charts.append(_participants(results))
    return charts


def _participants(results: Results) -> Chart:
    methods, shares = results.counts.methods, results.counts.shares.T  # (methods, participants)
    medians = np.sort(shares, axis=1)[:, shares.shape[1] // 2].tolist()
    listed = ", ".join(f"{m} {fmt.percent(share)}" for m, share in zip(methods, medians, strict=True))
    dots = results.n_participants <= MOST_DOTS
    title = "Each participant's share of votes, " + (
        "one mark for each participant" if dots else "higher bars for more participants"
    )
    return participant_chart("participants", title, f"{title}. Medians: {listed}.", methods, shares)


def _record(results: Results) -> dict[str, object]:
    estimates = results.estimates
    rankings = estimates.rankings
    return {
        "design_effect": estimates.design_effect,
        "intra_class_correlation": estimates.icc,
        "pairs": [asdict(pair) for pair in results.pairs],
        "effects": {
            name: {"value": effect.value, "low": effect.low, "high": effect.high}
            for name, effect in estimates.effects.items()
        },
        "rankings": rankings and [{"order": list(o), "probability": p} for o, p in rankings.orders],
        "first": rankings and rankings.first,
    }


def _quantities(pairs: tuple[PairEstimate, ...]) -> list[Quantity]:
    rows = []
    for pair in pairs:
        for name, estimate in (("ratio", pair.ratio), ("Cohen's h", pair.cohens_h)):
            rows.append(
                Quantity(name, pair.a, pair.b, value=estimate.value, low=estimate.low, high=estimate.high)
            )
        rows += [
            Quantity(
                "difference (paired)",
                pair.a,
                pair.b,
                value=pair.difference.value,
                low=pair.difference.low,
                high=pair.difference.high,
                statistic=pair.t,
                p=pair.p_simultaneous,
                log10_p=pair.log10_p_simultaneous,
            ),
            Quantity("Holm-adjusted p (paired t)", pair.a, pair.b, p=pair.p, log10_p=pair.log10_p),
        ]
    return rows


def _apa(results: Results, level: str) -> tuple[str, ...]:
    if results.omnibus is None or results.omnibus.decisive.p is None:
        return ()
    comparisons = "; ".join(
        f"{pair.a} vs. {pair.b}: {', '.join(_apa_parts(pair, level, results.estimates.df))}"
        for pair in results.pairs
    )
    return (
        "Paired comparisons of mean shares (percentage points; single-step max-t adjusted p values and "
        f"simultaneous confidence intervals) were: {comparisons}.",
    )


def _apa_parts(pair: PairEstimate, level: str, df: int) -> list[str]:
    difference, parts = pair.difference, []
    if difference.value is not None:
        parts.append(fmt.points(difference.value))
    if difference.low is not None and difference.high is not None:
        parts.append(f"{level} CI [{fmt.points(difference.low)}, {fmt.points(difference.high)}]")
    if pair.t is not None and pair.method != FEW:
        parts.append(f"t({df}) = {fmt.decimal(pair.t)}")
    if pair.p_simultaneous is None:
        return [*parts, "not tested because it does not vary between participants"]
    return [*parts, fmt.apa_p(pair.p_simultaneous)]
