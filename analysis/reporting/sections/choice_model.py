"""Section: a choice model of what was offered, for studies whose answers do not offer all methods.

`headline` is the finding in one sentence, for the top of the report. It claims no more than the omnibus test
and the simultaneous comparisons do, and names no leader without a significant difference.
"""

from analysis import formatting as fmt
from analysis.choice_models.equal_choice import ChoiceTest
from analysis.choice_models.worths import WorthPair, Worths
from analysis.estimation.intervals import Estimate
from analysis.reporting.charts.canvas import Chart
from analysis.reporting.charts.interval_plots import Mark, describe, share_chart
from analysis.reporting.elements import Quantity, Section, Table
from analysis.significance import confidence

COMPARISON = "simultaneous max-t"
TRUSTED_FROM = 20  # participants
_MOST_ROWS = 8


def section(worths: Worths) -> Section:
    """Write the section on the choice model."""
    return Section(
        slug="choice-model",
        heading="Choices from what was offered",
        verdict=fmt.statistic_and_p(worths.test.statement, worths.test.p, worths.test.log10_p),
        tables=tuple(_tables(worths)),
        notes=_notes(worths),
        charts=(_chart(worths),) if worths.estimated else (),
        record={"choice_model": _record(worths)},
        quantities=tuple(_quantities(worths)),
        apa=tuple(_apa(worths)),
        method=(_method(worths),),
    )


def headline(worths: Worths, test: ChoiceTest, alpha: float) -> str:
    """The finding in one to three sentences; `test` decides at `alpha` whether the methods differ."""
    return f"{_reason(worths)} {_finding(worths, test, alpha)}"


def _reason(worths: Worths) -> str:
    """The reason why shares of votes cannot compare the methods."""
    if len({row.offers for row in worths.offers}) > 1:
        return "Methods were not offered equally often."
    if worths.offers[0].offers < worths.n_answers:
        return "Answers offered only some of the methods."
    if worths.weighted:
        return "Questions were not shown equally often."
    return "Some answers were ties."


def _finding(worths: Worths, test: ChoiceTest, alpha: float) -> str:
    if test.p is None:
        return f"No test is made: {test.note}."
    stated = f"choice model, {test.statement}, {fmt.p_phrase(test.p)}"
    if test.p >= alpha:
        return f"There is no evidence that the methods differ ({stated})."
    bounds = " ".join(map(str, worths.bounds))
    differ = f"The methods differ ({stated})."
    if not worths.estimated:
        return f"{differ} {bounds}".strip()
    return f"{_lead(worths, alpha) or differ} {bounds}".strip()


def _lead(worths: Worths, alpha: float) -> str:
    """The method with the largest worth and those it is ahead of; empty where it is ahead of none."""
    values = {one.method: one.worth.value or 0.0 for one in worths.worths if one.method in worths.estimated}
    leader = max(values, key=lambda name: values[name])
    rivals = [name for name in worths.estimated if name != leader]
    pairs = {name: worths.pair(leader, name) for name in rivals}
    p = {name: pair.p for name, pair in pairs.items() if pair is not None and pair.p is not None}
    behind = [name for name in rivals if p.get(name, 1.0) < alpha]
    if not behind:
        return ""
    share = next(one.share for one in worths.offers if one.method == leader)
    largest = max(p[name] for name in behind)
    many = len(behind) > 1
    stated = f"every {fmt.p_phrase(largest).replace('=', '≤')}" if many else fmt.p_phrase(largest)
    if behind == rivals and len(worths.estimated) == len(worths.methods):
        others = "each of the others" if many else rivals[0]
    else:
        others = f"each of {fmt.listed(behind)}" if many else behind[0]
    chosen = "" if share.value is None else f" and was chosen in {fmt.percent(share.value)} of its offers"
    rest = [name for name in rivals if name not in behind]
    verb = "is" if len(rest) == 1 else "are"
    lead = "lead" if len(rest) == 1 else "leads"
    tail = f" Its {lead} over {fmt.listed(rest)} {verb} not significant." if rest else ""
    return f"{leader} was preferred to {others} ({COMPARISON}, {stated}){chosen}.{tail}"


