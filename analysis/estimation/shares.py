"""Each method's share of all answers, with a 95% confidence interval over participants.

Counts per participant come in. When all methods are offered in every question, the worths of Luce (1959) and
Plackett-Luce are these shares; they need intervals that respect that a person's answers depend on each other.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis.inference.pooled_shares import pooled_shares
from analysis.votes.counting import Counts

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Share:
    """A method's votes and its share of all answers, with a 95% confidence interval, None where undefined.

    `design_effect` is the variance of the share over that of as many answers from as many people.
    """

    method: str
    votes: int
    share: float
    low: float | None
    high: float | None
    design_effect: float | None = None


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
    """Estimate each method's share of all answers with its interval."""
    table = counts.table.astype(float)  # (participants, methods)
    totals, n = table.sum(axis=1, keepdims=True), len(table)
    shares = table.sum(axis=0) / totals.sum()
    simple = shares * (1 - shares) / totals.sum()
    variances = margins = np.zeros(len(shares))
    if n > 1:
        pooled = pooled_shares(table)
        variances = pooled.variances
        # one participant with nearly all votes says nothing of others: the interval is then from 0 to 1
        margins = stats.t.ppf(0.975, max(pooled.effective - 1, 1e-3)) * np.sqrt(variances)
    beyond = 1 - 0.025 ** (1 / n)
    result = []
    for i, (method, votes) in enumerate(counts.votes.items()):
        share, low, high = votes / counts.n_votes, None, None
        if n > 1 and margins[i] > 1e-12:  # what is left of zero after rounding
            low, high = max(0.0, share - float(margins[i])), min(1.0, share + float(margins[i]))
        elif n > 1 and len(shares) > 1 and votes in (0, counts.n_votes):
            low, high = (0.0, beyond) if votes == 0 else (1 - beyond, 1.0)
        effect = float(variances[i] / simple[i]) if n > 1 and simple[i] > 0 else None
        result.append(Share(method, votes, share, low, high, effect))
    if n == 1 or simple.sum() == 0:
        return Shares(tuple(result), None, None)
    design_effect = float(variances.sum() / simple.sum())
    m = float((totals**2).sum() / totals.sum())
    return Shares(tuple(result), design_effect, (design_effect - 1) / (m - 1) if m > 1 else None)
