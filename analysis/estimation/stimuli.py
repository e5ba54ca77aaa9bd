"""Generalisation of results to new stimuli of the same kind.

Choices come in with the participant and the label (a class or an image) of each answer. Out come the scope
of the study in words, intervals and comparisons over participants and labels at once, and min F'. An interval
over participants alone holds for the very maps that were shown: with modest differences between classes, half
of such intervals miss the methods' shares over all classes, and more participants make it worse (Clark 1973,
Journal of Verbal Learning and Verbal Behavior 12:335). `benchmarks/levels_stimuli.py` has the figures.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

import numpy as np
from scipy import special, stats

from analysis import formatting as fmt
from analysis.estimation.simultaneous import pair_matrix, simultaneous
from analysis.inference.min_f import MinF, min_f
from analysis.inference.repeated_measures import RepeatedMeasures, repeated_measures
from analysis.numerics.arrays import Floats, Integers
from analysis.numerics.clusters import effective_number, renumber
from analysis.numerics.resampling import SEED
from analysis.significance import ALPHA
from analysis.votes.offers import ChoiceData

FEWEST_LABELS = 5
_ZERO = 1e-12  # what rounding leaves of a variance of 0


@dataclass(frozen=True)
class Scope:
    """The numbers of questions and labels behind the answers; None if unknown.

    `noun` is what a label is: "class", "image", or "class or image" where the table does not tell.
    """

    n_questions: int | None
    n_labels: int | None
    noun: str = "class or image"

    @property
    def nouns(self) -> str:
        """The plural of `noun`: "classes or images"."""
        return " or ".join(word + ("es" if word.endswith("s") else "s") for word in self.noun.split(" or "))

    @property
    def phrase(self) -> str:
        """The stimuli in words, to follow a claim: "for these 20 questions about 10 classes"."""
        if self.n_labels is None:
            return "for the pictures shown" if self.n_questions is None else f"for {self._these_questions}"
        if self.n_questions is None or self.n_questions == self.n_labels:
            return f"for {_these(self.n_labels, self.noun, self.nouns)}"
        labels = f"{fmt.count(self.n_labels)} {self.noun if self.n_labels == 1 else self.nouns}"
        return f"for {self._these_questions} about {labels}"

    @property
    def _these_questions(self) -> str:
        return _these(self.n_questions or 0, "question", "questions")


@dataclass(frozen=True, eq=False)
class Crossed:
    """The methods' shares, (methods,), and their covariance over participants and labels at once.

    `df` (methods,) are the degrees of freedom of each variance, and `n_labels` (methods,) counts the labels
    for which a method was offered. NaN where a variance is undefined.
    """

    methods: tuple[str, ...]
    shares: Floats
    covariance: Floats
    df: Floats
    n_labels: Integers


@dataclass(frozen=True)
class CrossedShare:
    """A method's share with its 95% confidence interval over participants and labels, None if undefined."""

    method: str
    share: float
    low: float | None
    high: float | None
    df: float | None


@dataclass(frozen=True)
class CrossedPair:
    """The share of `a` minus that of `b`; interval and p are simultaneous (single-step max-t)."""

    a: str
    b: str
    difference: float
    low: float | None
    high: float | None
    p: float | None
    log10_p: float | None


@dataclass(frozen=True)
class BeyondStimuli:
    """Everything that generalises over participants and labels; `pairs` at the level 1 - `alpha`.

    `shares` and `pairs` are empty and `min_f` is None where they are not given; `note` says why.
    """

    scope: Scope
    n_participants: int
    shares: tuple[CrossedShare, ...] = ()
    pairs: tuple[CrossedPair, ...] = ()
    min_f: MinF | None = None
    alpha: float = ALPHA
    note: str | None = None

    def __str__(self) -> str:
        if not self.shares:
            return str(self.note)
        rows = [
            (share.method, fmt.percent(share.share), *(_end(end) for end in (share.low, share.high)))
            for share in self.shares
        ]
        return fmt.text_table(("Method", "Share", "low", "high"), rows)


def scope(data: ChoiceData, noun: str | None = None) -> Scope:
    """Count the questions and labels of the answers.

    `noun` says what a label is, such as "image"; by default "class" if any label has several questions, as
    only classes have replicates, and otherwise "class or image".
    """
    questions = _n_distinct(data.question)
    labels = _n_distinct(data.labels)
    if noun is None:
        replicated = questions is not None and labels is not None and questions > labels
        noun = "class" if replicated else "class or image"
    return Scope(questions, labels, noun)


