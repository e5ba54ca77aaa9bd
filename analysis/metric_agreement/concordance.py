"""Agreement of metrics with people, map by map: one result per metric.

A vote table and a table of metrics come in. Three measures: the rank correlation of a map's share of votes
with its metric, over all maps and within questions; the share of votes that the metric predicts, compared
with chance and with always naming the favourite method; and a conditional logit of the choice on the options'
metric. Intervals resample participants, never maps, and so hold for these maps only. One p-value takes the
map as its unit: it permutes the metric within questions.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis.choice_models.conditional_logit import ConditionalLogit, fit
from analysis.estimation.intervals import Estimate
from analysis.metric_agreement.choice_sets import Choices, choices
from analysis.metric_agreement.metric_table import MetricTable
from analysis.numerics.arrays import Floats
from analysis.numerics.resampling import SEED, bootstrap_sums
from analysis.numerics.tails import f_tail
from analysis.votes.table import Counts, VoteTable

REPLICATES = 2000
PERMUTATIONS = 1999
POWER = 0.8


@dataclass(frozen=True)
class Odds:
    """The factor by which the odds of a choice change with one standard deviation of the metric.

    Its 95% confidence interval and p are clustered by participant; `note` says why there are none.
    """

    ratio: Estimate
    p: float | None = None
    log10_p: float | None = None
    note: str = ""


@dataclass(frozen=True)
class MetricAgreement:
    """Agreement of one metric with the votes, its sign turned so that more is better.

    `correlation` is Spearman's over maps, `within` its mean over questions. `predicted` is the share of votes
    for the option that the metric ranks best, `over_favourite` how much more that is than the share for the
    favourite method of all other participants. `beyond` is `odds` with a constant for each method. `p_maps`
    is how often the metric, permuted within questions, has a mean correlation there at least as far from 0;
    None where `of_methods`, that is, where the metric has one value per method.
    """

    metric: str
    title: str
    better: str
    n_maps: int
    n_votes: int
    correlation: Estimate
    within: Estimate
    p_maps: float | None
    of_methods: bool
    predicted: Estimate
    over_favourite: Estimate
    odds: Odds
    beyond: Odds
    pseudo_r_squared: float | None


@dataclass(frozen=True)
class Concordance:
    """Agreement of all metrics of a table with one vote table; `note` says why there is none."""

    source: str
    sha256: str
    metrics: tuple[MetricAgreement, ...]
    n_maps: int
    n_questions: int
    n_votes: int
    chance: float | None
    favourite: Estimate
    joint: dict[str, Odds]
    joint_note: str
    seed: int
    note: str = ""

    @property
    def detectable(self) -> float | None:
        """The rank correlation over maps that is detected with 80% power at best.

        By Fisher's transformation, whose variance is 1.06 / (n - 3) for Spearman's correlation (Fieller,
        Hartley and Pearson 1957, Biometrika 44:470).
        """
        if self.n_maps < 5:
            return None
        needed = float(stats.norm.ppf(0.975) + stats.norm.ppf(POWER))
        return math.tanh(needed * math.sqrt(1.06 / (self.n_maps - 3)))


def concordance(
    table: VoteTable, counts: Counts, metrics: MetricTable, seed: int = SEED, replicates: int = REPLICATES
) -> Concordance:
    """Compare every metric of `metrics` with the votes behind `counts`."""
    data = choices(table.counted(counts))
    if data is None:
        reason = "the votes lack label, replicate or the offered methods (method_1 and so on)"
        return _undefined(metrics, seed, reason)
    values = {name: _values(metrics, name, data) for name in metrics.better}
    measured = {name: value for name, value in values.items() if np.isfinite(value).sum() > 1}
    if not measured:
        shown = "; ".join("/".join(parts) for parts in data.maps[:2])
        return _undefined(metrics, seed, f"no metric has values for the maps in the votes, such as {shown}")
    bootstrap = _Bootstrap(data, seed, replicates)
    rows = tuple(_agreement(name, metrics, value, bootstrap) for name, value in measured.items())
    joint, note = _joint(measured, data)
    widths = (data.questions >= 0).sum(axis=1)[data.question]
    return Concordance(
        source=metrics.name,
        sha256=metrics.sha256,
        metrics=rows,
        n_maps=int(np.any([np.isfinite(value) for value in measured.values()], axis=0).sum()),
        n_questions=len(data.questions),
        n_votes=len(data.person),
        chance=float((1 / widths).mean()),
        favourite=bootstrap.share(_favourite_hits(data)),
        joint=joint,
        joint_note=note,
        seed=seed,
    )


def _undefined(metrics: MetricTable, seed: int, note: str) -> Concordance:
    return Concordance(metrics.name, metrics.sha256, (), 0, 0, 0, None, Estimate(None), {}, "", seed, note)


def _values(metrics: MetricTable, name: str, data: Choices) -> Floats:
    """Return the metric of every map (maps,), turned so that more is better; NaN without a value."""
    sign = 1.0 if metrics.better[name] == "higher" else -1.0
    return sign * np.array([metrics.value(name, *one) for one in data.maps])


class _Bootstrap:
    """The choices, with the same resampled participants for every estimate."""

    def __init__(self, data: Choices, seed: int, replicates: int) -> None:
        self.data, self.seed, self.replicates = data, seed, replicates
        both = np.hstack([data.times_chosen, data.times_offered])  # (people, 2 maps)
        half = len(data.maps)
        sums = bootstrap_sums(both, replicates, seed)  # (replicates, 2 maps)
        total = both.sum(axis=0)
        self.shares = total[:half] / total[half:]  # (maps,)
        with np.errstate(invalid="ignore", divide="ignore"):
            again = sums[:, :half] / sums[:, half:]
        self.resampled = np.where(
            np.isfinite(again), again, self.shares
        )  # no resampled participant saw the map

    def estimate(self, value: float, spread: Floats) -> Estimate:
        """Return a value with the percentile interval of its resamples."""
        defined = spread[np.isfinite(spread)]
        if not math.isfinite(value):
            return Estimate(None)
        if self.data.n_people < 2 or not len(defined):
            return Estimate(value)
        low, high = np.quantile(defined, (0.025, 0.975))
        return Estimate(value, float(low), float(high))

    def correlation(self, value: float, spread: Floats) -> Estimate:
        """Return a correlation with a symmetric interval, as wide as the farther quantile of the resamples.

        Resampled votes are noisier than the votes, and noise moves a correlation towards 0: the percentile
        interval may not even contain the estimate. benchmarks/agreement_coverage.py counts how often each
        covers the truth.
        """
        estimate = self.estimate(value, spread)
        if estimate.value is None or estimate.low is None or estimate.high is None:
            return estimate
        margin = max(estimate.value - estimate.low, estimate.high - estimate.value)
        return Estimate(estimate.value, max(-1.0, estimate.value - margin), min(1.0, estimate.value + margin))

    def share(self, hits: Floats, minus: Floats | None = None) -> Estimate:
        """Return the mean of `hits` (votes,), or its difference to that of `minus`, with its interval."""
        known = np.isfinite(hits)
        gained = np.where(known, hits if minus is None else hits - minus, 0.0)
        people = np.zeros((self.data.n_people, 2))
        np.add.at(people, self.data.person, np.column_stack([gained, known]))
        if not people[:, 1].sum():
            return Estimate(None)
        sums = bootstrap_sums(people, self.replicates, self.seed)
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.estimate(float(people[:, 0].sum() / people[:, 1].sum()), sums[:, 0] / sums[:, 1])


def _agreement(name: str, metrics: MetricTable, value: Floats, bootstrap: _Bootstrap) -> MetricAgreement:
    data = bootstrap.data
    known = np.isfinite(value)
    correlation = _correlate(value[known], np.vstack([bootstrap.shares, bootstrap.resampled])[:, known])
    within = _correlate_within_questions(value, data, np.vstack([bootstrap.shares, bootstrap.resampled]))
    alike = _is_constant_per_method(value, data)
    hits, rival = _hits(value, data), _favourite_hits(data)
    alone = _fit_choices({name: value}, data)
    return MetricAgreement(
        metric=name,
        title=metrics.titles[name],
        better=metrics.better[name],
        n_maps=int(known.sum()),
        n_votes=int(np.isfinite(hits).sum()),
        correlation=bootstrap.correlation(float(correlation[0]), correlation[1:]),
        within=bootstrap.correlation(float(within[0]), within[1:]),
        p_maps=None if alike else p_over_maps(value, data, bootstrap.shares, bootstrap.seed),
        of_methods=alike,
        predicted=bootstrap.share(hits),
        over_favourite=bootstrap.share(hits, rival),
        odds=_odds(alone, 0, data),
        beyond=odds_ratio(value, data, with_methods=True),
        pseudo_r_squared=None if isinstance(alone, str) else alone.pseudo_r_squared,
    )


def _correlate(value: Floats, shares: Floats) -> Floats:
    """Correlate `value` (maps,) with each row of `shares` (rows, maps) by Spearman: (rows,)."""
    ranks = stats.rankdata(value)
    others = stats.rankdata(shares, axis=1)
    ranks, others = ranks - ranks.mean(), others - others.mean(axis=1, keepdims=True)
    scale = np.sqrt((ranks**2).sum() * (others**2).sum(axis=1))
    return np.asarray(np.divide(others @ ranks, scale, out=np.full(len(scale), np.nan), where=scale > 1e-12))


def _correlate_within_questions(value: Floats, data: Choices, shares: Floats) -> Floats:
    """Average Spearman's correlation over the questions that have one: (rows,)."""
    total, counted = np.zeros(len(shares)), np.zeros(len(shares))
    for question in data.questions:
        maps = question[question >= 0]
        maps = maps[np.isfinite(value[maps])]
        if len(maps) < 2 or np.ptp(value[maps]) == 0:
            continue
        one = _correlate(value[maps], shares[:, maps])
        defined = np.isfinite(one)
        total += np.where(defined, one, 0.0)
        counted += defined
    mean = np.divide(total, counted, out=np.full(len(total), np.nan), where=counted > 0)
    return np.asarray(np.round(mean, 12))  # correlations that cancel leave 1e-17


