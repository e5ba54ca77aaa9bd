"""Each method's share of the answers about each label, with intervals over participants.

Choices come in, (labels, methods) arrays come out. An interval here holds for one label's very maps: it shows
where methods fare better or worse, not what to expect of new labels (`analysis.estimation.stimuli`).
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from analysis import formatting as fmt
from analysis.numerics.arrays import Floats, Integers
from analysis.numerics.clusters import renumber
from analysis.votes.offers import ChoiceData


@dataclass(frozen=True, eq=False)
class LabelShares:
    """Shares of the answers about each label, (labels, methods), with 95% confidence intervals.

    `labels` are in natural order ("2" before "10"), `answers` (labels,) counts their answers. NaN where a
    method was not offered for a label, and in `low` and `high` where the interval is undefined.
    """

    labels: tuple[str, ...]
    methods: tuple[str, ...]
    answers: Integers
    shares: Floats
    low: Floats
    high: Floats

    def __str__(self) -> str:
        rows = [
            (label, *("" if np.isnan(share) else fmt.percent(share) for share in row))
            for label, row in zip(self.labels, self.shares.tolist(), strict=True)
        ]
        return fmt.text_table(("Label", *self.methods), rows)


def label_shares(data: ChoiceData) -> LabelShares | None:
    """Shares chosen / offered of each label and method; None without two labels.

    The intervals are those of Clopper and Pearson (1934) for the effective number of answers, as if answers
    were independent (Korn and Graubard 1998, Survey Methodology 24:193). It is p (1 - p) over the variance of
    the share p clustered by participant, times a correction for the degrees of freedom, and never more than
    the number of answers. Where a share is 0 or 1, it is the number of participants. Simulated intervals
    cover at least 93% from 6 participants on, conservatively for rare methods.
    """
    if data.labels is None:
        return None
    known = slice(None) if (data.labels >= 0).all() else data.labels >= 0
    present, code = renumber(data.labels[known])
    if len(present) < 2:
        return None
    names = [data.label_names[code] for code in present.tolist()]
    order = sorted(range(len(names)), key=lambda i: (len(names[i]), names[i]))
    label = np.argsort(order)[code]
    chosen, weights, offered = data.chosen[known], data.weights[known], data.offered[known]
    cells, cell = renumber(label * (int(data.participant.max()) + 1) + data.participant[known])
    of_label = cells // (int(data.participant.max()) + 1)  # (cells,)
    shape = (len(present), len(data.methods))
    shares, low, high = (np.full(shape, np.nan) for _ in range(3))
    for j in range(len(data.methods)):
        voted, seen = np.flatnonzero(chosen == j), offered[:, j]
        if seen.all():
            offers, answers = np.bincount(cell, weights, len(cells)), np.bincount(label)
        else:
            offers = np.bincount(cell[seen], weights[seen], len(cells))
            answers = np.bincount(label[seen], minlength=len(present))
        choices = np.bincount(cell[voted], weights[voted], len(cells))
        offered_here, chosen_here = (np.asarray(x, dtype=float) for x in (offers, choices))
        shares[:, j], low[:, j], high[:, j] = _intervals(of_label, offered_here, chosen_here, answers)
    total = np.bincount(label, minlength=len(present))
    return LabelShares(tuple(names[i] for i in order), data.methods, total, shares, low, high)


def _intervals(
    of_label: Integers, offers: Floats, choices: Floats, answers: Integers
) -> tuple[Floats, Floats, Floats]:
    """Share, low and high of one method for each label, (labels,).

    `offers` and `choices` (cells,) are weights of a participant's answers about label `of_label` (cells,).
    `answers` (labels,) are those that offered the method.
    """
    used = offers > 0
    of_label, offers, choices = of_label[used], offers[used], choices[used]

    def sum_by_label(values: Floats) -> Floats:
        return np.asarray(np.bincount(of_label, values, len(answers)), dtype=float)

    people, total = sum_by_label(np.ones(len(of_label))), sum_by_label(offers)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = sum_by_label(choices) / total
        residuals = choices - share[of_label] * offers
        variance = people / (people - 1) * sum_by_label(residuals**2) / total**2
        narrower = stats.t.ppf(0.975, answers - 1) / stats.t.ppf(0.975, people - 1)
        effective = np.where(variance > 0, share * (1 - share) / variance, people) * narrower**2
    effective = np.where(people > 1, np.minimum(effective, answers), np.nan)
    times = share * effective
    low = np.where(times > 0, stats.beta.ppf(0.025, times, effective - times + 1), 0 * effective)
    high = np.where(times < effective, stats.beta.ppf(0.975, times + 1, effective - times), 1 + 0 * effective)
    return share, low, high
