"""What the analysis will do with a study's votes, asked before there are any: its tests, and its power.

Access to `analysis` for designs, beside `survey.exporting` for votes. Imports no models, so that models can
import it.
"""

from functools import lru_cache

from analysis.design_checks.carelessness import chance_to_pass
from analysis.estimation.contrasts import ContrastError, parse_contrast
from analysis.inference.omnibus import NAMES
from analysis.planning.leads import DETECTION
from analysis.planning.power import Power, Simulation, expected_shares
from analysis.reporting.charts.power_curve import power_curve
from analysis.significance import ALPHA

__all__ = [
    "ALPHA",
    "DETECTION",
    "ICC",
    "MOST",
    "RUNS",
    "Power",
    "Simulation",
    "chance_to_pass",
    "contrast_fault",
    "power_curve",
    "power_of",
    "primary_tests",
    "simulation",
]

# The intraclass correlation that fits the NormLIME paper's participants: the parameters of their Dirichlet
# distribution sum to 26, and 1 / (1 + 26) is the correlation.
ICC = 1 / 27
RUNS = 500  # simulated studies of each size; the standard error of a power of 90% is 1.3 points
MOST = 1280  # participants; larger studies take too long to simulate for a page


def primary_tests():
    """The tests that may be primary, as choices: short name and title."""
    return list(NAMES.items())


def simulation(n_methods, lead, votes, icc=ICC, alpha=ALPHA):
    """A Simulation of studies in which one method leads the others by `lead` and the others are equal."""
    return Simulation(expected_shares(n_methods, lead), votes, icc, RUNS, 0, alpha)


@lru_cache(maxsize=256)
def power_of(n_methods, lead, participants, votes, icc=ICC, alpha=ALPHA):
    """The Power of a study of `participants`, with its detectable lead; cached."""
    return simulation(n_methods, lead, votes, icc, alpha).simulate(
        participants, detectable=participants <= MOST
    )


def contrast_fault(text, methods):
    """What is wrong with a contrast such as "NormLIME - mean(others)", in a phrase; None if nothing is.

    `methods` are the titles that may be named.
    """
    try:
        parse_contrast(text, methods)
    except ContrastError as error:
        return str(error)
    return None