def _is_constant_per_method(value: Floats, data: Choices) -> bool:
    """Return True if every method has the same value on all of its maps."""
    known: dict[str, set[float]] = {}
    for (method, _, _), one in zip(data.maps, value.tolist(), strict=True):
        if math.isfinite(one):
            known.setdefault(method, set()).add(one)
    return all(len(values) == 1 for values in known.values()) and len(known) < len(data.maps)


def p_over_maps(
    value: Floats, data: Choices, shares: Floats, seed: int, n_permutations: int = PERMUTATIONS
) -> float | None:
    """Return how often the metric, permuted over the maps of each question, correlates as much.

    `value` and `shares` are (maps,). The observed table counts as one of the permutations (Good 2005,
    Permutation, Parametric, and Bootstrap Tests of Hypotheses). The map is the unit: a metric of random
    numbers is significant in 5% of studies, however many people vote. None where no question has variation.
    """
    rng = np.random.default_rng(seed)
    total = np.zeros(n_permutations + 1)
    for question in data.questions:
        maps = question[question >= 0]
        maps = maps[np.isfinite(value[maps])]
        if len(maps) < 2 or np.ptp(value[maps]) == 0 or np.ptp(shares[maps]) == 0:
            continue
        own = shares[maps]
        permuted = rng.permuted(np.tile(own, (n_permutations, 1)), axis=1)
        total += _correlate(value[maps], np.vstack([own, permuted]))
    if not total.any():
        return None
    return float((np.abs(total) >= abs(total[0]) - 1e-9).mean())


