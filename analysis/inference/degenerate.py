"""Tests for tables in which F is undefined: no variance, or one participant.

Counts come in; a sentence with the test and its scope comes out, empty where F is defined.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from analysis import formatting as fmt
from analysis.numerics.resampling import SEED
from analysis.votes.table import Counts

_BALLOTS = 9999


@dataclass(frozen=True)
class SignTest:
    """All `n` participants chose `first` more often than `second`; `p` is two-sided.

    Conover (1999), Practical Nonparametric Statistics, section 3.4.
    """

    n: int
    first: str
    second: str
    p: float

    def __str__(self) -> str:
        return (
            f"Sign test instead: all {fmt.counted(self.n, 'participant')} chose {self.first} more often than "
            f"{self.second}, {fmt.p_stated(self.p)}."
        )


def substitute_test(counts: Counts, seed: int = SEED) -> str:
    """Test unanimous participants by the sign test, or one participant alone."""
    if len(counts.methods) > 1 and len(counts.participants) == 1:
        return _test_within_person(counts, seed)
    return str(sign_test(counts) or "")


def sign_test(counts: Counts) -> SignTest | None:
    """Compare the first two methods; None unless all split their votes equally."""
    n = len(counts.participants)
    if len(counts.methods) < 2 or n < 2 or np.ptp(counts.exact.values, axis=0).max() >= 1e-12:
        return None
    first, second = counts.methods[:2]
    if counts.votes[first] == counts.votes[second]:
        return None
    return SignTest(n, first, second, float(stats.binomtest(n, n, 0.5).pvalue))


def even_spread(votes: ArrayLike, seed: int = SEED, ballots: int = _BALLOTS) -> float:
    """Return p of an even spread of independent `votes`, (methods,), by simulated ballots."""
    observed = np.asarray(votes, dtype=np.int64)
    n, k = int(observed.sum()), len(observed)
    simulated = np.random.default_rng(seed).multinomial(n, [1 / k] * k, size=ballots)
    return float((((simulated**2).sum(axis=1) >= (observed**2).sum()).sum() + 1) / (ballots + 1))


def _test_within_person(counts: Counts, seed: int) -> str:
    """Test whether one participant's votes are spread evenly, by simulated ballots."""
    votes = counts.table[0]
    n, p = int(votes.sum()), even_spread(votes, seed)
    return (
        f"Within this one person, whose {fmt.counted(n, 'vote')} are taken as independent: "
        f"{fmt.p_stated(p)} for an even spread ({fmt.count(_BALLOTS)} simulated ballots). "
        "It says nothing about other people."
    )