def beyond_stimuli(
    data: ChoiceData,
    primary: RepeatedMeasures | None = None,
    alpha: float = ALPHA,
    seed: int = SEED,
    noun: str | None = None,
) -> BeyondStimuli:
    """Shares, pairs and min F' over participants and labels, from FEWEST_LABELS labels on.

    A share is chosen / offered, where every answer counts as an offer of each of its methods, also the answer
    "none of these"; if every answer offered all methods, that is chosen / answered. Replicates are nested in
    labels, and the label is the unit. `primary` is the repeated-measures ANOVA of the participants' shares
    (F1), computed here if None. Where offers are incomplete, pairs and min F' are not given, since a share
    then depends on what else was offered.
    """
    extent = scope(data, noun)
    n = _n_distinct(data.participant) or 0
    note = _why_not(data, extent, n)
    if note is not None or data.labels is None:
        return BeyondStimuli(extent, n, alpha=alpha, note=note)
    found = estimate_crossed(data)
    shares = crossed_shares(found)
    if len(data.methods) < 2:
        return BeyondStimuli(extent, n, shares, alpha=alpha)
    if not data.offered.all():
        reason = "Differences and min F' are not given where questions offered different methods"
        return BeyondStimuli(extent, n, shares, alpha=alpha, note=reason)
    first = _Clusters.sum_by(data, data.participant).compare(data.methods) if primary is None else primary
    second = _Clusters.sum_by(data, data.labels).compare(data.methods)
    return BeyondStimuli(extent, n, shares, crossed_pairs(found, alpha, seed), min_f(first, second), alpha)


def estimate_crossed(data: ChoiceData) -> Crossed:
    """Shares chosen / offered with their two-way cluster covariance; every answer must have a label.

    The covariance over participants plus that over labels (Cameron, Gelbach and Miller 2011, Journal of
    Business and Economic Statistics 29:238, section 2.3), without subtracting that of their intersection. The
    variation of single answers is thus counted twice: no variance is negative, and intervals are wider than
    needed where labels hardly differ. With the subtraction, up to 9% of intervals miss. Each variance is the
    jackknife's; degrees of freedom are the smaller number of clusters less 1, where clusters of unequal size
    count as `_Clusters.effective` many.
    """
    if data.labels is None:
        raise ValueError("the choices have no labels; crossed variances need the label of each answer")
    by_participant, by_label = (_Clusters.sum_by(data, codes) for codes in (data.participant, data.labels))
    return Crossed(
        data.methods,
        by_label.shares,
        by_participant.covariance + by_label.covariance,
        np.minimum(by_participant.effective, by_label.effective) - 1,
        np.count_nonzero(by_label.offered, axis=0),
    )


@dataclass(frozen=True, eq=False)
class _Clusters:
    """Weights of choices and offers in each cluster, (clusters, methods)."""

    chosen: Floats
    offered: Floats

    @classmethod
    def sum_by(cls, data: ChoiceData, codes: Integers) -> "_Clusters":
        present, cluster = renumber(codes)
        size, k = len(present), len(data.methods)
        voted = (data.chosen >= 0) & (data.chosen < k)  # the others are ties and "none of these"
        cells = (cluster * k + data.chosen)[voted]
        chosen = np.bincount(cells, data.weights[voted], size * k).reshape(size, k)
        if data.offered.all():
            offered = np.repeat(np.bincount(cluster, data.weights, size)[:, None], k, axis=1)
        else:
            columns = [np.bincount(cluster, data.weights * column, size) for column in data.offered.T]
            offered = np.stack(columns, axis=1)
        return cls(np.asarray(chosen, dtype=float), np.asarray(offered, dtype=float))

    @property
    def shares(self) -> Floats:
        """The shares of all clusters together, (methods,)."""
        return np.asarray(self.chosen.sum(axis=0) / self.offered.sum(axis=0))

    @property
    def moves(self) -> Floats:
        """Change of each share without each cluster; NaN if no other offered the method."""
        rest = self.offered.sum(axis=0) - self.offered
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((self.shares * self.offered - self.chosen) / np.where(rest > 0, rest, np.nan))

    @property
    def covariance(self) -> Floats:
        """The jackknife covariance of the shares, (methods, methods)."""
        n, moves = len(self.chosen), self.moves
        return np.asarray((n - 1) / n * moves.T @ moves)

    @property
    def effective(self) -> Floats:
        """The number of equal clusters that each share is worth, (methods,)."""
        return effective_number(self.offered)

    def compare(self, methods: tuple[str, ...]) -> RepeatedMeasures:
        """The repeated-measures ANOVA of the clusters' shares, all methods being offered everywhere."""
        columns = zip(self.chosen.T.tolist(), self.offered.T.tolist(), strict=True)
        groups = {
            method: [Fraction(above) / Fraction(below) for above, below in zip(*column, strict=True)]
            for method, column in zip(methods, columns, strict=True)
        }
        return repeated_measures(groups)