def _tables(worths: Worths) -> list[Table]:
    level = confidence(worths.alpha)
    methods = tuple(
        (
            offers.method,
            fmt.count(offers.offers),
            fmt.count(offers.votes),
            offers.share.format(fmt.percent),
            fmt.UNDEFINED if offers.expected is None else fmt.percent(offers.expected),
            values.worth.format(fmt.percent),
        )
        for offers, values in zip(worths.offers, worths.worths, strict=True)
    )
    headings = ("Method", "Offers", "Votes", "Share of offers", "Without preference", "Worth")
    tables = [Table("choice-methods", "Shares of offers and worths, with 95% CI", headings, methods)]
    if worths.pairs:
        rows = tuple(
            (f"{pair.a} : {pair.b}", pair.odds_ratio.format(fmt.decimal), fmt.p_value(pair.p, pair.log10_p))
            for pair in worths.pairs
        )
        caption = f"Odds ratios of being chosen, with simultaneous {level} confidence intervals"
        tables.append(Table("choice-pairs", caption, ("Pair", "Odds ratio", "p"), rows))
    if worths.constants:
        rows = tuple(
            (one.name, one.log_odds.format(fmt.decimal), fmt.p_value(one.p)) for one in worths.constants
        )
        caption = "Other alternatives and display positions, in log odds with 95% CI"
        tables.append(Table("choice-constants", caption, ("", "Log odds", "p"), rows))
    rankings = worths.rankings
    if rankings is not None:
        shown = [(order, p) for order, p in rankings.orders if p >= 0.001][:_MOST_ROWS]
        orders = tuple((" > ".join(order), fmt.probability(p, rankings.replicates)) for order, p in shown)
        first = tuple((name, fmt.probability(p, rankings.replicates)) for name, p in rankings.first.items())
        tables += [
            Table("choice-rankings", "Rankings by worth", ("Ranking", "Share of draws"), orders),
            Table("choice-first", "Largest worth", ("Method", "Share of draws"), first),
        ]
    return tables


def _notes(worths: Worths) -> tuple[str, ...]:
    notes = [
        "Shares are votes divided by offers. They depend on the other methods in an offer; worths and odds "
        "ratios do not. A worth is the probability of being chosen if all methods were offered (Luce, 1959); "
        '"without preference" is the share of offers if every offered method were equally likely.'
    ]
    if worths.weighted:
        notes.append(
            "Questions were shown unequally often. Shares, worths and tests give each question equal weight; "
            "offers and votes are plain counts."
        )
    if worths.pairs:
        notes.append(
            "p and intervals of the odds ratios come from one distribution (single-step max-t) and are "
            "clustered by participant. The omnibus test is referred to an F distribution over participants."
        )
    if worths.n_participants < TRUSTED_FROM:
        n = fmt.counted(worths.n_participants, "participant")
        notes.append(f"With {n}, below {TRUSTED_FROM}, these tests have little power.")
    if worths.rankings is not None:
        notes.append(
            f"Rankings are those of {fmt.count(worths.rankings.replicates)} draws from the estimated "
            f"distribution of the worths (seed {worths.seed}), not probabilities that a ranking is true."
        )
    return (*notes, *map(str, worths.bounds), *worths.notes)


def _chart(worths: Worths) -> Chart:
    marks = [
        Mark(one.method, one.worth.format(fmt.percent), one.worth.value, one.worth.low, one.worth.high)
        for one in worths.worths
        if one.worth.value is not None
    ]
    title = "Worth: probability of being chosen if all methods were offered, with 95% confidence intervals"
    return share_chart("worths", title, f"{title}: {describe(marks)}.", marks, 1 / len(worths.estimated))


def _record(worths: Worths) -> dict[str, object]:
    test, rankings = worths.test, worths.rankings
    return {
        "methods": [
            {
                "method": offers.method,
                "offers": offers.offers,
                "votes": offers.votes,
                "share_of_offers": _estimate(offers.share),
                "expected_share": offers.expected,
                "worth": _estimate(values.worth),
                "log_worth": values.log_worth,
                "standard_error": values.error,
            }
            for offers, values in zip(worths.offers, worths.worths, strict=True)
        ],
        "reference": worths.reference,
        "pairs": [
            {
                "a": pair.a,
                "b": pair.b,
                "log_odds": _estimate(pair.log_odds),
                "odds_ratio": _estimate(pair.odds_ratio),
                "standard_error": pair.error,
                "t": pair.t,
                "p": pair.p,
                "log10_p": pair.log10_p,
            }
            for pair in worths.pairs
        ],
        "test": {
            "statistic": test.statistic,
            "F": test.F,
            "df": None if test.df is None else list(test.df),
            "p": test.p,
            "log10_p": test.log10_p,
            "n_participants": test.n_participants,
            "note": test.note,
        },
        "constants": [
            {"name": one.name, "log_odds": _estimate(one.log_odds), "p": one.p} for one in worths.constants
        ],
        "bounds": [
            {
                "methods": list(bound.methods),
                "over": list(bound.over),
                "participants": bound.participants,
                "limit": bound.limit,
            }
            for bound in worths.bounds
        ],
        "rankings": rankings and [{"order": list(o), "probability": p} for o, p in rankings.orders],
        "first": rankings and rankings.first,
        "log_likelihood": worths.log_likelihood,
        "n_answers": worths.n_answers,
        "notes": list(worths.notes),
    }


