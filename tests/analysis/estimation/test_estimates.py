import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_effectsize

from analysis.estimation.estimates import clustered_shares, compare, estimate, holm
from analysis.votes.table import VoteTable


@pytest.fixture(scope="module")
def normlime_counts(request):
    path = request.path.parent.parent / "cases" / "normlime" / "votes.csv"
    return VoteTable.read(path).counts()


def test_the_normlime_table_is_as_overdispersed_as_the_paper_s_f_says(normlime_counts):
    _, design_effect, icc = clustered_shares(normlime_counts)
    assert (round(design_effect, 3), round(icc, 4)) == (1.694, 0.0365)


def test_votes_of_people_who_all_differ_as_chance_has_it_have_a_design_effect_of_1():
    table = np.random.default_rng(4).multinomial(20, [0.4, 0.3, 0.2, 0.1], size=4000)
    rows = [
        {"participant": str(i), "chosen_method": "ABCD"[j]}
        for i, row in enumerate(table.tolist())
        for j, times in enumerate(row)
        for _ in range(times)
    ]
    _, design_effect, icc = clustered_shares(VoteTable.from_rows(rows).counts())
    assert design_effect == pytest.approx(1, abs=0.04)
    assert icc == pytest.approx(0, abs=0.002)


def test_people_who_never_change_their_mind_have_an_icc_of_about_1(cast):
    _, design_effect, icc = clustered_shares(cast("AAAA", "BBBB", "AAAA", "CCCC", "BBBB").counts())
    # By hand: the pooled variance of proportions over n - 1 is 5 / 4 of the one over n, which is p (1 - p).
    assert (design_effect, icc) == pytest.approx((5.0, 4 / 3))


def test_a_method_without_votes_has_an_upper_bound(cast):
    rows = [
        {"participant": str(i), "method_1": "A", "method_2": "B", "method_3": "C", "chosen_method": m}
        for i in range(10)
        for m in "AAAB"
    ]
    shares = {share.method: share for share in clustered_shares(VoteTable.from_rows(rows).counts())[0]}
    bound = stats.binomtest(0, 10).proportion_ci(0.95, "exact").high
    assert (shares["C"].low, shares["C"].high) == pytest.approx((0.0, bound))


def test_a_method_with_every_vote_has_a_lower_bound(cast):
    rows = [
        {"participant": str(i), "method_1": "A", "method_2": "B", "chosen_method": "A"} for i in range(10)
    ]
    share = clustered_shares(VoteTable.from_rows(rows).counts())[0][0]
    bound = stats.binomtest(10, 10).proportion_ci(0.95, "exact").low
    assert (share.method, share.low, share.high) == ("A", pytest.approx(bound), 1.0)


def test_pairs_are_paired_t_tests_after_holm(normlime_counts):
    pairs = compare(normlime_counts)
    proportions = dict(zip(normlime_counts.methods, normlime_counts.table.T / 20, strict=True))
    tests = [stats.ttest_rel(proportions[pair.a], proportions[pair.b]) for pair in pairs]
    assert [pair.t for pair in pairs] == pytest.approx([test.statistic for test in tests], rel=1e-10)
    expected = multipletests([test.pvalue for test in tests], method="holm")[1]
    assert [pair.p for pair in pairs] == pytest.approx(expected, rel=1e-8)
    assert [10**pair.log10_p for pair in pairs] == pytest.approx(expected, rel=1e-8)


@settings(max_examples=20)
@given(st.lists(st.floats(1e-200, 1), min_size=1, max_size=8))
def test_holm_is_that_of_statsmodels(p):
    expected = multipletests(p, method="holm")[1]
    adjusted = holm([(x, math.log10(x)) for x in p])
    assert [x[0] for x in adjusted] == pytest.approx(expected, rel=1e-12)
    assert [10 ** x[1] for x in adjusted] == pytest.approx(expected, rel=1e-10)


