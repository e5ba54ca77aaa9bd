"""A vote table in, conclusions out: shares, ANOVA, Tukey HSD and the tests that hold their level beside them.

Knows no Django, no network and no image: anyone with a CSV of `participant` and `chosen_method` can use it,
from a shell (`python -m analysis report votes.csv`) or from Python (`report(VoteTable.read("votes.csv"))`).
"""
