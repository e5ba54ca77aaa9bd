"""Section: each method's share of the answers.

If "none of these" was possible, shares of all answers come first, with shares of the votes beside them.
"""

from analysis import formatting as fmt
from analysis.estimation.shares import Share
from analysis.reporting.charts.interval_plots import Mark, describe, share_chart
from analysis.reporting.elements import Quantity, Section, Table
from analysis.reporting.results import Results

INTERVAL_NOTE = (
    "The 95% confidence intervals are over participants: they allow for the dependence of one person's votes."
)


def section(results: Results) -> Section:
    shares, none = results.shares, results.none_share
    tables = [_table(results), *_weights(results)]
    noun = "votes" if none is None else "answers"
    marks = [Mark(share.method, _value(share), share.share, share.low, share.high) for share in shares]
    title = f"Share of {noun}, with 95% confidence intervals"
    return Section(
        slug="shares",
        heading=f"Shares of {noun}",
        verdict=f"{shares[0].method} {_value(shares[0])}" if results.comparable else "",
        tables=tuple(tables),
        notes=(INTERVAL_NOTE, *_reasons(results), *_design_effect(results)),
        charts=(share_chart("shares", title, f"{title}: {describe(marks)}.", marks),),
        record=_record(results),
        quantities=tuple(_quantities(results)),
        apa=_apa(results, noun),
    )


def _table(results: Results) -> Table:
    if results.none_share is None:
        plain = tuple(_row(share) for share in results.shares)
        return Table("shares", "Votes and shares", ("Method", "Votes", "Share", "95% CI"), plain)
    votes = {share.method: share for share in results.choice_shares}
    rows = [(*_row(share), _value(votes[share.method])) for share in results.shares]
    rows.append((*_row(results.none_share), ""))
    caption = (
        'Shares of all answers, in which "none of these" chooses no method, and shares of the answers that '
        "chose a method"
    )
    headings = ("Answer", "Answers", "Share of answers", "95% CI", "Share of choices")
    return Table("shares", caption, headings, tuple(rows))


def _row(share: Share) -> tuple[str, ...]:
    return (
        share.method,
        fmt.count(share.votes),
        fmt.percent(share.share),
        fmt.interval(share.low, share.high, fmt.percent),
    )


def _weights(results: Results) -> list[Table]:
    """Both ways to weight, if participants gave unequal numbers of answers."""
    fewest, most = results.counts.answers_per_participant
    if fewest == most:
        return []
    rows = tuple(
        (share.method, _value(share), mean.format(fmt.percent))
        for share, mean in zip(results.shares, results.mean_shares, strict=True)
    )
    caption = "Shares with equal weight for every answer, and for every participant, with 95% CI"
    return [Table("weights", caption, ("Method", "Equal answers", "Equal participants"), rows)]


def _reasons(results: Results) -> list[str]:
    reasons = dict.fromkeys(s.reason for s in results.shares if s.low is None and s.reason)
    return [f"No interval: {reason}." for reason in reasons]


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


def _apa(results: Results, noun: str) -> tuple[str, ...]:
    if not results.comparable:
        return ()
    listed = "; ".join(map(_apa_share, (*results.shares, *_none(results))))
    return (f"Shares of {noun} were: {listed}.",)


def _apa_share(share: Share) -> str:
    if share.low is None or share.high is None:
        return f"{share.method} ({fmt.percent(share.share)})"
    return f"{share.method} ({fmt.percent(share.share)}, {fmt.confidence_interval(share.low, share.high)})"


def _record(results: Results) -> dict[str, object]:
    """`shares` are shares of the votes; `shares_of_answers` are the leading ones where they differ."""
    votes, none = results.choice_shares, results.none_share
    record: dict[str, object] = {
        "votes": {share.method: share.votes for share in votes},
        "shares": {share.method: share.share for share in votes},
        "share_intervals": {share.method: _ends(share) for share in votes},
        "mean_proportions": {
            share.method: float(results.counts.exact.mean(i)) for i, share in enumerate(results.shares)
        },
        "none_of_these": None,
        "shares_of_answers": None,
    }
    if none is not None:
        record["none_of_these"] = {"answers": none.votes, "share": none.share, "interval": _ends(none)}
        record["shares_of_answers"] = {
            share.method: {"share": share.share, "interval": _ends(share)} for share in results.shares
        }
    return record


def _ends(share: Share) -> dict[str, float] | None:
    return None if share.low is None or share.high is None else {"low": share.low, "high": share.high}


def _quantities(results: Results) -> list[Quantity]:
    rows = [Quantity("answers", "none of these", value=none.votes) for none in _none(results)]
    rows += [Quantity("share", n.method, value=n.share, low=n.low, high=n.high) for n in _none(results)]
    for share, mean in zip(results.shares, results.mean_shares, strict=True):
        rows += [
            Quantity("votes", share.method, value=share.votes),
            Quantity("share", share.method, value=share.share, low=share.low, high=share.high),
            Quantity("mean share", share.method, value=mean.value, low=mean.low, high=mean.high),
        ]
    return rows


def _none(results: Results) -> list[Share]:
    return [] if results.none_share is None else [results.none_share]
