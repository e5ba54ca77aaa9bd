"""Power: the probability of each verdict that a report can print.

True shares and how participants differ come in; probabilities by simulation go out, of the primary test, of
the report's sentence "more often than each of the others", and the lead that a study of each size detects.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from analysis import formatting as fmt
from analysis.numerics.arrays import Floats
from analysis.numerics.resampling import SEED
from analysis.planning.leads import DETECTION, detectable_lead
from analysis.planning.simulation import Stimuli, Studies, balance, check, draw_over_stimuli
from analysis.planning.verdicts import judge, judge_over_stimuli, moments
from analysis.significance import ALPHA, check_alpha

RUNS = 2000
MOST_PARTICIPANTS = 10_000  # all of them are kept in memory, times the runs
_BATCH = 250  # studies at a time where stimuli vary


@dataclass(frozen=True)
class Power:
    """The probabilities of the verdicts on studies of `n` participants.

    `omnibus` is that of the repeated-measures ANOVA, `claim` that of the sentence "more than each of the
    others": the ANOVA finds a difference, and the leader is ahead of every other method by single-step max-t.
    `lead` is the smallest lead that is claimed with probability DETECTION; None where it was not computed or
    where no lead is. `omnibus_over_stimuli` (min F') and `claim_over_stimuli` (two-way clustered variance)
    are None where stimuli do not vary.
    """

    n: int
    omnibus: float
    claim: float
    runs: int
    lead: float | None = None
    omnibus_over_stimuli: float | None = None
    claim_over_stimuli: float | None = None

    @property
    def error(self) -> float:
        """The largest Monte Carlo standard error of a probability: that at 50%."""
        return 0.5 / math.sqrt(self.runs)


@dataclass(frozen=True)
class Plan:
    """The powers of studies of several sizes, and the assumptions behind them."""

    shares: tuple[float, ...]
    votes: int
    icc: float
    powers: tuple[Power, ...]
    seed: int
    alpha: float = ALPHA
    stimuli: Stimuli | None = None

    def __str__(self) -> str:
        columns: list[tuple[str, Callable[[Power], str]]] = [
            ("Participants", lambda power: fmt.count(power.n)),
            ("Any difference", lambda power: fmt.percent(power.omnibus)),
            ("Leader ahead of each", lambda power: fmt.percent(power.claim)),
        ]
        if self.stimuli:
            columns += [
                ("Any, over stimuli", lambda power: _percent(power.omnibus_over_stimuli)),
                ("Leader, over stimuli", lambda power: _percent(power.claim_over_stimuli)),
            ]
        if any(power.lead is not None for power in self.powers):
            columns.append((f"Lead at {DETECTION:.0%} power", lambda power: _points(power.lead)))
        rows = [tuple(show(power) for _, show in columns) for power in self.powers]
        table = fmt.text_table(tuple(heading for heading, _ in columns), rows)
        return "\n".join([self._title, table, *self._notes])

    @property
    def _title(self) -> str:
        shares = ", ".join(map(fmt.percent, self.shares))
        votes = fmt.counted(self.votes, "vote")
        title = f"True shares {shares}; {votes} per participant; intraclass correlation {self.icc:g}"
        if not self.stimuli:
            return title
        maps = f"{fmt.counted(self.stimuli.replicates, 'map')} each"
        return (
            f"{title}\n{fmt.counted(self.stimuli.labels, 'label')} with {maps}; standard deviation of "
            f"log-odds between labels {self.stimuli.stimulus_sd:g}, between maps {self.stimuli.map_sd:g}"
        )

    @property
    def _notes(self) -> list[str]:
        power = self.powers[0]
        notes = [
            f"Any difference: repeated-measures ANOVA, p < {self.alpha:g}.",
            'Leader ahead of each: the ANOVA finds a difference, and the report says "more than each of the',
            'others" (single-step max-t).',
        ]
        if self.stimuli:
            notes.append(
                "Over stimuli: min F', and the leader ahead by the variance over participants and labels."
            )
        return [
            *notes,
            f"{fmt.count(power.runs)} simulated studies of each size (seed {self.seed}); "
            f"Monte Carlo standard error at most {power.error * 100:.1f} points",
        ]


def power(
    shares: Sequence[float],
    participants: Sequence[int],
    votes: int,
    icc: float,
    runs: int = RUNS,
    seed: int = SEED,
    alpha: float = ALPHA,
    stimuli: Stimuli | None = None,
    detectable: bool = False,
) -> Plan:
    """Simulate `runs` studies of each size and judge them at `alpha` as the report does.

    `shares` are the true ones, two or more that add up to 1; `icc` is the intraclass correlation in [0, 1), 0
    where participants do not differ. With `stimuli`, every participant answers each of its questions,
    whatever `votes` says. `detectable` adds the detectable leads. Raises ValueError.
    """
    if stimuli:
        return _simulate_over_stimuli(_checked_shares(shares), participants, icc, runs, seed, alpha, stimuli)
    simulation = Simulation(shares, votes, icc, runs, seed, alpha)
    powers = tuple(simulation.simulate(n, detectable) for n in participants)
    return Plan(simulation.shares, votes, icc, powers, seed, alpha)


class Simulation:
    """Powers of studies of any size under one set of assumptions, simulated on request.

    The arguments are those of `power`.
    """

    def __init__(
        self,
        shares: Sequence[float],
        votes: int,
        icc: float,
        runs: int = RUNS,
        seed: int = SEED,
        alpha: float = ALPHA,
    ) -> None:
        self._truth = _checked_shares(shares)
        check("votes", votes, 1, 10_000)
        _check_design(icc, runs, alpha)
        self._alpha = alpha
        self._studies = Studies(self._truth, votes, icc, runs, seed)

    @property
    def shares(self) -> tuple[float, ...]:
        return tuple(self._truth.tolist())

    def simulate(self, n: int, detectable: bool = False) -> Power:
        """Simulate studies of `n` participants, with the lead if `detectable`.

        Raises ValueError for a number that is not allowed.
        """
        check("participants", n, 2, MOST_PARTICIPANTS)
        omnibus, claim = judge(moments(self._studies.counts(n)), self._truth, self._alpha)
        lead = self.find_lead(n) if detectable else None
        return Power(n, float(omnibus.mean()), float(claim.mean()), self._studies.runs, lead)

    def find_lead(self, n: int) -> float | None:
        """Find the detectable lead of studies of `n` participants, see `detectable_lead`."""
        studies = self._studies
        return detectable_lead(
            self._truth, n, studies.votes, studies.icc, studies.runs, studies.seed, self._alpha
        )

    def find_least(self, probability: Callable[[Power], float], target: float, most: int) -> int | None:
        """Search the fewest participants for which `probability` reaches `target`, to 2%.

        None where `most` are too few.
        """
        below, above = 2, 5
        while probability(self.simulate(above)) < target:
            if above >= most:
                return None
            below, above = above, min(2 * above, most)
        while above - below > max(1, above // 50):
            middle = (above + below) // 2
            if probability(self.simulate(middle)) >= target:
                above = middle
            else:
                below = middle
        return above


def expected_shares(n_methods: int, lead: float) -> tuple[float, ...]:
    """Shares that add up to 1: the first is ahead of the others by `lead`, and the others are equal."""
    other = (1 - lead) / n_methods
    return (other + lead, *[other] * (n_methods - 1))


def _simulate_over_stimuli(
    truth: Floats,
    participants: Sequence[int],
    icc: float,
    runs: int,
    seed: int,
    alpha: float,
    stimuli: Stimuli,
) -> Plan:
    _check_design(icc, runs, alpha)
    weights = balance(truth, stimuli, icc, seed)
    powers = []
    for n in participants:
        check("participants", n, 2, MOST_PARTICIPANTS)
        found = np.zeros(4)
        for start in range(0, runs, _BATCH):
            rng = np.random.default_rng([seed, n, start])
            tables = draw_over_stimuli(weights, n, stimuli, icc, min(_BATCH, runs - start), rng)
            found += np.sum(judge_over_stimuli(tables, truth, alpha), axis=1)
        omnibus, claim, over, claim_over = (found / runs).tolist()
        powers.append(Power(n, omnibus, claim, runs, None, over, claim_over))
    return Plan(tuple(truth.tolist()), stimuli.questions, icc, tuple(powers), seed, alpha, stimuli)


def _checked_shares(shares: Sequence[float]) -> Floats:
    if len(shares) < 2 or min(shares) < 0 or abs(sum(shares) - 1) > 1e-6:
        given = ", ".join(f"{share:g}" for share in shares)
        raise ValueError(f"shares must be two or more numbers from 0 that add up to 1 (got {given})")
    return np.array(shares, dtype=float) / sum(shares)


def _check_design(icc: float, runs: int, alpha: float) -> None:
    check("runs", runs, 1, 100_000)
    check("icc", icc, 0, 0.99)
    check_alpha(alpha)


def _percent(value: float | None) -> str:
    return fmt.UNDEFINED if value is None else fmt.percent(value)


def _points(value: float | None) -> str:
    return "none" if value is None else f"{value * 100:.1f} points"
