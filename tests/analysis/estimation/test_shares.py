import numpy as np
import pytest
from scipy import stats

from analysis.estimation.shares import estimate_mean_shares, estimate_shares
from analysis.votes.counting import Counts
from analysis.votes.table import VoteTable


def counts_of(table, **fields):
    people, methods = (tuple(map(str, range(n))) for n in table.shape)
    return Counts(people, methods, table, len(people), {}, 0, 0, 0, **fields)


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


def test_the_paper_s_shares_keep_their_t_intervals(normlime_counts):
    shares = estimate_shares(normlime_counts).shares
    assert [(round(s.low, 3), round(s.high, 3)) for s in shares] == [
        (0.536, 0.596),
        (0.234, 0.294),
        (0.073, 0.109),
        (0.062, 0.097),
    ]
    assert {share.interval for share in shares} == {"t"}


def test_a_rare_method_has_the_clopper_pearson_interval_of_independent_answers():
    # Rows that vary less than by chance: the design effect is 1, and only the df adjust the number.
    table = np.tile([[18, 1, 1], [17, 2, 1], [18, 2, 0]], (20, 1))
    shares = estimate_shares(counts_of(table)).shares
    assert [share.interval for share in shares] == ["t", "t", "t"]
    rare = estimate_shares(counts_of(table[:11])).shares[1]
    n = 220 * (stats.norm.ppf(0.975) / stats.t.ppf(0.975, 10)) ** 2
    x = n * 18 / 220
    assert rare.interval == "Clopper-Pearson"
    assert (rare.low, rare.high) == pytest.approx(
        (stats.beta.ppf(0.025, x, n - x + 1), stats.beta.ppf(0.975, x + 1, n - x))
    )


@pytest.mark.parametrize("votes", [1, 20])
def test_people_who_stick_to_a_rare_method_count_once(votes):
    # Four are so few that the variance between them tells nothing: exactly one of four people is known.
    table = np.array([[votes, 0]] * 3 + [[0, votes]])
    rare = estimate_shares(counts_of(table)).shares[1]
    exact = stats.binomtest(1, 4).proportion_ci(0.95, "exact")
    assert (rare.low, rare.high) == pytest.approx((exact.low, exact.high))


def test_none_of_these_by_one_of_four_people_has_the_exact_interval():
    table, none = np.array([[1, 0], [1, 0], [0, 1], [0, 0]]), np.array([0, 0, 0, 1])
    share = estimate_shares(counts_of(table, none=none).none_counts).shares[0]
    exact = stats.binomtest(1, 4).proportion_ci(0.95, "exact")
    assert (share.low, share.high) == pytest.approx((exact.low, exact.high))


def test_none_of_these_is_an_answer():
    table, none = np.array([[6, 2], [5, 3], [0, 0]]), np.array([2, 2, 10])
    shares = estimate_shares(counts_of(table, none=none)).shares
    assert [share.share for share in shares] == pytest.approx([11 / 30, 5 / 30])
    assert [mean.value for mean in estimate_mean_shares(counts_of(table, none=none))] == pytest.approx(
        [1.1 / 3, 0.5 / 3]
    )


def test_a_method_is_measured_by_the_answers_that_offered_it():
    table, offered = np.array([[6, 2], [5, 3]]), np.array([[8, 4], [8, 4]])
    shares = estimate_shares(counts_of(table, offered=offered)).shares
    assert [share.share for share in shares] == [11 / 16, 5 / 8]


def test_one_participant_has_shares_without_interval_and_a_reason():
    shares = estimate_shares(counts_of(np.array([[6, 2]]))).shares
    assert [(s.share, s.low, s.reason) for s in shares] == [
        (share, None, "one participant says nothing about others") for share in (0.75, 0.25)
    ]


def test_mean_shares_of_the_paper_are_its_shares(normlime_counts):
    # Everybody cast 20 votes.
    shares = estimate_shares(normlime_counts).shares
    for mean, share in zip(estimate_mean_shares(normlime_counts), shares, strict=True):
        assert (mean.value, mean.low, mean.high) == pytest.approx((share.share, share.low, share.high))


def test_votes_of_a_single_person_count_as_two_answers_of_each_participant():
    # One of 12 people chose the rare method once; by chance alone, 240 answers would be far more certain.
    table = np.array([[20, 0]] * 11 + [[19, 1]])
    rare = estimate_shares(counts_of(table)).shares[1]
    n = 24 * (stats.norm.ppf(0.975) / stats.t.ppf(0.975, 11)) ** 2
    x = n / 240
    assert rare.high == pytest.approx(stats.beta.ppf(0.975, x + 1, n - x))
