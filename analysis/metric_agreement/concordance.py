"""Do metrics and people agree, map by map? A vote table and a table of metrics in, one result a metric out.

Rank correlation of a map's share of votes with its metric, over all maps and within the questions; the share
of votes that the metric would have predicted, beside chance and beside always naming the favourite method;
a conditional logit of the choice on the metric of the options. Intervals draw participants again, never maps:
what they say holds for these maps. One p takes the map as its unit: it shuffles the metric within questions.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis.choice_models.conditional_logit import ConditionalLogit, fit
from analysis.estimation.intervals import Estimate
from analysis.metric_agreement.choice_sets import Choices, choices
from analysis.metric_agreement.metric_table import MetricTable
from analysis.numerics.resampling import SEED, bootstrap_sums
from analysis.numerics.tails import f_tail
from analysis.votes.table import Counts, VoteTable

Floats = NDArray[np.float64]

REPLICATES = 2000
SHUFFLES = 1999
POWER = 0.8


@dataclass(frozen=True)
class Odds:
    """By which factor the odds of a choice rise with one standard deviation of the metric, its 95 % interval
    and its p, both robust against a person's votes hanging together; `note` says why there is none."""

    ratio: Estimate
    p: float | None = None
    log10_p: float | None = None
    note: str = ""


@dataclass(frozen=True)
class MetricAgreement:
    """One metric and the votes. All values are turned so that more is better.

    `correlation` is Spearman's over maps, `within` its mean over questions. `predicted` is the share of
    votes for the option that the metric calls best, `over_favourite` how much more that is than the share
    for the favourite method of all others. `beyond` is `odds` at equal methods. `p_maps` is how often the
    metric, shuffled within questions, has a mean correlation there at least as far from 0; None where
    `of_methods`, for a metric with one value a method has as many values as there are methods.
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
    """All metrics of a table and one vote table. `note` says why there is nothing to say."""

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
        """The rank correlation over maps that a study of so many maps would find in 80 % of cases at best.

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
    """Every metric of `metrics` beside the votes behind `counts`."""
    found = choices(table.counted(counts))
    if found is None:
        why = "the votes lack label, replicate or the methods that stood to choose (method_1 and so on)"
        return _nothing(metrics, seed, why)
    values = {name: _values(metrics, name, found) for name in metrics.better}
    measured = {name: value for name, value in values.items() if np.isfinite(value).sum() > 1}
    if not measured:
        shown = "; ".join("/".join(parts) for parts in found.maps[:2])
        return _nothing(metrics, seed, f"no metric has values of the maps in the votes, such as {shown}")
    draw = _Draw(found, seed, replicates)
    rows = tuple(_agreement(name, metrics, value, draw) for name, value in measured.items())
    joint, note = _joint(measured, found)
    widths = (found.questions >= 0).sum(axis=1)[found.question]
    return Concordance(
        source=metrics.name,
        sha256=metrics.sha256,
        metrics=rows,
        n_maps=int(np.any([np.isfinite(value) for value in measured.values()], axis=0).sum()),
        n_questions=len(found.questions),
        n_votes=len(found.person),
        chance=float((1 / widths).mean()),
        favourite=draw.share(_favourite_hits(found)),
        joint=joint,
        joint_note=note,
        seed=seed,
    )


def _nothing(metrics: MetricTable, seed: int, note: str) -> Concordance:
    return Concordance(metrics.name, metrics.sha256, (), 0, 0, 0, None, Estimate(None), {}, "", seed, note)


def _values(metrics: MetricTable, name: str, found: Choices) -> Floats:
    """The metric of every map (maps,), turned so that more is better; NaN where there is none."""
    sign = 1.0 if metrics.better[name] == "higher" else -1.0
    return sign * np.array([metrics.value(name, *one) for one in found.maps])


