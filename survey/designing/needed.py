"""How many participants a study needs, by simulation, and what they cost."""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from ..planning import ALPHA, DETECTION, MOST, RUNS, power_curve, power_of, simulation

SIZES = (5, 10, 20, 40, 80, 160, 320, 640, 1280)


@dataclass(frozen=True)
class Needed:
    """The participants that a design needs to reach the wanted power.

    `claim` is for the report's sentence that the best method is ahead of every other, `any_difference` for
    the primary test; None is more than MOST. `rows` are participants, power for any difference, power for the
    claim, and the lead that is claimed with probability DETECTION, written out.
    """

    claim: int | None
    any_difference: int | None
    methods: int
    votes: int  # per participant
    rows: tuple
    svg: str
    runs: int = RUNS
    most: int = MOST
    detection: str = f"{DETECTION:.0%}"


@dataclass(frozen=True)
class Cost:
    """What participants cost: `pay` for all of them, None if no pay is stated, and their `hours` in total."""

    participants: int
    pay: Decimal | None
    currency: str
    hours: float


@lru_cache(maxsize=64)
def needed(n_methods, lead, votes, alike, wanted, alpha=ALPHA):
    """The Needed of a design; `lead`, `alike` (intraclass correlation), `wanted` and `alpha` in [0, 1]."""
    studies = simulation(n_methods, lead, votes, alike, alpha)
    claim = studies.find_least(lambda power: power.claim, wanted, MOST)
    any_difference = studies.find_least(lambda power: power.omnibus, wanted, MOST)
    last = 2 * max(claim or SIZES[-1], 10)
    sizes = {n for n in SIZES if n <= last} | {n for n in (claim, any_difference) if n}
    powers = [studies.simulate(n) for n in sorted(sizes)]
    rows = tuple(
        (power.n, f"{power.omnibus:.0%}", f"{power.claim:.0%}", _points(studies.find_lead(power.n)))
        for power in powers
    )
    svg = power_curve(powers, wanted, "Power by participants").svg
    return Needed(claim, any_difference, n_methods, votes, rows, svg)


def lead_of(study, participants):
    """The lead in points that a study's participants see with probability DETECTION; None if none is."""
    lead = float(study.expected_lead)
    power = power_of(study.n_options, lead, min(participants, MOST), study.n_votes, alpha=float(study.alpha))
    return None if power.lead is None else power.lead * 100


def cost(study, participants):
    """The Cost of `participants` of a study."""
    pay = study.pay * participants if study.pay is not None else None
    return Cost(participants, pay, study.currency, participants * study.minutes / 60)


def _points(lead):
    return "none" if lead is None else f"{lead * 100:.0f}" if lead >= 0.1 else f"{lead * 100:.1f}"
