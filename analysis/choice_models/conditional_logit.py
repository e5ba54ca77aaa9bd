"""McFadden's conditional logit of a choice on what distinguishes the options. Arrays in, estimates out.

McFadden 1974, Conditional logit analysis of qualitative choice behavior, in Frontiers in Econometrics; the
standard errors are robust against votes of one person hanging together (Cameron and Miller 2015, Journal of
Human Resources 50:317, equation 11, with their factor G / (G - 1)).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from scipy.special import logsumexp

Floats = NDArray[np.float64]
_LARGEST = 15.0  # log odds between options: beyond, the likelihood has no maximum


@dataclass(frozen=True)
class ConditionalLogit:
    """Coefficients (k,), their covariance (k, k) plain and robust, and the log-likelihoods."""

    coefficients: Floats
    covariance: Floats
    robust: Floats
    log_likelihood: float
    log_likelihood_of_chance: float

    @property
    def pseudo_r_squared(self) -> float:
        """McFadden's: 1 - log-likelihood / log-likelihood of chance."""
        return 1 - self.log_likelihood / self.log_likelihood_of_chance


def fit(options: Floats, chosen: NDArray[np.int64], clusters: NDArray[np.int64]) -> ConditionalLogit | str:
    """The model of choices between `options` (votes, options, k), NaN where a question has fewer of them.

    `chosen` (votes,) is the option that was taken, `clusters` (votes,) who took it, from 0. A text says why
    where there is no estimate.
    """
    there = ~np.isnan(options[..., 0])  # (votes, options)
    known = np.where(there[..., None], options, 0.0)
    count = there.sum(axis=1)
    centred = known - known.sum(axis=1, keepdims=True) / count[:, None, None]
    flat = centred[there]  # (all options, k)
    if np.linalg.matrix_rank(flat) < flat.shape[1]:
        return "undefined: the options do not differ, or in ways that follow from each other"
    votes = np.arange(len(chosen))
    taken = centred[votes, chosen]  # (votes, k)

    def probabilities(coefficients: Floats) -> tuple[Floats, Floats]:
        utility = np.where(there, centred @ coefficients, -np.inf)
        total = logsumexp(utility, axis=1)
        return np.exp(utility - total[:, None]), total

    def loss(coefficients: Floats) -> float:
        return float(probabilities(coefficients)[1].sum() - (taken @ coefficients).sum())

    def scores(coefficients: Floats) -> Floats:
        shares = probabilities(coefficients)[0]
        return np.asarray(taken - np.einsum("vj,vjk->vk", shares, centred))

    def curvature(coefficients: Floats) -> Floats:
        shares = probabilities(coefficients)[0]
        means = np.einsum("vj,vjk->vk", shares, centred)
        return np.asarray(np.einsum("vj,vjk,vjl->kl", shares, centred, centred) - means.T @ means)

    found: Any = optimize.minimize(  # type: ignore[call-overload]  # the stubs know no array as a curvature
        loss,
        np.zeros(options.shape[2]),
        jac=lambda coefficients: -scores(coefficients).sum(axis=0),
        hess=curvature,
        method="trust-exact",
        tol=1e-8 * len(chosen),
    )
    coefficients = np.asarray(found.x, dtype=np.float64)
    if np.abs(flat @ coefficients).max() > _LARGEST:
        return "undefined: some options, or a method, were chosen always or never"
    inverse = np.asarray(np.linalg.inv(curvature(coefficients)), dtype=np.float64)
    of_people = np.zeros((int(clusters.max()) + 1, options.shape[2]))
    np.add.at(of_people, clusters, scores(coefficients))
    groups = len(np.unique(clusters))
    factor = groups / (groups - 1) if groups > 1 else np.nan
    robust = factor * inverse @ (of_people.T @ of_people) @ inverse
    return ConditionalLogit(
        coefficients, inverse, np.asarray(robust), -float(found.fun), -float(np.log(count).sum())
    )