def test_an_undefined_p_is_not_counted_by_holm():
    assert holm([(0.02, math.log10(0.02)), None, (0.5, math.log10(0.5))]) == [
        (0.04, pytest.approx(math.log10(0.04))),
        None,
        (0.5, pytest.approx(math.log10(0.5))),
    ]


def test_simultaneous_intervals_are_wider_than_single_ones_and_narrower_than_bonferroni_s(normlime_counts):
    proportions = normlime_counts.table / 20
    pair = compare(normlime_counts)[0]
    error = np.std(proportions[:, 0] - proportions[:, 1], ddof=1) / math.sqrt(83)
    times = (pair.difference.high - pair.difference.value) / error
    assert stats.t.ppf(0.975, 82) < times < stats.t.ppf(1 - 0.025 / 6, 82)


@pytest.mark.slow
def test_simultaneous_intervals_hold_together_in_95_of_100_studies():
    rng, held, runs = np.random.default_rng(11), 0, 200
    truth = np.array([0.4, 0.3, 0.2, 0.1])
    for _ in range(runs):
        table = rng.multinomial(20, rng.dirichlet(26 * truth, size=60))
        rows = [
            {"participant": str(i), "chosen_method": "ABCD"[j]}
            for i, row in enumerate(table.tolist())
            for j, times in enumerate(row)
            for _ in range(times)
        ]
        worth = dict(zip("ABCD", truth, strict=True))
        pairs = compare(VoteTable.from_rows(rows).counts(), draws=5000)
        held += all(p.difference.low < worth[p.a] - worth[p.b] < p.difference.high for p in pairs)
    assert 0.91 < held / runs < 0.985  # binomial, 3 standard errors around 0.95


def test_with_two_methods_the_interval_is_that_of_the_paired_t_test(cast):
    [pair] = compare(cast("AAB", "ABB", "AAA", "AAB").counts())
    t = stats.ttest_rel([2 / 3, 1 / 3, 1, 2 / 3], [1 / 3, 2 / 3, 0, 1 / 3]).confidence_interval(0.95)
    assert (pair.difference.low, pair.difference.high) == pytest.approx((t.low, 1))  # cut at 1


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
    assert pairs["A", "C"].cohens_h.low is None
    assert pairs["A", "B"].ratio.value == pytest.approx(2)


def test_effect_sizes_are_those_of_r(normlime_counts, expected_by_r):
    effects = estimate(normlime_counts).effects
    assert effects["eta squared"].value == pytest.approx(expected_by_r["eta"][0]["Eta2"], rel=1e-9)
    assert effects["omega squared"].value == pytest.approx(expected_by_r["omega"][0]["Omega2"], rel=1e-9)
    assert effects["Kendall's W"].value == pytest.approx(expected_by_r["friedman"]["W"], rel=1e-9)
    assert all(effect.low < effect.value < effect.high for effect in effects.values())


@pytest.mark.parametrize("ballots", [("AAB",), ("AAB", "AAB"), ("AB", "AB"), ("AA", "AA")])
def test_where_participants_do_not_differ_there_is_an_estimate_and_no_interval(cast, ballots):
    result = estimate(cast(*ballots).counts())
    for pair in result.pairs:
        assert pair.difference.value is not None
        assert (pair.difference.low, pair.p, pair.ratio.low) == (None, None, None)


def test_the_same_seed_gives_the_same_estimates(normlime_counts):
    assert str(estimate(normlime_counts, seed=3)) == str(estimate(normlime_counts, seed=3))
    assert estimate(normlime_counts, seed=3).rankings == estimate(normlime_counts, seed=3).rankings


def test_estimates_print_as_a_table(normlime_counts):
    lines = str(estimate(normlime_counts)).splitlines()
    assert lines[0].split() == ["Pair", "Points", "Ratio", "Cohen's", "h", "p", "(Holm)"]
    assert lines[2].startswith("NormLIME − LIME")
    assert len(lines) == 8
