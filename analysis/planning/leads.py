"""The smallest lead that a study of a given size claims with some probability.

The assumptions of `analysis.planning.power` come in; a difference of shares goes out.
"""

import math
from collections.abc import Sequence

import numpy as np
from scipy import optimize, special

from analysis.numerics.arrays import Floats
from analysis.numerics.studentised_range import critical_range
from analysis.planning.simulation import Studies
from analysis.planning.verdicts import judge, moments, normal_draws
from analysis.significance import ALPHA

_DRAWS = 1024
_NEAR = 0.05  # of the given power; few participants who nearly all agree can miss it by more
DETECTION = 0.8  # the probability with which a detectable lead is claimed


def detectable_lead(
    shares: Sequence[float] | Floats,
    n: int,
    votes: int,
    icc: float,
    runs: int,
    seed: int,
    alpha: float = ALPHA,
    probability: float = DETECTION,
) -> float | None:
    """Find the smallest lead that is claimed with `probability`, in (0, 1).

    The other methods keep the proportions of `shares` among themselves. None where no lead is claimed so
    often, as with very few participants. Found by simulation, from a guess by normal theory that is corrected
    until the simulated power is within its Monte Carlo error.
    """
    truth = np.asarray(shares, dtype=float)
    target = float(special.ndtri(probability))
    lead = _lead_by_normal_theory(truth, n, votes, icc, alpha, target)
    previous, power, shift = lead, 0.0, 0.0
    for _ in range(4):
        if lead is None:
            return None
        leading = _with_lead(truth, lead)
        tables = Studies(leading, votes, icc, runs, seed).counts(n)
        power = float(judge(moments(tables), leading, alpha)[1].mean())
        if abs(power - probability) <= 0.5 / math.sqrt(runs):
            return lead
        shift += target - float(special.ndtri(min(max(power, 0.02), 0.98)))
        previous, lead = lead, _lead_by_normal_theory(truth, n, votes, icc, alpha, target + shift)
    return previous if abs(power - probability) <= _NEAR else None


def _with_lead(shares: Floats, lead: float) -> Floats:
    """`shares` with the first of the largest ahead by `lead`; the others keep their proportions."""
    leader = int(np.argmax(shares))
    rest = np.delete(shares, leader)
    others = rest / rest.sum() if rest.sum() > 0 else np.full(len(rest), 1 / len(rest))
    first = (lead + others.max()) / (1 + others.max())
    return np.insert((1 - first) * others, leader, first)


def _lead_by_normal_theory(
    shares: Floats, n: int, votes: int, icc: float, alpha: float, target: float
) -> float | None:
    """The lead at which all t are large with probability Phi(`target`), for normal shares."""
    k, leader = len(shares), int(np.argmax(shares))
    others = [i for i in range(k) if i != leader]
    critical = critical_range(1 - alpha, k, float(n - 1)) / math.sqrt(2)
    draws = normal_draws(k + 1, _DRAWS)
    normals, chance = draws[:, :k], special.ndtr(draws[:, k])
    scale = np.sqrt(2 * special.gammaincinv((n - 1) / 2, chance) / (n - 1))  # a chi over the root of its df
    variance = (1 + (votes - 1) * icc) / votes / n

    def excess(lead: float) -> float:
        p = _with_lead(shares, lead)
        errors = np.sqrt(p) * normals - p * (normals @ np.sqrt(p))[:, None]  # (draws, methods), multinomial
        spread = np.sqrt((p[leader] + p[others] - (p[leader] - p[others]) ** 2) * variance)
        noise = (errors[:, [leader]] - errors[:, others]) * math.sqrt(variance)
        smallest = ((p[leader] - p[others] + noise) / spread).min(axis=1) / scale
        return float((smallest > critical).mean()) - float(special.ndtr(target))

    low, high = 1e-4, 1 - 1e-4
    if excess(high) < 0:
        return None
    return float(optimize.bisect(excess, low, high, xtol=1e-4)) if excess(low) < 0 else low
