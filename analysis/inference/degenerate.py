"""What can still be said where F is undefined: all participants alike, or one participant only.

Counts in, a sentence out that says which test it is and of whom it speaks; nothing where F is defined.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analysis import formatting as fmt
from analysis.numerics.resampling import SEED
from analysis.votes.table import Counts

_BALLOTS = 9999


def instead(counts: Counts, seed: int = SEED) -> str:
    """The sign test where all split their votes alike, and the within-person test of a single participant."""
    if len(counts.methods) < 2:
        return ""
    if len(counts.participants) == 1:
        return _within_person(counts, seed)
    shares = counts.shares
    return _sign_test(counts) if np.ptp(shares, axis=0).max() < 1e-12 else ""


def _sign_test(counts: Counts) -> str:
    """Of n people who all prefer the first method to the second, by Conover (1999), section 3.4."""
    first, second = counts.methods[:2]
    if counts.votes[first] == counts.votes[second]:
        return ""
    n = len(counts.participants)
    p = float(stats.binomtest(n, n, 0.5).pvalue)
    return (
        f"Sign test instead: all {fmt.counted(n, 'participant')} chose {first} more often than {second}, "
        f"{fmt.p_stated(p)}."
    )


def even_spread(votes: ArrayLike, seed: int = SEED, ballots: int = _BALLOTS) -> float:
    """p of votes (methods,) that are as independent as dice, by how unequal simulated ballots come out."""
    thrown = np.asarray(votes, dtype=np.int64)
    n, k = int(thrown.sum()), len(thrown)
    dice = np.random.default_rng(seed).multinomial(n, [1 / k] * k, size=ballots)
    return float((((dice**2).sum(axis=1) >= (thrown**2).sum()).sum() + 1) / (ballots + 1))


def _within_person(counts: Counts, seed: int) -> str:
    """Are one person's votes spread as evenly as dice would? By chi-square of simulated ballots."""
    votes = counts.table[0]
    n, p = int(votes.sum()), even_spread(votes, seed)
    return (
        f"Within this one person, whose {fmt.counted(n, 'vote')} are taken as independent: "
        f"{fmt.p_stated(p)} for an even spread ({fmt.count(_BALLOTS)} simulated ballots). "
        "It says nothing about other people."
    )
