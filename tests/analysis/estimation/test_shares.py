import numpy as np
import pytest
from scipy import stats

from analysis.estimation.shares import estimate_shares
from analysis.votes.table import VoteTable


def test_the_normlime_table_is_as_overdispersed_as_the_paper_s_f_says(normlime_counts):
    result = estimate_shares(normlime_counts)
    assert (round(result.design_effect, 3), round(result.icc, 4)) == (1.694, 0.0365)


def test_votes_of_people_who_all_differ_as_chance_has_it_have_a_design_effect_of_1():
    table = np.random.default_rng(4).multinomial(20, [0.4, 0.3, 0.2, 0.1], size=4000)
    rows = [
        {"participant": str(i), "chosen_method": "ABCD"[j]}
        for i, row in enumerate(table.tolist())
        for j, times in enumerate(row)
        for _ in range(times)
    ]
    result = estimate_shares(VoteTable.from_rows(rows).counts())
    assert result.design_effect == pytest.approx(1, abs=0.04)
    assert result.icc == pytest.approx(0, abs=0.002)


def test_people_who_never_change_their_mind_have_an_icc_of_about_1(cast):
    result = estimate_shares(cast("AAAA", "BBBB", "AAAA", "CCCC", "BBBB").counts())
    # By hand: the pooled variance of proportions over n - 1 is 5 / 4 of the one over n, which is p (1 - p).
    assert (result.design_effect, result.icc) == pytest.approx((5.0, 4 / 3))


def test_a_method_without_votes_has_an_upper_bound(cast):
    rows = [
        {"participant": str(i), "method_1": "A", "method_2": "B", "method_3": "C", "chosen_method": m}
        for i in range(10)
        for m in "AAAB"
    ]
    shares = {share.method: share for share in estimate_shares(VoteTable.from_rows(rows).counts()).shares}
    bound = stats.binomtest(0, 10).proportion_ci(0.95, "exact").high
    assert (shares["C"].low, shares["C"].high) == pytest.approx((0.0, bound))


def test_a_method_with_every_vote_has_a_lower_bound(cast):
    rows = [
        {"participant": str(i), "method_1": "A", "method_2": "B", "chosen_method": "A"} for i in range(10)
    ]
    share = estimate_shares(VoteTable.from_rows(rows).counts()).shares[0]
    bound = stats.binomtest(10, 10).proportion_ci(0.95, "exact").low
    assert (share.method, share.low, share.high) == ("A", pytest.approx(bound), 1.0)
