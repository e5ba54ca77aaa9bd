"""The result of a choice model: worths, pairs, constants, bounds and rankings, which print themselves.

`choice_model.fit_worths` makes them; nothing is computed here.
"""

import math
from dataclasses import dataclass

from analysis import formatting as fmt
from analysis.choice_models.equal_choice import ChoiceTest
from analysis.choice_models.offer_shares import MethodOffers
from analysis.choice_models.separation import Bound
from analysis.estimation.intervals import Estimate
from analysis.estimation.rankings import Rankings
from analysis.numerics.arrays import Floats


@dataclass(frozen=True)
class MethodWorth:
    """The worth of a method with its 95% confidence interval, and its logarithm over the reference's.

    `error` is the standard error of `log_worth`, clustered by participant; both are 0 for the reference and
    None for a method without a finite worth. `worth` is then 0 where the method was never chosen.
    """

    method: str
    worth: Estimate
    log_worth: float | None = None
    error: float | None = None


@dataclass(frozen=True)
class WorthPair:
    """Two methods: the log odds that `a` is chosen over `b` and the odds, with simultaneous intervals.

    `p` is of the same distribution as the intervals: single-step max-t. None where undefined.
    """

    a: str
    b: str
    log_odds: Estimate
    error: float | None = None
    t: float | None = None
    p: float | None = None
    log10_p: float | None = None

    @property
    def odds_ratio(self) -> Estimate:
        """The odds that `a` rather than `b` is chosen from a set with both."""
        value, low, high = (
            None if x is None else math.exp(x)
            for x in (self.log_odds.value, self.log_odds.low, self.log_odds.high)
        )
        return Estimate(value, low, high, self.log_odds.reason)


@dataclass(frozen=True)
class Constant:
    """A constant of the model in log odds, with a 95% confidence interval and a t test of 0.

    "none of these" and "tie" are over the geometric mean of the worths; a display position is over the first.
    """

    name: str
    log_odds: Estimate
    p: float | None = None


@dataclass(frozen=True, eq=False)
class Worths:
    """A fitted choice model of `methods`.

    `offers`, `worths` and `methods` are in the same order. `estimated` names the methods with a finite worth,
    which sum to 1, and `reference` the one whose log-worth is 0; `covariance` is that of the log-worths of
    `estimated`. `pairs` are all pairs of `estimated`, and `bounds` say what is known of the others.
    `rankings` are the orders of 10,000 draws from the estimated distribution of the log-worths (multivariate
    t), not the probability that an order is true.
    """

    methods: tuple[str, ...]
    offers: tuple[MethodOffers, ...]
    worths: tuple[MethodWorth, ...]
    estimated: tuple[str, ...]
    reference: str | None
    covariance: Floats
    pairs: tuple[WorthPair, ...]
    constants: tuple[Constant, ...]
    bounds: tuple[Bound, ...]
    test: ChoiceTest
    rankings: Rankings | None
    n_participants: int
    n_answers: int
    log_likelihood: float | None
    alpha: float
    seed: int
    weighted: bool
    notes: tuple[str, ...] = ()

    def pair(self, a: str, b: str) -> WorthPair | None:
        """The pair of `a` and `b` in this order or the other; None where it was not estimated."""
        return next((pair for pair in self.pairs if {pair.a, pair.b} == {a, b}), None)

    def __str__(self) -> str:
        offered = [
            (
                offers.method,
                fmt.count(offers.offers),
                fmt.count(offers.votes),
                offers.share.format(fmt.percent),
                found.worth.format(lambda worth: fmt.decimal(worth, 3)),
            )
            for offers, found in zip(self.offers, self.worths, strict=True)
        ]
        compared = [
            (f"{pair.a} : {pair.b}", pair.odds_ratio.format(fmt.decimal), fmt.p_value(pair.p, pair.log10_p))
            for pair in self.pairs
        ]
        constants = [f"{one.name}: log odds {one.log_odds.format(fmt.decimal)}" for one in self.constants]
        parts = [
            fmt.text_table(("Method", "Offers", "Votes", "Share of offers", "Worth"), offered),
            fmt.text_table(("Pair", "Odds ratio", "p"), compared) if compared else "",
            "\n".join([str(self.test), *constants, *map(str, self.bounds), *self.notes]),
        ]
        return "\n\n".join(filter(None, parts))
