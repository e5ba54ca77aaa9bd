import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.anova import AnovaRM

from analysis.inference.anova import one_way
from analysis.inference.rank_tests import friedman
from analysis.inference.repeated_measures import repeated_measures
from analysis.votes.table import VoteTable

ballots = st.lists(st.text("ABCD", min_size=5, max_size=5), min_size=3, max_size=12)


def test_the_normlime_table_gives_r_s_repeated_measures_anova(normlime_table, expected_by_r):
    result, r = repeated_measures(normlime_table.counts().proportions()), expected_by_r["rm"]
    ss_between, df_between, ss_within, df_within, f, p = r["table"]
    assert (result.F, result.ss_between, result.ss_within) == pytest.approx(
        (f, ss_between, ss_within), rel=1e-12
    )
    assert (result.df_between, result.df_within) == (df_between, df_within)
    assert result.p_uncorrected == pytest.approx(p, rel=1e-9)
    assert (result.epsilon, result.p) == pytest.approx((r["eps"][0], r["eps"][1]), rel=1e-9)


def test_statsmodels_finds_the_same_f_for_any_numbers():
    values = np.random.default_rng(7).normal(size=(9, 3)) + np.arange(9)[:, None]  # (participants, methods)
    result = repeated_measures(dict(zip("abc", values.T, strict=True)))
    long = pd.DataFrame(values, columns=list("abc")).stack().rename("y").reset_index()
    long.columns = ["participant", "method", "y"]
    table = AnovaRM(long, "y", "participant", ["method"]).fit().anova_table
    assert pytest.approx(table["F Value"].iloc[0], rel=1e-9) == result.F
    assert result.p_uncorrected == pytest.approx(table["Pr > F"].iloc[0], rel=1e-9)


@given(ballots)
def test_of_shares_that_sum_to_1_f_is_k_minus_1_over_k_of_the_one_way_f(votes):
    proportions = VoteTable.from_rows(
        {"participant": str(i), "chosen_method": method}
        for i, ballot in enumerate(votes)
        for method in ballot
    ).counts()
    k = len(proportions.methods)
    if k > 1 and (classic := one_way(proportions.proportions())).F is not None:
        repeated = repeated_measures(proportions.proportions())
        assert pytest.approx((k - 1) / k * classic.F, rel=1e-12) == repeated.F
        assert repeated.ss_participants == 0


def test_epsilon_is_1_for_two_groups_and_between_its_bounds_for_more():
    rng = np.random.default_rng(3)
    assert repeated_measures({"a": rng.normal(size=9), "b": rng.normal(size=9)}).epsilon == pytest.approx(1)
    for k in (3, 5, 8):
        epsilon = repeated_measures({str(i): rng.normal(size=12) * 4**i for i in range(k)}).epsilon
        assert 1 / (k - 1) <= epsilon <= 1


def test_two_groups_give_the_square_of_the_paired_t():
    a, b = [1.0, 2.0, 4.0, 4.5], [2.0, 2.5, 6.0, 4.0]
    t = stats.ttest_rel(a, b)
    result = repeated_measures({"a": a, "b": b})
    assert (result.F, result.p) == pytest.approx((t.statistic**2, t.pvalue), rel=1e-10)


@pytest.mark.parametrize(
    ("groups", "note"),
    [
        ({"a": [1], "b": [2]}, "F is undefined: one participant says nothing about others"),
        ({"a": [1, 2], "b": [2, 3]}, "F is undefined: zero variance within participants"),
        (
            {"a": [1, 2], "b": [1, 2]},
            "F is undefined: zero variance within participants and between groups (0/0)",
        ),
    ],
)
def test_an_undefined_repeated_measures_anova_says_why(groups, note):
    result = repeated_measures(groups)
    assert (result.F, result.p, result.epsilon, result.note) == (None, None, None, note)
    assert str(result).endswith(note)


@pytest.mark.parametrize("test", [repeated_measures, friedman])
def test_groups_without_a_number_of_each_participant_are_refused(test):
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the whole sentence is compared
        test({"a": [1, 2, 3], "b": [2, 3]})
    assert str(refusal.value) == "each group needs one number per participant: 'b' has 2, not 3"


def test_results_print_as_tables(normlime_table):
    proportions = normlime_table.counts().proportions()
    assert str(repeated_measures(proportions)).splitlines() == [
        "Repeated-measures ANOVA of 83 participants and 4 groups",
        "Greenhouse-Geisser        epsilon         p  partial eta squared",
        "------------------------  -------  --------  -------------------",
        "F(2.07, 170.05) = 253.66    0.691  1.08e-52                0.756",
    ]