class _Draw:
    """The choices, and the same participants drawn again for every estimate."""

    def __init__(self, found: Choices, seed: int, replicates: int) -> None:
        self.found, self.seed, self.replicates = found, seed, replicates
        both = np.hstack([found.chosen, found.offered])  # (people, 2 maps)
        half = len(found.maps)
        sums = bootstrap_sums(both, replicates, seed)  # (replicates, 2 maps)
        total = both.sum(axis=0)
        self.shares = total[:half] / total[half:]  # (maps,)
        with np.errstate(invalid="ignore", divide="ignore"):
            again = sums[:, :half] / sums[:, half:]
        self.resampled = np.where(np.isfinite(again), again, self.shares)  # nobody drawn saw the map

    def estimate(self, value: float, spread: Floats) -> Estimate:
        """A value with the percentile interval of its resamples; no interval for a single person."""
        defined = spread[np.isfinite(spread)]
        if not math.isfinite(value):
            return Estimate(None)
        if self.found.n_people < 2 or not len(defined):
            return Estimate(value)
        low, high = np.quantile(defined, (0.025, 0.975))
        return Estimate(value, float(low), float(high))

    def correlation(self, value: float, spread: Floats) -> Estimate:
        """A correlation with an interval as far to both sides as the resamples' quantiles on the farther one.

        Votes drawn again are noisier than the votes, and noise brings a correlation towards 0: the
        percentile interval may not even hold the estimate. benchmarks/agreement_coverage.py counts how often
        each covers the truth.
        """
        found = self.estimate(value, spread)
        if found.value is None or found.low is None or found.high is None:
            return found
        margin = max(found.value - found.low, found.high - found.value)
        return Estimate(found.value, max(-1.0, found.value - margin), min(1.0, found.value + margin))

    def share(self, hits: Floats, minus: Floats | None = None) -> Estimate:
        """The share of votes that `hits` (votes,) are of, or the difference to the share of `minus`."""
        there = np.isfinite(hits)
        gained = np.where(there, hits if minus is None else hits - minus, 0.0)
        people = np.zeros((self.found.n_people, 2))
        np.add.at(people, self.found.person, np.column_stack([gained, there]))
        if not people[:, 1].sum():
            return Estimate(None)
        sums = bootstrap_sums(people, self.replicates, self.seed)
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.estimate(float(people[:, 0].sum() / people[:, 1].sum()), sums[:, 0] / sums[:, 1])


def _agreement(name: str, metrics: MetricTable, value: Floats, draw: _Draw) -> MetricAgreement:
    found = draw.found
    known = np.isfinite(value)
    correlation = _correlations(value[known], np.vstack([draw.shares, draw.resampled])[:, known])
    within = _within(value, found, np.vstack([draw.shares, draw.resampled]))
    alike = _of_methods(value, found)
    hits, rival = _hits(value, found), _favourite_hits(found)
    alone = _fitted({name: value}, found)
    return MetricAgreement(
        metric=name,
        title=metrics.titles[name],
        better=metrics.better[name],
        n_maps=int(known.sum()),
        n_votes=int(np.isfinite(hits).sum()),
        correlation=draw.correlation(float(correlation[0]), correlation[1:]),
        within=draw.correlation(float(within[0]), within[1:]),
        p_maps=None if alike else p_over_maps(value, found, draw.shares, draw.seed),
        of_methods=alike,
        predicted=draw.share(hits),
        over_favourite=draw.share(hits, rival),
        odds=_odds(alone, 0, found),
        beyond=odds_ratio(value, found, with_methods=True),
        pseudo_r_squared=None if isinstance(alone, str) else alone.pseudo_r_squared,
    )


def _correlations(value: Floats, shares: Floats) -> Floats:
    """Spearman's correlation (rows,) of `value` (maps,) with each row of `shares` (rows, maps)."""
    ranks = stats.rankdata(value)
    others = stats.rankdata(shares, axis=1)
    ranks, others = ranks - ranks.mean(), others - others.mean(axis=1, keepdims=True)
    scale = np.sqrt((ranks**2).sum() * (others**2).sum(axis=1))
    return np.asarray(np.divide(others @ ranks, scale, out=np.full(len(scale), np.nan), where=scale > 1e-12))


def _within(value: Floats, found: Choices, shares: Floats) -> Floats:
    """The mean (rows,) over questions of Spearman's correlation of their maps; some may have none."""
    total, counted = np.zeros(len(shares)), np.zeros(len(shares))
    for question in found.questions:
        maps = question[question >= 0]
        maps = maps[np.isfinite(value[maps])]
        if len(maps) < 2 or np.ptp(value[maps]) == 0:
            continue
        one = _correlations(value[maps], shares[:, maps])
        defined = np.isfinite(one)
        total += np.where(defined, one, 0.0)
        counted += defined
    mean = np.divide(total, counted, out=np.full(len(total), np.nan), where=counted > 0)
    return np.asarray(np.round(mean, 12))  # correlations that cancel leave 1e-17, which would be printed so


def _of_methods(value: Floats, found: Choices) -> bool:
    """Whether every method has the same value on all of its maps."""
    known: dict[str, set[float]] = {}
    for (method, _, _), one in zip(found.maps, value.tolist(), strict=True):
        if math.isfinite(one):
            known.setdefault(method, set()).add(one)
    return all(len(values) == 1 for values in known.values()) and len(known) < len(found.maps)


def p_over_maps(
    value: Floats, found: Choices, shares: Floats, seed: int, shuffles: int = SHUFFLES
) -> float | None:
    """How often the metric, shuffled over the maps of each question, correlates as much; None of nothing.

    `value` and `shares` are (maps,). The table itself counts as one of the shuffles (Good 2005, Permutation,
    Parametric, and Bootstrap Tests of Hypotheses). The map is the unit: a metric of random numbers is found
    with 5 %, however many people vote.
    """
    rng = np.random.default_rng(seed)
    total = np.zeros(shuffles + 1)
    for question in found.questions:
        maps = question[question >= 0]
        maps = maps[np.isfinite(value[maps])]
        if len(maps) < 2 or np.ptp(value[maps]) == 0 or np.ptp(shares[maps]) == 0:
            continue
        own = shares[maps]
        mixed = rng.permuted(np.tile(own, (shuffles, 1)), axis=1)
        total += _correlations(value[maps], np.vstack([own, mixed]))
    if not total.any():
        return None
    return float((np.abs(total) >= abs(total[0]) - 1e-9).mean())


