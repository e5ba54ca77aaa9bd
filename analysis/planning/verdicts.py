"""The report's verdicts for many simulated studies at once.

Counts or moments of many studies come in, one boolean or p-value per study goes out. The tests are those of
the report, in floats and vectorised: the repeated-measures ANOVA with Greenhouse and Geisser's correction,
single-step max-t comparisons of the leader, and the sign test for participants who all give the same answers.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats
from scipy.stats import qmc

from analysis.numerics.arrays import Booleans, Floats, Integers
from analysis.numerics.resampling import SEED
from analysis.planning import few_votes

Bools = Booleans
_CACHED = 100_000  # numbers in a block of directions, which then stays in a core's cache
_TABLE = 8192  # lengths, which makes p right to 0.1%
_AT_ONCE = 4_000_000  # numbers in a block of counts: 32 MB
_NONE = 1e-12  # a variance of shares below this is rounding error


@dataclass(frozen=True)
class Moments:
    """Means of shares over `n` units (studies, methods), and their cross-products.

    Cross-products are (studies, methods, methods). Units are participants, or labels for tests over stimuli.
    Shares of a unit sum to 1. `per_answer` (studies,), times share (1 - share), is the variance of a mean
    share if all answers were independent.
    """

    n: int
    means: Floats
    products: Floats
    per_answer: Floats

    @property
    def unanimous(self) -> Bools:
        """True where all units have the same shares. (studies,)"""
        return np.asarray(np.trace(self.products, axis1=1, axis2=2) <= _NONE)


@dataclass(frozen=True)
class FTest:
    """F of many studies and its degrees of freedom; F is NaN where undefined. (studies,) each."""

    F: Floats
    df1: Floats
    df2: Floats

    @property
    def p(self) -> Floats:
        """1 where F is undefined."""
        return np.where(np.isfinite(self.F), stats.f.sf(self.F, self.df1, self.df2), 1.0)


def moments(tables: NDArray[np.integer]) -> Moments:
    """Compute the moments of the shares in counts (studies, units, methods)."""
    studies, n, k = tables.shape
    totals = tables.sum(axis=2)  # (studies, units)
    sums, products = np.empty((studies, k)), np.empty((studies, k, k))
    step = max(1, _AT_ONCE // (n * k))
    for start in range(0, studies, step):
        block = slice(start, start + step)
        shares = tables[block] / totals[block, :, None] - 1 / k  # so that little cancels below
        sums[block] = shares.sum(axis=1)
        products[block] = shares.transpose(0, 2, 1) @ shares
    products -= sums[:, :, None] * sums[:, None, :] / n
    return Moments(n, sums / n + 1 / k, products, (1 / totals).sum(axis=1) / n**2)


def repeated_measures(sample: Moments) -> FTest:
    """The repeated-measures ANOVA of shares, equal to `analysis.inference.repeated_measures`.

    Degrees of freedom are those after Greenhouse and Geisser's correction.
    """
    n, k = sample.n, sample.means.shape[1]
    between = n * ((sample.means - 1 / k) ** 2).sum(axis=1)
    within = np.trace(
        sample.products, axis1=1, axis2=2
    )  # shares sum to 1, so units do not differ in their sum
    squares = (sample.products**2).sum(axis=(1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        F = np.where(sample.unanimous, np.nan, between * (n - 1) / within)
        epsilon = np.where(sample.unanimous, 1.0, within**2 / ((k - 1) * squares))
    return FTest(F, (k - 1) * epsilon, (k - 1) * (n - 1) * epsilon)


def min_f(first: FTest, second: FTest) -> FTest:
    """min F' of F1 over participants and F2 over stimuli: Clark (1973), J. Verbal Learning 12:335.

    min F' = F1 F2 / (F1 + F2) with df2 = (F1 + F2)^2 / (F1^2 / n2 + F2^2 / n1), where n1 and n2 are the
    denominator degrees of freedom of F1 and F2, each after its own correction; df1 is the smaller numerator.
    """
    total = first.F + second.F
    with np.errstate(divide="ignore", invalid="ignore"):
        F = first.F * second.F / total
        df2 = total**2 / (first.F**2 / second.df2 + second.F**2 / first.df2)
    return FTest(F, np.minimum(first.df1, second.df1), df2)


def judge(sample: Moments, truth: Floats, alpha: float) -> tuple[Bools, Bools]:
    """Judge which studies find any difference, and which claim a leader of the true shares. (studies,) each

    The leader is the method with the largest of `truth`, or any of them if they tie. Where all participants
    split their votes in the same way, the report gives the sign test instead.
    """
    leaders = _leaders(truth)
    omnibus = repeated_measures(sample).p < alpha
    ahead = [_claims_lead(sample, int(leader), alpha) for leader in leaders]
    claim = omnibus & np.any(ahead, axis=0)
    if sign_test_finds(sample.n, alpha):
        ordered = np.sort(sample.means, axis=1)
        has_leader = sample.unanimous & (ordered[:, -1] > ordered[:, -2] + 1e-12)
        is_true = np.isin(sample.means.argmax(axis=1), leaders)
        omnibus, claim = omnibus | has_leader, claim | (has_leader & is_true)
    return omnibus, claim


def judge_over_stimuli(tables: Integers, truth: Floats, alpha: float) -> tuple[Bools, Bools, Bools, Bools]:
    """Judge studies over participants alone, then over participants and stimuli.

    Each time: any difference, and the claim of a leader. `tables` are counts (studies, participants, labels,
    methods). Over both, any difference is that of min F', and the claim needs it too, with variances of
    participants and labels added and the fewer of them as degrees of freedom, as in the report's comparisons
    over stimuli.
    """
    n, labels = tables.shape[1:3]
    people, stimuli = moments(tables.sum(axis=2)), moments(tables.sum(axis=1))
    omnibus, claim = judge(people, truth, alpha)
    over = min_f(repeated_measures(people), repeated_measures(stimuli)).p < alpha
    covariances, df = _covariance(people) + _covariance(stimuli), min(n, labels) - 1
    smallest = [
        lead_statistics(people.means, covariances, int(leader)).min(axis=1) for leader in _leaders(truth)
    ]
    ahead = [exceeds_largest_t(t, covariances, df, alpha) for t in smallest]
    return omnibus, claim, over, over & np.any(ahead, axis=0)


def _leaders(truth: Floats) -> NDArray[np.intp]:
    """The methods with the largest true share: one, unless they tie."""
    return np.flatnonzero(truth >= truth.max() - 1e-12)


def _covariance(sample: Moments) -> Floats:
    """The covariance of the means over units: (studies, methods, methods)."""
    return np.asarray(sample.products / (sample.n * (sample.n - 1)))


def sign_test_finds(n: int, alpha: float) -> bool:
    """Return True if `n` unanimous participants have a sign test p below `alpha`."""
    return 2 * 0.5**n < alpha


def lead_statistics(means: Floats, covariances: Floats, leader: int) -> Floats:
    """Compute t of the leader's lead over each method. (studies, methods)

    `means` (studies, methods) have `covariances` (studies, methods, methods). It is -inf for a lead that does
    not vary, which the report does not judge, and +inf for the leader itself.
    """
    spread = _spread(covariances, leader)
    varies = spread > _NONE**2
    t = np.where(varies, (means[:, [leader]] - means) / np.sqrt(np.where(varies, spread, 1)), -np.inf)
    t[:, leader] = np.inf
    return t


def exceeds_largest_t(t: Floats, covariances: Floats, df: int, alpha: float) -> Bools:
    """Compare the max-t p of `t` among all pairs with `alpha`. (studies,)"""
    k = covariances.shape[1]
    least = float(stats.t.ppf(1 - alpha / 2, df))
    if k == 2:
        return np.asarray(t > least)
    # Sidak's bound holds for any correlation. Studies between the bounds need an adjusted p of their own: a
    # rough one first, and a good one where that is too close to decide.
    pairs = k * (k - 1) // 2
    most = float(stats.t.isf(-math.expm1(math.log1p(-alpha) / pairs) / 2, df))
    exceeds = t > most
    between = np.flatnonzero((t > least) & ~exceeds)
    for directions, margin in ((256, 0.08), (2048, 0.0)):
        p = largest_t_tail(t[between], covariances[between], df, directions)
        exceeds[between] = p < alpha
        between = between[np.abs(p / alpha - 1) < margin]
    return np.asarray(exceeds)


def _claims_lead(sample: Moments, leader: int, alpha: float) -> Bools:
    """Return True if the report finds `leader` ahead of all others. (studies,)"""
    covariances, df = _covariance(sample), sample.n - 1
    t = lead_statistics(sample.means, covariances, leader)
    variances = np.diagonal(covariances, axis1=1, axis2=2)
    simple = sample.means * (1 - sample.means) * sample.per_answer[:, None]
    answers = few_votes.effective_answers(sample.means, variances, simple, sample.n)
    few = few_votes.have_few_votes(sample.means, answers)
    few = (few | few[:, [leader]]) & np.isfinite(t)
    rows = np.flatnonzero(few.any(axis=1))
    if len(rows):
        pairs = [_spread(covariances[rows], a)[:, a + 1 :] > _NONE**2 for a in range(t.shape[1])]
        levels = alpha / np.maximum(np.concatenate(pairs, axis=1).sum(axis=1), 1)
        ahead = few_votes.are_ahead(sample.means[rows], covariances[rows], answers[rows], df, levels, leader)
        t[rows] = np.where(few[rows], np.where(ahead, np.inf, -np.inf), t[rows])
    return exceeds_largest_t(t.min(axis=1), covariances, df, alpha)


def _spread(covariances: Floats, method: int) -> Floats:
    """The variance of the difference of `method` from each method. (studies, methods)"""
    variances = np.diagonal(covariances, axis1=1, axis2=2)
    return np.asarray(variances[:, [method]] + variances - 2 * covariances[:, method])


def largest_t_tail(t: Floats, covariances: Floats, df: int, directions: int) -> Floats:
    """P(the largest |t| of all pairs exceeds `t`), by each study's covariance of means. (studies,)

    The statistics are a length, whose F distribution is exact, times one of the same quasi-random directions
    for every study: `analysis.estimation.simultaneous` does so for one study.
    """
    if not len(t):
        return np.empty(0)
    k = covariances.shape[1]
    units = _directions(k, directions)
    # A table of the length's tail by the inverse length: SciPy's function takes 1 us for each direction.
    steps = _TABLE * t.min()
    with np.errstate(divide="ignore"):
        tails = special.fdtrc(k - 1, df, (steps / np.arange(_TABLE + 1)) ** 2 / (k - 1))
    values, vectors = np.linalg.eigh(covariances)
    root = (vectors * np.sqrt(np.maximum(values, 0))[:, None, :]) @ vectors.transpose(0, 2, 1)
    variances = np.diagonal(covariances, axis1=1, axis2=2)
    result = np.empty(len(t))
    step = max(1, _CACHED // (directions * k))
    for start in range(0, len(t), step):
        block = slice(start, start + step)
        errors = root[block] @ units  # (studies, methods, directions)
        largest = np.zeros((len(errors), directions))
        for a, b in combinations(range(k), 2):
            spread = variances[block, a] + variances[block, b] - 2 * covariances[block, a, b]
            scale = np.where(spread > _NONE**2, 1 / np.sqrt(np.maximum(spread, _NONE**2)), 0.0)
            np.maximum(largest, np.abs(errors[:, a] - errors[:, b]) * scale[:, None], out=largest)
        largest *= steps / t[block, None]
        result[block] = tails[(largest + 0.5).astype(np.intp).clip(max=_TABLE)].mean(axis=1)
    return result


@lru_cache(maxsize=32)
def _directions(k: int, n: int) -> Floats:
    """`n` unit vectors orthogonal to (1, ..., 1), evenly spread: (k, n)."""
    normals = normal_draws(k, n)
    centred = normals - normals.mean(axis=1, keepdims=True)
    return np.ascontiguousarray((centred / np.sqrt((centred**2).sum(axis=1, keepdims=True))).T)


def normal_draws(k: int, n: int) -> Floats:
    """`n` quasi-random vectors of `k` independent standard normals: (n, k)."""
    shift = np.random.default_rng(SEED).random(k)
    points = (qmc.Sobol(k, scramble=False).random(n) + shift) % 1
    return np.asarray(special.ndtri(np.clip(points, 1e-12, 1 - 1e-12)))
