"""Section: how stable the ranking is when participants are drawn again."""

from analysis import formatting as fmt
from analysis.reporting.elements import Quantity, Section, Table
from analysis.reporting.results import Results

_MOST_ROWS = 8


def section(results: Results) -> Section | None:
    rankings = results.estimates.rankings
    if rankings is None:
        return None
    replicates = rankings.replicates
    shown = [(order, p) for order, p in rankings.orders if p >= 0.001][:_MOST_ROWS]
    rows = tuple((" > ".join(order), fmt.probability(p, replicates)) for order, p in shown)
    first = tuple((method, fmt.probability(p, replicates)) for method, p in rankings.first.items())
    best, p_best = rankings.orders[0]
    return Section(
        slug="rankings",
        heading="How stable is the ranking?",
        verdict=f"{' > '.join(best)} in {fmt.probability(p_best, replicates)} of resamples."
        if p_best >= 0.5
        else "No ranking appears in half of the resamples.",
        tables=(
            Table("rankings", "Rankings by votes", ("Ranking", "Share of resamples"), rows),
            Table("first", "Most votes", ("Method", "Share of resamples"), first),
        ),
        notes=(
            f"{fmt.count(replicates)} sets of participants were drawn with replacement (seed "
            f"{rankings.seed}); ties were broken at random. A share of resamples is not the probability that "
            "a ranking is true.",
        ),
        quantities=tuple(
            Quantity("share of resamples with most votes", method, value=p)
            for method, p in rankings.first.items()
        ),
    )