def crossed_shares(found: Crossed) -> tuple[CrossedShare, ...]:
    """t intervals on the logit scale, on which shares vary over labels nearly symmetrically."""
    result = []
    variances = found.covariance.diagonal()
    columns = zip(found.methods, found.shares.tolist(), variances.tolist(), found.df.tolist(), strict=True)
    for enough, (method, share, variance, df) in zip(found.n_labels >= FEWEST_LABELS, columns, strict=True):
        low, high = _interval(share, variance, df) if enough else (None, None)
        result.append(CrossedShare(method, share, low, high, None if low is None else df))
    return tuple(result)


def _interval(share: float, variance: float, df: float) -> tuple[float | None, float | None]:
    """The 95% limits of a share; of 0 or 1, a Clopper-Pearson bound for df + 1 units."""
    if share in (0.0, 1.0):
        beyond = 1 - 0.025 ** (1 / (df + 1))
        return (0.0, beyond) if share == 0 else (1 - beyond, 1.0)
    if not variance > _ZERO or not df > 0:
        return None, None
    middle = math.log(share / (1 - share))
    margin = float(stats.t.ppf(0.975, df)) * math.sqrt(variance) / (share * (1 - share))
    return float(special.expit(middle - margin)), float(special.expit(middle + margin))


def crossed_pairs(found: Crossed, alpha: float = ALPHA, seed: int = SEED) -> tuple[CrossedPair, ...]:
    """Differences of shares with single-step max-t intervals, cut at -1 and 1."""
    methods, df = found.methods, float(found.df.min())
    indices = list(combinations(range(len(methods)), 2))
    contrasts = pair_matrix(indices, len(methods))
    differences, spread = contrasts @ found.shares, contrasts @ found.covariance @ contrasts.T
    if df < 1:  # nearly all answers of one participant or about one label
        return tuple(
            CrossedPair(methods[a], methods[b], float(difference), None, None, None, None)
            for (a, b), difference in zip(indices, differences, strict=True)
        )
    judged = simultaneous(differences, spread, df, alpha, seed).comparisons
    return tuple(
        CrossedPair(
            methods[a],
            methods[b],
            float(difference),
            None if one.low is None else max(one.low, -1.0),
            None if one.high is None else min(one.high, 1.0),
            one.p,
            one.log10_p,
        )
        for (a, b), difference, one in zip(indices, differences, judged, strict=True)
    )


def _why_not(data: ChoiceData, extent: Scope, n_participants: int) -> str | None:
    """The reason why there is no interval over labels; None if there is one."""
    if data.labels is None or extent.n_labels is None:
        return "The table has no column label, so nothing can be said about new classes or images"
    unlabelled = int((data.labels < 0).sum())
    if unlabelled:
        return f"{fmt.counted(unlabelled, 'answer')} without a label: new {extent.nouns} are not judged"
    if n_participants < 2:
        return "One participant says nothing about others"
    if extent.n_labels < FEWEST_LABELS:
        labels = f"{extent.n_labels} {extent.noun if extent.n_labels == 1 else extent.nouns}"
        return (
            f"There are too few labels ({labels}; at least {FEWEST_LABELS} are needed) to say anything about "
            f"new {extent.nouns}"
        )
    return None


def _n_distinct(codes: Integers | None) -> int | None:
    """Count distinct codes from 0; None if there are none."""
    if codes is None:
        return None
    return int(np.count_nonzero(np.bincount(codes[codes >= 0]))) or None


def _these(number: int, one: str, many: str) -> str:
    return f"this {one}" if number == 1 else f"these {fmt.count(number)} {many}"


def _end(end: float | None) -> str:
    return fmt.UNDEFINED if end is None else fmt.percent(end)
