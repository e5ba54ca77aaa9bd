"""How many participants a study needs, and when it may be looked at early without cheating.

Shares and the way people differ come in, probabilities by simulation go out: participants' votes are drawn
from a Dirichlet-multinomial, and tested as the report tests them. Looks early follow O'Brien and Fleming.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from analysis import formatting as fmt
from analysis.numerics.resampling import SEED
from analysis.significance import ALPHA, check_alpha

Floats = NDArray[np.float64]
RUNS = 2000


@dataclass(frozen=True)
class Power:
    """Probabilities to find what is there, with `n` participants.

    `any_difference` is of the repeated-measures ANOVA; `best_first` that the method with the largest share is
    found ahead of the runner-up (paired t, Holm-adjusted over all pairs). `error` is the standard error of
    either at 50 %, from the number of runs.
    """

    n: int
    any_difference: float
    best_first: float
    runs: int

    @property
    def error(self) -> float:
        return 0.5 / math.sqrt(self.runs)


@dataclass(frozen=True)
class Plan:
    """The power of several sizes of a study."""

    shares: tuple[float, ...]
    votes: int
    icc: float
    powers: tuple[Power, ...]
    seed: int
    alpha: float = ALPHA

    def __str__(self) -> str:
        rows = [
            (fmt.count(p.n), fmt.percent(p.any_difference), fmt.percent(p.best_first)) for p in self.powers
        ]
        shares = ", ".join(map(fmt.percent, self.shares))
        title = f"True shares {shares}; {fmt.counted(self.votes, 'vote')} each; intra-class correlation "
        table = fmt.text_table(("Participants", "Any difference", "Best beats runner-up"), rows)
        runs = self.powers[0].runs
        note = f"{fmt.count(runs)} simulated studies each (seed {self.seed}), alpha {self.alpha:g}, "
        return (
            f"{title}{self.icc:g}\n{table}\n{note}standard error at most {self.powers[0].error * 100:.1f} %"
        )


def power(
    shares: Sequence[float],
    participants: Sequence[int],
    votes: int,
    icc: float,
    runs: int = RUNS,
    seed: int = SEED,
    alpha: float = ALPHA,
) -> Plan:
    """Simulate `runs` studies of each size, judged at `alpha`. `icc` is the intra-class correlation: 0 where
    people are alike.

    Raises ValueError for shares that do not add up to 1, and for what has no distribution.
    """
    if len(shares) < 2 or min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
        raise ValueError(
            f"shares are {', '.join(map(str, shares))}; allowed are two or more that add up to 1"
        )
    if not participants or min(participants) < 2 or votes < 1 or runs < 1:
        raise ValueError("participants must be 2 or more, votes and runs 1 or more")
    if not 0 <= icc < 1:
        raise ValueError(f"the intra-class correlation is {icc:g}; allowed is from 0 to below 1")
    check_alpha(alpha)
    truth = np.array(shares, dtype=float) / sum(shares)
    rng = np.random.default_rng(seed)
    powers = []
    for n in participants:
        found = np.zeros(2)
        for start in range(0, runs, 250):
            size = min(250, runs - start)
            found += _found(draw(truth, n, votes, icc, size, rng), truth, alpha)
        powers.append(Power(n, float(found[0] / runs), float(found[1] / runs), runs))
    return Plan(tuple(truth.tolist()), votes, icc, tuple(powers), seed, alpha)


def draw(
    shares: Floats, n: int, votes: int, icc: float, runs: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Counts of simulated studies: (runs, participants, methods). The sum of alpha is (1 - icc) / icc."""
    if icc == 0:
        return rng.multinomial(votes, shares, size=(runs, n))
    weights = rng.standard_gamma(np.maximum(shares * (1 - icc) / icc, 1e-12), size=(runs, n, len(shares)))
    totals = weights.sum(axis=2, keepdims=True)
    own = np.where(totals > 0, weights / np.where(totals > 0, totals, 1), shares)
    return rng.multinomial(votes, own / own.sum(axis=2, keepdims=True))


