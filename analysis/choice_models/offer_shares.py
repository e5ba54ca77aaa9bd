"""Shares of offers: how often each method was chosen of the times it was offered, over participants.

Choice data in, one row for each method out. The intervals are those of `estimation.shares`.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.estimation.intervals import (
    Estimate,
    clopper_pearson,
    count_choosers,
    effective_answers,
    have_few_votes,
)
from analysis.numerics.arrays import Floats, Integers
from analysis.votes.offers import ChoiceData

_ALPHA = 0.05


@dataclass(frozen=True)
class MethodOffers:
    """In how many answers a method was offered and chosen, and the share with its 95% confidence interval.

    `expected` is the share of offers if every offered method were equally likely. Answers are weighted in
    `share` and `expected` where questions were shown unequally often.
    """

    method: str
    offers: int
    votes: int
    share: Estimate
    expected: float | None


def count_offers(data: ChoiceData) -> tuple[MethodOffers, ...]:
    """Offers, votes and shares of offers of each method, in the order of `data.methods`.

    An answer "none of these" or a tie offers a method without choosing it. `expected` is of the answers that
    chose a method.
    """
    k = len(data.methods)
    people = np.unique(data.participant, return_inverse=True)[1]
    votes = data.chosen[:, None] == np.arange(k)  # (answers, methods)
    even = votes.any(axis=1, keepdims=True) * data.offered / data.offered.sum(axis=1, keepdims=True)
    chosen, offered = (_sum_by(people, data.weights[:, None] * columns) for columns in (votes, data.offered))
    answers = np.bincount(people).astype(np.int64)  # (participants,)
    choosers = count_choosers(_sum_by(people, votes).astype(np.int64), answers)
    expected = data.weights @ even / np.maximum(offered.sum(axis=0), 1e-12)
    shares = _shares(chosen, offered, answers.astype(float), choosers)
    return tuple(
        MethodOffers(
            name, int(data.offered[:, i].sum()), int(votes[:, i].sum()), shares[i], float(expected[i])
        )
        for i, name in enumerate(data.methods)
    )


def _sum_by(people: Integers, columns: Floats) -> Floats:
    """Sums of columns (answers, k) for each participant, (participants, k)."""
    return np.stack([np.bincount(people, column) for column in columns.T], axis=1)


def _shares(chosen: Floats, offered: Floats, answers: Floats, choosers: Integers) -> list[Estimate]:
    """Shares from sums (participants, methods) and the participants' `answers`, as in `estimate_shares`."""
    n = len(answers)
    total = offered.sum(axis=0)
    shares = chosen.sum(axis=0) / np.maximum(total, 1e-12)
    if n < 2:
        return [Estimate(share, reason="one participant says nothing about others") for share in shares]
    moves = shares - (chosen.sum(axis=0) - chosen) / np.maximum(total - offered, 1e-9)
    variances = (n - 1) / n * (moves**2).sum(axis=0)
    simple = shares * (1 - shares) / np.maximum(total, 1e-12)
    effective = effective_answers(shares, variances, simple, choosers, n)
    # effective participants, of equally many answers, if each sticks to one method
    df = max(float((answers**2).sum() ** 2 / (answers**4).sum()) - 1, 1e-3)
    margins = float(stats.t.ppf(1 - _ALPHA / 2, df)) * np.sqrt(variances)
    few = have_few_votes(shares, effective)
    low, high = clopper_pearson(shares, effective, df, _ALPHA, fewest=df + 1)
    low = np.where(few, low, np.maximum(0.0, shares - margins))
    high = np.where(few, high, np.minimum(1.0, shares + margins))
    return [Estimate(*row) for row in zip(shares.tolist(), low.tolist(), high.tolist(), strict=True)]
