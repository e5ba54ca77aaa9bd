"""What the analysis will do, asked before there are votes: its tests by name, and the power of a design.

A door to `analysis` beside `survey.exporting`, which needs votes. Knows no models, so that they can ask it.
"""

from functools import lru_cache

from analysis.design_checks.carelessness import chance_to_pass
from analysis.inference.omnibus import NAMES
from analysis.planning.power import Plan, power
from analysis.reporting.power_curve import power_curve
from analysis.significance import ALPHA

__all__ = [
    "ALPHA",
    "ICC",
    "Plan",
    "chance_to_pass",
    "expected_shares",
    "power_curve",
    "power_of",
    "primary_tests",
]

# How alike the votes of one person are. Fits the shares of the NormLIME paper's participants: the sum of the
# Dirichlet distribution's parameters is 26, and 1 / (1 + 26) the intra-class correlation.
ICC = 1 / 27


def primary_tests():
    """The tests that may decide, as choices: short name and title."""
    return list(NAMES.items())


def expected_shares(n_methods, lead):
    """Shares that add up to 1: the first ahead of all others by `lead`, those alike."""
    other = (1 - lead) / n_methods
    return (other + lead, *[other] * (n_methods - 1))


@lru_cache(maxsize=256)
def power_of(shares, participants, votes, icc=ICC, runs=500, seed=0, alpha=ALPHA):
    """The Plan of `analysis.power`, remembered. `shares` and `participants` are tuples."""
    return power(shares, participants, votes, icc, runs, seed, alpha)
