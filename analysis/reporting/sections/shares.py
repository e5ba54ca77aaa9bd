"""Section: each method's share of the votes."""

from analysis import formatting as fmt
from analysis.estimation.shares import Share
from analysis.reporting.charts.interval_plots import Mark, describe, share_chart
from analysis.reporting.elements import Quantity, Section, Table
from analysis.reporting.results import Results

INTERVAL_NOTE = (
    "The 95% confidence intervals are over participants: they allow for the dependence of one person's votes."
)


def section(results: Results) -> Section:
    shares = results.shares
    tables = [_table(shares), *_weights(results)]
    marks = [Mark(share.method, _value(share), share.share, share.low, share.high) for share in shares]
    title = "Share of votes, with 95% confidence intervals"
    return Section(
        slug="shares",
        heading="Shares of votes",
        verdict=f"{shares[0].method} {_value(shares[0])}" if results.comparable else "",
        tables=tuple(tables),
        notes=(INTERVAL_NOTE, *_design_effect(results)),
        charts=(share_chart("shares", title, f"{title}: {describe(marks)}.", marks),),
        record=_record(results),
        quantities=tuple(_quantities(results)),
        apa=(f"Shares of votes were: {'; '.join(map(_apa, shares))}.",) if results.comparable else (),
    )


def _table(shares: tuple[Share, ...]) -> Table:
    rows = tuple(
        (
            share.method,
            fmt.count(share.votes),
            fmt.percent(share.share),
            fmt.interval(share.low, share.high, fmt.percent),
        )
        for share in shares
    )
    return Table("shares", "Votes and shares", ("Method", "Votes", "Share", "95% CI"), rows)


def _weights(results: Results) -> list[Table]:
    """Both ways to weight, if participants cast unequal numbers of votes."""
    fewest, most = results.counts.votes_per_participant
    if fewest == most:
        return []
    rows = tuple(
        (share.method, _value(share), mean.shown(fmt.percent))
        for share, mean in zip(results.shares, results.mean_shares, strict=True)
    )
    caption = "Shares with equal weight for every vote, and for every participant, with 95% CI"
    return [Table("weights", caption, ("Method", "Equal votes", "Equal participants"), rows)]


def _design_effect(results: Results) -> list[str]:
    estimates = results.estimates
    if estimates.design_effect is None:
        return []
    icc = fmt.UNDEFINED if estimates.icc is None else fmt.decimal(estimates.icc, 4)
    return [
        f"Design effect of the votes of one person: {fmt.decimal(estimates.design_effect, 3)}; intra-class "
        f"correlation: {icc}."
    ]


def _value(share: Share) -> str:
    if share.low is None or share.high is None:
        return fmt.percent(share.share)
    return f"{fmt.percent(share.share)} ({fmt.interval(share.low, share.high, fmt.percent)})"


def _apa(share: Share) -> str:
    if share.low is None or share.high is None:
        return f"{share.method} ({fmt.percent(share.share)})"
    return f"{share.method} ({fmt.percent(share.share)}, {fmt.confidence_interval(share.low, share.high)})"


def _record(results: Results) -> dict[str, object]:
    shares = results.shares
    exact = results.counts.exact
    return {
        "votes": {share.method: share.votes for share in shares},
        "shares": {share.method: share.share for share in shares},
        "share_intervals": {
            share.method: None
            if share.low is None or share.high is None
            else {"low": share.low, "high": share.high}
            for share in shares
        },
        "mean_proportions": {share.method: float(exact.mean(i)) for i, share in enumerate(shares)},
    }


def _quantities(results: Results) -> list[Quantity]:
    rows = []
    for share, mean in zip(results.shares, results.mean_shares, strict=True):
        rows += [
            Quantity("votes", share.method, value=share.votes),
            Quantity("share", share.method, value=share.share, low=share.low, high=share.high),
            Quantity("mean share", share.method, value=mean.value, low=mean.low, high=mean.high),
        ]
    return rows
