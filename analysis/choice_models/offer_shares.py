"""Shares of offers: how often each method was chosen of the times it was offered, over participants.

Choice data in, one row for each method out. The intervals are those of `estimation.shares`.
"""

from dataclasses import dataclass

import numpy as np

from analysis.estimation.intervals import Estimate, count_choosers
from analysis.estimation.shares import ONE_PARTICIPANT, jackknife_shares
from analysis.numerics.arrays import Floats, Integers
from analysis.votes.offers import ChoiceData


@dataclass(frozen=True)
class MethodOffers:
    """The offers and choices of a method, and its share with a 95% interval.

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
    pooled = jackknife_shares(chosen, offered, answers.astype(float), choosers)
    rows = zip(pooled.shares.tolist(), pooled.low.tolist(), pooled.high.tolist(), strict=True)
    shares = [
        Estimate(share, low, high) if len(answers) > 1 else Estimate(share, reason=ONE_PARTICIPANT)
        for share, low, high in rows
    ]
    return tuple(
        MethodOffers(
            name, int(data.offered[:, i].sum()), int(votes[:, i].sum()), shares[i], float(expected[i])
        )
        for i, name in enumerate(data.methods)
    )


def _sum_by(people: Integers, columns: Floats) -> Floats:
    """Sums of columns (answers, k) for each participant, (participants, k)."""
    return np.stack([np.bincount(people, column) for column in columns.T], axis=1)
