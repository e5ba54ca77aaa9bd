import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_effectsize

from analysis.estimation.pairs import compare, verdicts
from analysis.votes.table import VoteTable


def test_pairs_are_paired_t_tests_after_holm(normlime_counts):
    pairs = compare(normlime_counts)
    proportions = dict(zip(normlime_counts.methods, normlime_counts.table.T / 20, strict=True))
    tests = [stats.ttest_rel(proportions[pair.a], proportions[pair.b]) for pair in pairs]
    assert [pair.t for pair in pairs] == pytest.approx([test.statistic for test in tests], rel=1e-10)
    expected = multipletests([test.pvalue for test in tests], method="holm")[1]
    assert [pair.p for pair in pairs] == pytest.approx(expected, rel=1e-8)
    assert [10**pair.log10_p for pair in pairs] == pytest.approx(expected, rel=1e-8)


def test_simultaneous_intervals_are_wider_than_single_ones_and_narrower_than_bonferroni_s(normlime_counts):
    proportions = normlime_counts.table / 20
    pair = compare(normlime_counts)[0]
    error = np.std(proportions[:, 0] - proportions[:, 1], ddof=1) / math.sqrt(83)
    times = (pair.difference.high - pair.difference.value) / error
    assert stats.t.ppf(0.975, 82) < times < stats.t.ppf(1 - 0.025 / 6, 82)


def test_p_simultaneous_agrees_with_the_interval_of_the_difference(cast):
    for ballots in (("AAB", "AAC", "ABB", "AAA", "ACB"), ("AAAB", "AAAB", "AAAA", "AABB", "AAAC", "AAAB")):
        for pair in compare(cast(*ballots).counts()):
            low, high = pair.difference.low, pair.difference.high
            assert low is None or (pair.p_simultaneous < 0.05) == (low > 0 or high < 0)


def test_the_verdicts_of_a_method_name_every_other_one(normlime_counts):
    pairs = compare(normlime_counts)
    assert verdicts(pairs, "NormLIME").ahead == ("LIME", "VarGrad", "SmoothGrad")
    assert verdicts(pairs, "VarGrad").behind == ("NormLIME", "LIME")
    assert verdicts(pairs, "VarGrad").undecided == ("SmoothGrad",)


def test_with_two_methods_the_interval_is_that_of_the_paired_t_test(cast):
    votes = [12, 9, 11, 14, 8, 13, 10, 12]
    [pair] = compare(cast(*("A" * n + "B" * (20 - n) for n in votes)).counts())
    a = np.array(votes) / 20
    t = stats.ttest_rel(a, 1 - a).confidence_interval(0.95)
    assert (pair.difference.low, pair.difference.high) == pytest.approx((t.low, t.high))
    assert pair.method == "t"


def test_cohen_s_h_is_that_of_statsmodels(normlime_counts):
    for pair in compare(normlime_counts):
        a, b = (normlime_counts.votes[m] / 1660 for m in (pair.a, pair.b))
        assert pair.cohens_h.value == pytest.approx(proportion_effectsize(a, b), rel=1e-12)
        assert pair.cohens_h.low < pair.cohens_h.value < pair.cohens_h.high


def test_a_ratio_to_nothing_is_undefined(cast):
    rows = [
        {"participant": str(i), "method_1": "A", "method_2": "B", "method_3": "C", "chosen_method": m}
        for i, ballot in enumerate(("AAB", "ABB", "AAA"))
        for m in ballot
    ]
    pairs = {(p.a, p.b): p for p in compare(VoteTable.from_rows(rows).counts())}
    assert pairs["A", "C"].ratio.value is None
    assert pairs["A", "C"].difference.low is not None
    assert pairs["A", "C"].cohens_h.value is not None
    assert (pairs["A", "C"].ratio.low, pairs["A", "C"].ratio.reason) == (None, "one of the two shares is 0")
    assert pairs["A", "B"].ratio.value == pytest.approx(2)


def test_a_rare_method_has_wider_intervals_than_max_t_would_give(cast):
    ballots = ["A" * 18 + "BC", "A" * 19 + "B", "A" * 20, "A" * 17 + "BBC"] * 6
    pair = compare(cast(*ballots).counts())[-1]
    assert (pair.a, pair.b, pair.method) == ("B", "C", "few votes")
    t = stats.ttest_rel([1, 1, 0, 2] * 6, [1, 0, 0, 1] * 6).confidence_interval(0.95)
    assert pair.difference.high - pair.difference.low > (t.high - t.low) / 20


def test_where_votes_are_few_p_is_still_that_of_the_interval(cast):
    for ballots in (
        ["A" * 18 + "BC", "A" * 19 + "B", "A" * 20] * 4,
        ["A" * 12 + "B" * 8, "A" * 9 + "B" * 11] * 3,
    ):
        for alpha in (0.001, 0.05, 0.5):
            for pair in compare(cast(*ballots).counts(), alpha=alpha):
                low, high = pair.difference.low, pair.difference.high
                assert (pair.p_simultaneous < alpha) == (low > 0 or high < 0)


def test_a_method_that_nobody_of_six_chose_is_not_said_to_be_behind(cast):
    # With a chance of 18% nobody is among six people where a quarter always choose D and the others never do.
    rows = [
        {"participant": str(i), "method_1": "A", "method_2": "B", "method_3": "C", "method_4": "D"}
        | {"chosen_method": method}
        for i, ballot in enumerate(["AAABBBCCC", "AAAABBBCC", "AABBBBCCC"] * 2)
        for method in ballot
    ]
    pairs = compare(VoteTable.from_rows(rows).counts())
    assert verdicts(pairs, "D").behind == ()


def test_an_interval_that_is_not_stated_says_why(cast):
    [pair] = compare(cast("AAB", "AAB").counts())
    assert (pair.difference.low, pair.difference.reason) == (None, "participants do not differ")


def test_two_people_of_opposite_minds_have_an_interval_that_says_nothing(cast):
    [pair] = compare(cast("AAAA", "BBBB").counts())
    assert pair.difference.low < -0.9
    assert pair.difference.high > 0.9


def test_two_methods_that_nobody_chose_have_no_ratio(cast):
    rows = [
        {"participant": str(i), "method_1": "A", "method_2": "B", "method_3": "C", "chosen_method": "A"}
        for i in range(8)
    ]
    [*_, pair] = compare(VoteTable.from_rows(rows).counts())
    assert (pair.a, pair.b, pair.ratio.value, pair.ratio.reason) == (
        "B",
        "C",
        None,
        "one of the two shares is 0",
    )
    assert (pair.difference.value, pair.difference.low) == (0.0, None)


def test_the_simultaneous_interval_of_the_paper_s_lead_ends_at_22_9_and_37_4_points(normlime_counts):
    # R 4.2.2 with mvtnorm agrees to 3.4e-4 of the width.
    difference = compare(normlime_counts)[0].difference
    assert (round(difference.low * 100, 1), round(difference.high * 100, 1)) == (22.9, 37.4)


def test_a_difference_that_only_rounding_makes_vary_has_no_p(cast):
    # A leads C by 3 of 10 votes in each ballot; in floats, .5 - .2 and .6 - .3 differ.
    [pair] = [
        pair for pair in compare(cast("AAAAACCBBB", "AAAAAACCCB").counts()) if (pair.a, pair.b) == ("A", "C")
    ]
    assert (pair.difference.low, pair.p_simultaneous) == (None, None)
