"""How many participants a study needs, and what they cost: found by simulation, remembered by the process."""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from ..planning import ALPHA, expected_shares, power_curve, power_of

SIZES = (5, 10, 20, 40, 80, 160, 320, 640, 1280)
RUNS = 500  # simulated studies of each size; the standard error of a power of 90 % is 1.3 points


@dataclass(frozen=True)
class Needed:
    """`best` participants find the best method ahead of the runner-up with the power that was wanted, and
    `any_difference` find that the methods differ at all; None is more than the largest of SIZES."""

    best: int | None
    any_difference: int | None
    methods: int
    votes: int  # of each participant
    rows: tuple  # (participants, power for any difference, power for the best) in percent, written out
    svg: str
    runs: int


@dataclass(frozen=True)
class Cost:
    participants: int
    pay: Decimal | None
    currency: str
    hours: float  # that they all spend together


@lru_cache(maxsize=64)
def needed(n_methods, lead, votes, alike, wanted, alpha=ALPHA):
    """The Needed of a design: `lead`, `alike` (intra-class correlation), `wanted` and `alpha` in [0, 1]."""
    ask = _Simulation(expected_shares(n_methods, lead), votes, alike, alpha)
    best = ask.least(lambda power: power.best_first, wanted)
    any_difference = ask.least(lambda power: power.any_difference, wanted)
    powers = ask.powers(best, any_difference)
    rows = tuple((p.n, f"{p.any_difference:.0%}", f"{p.best_first:.0%}") for p in powers)
    return Needed(
        best,
        any_difference,
        n_methods,
        votes,
        rows,
        power_curve(powers, wanted, "Power by participants"),
        RUNS,
    )


def cost(study, participants):
    pay = study.pay * participants if study.pay is not None else None
    return Cost(participants, pay, study.currency, participants * study.minutes / 60)


class _Simulation:
    """Powers by size, simulated as they are asked for."""

    def __init__(self, shares, votes, alike, alpha):
        self.shares, self.votes, self.alike, self.alpha = shares, votes, alike, alpha
        self.found = {}

    def at(self, n):
        if n not in self.found:
            plan = power_of(self.shares, (n,), self.votes, icc=self.alike, runs=RUNS, alpha=self.alpha)
            self.found[n] = plan.powers[0]
        return self.found[n]

    def least(self, chance, wanted):
        """The least size with this chance, to a twentieth of it; None beyond the largest of SIZES."""
        above = next((n for n in SIZES if chance(self.at(n)) >= wanted), None)
        if above is None:
            return None
        below = max((n for n in SIZES if n < above), default=2)
        while above - below > max(1, above // 20):
            middle = (above + below) // 2
            if chance(self.at(middle)) >= wanted:
                above = middle
            else:
                below = middle
        return above

    def powers(self, best, any_difference):
        """Those of SIZES up to twice the answer, and the answers themselves."""
        last = 2 * max(best or SIZES[-1], 10)
        wanted = {n for n in SIZES if n <= last} | {n for n in (best, any_difference) if n}
        return [self.at(n) for n in sorted(wanted)]
