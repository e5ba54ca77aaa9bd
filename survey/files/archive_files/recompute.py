"""Recomputes the main table of a study from votes.csv, with nothing of Beholder: python recompute.py

Needs numpy and scipy. One line a method: votes, share of all votes, 95 % t interval over participants. Then
one-way ANOVA of the participants' proportions, as in the NormLIME paper, and Friedman's test of them.
"""

import csv
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from scipy import stats

with open(Path(__file__).with_name("votes.csv"), encoding="utf-8", newline="") as file:
    rows = [row for row in csv.DictReader(file) if row["kind"] == "scored" and row["kept"] == "true"]
offered = {row[column] for row in rows for column in row if column.startswith("method_") and row[column]}
votes = defaultdict(Counter)
for row in rows:
    if row["chosen_method"]:
        votes[row["participant"]][row["chosen_method"]] += 1
total = Counter()
for chosen in votes.values():
    total.update(chosen)
methods = sorted(offered, key=lambda method: (-total[method], method.casefold()))
table = np.array([[chosen[method] for method in methods] for chosen in votes.values()])  # (people, methods)

n, each = len(table), table.sum(axis=1, keepdims=True)
shares = table.sum(axis=0) / table.sum()
half = (
    stats.t.ppf(0.975, n - 1)
    * np.sqrt(((table - shares * each) ** 2).sum(axis=0) * n / (n - 1))
    / table.sum()
)
print("method,votes,share,low,high")
for method, count, share, width in zip(methods, table.sum(axis=0), shares, half, strict=True):
    print(f"{method},{count},{share:.10f},{max(share - width, 0):.10f},{min(share + width, 1):.10f}")
proportions = table / each
F, p = stats.f_oneway(*proportions.T)
k = len(methods)
print(f"one-way ANOVA,F({k - 1}, {k * (n - 1)}) = {F:.8f},p = {p:.8e}")
if k > 2:
    Q, p = stats.friedmanchisquare(*proportions.T)
    print(f"Friedman,Q({k - 1}) = {Q:.8f},p = {p:.8e}")