def _estimate(estimate: Estimate) -> dict[str, float | None]:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def _quantities(worths: Worths) -> list[Quantity]:
    rows = []
    for offers, values in zip(worths.offers, worths.worths, strict=True):
        share, worth = offers.share, values.worth
        rows += [
            Quantity("offers", offers.method, value=offers.offers),
            Quantity("share of offers", offers.method, value=share.value, low=share.low, high=share.high),
            Quantity("worth", offers.method, value=worth.value, low=worth.low, high=worth.high),
        ]
    for pair in worths.pairs:
        ratio = pair.odds_ratio
        rows.append(
            Quantity(
                "odds ratio (choice model)",
                pair.a,
                pair.b,
                value=ratio.value,
                low=ratio.low,
                high=ratio.high,
                statistic=pair.t,
                p=pair.p,
                log10_p=pair.log10_p,
            )
        )
    for one in worths.constants:
        odds = one.log_odds
        rows.append(Quantity("log odds", one.name, value=odds.value, low=odds.low, high=odds.high, p=one.p))
    test = worths.test
    df1, df2 = test.df or (None, None)
    name = "choice model (omnibus)"
    rows.append(Quantity(name, statistic=test.F, df1=df1, df2=df2, p=test.p, log10_p=test.log10_p))
    return rows


def _apa(worths: Worths) -> list[str]:
    """Sentences for a results section."""
    test = worths.test
    if test.p is None:
        return [f"The choice model was not tested: {test.note}."]
    differ = "Choices depended" if test.p < worths.alpha else "There is no evidence that choices depended"
    shares = "; ".join(
        f"{offers.method} ({_apa_share(offers.share)})"
        for offers in worths.offers
        if offers.share.value is not None
    )
    sentences = [
        f"{_reason(worths)} {differ} on the method, {test.statement}, {fmt.apa_p(test.p)}.",
        f"Shares of offers were: {shares}.",
    ]
    pairs = [_apa_pair(pair, worths.alpha) for pair in worths.pairs]
    if pairs:
        sentences.append(f"Odds ratios were: {'; '.join(pairs)}.")
    return [*sentences, *map(str, worths.bounds)]


def _apa_share(share: Estimate) -> str:
    assert share.value is not None
    if share.low is None or share.high is None:
        return fmt.percent(share.value)
    return f"{fmt.percent(share.value)}, {fmt.confidence_interval(share.low, share.high)}"


def _apa_pair(pair: WorthPair, alpha: float) -> str:
    ratio = pair.odds_ratio
    ends = ""
    if ratio.low is not None and ratio.high is not None:
        ends = f", {confidence(alpha)} CI [{fmt.decimal(ratio.low)}, {fmt.decimal(ratio.high)}]"
    value = fmt.UNDEFINED if ratio.value is None else fmt.decimal(ratio.value)
    p = "not tested" if pair.p is None else fmt.apa_p(pair.p)
    return f"{pair.a} : {pair.b}, OR = {value}{ends}, {p}"


def _method(worths: Worths) -> str:
    """The sentences for a methods section."""
    extra = {
        "none of these": ' an alternative "none of these" had its own constant;',
        "tie": " ties were a further alternative (Davidson, 1970);",
    }
    named = "".join(text for name, text in extra.items() if any(one.name == name for one in worths.constants))
    level = confidence(worths.alpha)
    return (
        "Choices were analysed by a conditional logit of the methods that were offered (Luce, 1959; "
        f"McFadden, 1974), with standard errors clustered by participant;{named} pairs have single-step "
        f"max-t adjusted p values and simultaneous {level} confidence intervals (Hothorn et al., 2008)."
    )