def _hits(value: Floats, found: Choices) -> Floats:
    """1 for a vote for the option with the greatest value, a part of 1 of a tie, else 0: (votes,).

    NaN where an option of the question has no value.
    """
    of_maps = np.where(found.questions >= 0, value[found.questions], -np.inf)  # (questions, options)
    unknown = np.isnan(of_maps).any(axis=1)
    best = of_maps == np.where(unknown, np.nan, of_maps.max(axis=1))[:, None]
    credit = best / np.maximum(best.sum(axis=1, keepdims=True), 1)
    credit[unknown] = np.nan
    return np.asarray(credit[found.question, found.place])


def _favourite_hits(found: Choices) -> Floats:
    """1 for a vote for the method that all others chose most often, of those offered, else 0: (votes,).

    The voter's own votes do not name the favourite, for they would predict themselves.
    """
    methods = sorted({method for method, _, _ in found.maps})
    of_map = np.array([methods.index(method) for method, _, _ in found.maps])
    votes = np.zeros((found.n_people, len(methods)))
    for number in range(len(methods)):
        votes[:, number] = found.chosen[:, of_map == number].sum(axis=1)
    others = votes.sum(axis=0) - votes  # (people, methods)
    offered = found.questions[found.question]  # (votes, options)
    support = np.where(offered >= 0, others[found.person[:, None], of_map[offered]], -np.inf)
    best = support == support.max(axis=1, keepdims=True)
    hit = best[np.arange(len(found.place)), found.place] / best.sum(axis=1)
    return np.asarray(hit, dtype=np.float64)


# The conditional logit


def odds_ratio(value: Floats, found: Choices, with_methods: bool = False) -> Odds:
    """The odds of a choice by one metric (maps,); `with_methods` at equal methods."""
    return _odds(_fitted({"metric": value}, found, with_methods), 0, found)


def _fitted(columns: dict[str, Floats], found: Choices, with_methods: bool = False) -> ConditionalLogit | str:
    """The choice on some metrics, each over its standard deviation, and on constants of the methods."""
    parts = []
    for value in columns.values():
        spread = np.nanstd(value)
        if spread == 0:
            return "undefined: the metric is the same for all maps"
        parts.append((value - np.nanmean(value)) / spread)
    if with_methods:
        methods = sorted({method for method, _, _ in found.maps})
        parts += [np.array([one[0] == method for one in found.maps], dtype=float) for method in methods[1:]]
    of_maps = np.stack(parts, axis=1)  # (maps, k)
    of_questions = of_maps[found.questions]  # (questions, options, k)
    of_questions[found.questions < 0] = np.nan
    complete = np.isfinite(of_questions).all(axis=2) | (found.questions < 0)
    used = complete.all(axis=1)[found.question]
    if not used.any():
        return "undefined: no question has the metric of all its options"
    return fit(of_questions[found.question[used]], found.place[used], found.person[used])


def _odds(model: ConditionalLogit | str, number: int, found: Choices) -> Odds:
    if isinstance(model, str):
        return Odds(Estimate(None), note=model)
    at, variance = float(model.coefficients[number]), float(model.robust[number, number])
    if found.n_people < 2 or not variance > 0:
        return Odds(Estimate(math.exp(at)), note="no interval: too few participants")
    error, freedom = math.sqrt(variance), found.n_people - 1
    margin = float(stats.t.ppf(0.975, freedom)) * error
    p, log10_p = f_tail((at / error) ** 2, 1, freedom)
    ratio = Estimate(math.exp(at), math.exp(at - margin), math.exp(at + margin))
    return Odds(ratio, p, log10_p)


def _joint(measured: dict[str, Floats], found: Choices) -> tuple[dict[str, Odds], str]:
    """All metrics in one model, unless they are too many for the questions."""
    contrasts = int(((found.questions >= 0).sum(axis=1) - 1).sum())
    if len(measured) < 2:
        return {}, ""
    if contrasts < 5 * len(measured):
        return {}, (
            f"No model of all {len(measured)} metrics together: the {len(found.questions)} questions have "
            f"{contrasts} contrasts between options, fewer than five a metric. Name fewer metrics."
        )
    model = _fitted(measured, found)
    if isinstance(model, str):
        return {}, f"The model of all metrics together is {model}."
    return {name: _odds(model, number, found) for number, name in enumerate(measured)}, ""
