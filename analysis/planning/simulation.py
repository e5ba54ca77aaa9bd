"""Simulated studies: votes of participants who differ, about stimuli that may differ too.

True shares, the intraclass correlation and the spread of stimuli come in; counts of votes go out.
Participants are drawn from a Dirichlet-multinomial. Where stimuli differ, each class of a method (and each
map) adds a normal deviate to the log-odds of choosing it, shared by all participants of a study.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.numerics.arrays import Floats, Integers

Counts = Integers
_FIRST = 32  # participants in the first block; each further block doubles the participants
_AT_ONCE = 4_000_000  # numbers in memory at a time: 32 MB
FEWEST_LABELS = 5  # from which the report says something about new stimuli
MOST_SPREAD = 3.0  # in log-odds; a few labels would decide everything beyond


@dataclass(frozen=True)
class Stimuli:
    """The stimuli of a study, drawn at random from all stimuli of their kind.

    Each participant answers one question per label and replicate. `stimulus_sd` and `map_sd` are the standard
    deviations of the log-odds of a label's and of a single map's deviation, per method. Raises ValueError.
    """

    labels: int
    replicates: int = 1
    stimulus_sd: float = 0.0
    map_sd: float = 0.0

    def __post_init__(self) -> None:
        check("labels", self.labels, FEWEST_LABELS, 1_000)
        check("replicates", self.replicates, 1, 100)
        check("stimulus_sd", self.stimulus_sd, 0, MOST_SPREAD)
        check("map_sd", self.map_sd, 0, MOST_SPREAD)

    @property
    def questions(self) -> int:
        return self.labels * self.replicates


def check(name: str, value: float, least: float, most: float) -> None:
    """Raise ValueError unless `value` is in [`least`, `most`]."""
    if not least <= value <= most:
        raise ValueError(f"{name} must be from {least:,g} to {most:,g} (got {value:,g})")


class Studies:
    """`runs` simulated studies that grow: a study of 40 participants is the first 40 of one of 80.

    So the powers of several sizes share their participants, and their curve is smooth. The counts do not
    depend on the order of the calls.
    """

    def __init__(self, shares: Floats, votes: int, icc: float, runs: int, seed: int) -> None:
        self.shares, self.votes, self.icc, self.runs, self.seed = shares, votes, icc, runs, seed
        self._counts: NDArray[np.integer] = np.empty((runs, 0, len(shares)), np.min_scalar_type(votes))
        self._blocks = 0

    def counts(self, n: int) -> NDArray[np.integer]:
        """Votes of the first `n` participants: (runs, participants, methods)."""
        while self._counts.shape[1] < n:
            size = max(self._counts.shape[1], _FIRST)
            rng = np.random.default_rng([self.seed, self._blocks])
            self._counts = np.concatenate([self._counts, self._block(size, rng)], axis=1)
            self._blocks += 1
        return np.asarray(self._counts[:, :n])

    def _block(self, size: int, rng: np.random.Generator) -> NDArray[np.integer]:
        block = np.empty((self.runs, size, len(self.shares)), dtype=self._counts.dtype)
        step = max(1, _AT_ONCE // (size * len(self.shares)))
        for start in range(0, self.runs, step):
            runs = min(step, self.runs - start)
            block[start : start + runs] = draw(self.shares, size, self.votes, self.icc, runs, rng)
        return block


def draw(shares: Floats, n: int, votes: int, icc: float, runs: int, rng: np.random.Generator) -> Counts:
    """Votes of simulated studies in which stimuli do not differ: (runs, participants, methods)."""
    if icc == 0:
        return rng.multinomial(votes, shares, size=(runs, n))
    return rng.multinomial(votes, draw_tastes(shares, (runs, n), icc, rng))


def draw_tastes(shares: Floats, size: tuple[int, ...], icc: float, rng: np.random.Generator) -> Floats:
    """Each participant's own shares, (*size, methods), with mean `shares`.

    Dirichlet, with parameters that sum to (1 - icc) / icc; all equal to `shares` where `icc` is 0.
    """
    if icc == 0:
        return np.broadcast_to(shares, (*size, len(shares)))
    weights = rng.standard_gamma(np.maximum(shares * (1 - icc) / icc, 1e-12), size=(*size, len(shares)))
    totals = weights.sum(axis=-1, keepdims=True)
    own = np.where(totals > 0, weights / np.where(totals > 0, totals, 1), shares)
    return np.asarray(own / own.sum(axis=-1, keepdims=True))


def draw_over_stimuli(
    weights: Floats, n: int, stimuli: Stimuli, icc: float, runs: int, rng: np.random.Generator
) -> Counts:
    """Votes of simulated studies whose stimuli differ: (runs, participants, labels, methods).

    `weights` are the shares that participants would have on a stimulus without any deviation; those of
    `balance` give the shares over all stimuli that one wants.
    """
    k, labels, replicates = len(weights), stimuli.labels, stimuli.replicates
    result = np.zeros((runs, n, labels, k), dtype=np.int64)
    step = max(1, _AT_ONCE // (n * stimuli.questions * k))
    for start in range(0, runs, step):
        size = min(step, runs - start)
        odds = _odds(stimuli, (size, labels, replicates), k, rng)[
            :, None
        ]  # (size, 1, labels, replicates, methods)
        own = draw_tastes(weights, (size, n), icc, rng)[:, :, None, None, :] * odds
        upper = own.cumsum(axis=-1)
        points = rng.random(upper.shape[:-1]) * upper[..., -1]
        chosen = (points[..., None] > upper[..., :-1]).sum(axis=-1)  # (size, n, labels, replicates)
        for replicate in range(replicates):
            result[start : start + size] += chosen[:, :, :, replicate, None] == np.arange(k)
    return result


def balance(shares: Floats, stimuli: Stimuli, icc: float, seed: int) -> Floats:
    """The weights for `draw_over_stimuli` whose mean shares over participants and stimuli are `shares`.

    Deviations of stimuli pull shares towards equality; the weights make up for it, to about 0.1 points.
    """
    rng = np.random.default_rng([seed, 1])
    odds = _odds(stimuli, (20_000, 1), len(shares), rng)[:, 0]  # (stimuli, methods)
    noise_seed = int(rng.integers(2**31))
    weights = shares
    for _ in range(30):
        own = draw_tastes(weights, (len(odds),), icc, np.random.default_rng(noise_seed)) * odds
        means = (own / own.sum(axis=1, keepdims=True)).mean(axis=0)
        weights = np.where(shares > 0, weights * shares / np.where(means > 0, means, 1), 0)
        weights = weights / weights.sum()
        if np.abs(means - shares).max() < 2e-4:
            break
    return weights


def _odds(stimuli: Stimuli, size: tuple[int, ...], k: int, rng: np.random.Generator) -> Floats:
    """Factors of the odds of methods: (*size, methods), where the last of `size` are replicates."""
    by_label = rng.standard_normal((*size[:-1], 1, k)) * stimuli.stimulus_sd
    by_map = rng.standard_normal((*size, k)) * stimuli.map_sd
    return np.asarray(np.exp(by_label + by_map))
