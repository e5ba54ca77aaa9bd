"""Each method's share of all answers, with a 95% confidence interval over participants.

Counts per participant come in. When all methods are offered in every question, the worths of Luce (1959) and
Plackett-Luce are these shares; they need intervals that respect that a person's answers depend on each other.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.estimation.intervals import (
    CLOPPER_PEARSON,
    Estimate,
    T,
    clopper_pearson,
    count_choosers,
    effective_answers,
    have_few_votes,
)
from analysis.estimation.share_contrasts import average_shares
from analysis.numerics.arrays import Floats, Integers
from analysis.numerics.clusters import effective_number
from analysis.votes.counting import Counts

_ALPHA = 0.05
_ZERO = 1e-12  # a margin that rounding leaves where the truth is 0
ONE_PARTICIPANT = "one participant says nothing about others"
_NO_VARIATION = "participants do not differ"


@dataclass(frozen=True)
class Share:
    """A method's votes and its share of the answers that offered it, with a 95% confidence interval.

    `low` and `high` are None where no interval is stated, and `reason` says why. `interval` names the kind:
    "t", or "Clopper-Pearson" (at the effective number of answers) where few votes are for or against the
    method. `design_effect` is the variance of the share over that of as many independent answers.
    """

    method: str
    votes: int
    share: float
    low: float | None
    high: float | None
    design_effect: float | None = None
    interval: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Shares:
    """The shares of all methods, in the order of `Counts.methods`.

    `design_effect` is that of all shares together. `icc` is the intraclass correlation that it implies:
    deff = 1 + (m - 1) icc, m = sum m_i^2 / sum m_i answers (Kish 1965, Survey Sampling, section 5.4). Both
    are None where undefined.
    """

    shares: tuple[Share, ...]
    design_effect: float | None
    icc: float | None


def estimate_shares(counts: Counts) -> Shares:
    """Estimate each method's share of the answers that offered it; "none of these" is an answer.

    Questions that were shown unequally often count equally. A share is a ratio of sums over participants,
    with the jackknife's variance (Cochran 1977, Sampling Techniques, section 2.11; Efron 1982, The Jackknife,
    the Bootstrap and Other Resampling Plans, section 3) and the degrees of freedom of the effective number of
    participants (Carter, Schnepel and Steigerwald 2017, Review of Economics and Statistics 99:698). A method
    with few votes has the interval of `intervals.clopper_pearson`; one without votes has an upper bound:
    its share cannot exceed that of people who would ever choose it, 0 of n.
    """
    chosen, offered = _chosen_and_offered(counts)  # (participants, methods)
    answers = counts.answers.astype(float)
    pooled = jackknife_shares(chosen, offered, answers, count_choosers(counts.table, counts.answers))
    shares, variances, simple = pooled.shares, pooled.variances, pooled.simple
    if len(chosen) < 2:
        rows = zip(counts.methods, counts.votes.values(), shares.tolist(), strict=True)
        return Shares(tuple(Share(*row, None, None, reason=ONE_PARTICIPANT) for row in rows), None, None)
    comparable = len(shares) > 1 or counts.n_votes < counts.n_answers
    result = []
    for i, (method, votes) in enumerate(counts.votes.items()):
        effect = float(variances[i] / simple[i]) if simple[i] > 0 else None
        varies = variances[i] > _ZERO**2 or (comparable and shares[i] in (0.0, 1.0))
        if varies:
            low, high = float(pooled.low[i]), float(pooled.high[i])
            share = Share(method, votes, float(shares[i]), low, high, effect, pooled.kinds[i])
        else:
            share = Share(method, votes, float(shares[i]), None, None, effect, reason=_NO_VARIATION)
        result.append(share)
    if simple.sum() == 0:
        return Shares(tuple(result), None, None)
    design_effect = float(variances.sum() / simple.sum())
    m = float((answers**2).sum() / answers.sum())
    return Shares(tuple(result), design_effect, (design_effect - 1) / (m - 1) if m > 1 else None)


def estimate_mean_shares(counts: Counts) -> tuple[Estimate, ...]:
    """Estimate the mean of the participants' shares of each method, with equal weights."""
    sample = average_shares(counts)
    means, n = sample.means, sample.n_participants
    if n < 2:
        return tuple(Estimate(mean, reason=ONE_PARTICIPANT) for mean in means.tolist())
    low, high, _ = _limits(means, sample.variances, sample.answers, sample.df)
    return tuple(
        Estimate(*row) if variance > _ZERO**2 else Estimate(row[0], reason=_NO_VARIATION)
        for *row, variance in zip(*(x.tolist() for x in (means, low, high, sample.variances)), strict=True)
    )


@dataclass(frozen=True, eq=False)
class RatioShares:
    """Shares of all answers with their variances over participants and 95% intervals, each (methods,).

    `simple` are the variances of as many independent answers, and `kinds` the kinds of the intervals. The
    variances and intervals of a single participant are undefined.
    """

    shares: Floats
    variances: Floats
    simple: Floats
    low: Floats
    high: Floats
    kinds: list[str]


def jackknife_shares(chosen: Floats, offered: Floats, answers: Floats, choosers: Integers) -> RatioShares:
    """Pool the sums `chosen` and `offered`, (participants, methods), as `estimate_shares` describes.

    `answers` (participants,) are all answers, and `choosers` (methods,) those of `intervals.count_choosers`.
    """
    n, total = len(chosen), offered.sum(axis=0)
    shares = chosen.sum(axis=0) / np.maximum(total, _ZERO)
    simple = shares * (1 - shares) / np.maximum(total, _ZERO)
    if n < 2:
        undefined = np.full(len(shares), np.nan)
        return RatioShares(shares, undefined, simple, undefined, undefined, [])
    moves = shares - (chosen.sum(axis=0) - chosen) / np.maximum(total - offered, 1e-9)
    variances = (n - 1) / n * (moves**2).sum(axis=0)
    df = max(float(effective_number(answers)) - 1, 1e-3)
    effective = effective_answers(shares, variances, simple, choosers, n)
    return RatioShares(shares, variances, simple, *_limits(shares, variances, effective, df))


def _chosen_and_offered(counts: Counts) -> tuple[Floats, Floats]:
    """Votes for each method and answers that offered it, (participants, methods)."""
    if counts.unequal_exposure:
        return counts.weighted, counts.weighted_offered
    return counts.table.astype(float), counts.offered.astype(float)


def _limits(
    shares: Floats, variances: Floats, answers: Floats, df: float
) -> tuple[Floats, Floats, list[str]]:
    """The ends of the interval of each share, and its kind; `df` + 1 participants have equal weight."""
    margins = stats.t.ppf(1 - _ALPHA / 2, df) * np.sqrt(variances)
    few = have_few_votes(shares, answers)
    low, high = clopper_pearson(shares, answers, df, _ALPHA, fewest=df + 1)
    low = np.where(few, low, np.maximum(0.0, shares - margins))
    high = np.where(few, high, np.minimum(1.0, shares + margins))
    return low, high, [CLOPPER_PEARSON if one else T for one in few.tolist()]
