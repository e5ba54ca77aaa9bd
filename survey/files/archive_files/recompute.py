"""Recomputes the main table of a study from votes.csv, with nothing of Beholder: python recompute.py

Needs numpy and scipy. One line for each method: votes, share of all votes, 95% confidence interval over
participants. Then the one-way ANOVA of the participants' shares of their answers, as in the NormLIME paper,
and Friedman's test.
"""

import csv
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from scipy import stats

with open(Path(__file__).with_name("votes.csv"), encoding="utf-8", newline="") as file:
    rows = [row for row in csv.DictReader(file) if row["kind"] == "scored" and row["kept"] == "true"]
offered = {row[column] for row in rows for column in row if column.startswith("method_") and row[column]}
votes, answers = defaultdict(Counter), Counter()
for row in rows:
    if row["chosen_method"] or row["chosen_position"] == "0":  # 0 is "none of these"
        answers[row["participant"]] += 1
    if row["chosen_method"]:
        votes[row["participant"]][row["chosen_method"]] += 1
total = Counter()
for chosen in votes.values():
    total.update(chosen)
methods = sorted(offered, key=lambda method: (-total[method], method.casefold()))
table = np.array([[chosen[method] for method in methods] for chosen in votes.values()])  # (people, methods)
n, each = len(table), table.sum(axis=1, keepdims=True)
shares = table.sum(axis=0) / table.sum()


def intervals():
    """The ends of the interval of each share, (methods,): t, or Clopper-Pearson where votes are few."""
    # The jackknife's variance over participants, and t with the degrees of freedom of their effective number.
    without = (table.sum(axis=0) - table) / np.maximum(table.sum() - each, 1e-9)
    variances = (n - 1) / n * ((shares - without) ** 2).sum(axis=0)
    df = max((each**2).sum() ** 2 / (each**4).sum() - 1, 1e-3)
    t = stats.t.ppf(0.975, df)
    low, high = np.maximum(shares - t * np.sqrt(variances), 0), np.minimum(shares + t * np.sqrt(variances), 1)
    # As many independent answers would determine each share equally well.
    simple = shares * (1 - shares) / table.sum()
    some = simple > 0
    design_effects = np.divide(variances, simple, out=np.ones(len(shares)), where=some)
    if some.any():
        design_effects = np.maximum(design_effects, max(1, variances.sum() / simple.sum()))
    choosers = np.minimum((table > 0).sum(axis=0), (table < each).sum(axis=0))
    effective = np.where(some, np.minimum(table.sum() / design_effects, 2 * choosers * n), n)
    few = np.minimum(shares, 1 - shares) * effective < 20
    reduced = np.maximum(effective * (stats.norm.ppf(0.975) / t) ** 2, df + 1)  # at least the participants
    effective = np.where(some, reduced, effective)
    chosen = shares * effective
    exact_low = np.where(shares > 0, stats.beta.ppf(0.025, chosen, effective - chosen + 1), 0)
    exact_high = np.where(shares < 1, stats.beta.ppf(0.975, chosen + 1, effective - chosen), 1)
    low, high = np.where(few, exact_low, low), np.where(few, exact_high, high)
    unknown = some & (variances <= 1e-24)  # participants do not differ
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)


nothing = np.full(len(methods), np.nan)
lows, highs = intervals() if n > 1 else (nothing, nothing)
print("method,votes,share,low,high")
for method, count, share, low, high in zip(methods, table.sum(axis=0), shares, lows, highs, strict=True):
    print(f"{method},{count},{share:.10f},{low:.10f},{high:.10f}")
n, k = len(answers), len(methods)  # whoever always answered "none of these" has a share of 0 of each method
proportions = np.array([[votes[one][method] / given for method in methods] for one, given in answers.items()])
if n > 1:
    F, p = stats.f_oneway(*proportions.T)
    print(f"one-way ANOVA,F({k - 1}, {k * (n - 1)}) = {F:.8f},p = {p:.8e}")
if n > 1 and k > 2:
    Q, p = stats.friedmanchisquare(*proportions.T)
    print(f"Friedman,Q({k - 1}) = {Q:.8f},p = {p:.8e}")
