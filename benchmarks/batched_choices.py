"""The choice model of many simulated studies at once: a copy of the product's arithmetic, for speed only.

`fit_batch` fits what `choice_model.fit_model` fits, for studies of one size in which every method was chosen
over every other, directly or through others. `levels_offers` verifies it in every run against the product's
functions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.numerics.arrays import Floats
from analysis.votes.offers import ChoiceData

_STEPS, _CONVERGED, _LARGEST = 40, 1e-14, 15.0


@dataclass(frozen=True, eq=False)
class Batch:
    """Log-worths (studies, methods), the first 0, and their CR3 covariance over participants.

    `moves` (studies, participants, methods) are those of the trace test. `fitted` (studies,) is False where
    the batch can't tell: the product's functions judge those studies.
    """

    log_worths: Floats
    covariance: Floats
    moves: Floats
    fitted: NDArray[np.bool_]


def fit_batch(studies: Sequence[ChoiceData]) -> Batch:
    """Fit all `studies`, which have as many participants and methods each, by Newton's method."""
    offered, chosen, weight = (np.stack(parts) for parts in zip(*map(_pack, studies), strict=True))
    n = offered.shape[1]
    u, converged = _maximum(offered, chosen, weight)
    scores, information = _sums(u, offered, chosen, weight)
    scores, information = scores[..., 1:], information[..., 1:, 1:]
    without = information.sum(axis=1, keepdims=True) - information
    usable = _connected(offered, chosen) & converged & (np.linalg.cond(without) < 1e10).all(axis=1)
    safe = np.where(usable[:, None, None, None], without, np.eye(without.shape[-1]))
    steps = np.linalg.solve(safe, scores[..., None])[..., 0]
    covariance = np.zeros((len(u), u.shape[1], u.shape[1]))
    covariance[:, 1:, 1:] = (n - 1) / n * np.swapaxes(steps, 1, 2) @ steps
    scores, information = _sums(np.zeros_like(u), offered, chosen, weight)
    moves = scores @ np.linalg.pinv(information.sum(axis=1) / n, rcond=1e-9, hermitian=True)
    return Batch(u, covariance, moves, usable)


def _pack(data: ChoiceData) -> tuple[Floats, Floats, Floats]:
    """Offered and chosen (participants, answers, methods) and weights; an answer less has weight 0."""
    n, k = int(data.participant.max()) + 1, data.offered.shape[1]
    place = np.arange(len(data.participant)) - np.searchsorted(data.participant, data.participant)
    shape = (n, int(place.max()) + 1, k)
    offered, chosen, weight = np.ones(shape), np.zeros(shape), np.zeros(shape[:2])
    at = (data.participant, place)
    offered[at], chosen[at], weight[at] = data.offered, np.eye(k)[data.chosen], data.weights
    missing = 20 - shape[1]
    pad = ((0, 0), (0, missing), (0, 0))
    return (
        np.pad(offered, pad, constant_values=1.0),
        np.pad(chosen, pad),
        np.pad(weight, pad[:2]),
    )


def _sums(u: Floats, offered: Floats, chosen: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Scores (studies, participants, methods) and information (..., methods, methods) at log-worths `u`."""
    shares = offered * np.exp(u - u.max(axis=1, keepdims=True))[:, None, None]
    shares /= shares.sum(axis=-1, keepdims=True)
    weighted = weight[..., None] * shares
    scores = (weight[..., None] * chosen).sum(axis=2) - weighted.sum(axis=2)
    information = -np.swapaxes(weighted, 2, 3) @ shares
    k = u.shape[1]
    information[..., np.arange(k), np.arange(k)] += weighted.sum(axis=2)
    return scores, information


def _maximum(offered: Floats, chosen: Floats, weight: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    u, size = np.zeros((len(offered), offered.shape[-1])), weight.sum(axis=(1, 2))
    done = np.zeros(len(u), dtype=np.bool_)
    for _ in range(_STEPS):
        left = np.flatnonzero(~done)
        if not len(left):
            break
        scores, information = _sums(u[left], offered[left], chosen[left], weight[left])
        gradient, total = scores.sum(axis=1)[:, 1:], information.sum(axis=1)[:, 1:, 1:]
        total = total + 1e-12 * np.eye(total.shape[-1])
        step = np.linalg.solve(total, gradient[..., None])[..., 0]
        step *= np.minimum(1.0, 2.0 / np.maximum(np.abs(step).max(axis=1, keepdims=True), 1e-9))
        u[left, 1:] += step
        done[left] = (gradient * step).sum(axis=1) <= _CONVERGED * size[left]
        u[left] = np.clip(u[left], -2 * _LARGEST, 2 * _LARGEST)
    return u, done & (np.ptp(u, axis=1) < _LARGEST)


def _connected(offered: Floats, chosen: Floats) -> NDArray[np.bool_]:
    """Whether each method was chosen over every other, directly or through others."""
    s, k = len(offered), offered.shape[-1]
    flat = (s, -1, k)
    wins = np.swapaxes(chosen.reshape(flat), 1, 2) @ offered.reshape(flat)
    reach = ((wins + np.eye(k)) > 0).astype(float)
    for _ in range(3):  # 8 steps reach every one of at most 9 methods
        reach = (reach @ reach > 0).astype(float)
    return np.asarray((reach > 0).all(axis=(1, 2)))
