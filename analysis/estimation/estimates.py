"""How large the methods' shares and their differences are, with intervals over participants.

Counts per participant come in. When all methods are offered in every question, the worths of Luce (1959) and
Plackett-Luce are the shares of votes; what is needed are intervals that respect that a person's votes hang
together. Estimates only: what the tests say is in `omnibus`.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis import formatting as fmt
from analysis.inference.pooled_shares import pooled_shares
from analysis.numerics.resampling import REPLICATES, SEED, Rankings, bootstrap_sums, rankings
from analysis.numerics.tails import f_tail
from analysis.significance import ALPHA
from analysis.votes.table import Counts

Floats = NDArray[np.float64]
_WIDEST = math.log(1000)  # a ratio whose interval reaches farther is not known to any digit
_DRAWS = 100_000  # of the largest |t|: the critical value is right to about 0.01


@dataclass(frozen=True)
class Share:
    """A method's votes and its share of all votes, with a 95 % interval that is None where undefined.

    `design_effect` is how much larger the variance is than if every vote came from another person.
    """

    method: str
    votes: int
    share: float
    low: float | None
    high: float | None
    design_effect: float | None = None


@dataclass(frozen=True)
class Estimate:
    """A number with its interval; all are None where undefined."""

    value: float | None
    low: float | None = None
    high: float | None = None

    def shown(self, show: Callable[[float], str]) -> str:
        """ "0.30 (0.26 to 0.35)"."""
        if self.value is None:
            return fmt.UNDEFINED
        if self.low is None or self.high is None:
            return show(self.value)
        return f"{show(self.value)} ({show(self.low)} to {show(self.high)})"


@dataclass(frozen=True)
class PairEstimate:
    """Two methods compared within participants: `a` minus `b`, and `a` over `b`.

    The intervals of each kind (differences, ratios, Cohen's h) hold for all pairs together with 1 - alpha.
    `p` is of the paired t test after Holm's correction, `t` its statistic.
    """

    a: str
    b: str
    difference: Estimate
    ratio: Estimate
    cohens_h: Estimate
    t: float | None
    p: float | None
    log10_p: float | None


@dataclass(frozen=True)
class Estimates:
    """Shares, pairs, effect sizes and rankings of one table of counts."""

    counts: Counts
    shares: tuple[Share, ...]
    design_effect: float | None
    icc: float | None
    pairs: tuple[PairEstimate, ...]
    effects: dict[str, Estimate]  # eta squared, omega squared, Kendall's W
    rankings: Rankings | None
    seed: int

    @cached_property
    def df(self) -> int:
        return len(self.counts.participants) - 1

    def __str__(self) -> str:
        rows = [
            (
                f"{pair.a} {fmt.MINUS} {pair.b}",
                pair.difference.shown(fmt.points),
                pair.ratio.shown(fmt.decimal),
                pair.cohens_h.shown(fmt.decimal),
                fmt.p_value(pair.p, pair.log10_p),
            )
            for pair in self.pairs
        ]
        return fmt.text_table(("Pair", "Points", "Ratio", "Cohen's h", "p (Holm)"), rows)


def estimate(
    counts: Counts, seed: int = SEED, replicates: int = REPLICATES, alpha: float = ALPHA
) -> Estimates:
    """All estimates of a table of counts; `alpha` is that of the intervals of pairs, all others hold 95 %."""
    shares, design_effect, icc = clustered_shares(counts)
    resampled = len(counts.participants) > 1 and len(counts.methods) > 1
    effects, order = _resampled(counts, seed, replicates) if resampled else ({}, None)
    pairs = compare(counts, seed, alpha=alpha)
    return Estimates(counts, shares, design_effect, icc, pairs, effects, order, seed)


def clustered_shares(counts: Counts) -> tuple[tuple[Share, ...], float | None, float | None]:
    """Each method's share of all votes with a 95 % t interval over participants, cut at 0 and 1.

    The share is a ratio of two sums over participants, its votes and all votes, with the variance and the
    number of participants that `analysis.jackknife` tells. Undefined for one participant, and where
    participants do not differ. A share of 0 has an upper bound: it can't exceed the share of people who would
    ever choose the method, and of n nobody did (Clopper and Pearson 1934); a share of 1 likewise has a lower
    one.

    With them come the design effect over all methods, and the intra-class correlation that it implies:
    deff = 1 + (m - 1) icc with m = sum m_i^2 / sum m_i votes (Kish 1965, Survey Sampling, section 5.4).
    """
    table = counts.table.astype(float)  # (participants, methods)
    totals, n = table.sum(axis=1, keepdims=True), len(table)
    shares = table.sum(axis=0) / totals.sum()
    simple = shares * (1 - shares) / totals.sum()
    variances = margins = np.zeros(len(shares))
    if n > 1:
        pooled = pooled_shares(table)
        variances = pooled.variances
        # one participant with nearly all votes says nothing of others: the interval is then from 0 to 1
        margins = stats.t.ppf(0.975, max(pooled.effective - 1, 1e-3)) * np.sqrt(variances)
    beyond = 1 - 0.025 ** (1 / n)
    result = []
    for i, (method, votes) in enumerate(counts.votes.items()):
        share, low, high = votes / counts.n_votes, None, None
        if n > 1 and margins[i] > 1e-12:  # what is left of zero after rounding
            low, high = max(0.0, share - float(margins[i])), min(1.0, share + float(margins[i]))
        elif n > 1 and len(shares) > 1 and votes in (0, counts.n_votes):
            low, high = (0.0, beyond) if votes == 0 else (1 - beyond, 1.0)
        effect = float(variances[i] / simple[i]) if n > 1 and simple[i] > 0 else None
        result.append(Share(method, votes, share, low, high, effect))
    if n == 1 or simple.sum() == 0:
        return tuple(result), None, None
    design_effect = float(variances.sum() / simple.sum())
    m = float((totals**2).sum() / totals.sum())
    return tuple(result), design_effect, (design_effect - 1) / (m - 1) if m > 1 else None


@dataclass(frozen=True)
class PairTest:
    """The paired t test of two methods; `p` is after Holm's correction. None where undefined."""

    a: str
    b: str
    difference: float
    t: float | None
    p: float | None
    log10_p: float | None


def paired_tests(counts: Counts) -> tuple[PairTest, ...]:
    """Every pair of methods by the participants' proportions, each participant being compared with itself."""
    proportions = counts.table / counts.table.sum(axis=1, keepdims=True)  # (participants, methods)
    n, pairs = len(proportions), list(combinations(range(len(counts.methods)), 2))
    if not pairs:
        return ()
    a, b = np.transpose(pairs)
    between = proportions[:, a] - proportions[:, b]  # (participants, pairs)
    differences = between.mean(axis=0)
    spread = between.std(axis=0, ddof=1) if n > 1 else np.zeros(len(pairs))
    defined = spread > 1e-12  # what is left of zero after rounding
    t = [
        float(d / s * math.sqrt(n)) if fit else None
        for d, s, fit in zip(differences, spread, defined, strict=True)
    ]
    tails = holm([None if x is None else f_tail(x**2, 1, n - 1) for x in t])
    return tuple(
        PairTest(counts.methods[i], counts.methods[j], float(d), x, *(tail or (None, None)))
        for (i, j), d, x, tail in zip(pairs, differences, t, tails, strict=True)
    )


def compare(
    counts: Counts, seed: int = SEED, draws: int = _DRAWS, alpha: float = ALPHA
) -> tuple[PairEstimate, ...]:
    """Every pair of methods by the mean of the participants' proportions, each participant weighing alike.

    `draws` find the critical value of the simultaneous intervals, which hold with 1 - `alpha`.
    """
    proportions = counts.table / counts.table.sum(axis=1, keepdims=True)  # (participants, methods)
    means = proportions.mean(axis=0)
    pairs = list(combinations(range(len(counts.methods)), 2))
    if not pairs:
        return ()
    with np.errstate(divide="ignore", invalid="ignore"):
        logs, angles = np.log(means), 2 * np.arcsin(np.sqrt(means))
        on_logs = proportions / means  # what each participant adds to the logarithm of a mean
        on_angles = (proportions - means) / np.sqrt(means * (1 - means))
    differences = _simultaneous(means, proportions, pairs, seed, draws, alpha)
    ratios = _simultaneous(logs, on_logs, pairs, seed, draws, alpha)
    h = _simultaneous(angles, on_angles, pairs, seed, draws, alpha)
    return tuple(
        PairEstimate(
            a=test.a,
            b=test.b,
            difference=difference.within(1.0),
            ratio=ratio.exponential,
            cohens_h=angle.within(math.pi),
            t=test.t,
            p=test.p,
            log10_p=test.log10_p,
        )
        for test, difference, ratio, angle in zip(paired_tests(counts), differences, ratios, h, strict=True)
    )


def holm(tails: Sequence[tuple[float, float] | None]) -> list[tuple[float, float] | None]:
    """p and log10 p corrected as Holm (1979, Scandinavian Journal of Statistics 6:65); None stays None."""
    defined = sorted((tail[1], i) for i, tail in enumerate(tails) if tail is not None)
    result: list[tuple[float, float] | None] = [None] * len(tails)
    p = log = -math.inf
    for rank, (_, i) in enumerate(defined):
        tail, times = tails[i], len(defined) - rank
        assert tail is not None
        p, log = max(p, min(1.0, tail[0] * times)), max(log, min(0.0, tail[1] + math.log10(times)))
        result[i] = (p, log)
    return result


@dataclass(frozen=True)
class _Contrast:
    """A difference of two values and its simultaneous interval."""

    at: float | None
    low: float | None
    high: float | None

    def within(self, most: float) -> Estimate:
        """With the interval cut where no difference can lie: beyond -`most` and `most`."""
        low, high = self.low, self.high
        return Estimate(
            self.at, None if low is None else max(low, -most), None if high is None else min(high, most)
        )

    @property
    def exponential(self) -> Estimate:
        """Of a difference of logarithms, the ratio; its interval unless that spans all that can be told."""
        if self.at is None:
            return Estimate(None)
        ends = (self.low, self.high)
        if self.low is None or self.high is None or max(-self.low, self.high) > _WIDEST:
            ends = (None, None)
        return Estimate(math.exp(self.at), *(None if end is None else math.exp(end) for end in ends))


def _simultaneous(
    values: Floats,
    influence: Floats,
    pairs: Sequence[tuple[int, int]],
    seed: int,
    draws: int,
    alpha: float,
) -> list[_Contrast]:
    """Differences of pairs of `values`, with max-t intervals of Hothorn, Bretz and Westfall (2008).

    `influence` (participants, values) is what each participant adds to a value, up to a constant. Biometrical
    Journal 50:346, section 3: the critical value is that of the largest |t| of correlated contrasts.
    """
    a, b = np.transpose(pairs)
    n = len(influence)
    with np.errstate(invalid="ignore"):
        differences, residuals = values[a] - values[b], influence[:, a] - influence[:, b]
        residuals = residuals - residuals.mean(axis=0)
        spread = np.sqrt((residuals**2).sum(axis=0) / max(n - 1, 1))
    judged = np.isfinite(differences) & np.isfinite(spread) & (spread > 1e-12) & (n > 1)
    errors = spread / math.sqrt(n)
    critical = math.nan
    if judged.any():
        critical = _largest_t(residuals[:, judged] / spread[judged], seed, draws, alpha)
    result = []
    for difference, error, fit in zip(differences.tolist(), errors.tolist(), judged.tolist(), strict=True):
        at = difference if math.isfinite(difference) else None
        if at is None or not fit:
            result.append(_Contrast(at, None, None))
        else:
            margin = critical * error
            result.append(_Contrast(at, at - margin, at + margin))
    return result


def _largest_t(residuals: Floats, seed: int, size: int, alpha: float) -> float:
    """The quantile 1 - `alpha` of the largest |t| of contrasts with these residuals of unit variance."""
    n, contrasts = residuals.shape
    if contrasts == 1:
        return float(stats.t.ppf(1 - alpha / 2, n - 1))
    scales, directions = np.linalg.eigh(residuals.T @ residuals / (n - 1))
    real = scales > 1e-9 * scales.max()
    root = directions[:, real] * np.sqrt(scales[real])  # (contrasts, dimensions)
    rng = np.random.default_rng(seed)
    largest = np.zeros(size)
    draws = rng.standard_normal((size, int(real.sum())))
    for row in root:
        np.maximum(largest, np.abs(draws @ row), out=largest)
    largest /= np.sqrt(rng.chisquare(n - 1, size) / (n - 1))
    return float(np.quantile(largest, 1 - alpha))


def _resampled(counts: Counts, seed: int, replicates: int) -> tuple[dict[str, Estimate], Rankings]:
    """Effect sizes with percentile intervals over participants, and the probabilities of the rankings."""
    table = counts.table.astype(float)
    n, k = table.shape
    proportions = table / table.sum(axis=1, keepdims=True)
    ranks = stats.rankdata(proportions.round(12), axis=1)
    squares = (proportions**2).sum(axis=1, keepdims=True)
    ties = (ranks**2).sum(axis=1, keepdims=True)
    columns = np.hstack([table, proportions, squares, ranks, ties])
    sums = bootstrap_sums(columns, replicates, seed)
    observed = effect_sizes(columns.sum(axis=0, keepdims=True)[:, k:], n, k)
    spread = effect_sizes(sums[:, k:], n, k)
    effects = {}
    for name, values in observed.items():
        value, defined = float(values[0]), spread[name][np.isfinite(spread[name])]
        if not math.isfinite(value):
            effects[name] = Estimate(None)
        elif np.ptp(defined) < 1e-12:
            effects[name] = Estimate(value)
        else:
            low, high = np.quantile(defined, (0.025, 0.975))
            effects[name] = Estimate(value, float(low), float(high))
    return effects, rankings(sums[:, :k], counts.methods, seed)


def effect_sizes(sums: Floats, n: int, k: int) -> dict[str, Floats]:
    """Eta squared, omega squared and Kendall's W from the sums of proportions, their squares, ranks, theirs.

    `sums` is (tables, 2 k + 2). W = 12 S / (n^2 (k^3 - k) - n T), with T the correction for ties (Kendall and
    Gibbons 1990, Rank Correlation Methods, section 6.8); omega squared as in Hays (1963).
    """
    means, squares = sums[:, :k] / n, sums[:, k]
    between = n * ((means - means.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    within = squares - n * (means**2).sum(axis=1)
    centred = sums[:, k + 1 : 2 * k + 1] - n * (k + 1) / 2
    of_ranks = sums[:, 2 * k + 1] - n * k * (k + 1) ** 2 / 4
    with np.errstate(divide="ignore", invalid="ignore"):
        error = within / (k * (n - 1))
        return {
            "eta squared": between / (between + within),
            "omega squared": (between - (k - 1) * error) / (between + within + error),
            "Kendall's W": (centred**2).sum(axis=1) / (n * of_ranks),
        }