def _hits(value: Floats, data: Choices) -> Floats:
    """Return 1 for a vote for the option with the greatest value, a fraction for ties, else 0: (votes,).

    NaN where an option of the question has no value.
    """
    options = np.where(data.questions >= 0, value[data.questions], -np.inf)  # (questions, options)
    unknown = np.isnan(options).any(axis=1)
    best = options == np.where(unknown, np.nan, options.max(axis=1))[:, None]
    credit = best / np.maximum(best.sum(axis=1, keepdims=True), 1)
    credit[unknown] = np.nan
    return np.asarray(credit[data.question, data.place])


def _favourite_hits(data: Choices) -> Floats:
    """Return 1 for a vote for the offered method that all others chose most often, else 0: (votes,).

    The voter's own votes are left out, because they would predict themselves.
    """
    methods = sorted({method for method, _, _ in data.maps})
    method_of_map = np.array([methods.index(method) for method, _, _ in data.maps])
    votes = np.zeros((data.n_people, len(methods)))
    for number in range(len(methods)):
        votes[:, number] = data.times_chosen[:, method_of_map == number].sum(axis=1)
    others = votes.sum(axis=0) - votes  # (people, methods)
    offered = data.questions[data.question]  # (votes, options)
    support = np.where(offered >= 0, others[data.person[:, None], method_of_map[offered]], -np.inf)
    best = support == support.max(axis=1, keepdims=True)
    hit = best[np.arange(len(data.place)), data.place] / best.sum(axis=1)
    return np.asarray(hit, dtype=np.float64)


