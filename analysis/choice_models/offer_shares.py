"""Shares of offers: how often each method was chosen of the times it was offered, over participants.

Choice data in, one row for each method out.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.estimation.intervals import Estimate
from analysis.votes.offers import ChoiceData


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
    chose a method. The interval is a t interval of the log odds of the ratio of weighted sums over
    participants, with the variance of the jackknife (Cochran 1977, Sampling Techniques, section 6.4); a share
    of 0 or 1 has the one-sided bound of Clopper and Pearson (1934) for participants.
    """
    k = len(data.methods)
    people = np.unique(data.participant, return_inverse=True)[1]
    votes = data.chosen[:, None] == np.arange(k)  # (answers, methods)
    picked = votes.any(axis=1)
    even = picked[:, None] * data.offered / data.offered.sum(axis=1, keepdims=True)
    rows = []
    for i, method in enumerate(data.methods):
        chosen = np.bincount(people, data.weights * votes[:, i])  # (participants,)
        offered = np.bincount(people, data.weights * data.offered[:, i])
        total = float(offered.sum())
        share = _share(chosen[offered > 0], offered[offered > 0])
        expected = float(data.weights @ even[:, i]) / total if total else None
        rows.append(
            MethodOffers(method, int(data.offered[:, i].sum()), int(votes[:, i].sum()), share, expected)
        )
    return tuple(rows)


def _share(chosen: np.ndarray, offered: np.ndarray) -> Estimate:
    """The share of offers of one method, from the sums of the n participants who were offered it, (n,)."""
    n, total = len(offered), float(offered.sum())
    if not n:
        return Estimate(None)
    share = float(chosen.sum()) / total
    if n < 2:
        return Estimate(share)
    limit = 1 - 0.025 ** (1 / n)
    if share < 1e-12 or share > 1 - 1e-12:
        return Estimate(0.0, 0.0, limit) if share < 0.5 else Estimate(1.0, 1 - limit, 1.0)
    moves = (share * offered - chosen) / (total - offered)  # when one participant is left out
    variance = (n - 1) / n * float((moves**2).sum())
    if not variance > 1e-24:
        return Estimate(share)
    odds = math.log(share / (1 - share))
    margin = float(stats.t.ppf(0.975, n - 1)) * math.sqrt(variance) / (share * (1 - share))
    return Estimate(share, 1 / (1 + math.exp(margin - odds)), 1 / (1 + math.exp(-margin - odds)))