def repeated_measures_p(tables: NDArray[np.int64]) -> Floats:
    """p of the repeated-measures ANOVA with Greenhouse and Geisser's correction for each of many studies.

    The same numbers as `within.repeated_measures`, in floats and all at once; 1 where F is undefined.
    """
    proportions = tables / tables.sum(axis=2, keepdims=True)
    _, n, k = proportions.shape
    means = proportions.mean(axis=1)
    residuals = proportions - means[:, None, :]
    between = n * ((means - 1 / k) ** 2).sum(axis=1)
    within = (residuals**2).sum(axis=(1, 2))
    covariance = np.einsum("rni,rnj->rij", residuals, residuals)
    trace, squares = np.trace(covariance, axis1=1, axis2=2), (covariance**2).sum(axis=(1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        F = between * (n - 1) / within
        epsilon = trace**2 / ((k - 1) * squares)
        p = stats.f.sf(F, (k - 1) * epsilon, (k - 1) * (n - 1) * epsilon)
    return np.where(within > 1e-12, p, 1.0)


def _found(tables: NDArray[np.int64], truth: Floats, alpha: float) -> Floats:
    """How many studies find any difference, and how many the best ahead of the runner-up."""
    proportions = tables / tables.sum(axis=2, keepdims=True)
    n, k = proportions.shape[1:]
    best, second = np.argsort(-truth, kind="stable")[:2]
    pairs = [(best, second), *(p for p in combinations(range(k), 2) if set(p) != {best, second})]
    t = np.column_stack([_paired_t(proportions[:, :, a] - proportions[:, :, b]) for a, b in pairs])
    p = 2 * stats.t.sf(np.abs(t), n - 1)
    order = np.argsort(p, axis=1)
    stepped = np.take_along_axis(p, order, axis=1) * np.arange(len(pairs), 0, -1)
    adjusted = np.maximum.accumulate(stepped, axis=1)
    at = np.argmax(order == 0, axis=1)  # where the first pair stands
    ahead = (adjusted[np.arange(len(p)), at] < alpha) & (t[:, 0] > 0)
    any_difference = repeated_measures_p(tables) < alpha
    return np.array([any_difference.sum(), (ahead & any_difference).sum()], dtype=float)


def _paired_t(differences: Floats) -> Floats:
    n = differences.shape[1]
    spread = differences.std(axis=1, ddof=1)
    return np.where(spread > 1e-12, differences.mean(axis=1) / np.maximum(spread, 1e-12) * math.sqrt(n), 0.0)


@dataclass(frozen=True)
class Looks:
    """At which p a study may stop early: `fractions` of the participants, and the p to be undercut there."""

    fractions: tuple[float, ...]
    z: tuple[float, ...]
    p: tuple[float, ...]
    alpha: float

    def __str__(self) -> str:
        rows = [
            (fmt.percent(fraction), f"{z:.3f}", fmt.p_value(p))
            for fraction, z, p in zip(self.fractions, self.z, self.p, strict=True)
        ]
        title = f"O'Brien-Fleming looks, {self.alpha:g} in all: stop where p is smaller"
        return f"{title}\n" + fmt.text_table(("Participants so far", "z", "p"), rows)


def looks(fractions: Sequence[float], alpha: float = ALPHA) -> Looks:
    """Bounds of O'Brien and Fleming (1979), Biometrics 35:549: z falls with the root of the fraction.

    The constant is found by carrying the density of the sum that has not yet crossed from look to look
    (Armitage, McPherson and Rowe 1969, Journal of the Royal Statistical Society A 132:235).
    """
    times = [float(fraction) for fraction in fractions]
    if not times or times[0] <= 0 or abs(times[-1] - 1) > 1e-9 or times != sorted(set(times)):
        told = ", ".join(map(str, times))
        raise ValueError(f"looks are at {told}; allowed are rising fractions that end with 1")
    check_alpha(alpha)
    bound = float(optimize.brentq(lambda c: _never_crosses(c, times) - (1 - alpha), 0.1, 9, xtol=1e-12))
    z = tuple(bound / math.sqrt(time) for time in times)
    return Looks(tuple(times), z, tuple(float(2 * stats.norm.sf(x)) for x in z), alpha)


@lru_cache(maxsize=1)
def _legendre(n: int) -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(n)
    return nodes, weights


def _never_crosses(bound: float, times: Sequence[float]) -> float:
    """The probability that a Brownian motion is within the bound at each of the times."""
    nodes, weights = _legendre(120)
    x, w = nodes * bound, weights * bound
    density, before = stats.norm.pdf(x, scale=math.sqrt(times[0])), times[0]
    for time in times[1:]:
        step = math.sqrt(time - before)
        density, before = stats.norm.pdf(x[:, None] - x[None, :], scale=step) @ (density * w), time
    return float(density @ w)