# The conditional logit


def odds_ratio(value: Floats, data: Choices, with_methods: bool = False) -> Odds:
    """Estimate the odds of a choice by one metric (maps,), `with_methods` with their constants."""
    return _odds(_fit_choices({"metric": value}, data, with_methods), 0, data)


def _fit_choices(
    columns: dict[str, Floats], data: Choices, with_methods: bool = False
) -> ConditionalLogit | str:
    """Fit the choice on metrics, each over its standard deviation, and on constants of the methods."""
    parts = []
    for value in columns.values():
        spread = np.nanstd(value)
        if spread == 0:
            return "undefined: the metric is the same for all maps"
        parts.append((value - np.nanmean(value)) / spread)
    if with_methods:
        methods = sorted({method for method, _, _ in data.maps})
        parts += [np.array([one[0] == method for one in data.maps], dtype=float) for method in methods[1:]]
    map_values = np.stack(parts, axis=1)  # (maps, k)
    features = map_values[data.questions]  # (questions, options, k)
    features[data.questions < 0] = np.nan
    complete = np.isfinite(features).all(axis=2) | (data.questions < 0)
    used = complete.all(axis=1)[data.question]
    if not used.any():
        return "undefined: no question has the metric of all its options"
    return fit(features[data.question[used]], data.place[used], data.person[used])


def _odds(model: ConditionalLogit | str, number: int, data: Choices) -> Odds:
    if isinstance(model, str):
        return Odds(Estimate(None), note=model)
    slope, variance = float(model.coefficients[number]), float(model.robust[number, number])
    if data.n_people < 2 or not variance > 0:
        return Odds(Estimate(math.exp(slope)), note="no interval: too few participants")
    error, freedom = math.sqrt(variance), data.n_people - 1
    margin = float(stats.t.ppf(0.975, freedom)) * error
    p, log10_p = f_tail((slope / error) ** 2, 1, freedom)
    ratio = Estimate(math.exp(slope), math.exp(slope - margin), math.exp(slope + margin))
    return Odds(ratio, p, log10_p)


def _joint(measured: dict[str, Floats], data: Choices) -> tuple[dict[str, Odds], str]:
    """Fit all metrics in one model, unless they are too many for the questions."""
    contrasts = int(((data.questions >= 0).sum(axis=1) - 1).sum())
    if len(measured) < 2:
        return {}, ""
    if contrasts < 5 * len(measured):
        return {}, (
            f"No model of all {len(measured)} metrics together: the {len(data.questions)} questions have "
            f"{contrasts} contrasts between options, fewer than five a metric. Name fewer metrics."
        )
    model = _fit_choices(measured, data)
    if isinstance(model, str):
        return {}, f"The model of all metrics together is {model}."
    return {name: _odds(model, number, data) for number, name in enumerate(measured)}, ""
