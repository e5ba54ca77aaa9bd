import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special, stats
from statsmodels.multivariate.multivariate_ols import _MultivariateOLS

from analysis.inference.anova import welch
from analysis.inference.dirichlet_multinomial import dirichlet_multinomial
from analysis.inference.omnibus import NAMES, omnibus
from analysis.inference.rank_tests import rank_pairs
from analysis.inference.repeated_measures import hotelling


@pytest.fixture
def proportions(normlime_table):
    return normlime_table.counts().proportions()


def test_the_normlime_table_gives_r_s_hotelling_test(proportions, expected_by_r):
    result, r = hotelling(proportions), expected_by_r["hotelling"]
    assert (result.T2, result.F, result.p) == pytest.approx((r["T2"], r["F"], r["p"]), rel=1e-9)
    assert list(result.df) == r["df"]
    assert result.statement == "F(3, 80) = 327.26"
    assert str(result).splitlines()[-1].split() == ["F(3,", "80)", "=", "327.26", "1006.33", "8.38e-45"]


def test_hotelling_is_that_of_statsmodels():
    values = np.random.default_rng(1).normal(size=(15, 4)) + np.array([0, 0.2, 0.4, 0.9])
    fit = _MultivariateOLS(values[:, :-1] - values[:, -1:], np.ones((15, 1))).fit()
    table = fit.mv_test().results["x0"]["stat"]
    result = hotelling(dict(zip("abcd", values.T, strict=True)))
    assert pytest.approx(float(table.loc["Hotelling-Lawley trace", "F Value"]), rel=1e-9) == result.F


def test_of_two_groups_hotelling_is_the_paired_t_test():
    a, b = [1.0, 2.0, 4.0, 4.5], [2.0, 2.5, 6.0, 4.0]
    assert hotelling({"a": a, "b": b}).p == pytest.approx(stats.ttest_rel(a, b).pvalue, rel=1e-9)


@pytest.mark.parametrize(
    ("groups", "why"),
    [
        ({"a": [1], "b": [2]}, "one participant says nothing about others"),
        ({"a": [1, 2], "b": [2, 1], "c": [1, 1]}, "3 groups need at least 3 participants, and there are 2"),
        (
            {"a": [1, 2, 3, 4], "b": [3, 2, 1, 0], "c": [0, 0, 0, 0]},
            "some combination of the groups is the same for every participant",
        ),
    ],
)
def test_an_undefined_hotelling_test_says_why(groups, why):
    result = hotelling(groups)
    assert (result.p, result.note, result.statement) == (None, f"T² is undefined: {why}", "undefined")
    assert str(result).endswith(why)


def test_welch_is_that_of_scipy(proportions):
    result = welch(proportions)
    expected = stats.f_oneway(*(list(map(float, g)) for g in proportions.values()), equal_var=False)
    assert (result.F, result.p) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9)


def test_welch_says_which_group_has_no_variance():
    result = welch({"a": [1, 2], "b": [3, 3]})
    assert (result.p, result.note) == (None, "Welch's F is undefined: zero variance within b")


@pytest.mark.filterwarnings("ignore")
def test_pairs_of_ranks_are_those_of_scikit_posthocs(proportions):
    posthocs = pytest.importorskip("scikit_posthocs")
    wide = pd.DataFrame({name: list(map(float, values)) for name, values in proportions.items()})
    conover = posthocs.posthoc_conover_friedman(wide, p_adjust="holm")
    nemenyi = posthocs.posthoc_nemenyi_friedman(wide)
    for pair in rank_pairs(proportions).pairs:
        assert pair.conover_p == pytest.approx(conover.loc[pair.a, pair.b], rel=1e-7)
        assert pair.nemenyi_p == pytest.approx(nemenyi.loc[pair.a, pair.b], rel=1e-6, abs=1e-12)


def test_where_all_rank_alike_conover_s_test_is_undefined():
    [*pairs] = rank_pairs({"a": [3, 3, 3], "b": [2, 2, 2], "c": [1, 1, 1]}).pairs
    assert [pair.conover_p for pair in pairs] == [None] * 3
    assert pairs[1].nemenyi_p < 0.05
    assert str(rank_pairs({"a": [3, 3], "b": [2, 1], "c": [1, 2]})).splitlines()[2].startswith("a − b")


def test_the_likelihood_is_as_high_as_a_plain_search_finds_it(normlime_table):
    counts = normlime_table.counts().table

    def loss(logs):
        alpha = np.exp(logs) * np.ones(4)
        rows = special.gammaln(alpha + counts) - special.gammaln(alpha)
        both = special.gammaln(alpha.sum()) - special.gammaln(alpha.sum() + counts.sum(axis=1))
        return -(rows.sum() + both.sum())

    search = {"method": "Nelder-Mead", "options": {"xatol": 1e-9, "fatol": 1e-9, "maxiter": 4000}}
    free = optimize.minimize(loss, np.log([10, 5, 2, 2]), **search).fun
    equal = optimize.minimize(loss, [1.0], **search).fun
    assert dirichlet_multinomial(counts).chi_square == pytest.approx(2 * (equal - free), rel=1e-7)


def test_votes_that_are_independent_give_the_multinomial_likelihood_ratio():
    counts = np.tile([[6, 5, 5, 4]], (30, 1))  # more alike than chance
    result = dirichlet_multinomial(counts)
    g = stats.power_divergence(counts.sum(axis=0), lambda_="log-likelihood").statistic
    assert result.chi_square == pytest.approx(g, rel=1e-12)
    assert result.concentration == math.inf


def test_one_participant_has_no_likelihood_ratio():
    result = dirichlet_multinomial([[3, 2]])
    assert result.p is None
    assert result.note.endswith("one participant says nothing about others")


def test_the_tests_agree_on_the_normlime_table(normlime_table):
    result = omnibus(normlime_table.counts())
    assert list(result.tests) == [name for name in NAMES if name != "pooled-wald"]
    assert result.agreement == (
        "The 5 tests that hold their level agree that the methods differ (largest p = 1.00e-4)."
    )


def test_where_nothing_is_found_they_agree_too(cast):
    assert omnibus(cast("AAB", "ABC", "BCA", "CBA").counts()).agreement.startswith(
        "The 4 tests that hold their level agree that no difference is shown (smallest p = 0."
    )


def test_a_disagreement_names_the_tests(normlime_table):
    result = omnibus(normlime_table.counts())
    doubtful = {"friedman": replace(result.friedman, p=0.07, log10_p=math.log10(0.07))}
    assert replace(result, tests={**result.tests, **doubtful}).agreement == (
        "The 5 tests that hold their level disagree: Repeated-measures ANOVA (p = 1.08e-52), "
        "Hotelling's T² (p = 8.38e-45), Permutation within participants (p = 1.00e-4) and "
        "Dirichlet-multinomial likelihood ratio (p = 1.02e-62) find a difference, "
        "Friedman test (p = 0.0700) does not."
    )


def test_one_participant_leaves_every_test_undefined(cast):
    result = omnibus(cast("AAB").counts())
    assert result.agreement == "No test that holds its level is defined here."
    assert all(test.note for name, test in result.tests.items() if name != "friedman")


def test_an_unknown_primary_test_is_refused(cast):
    with pytest.raises(ValueError, match=r"^primary is 'anova'; allowed are one-way, welch, "):
        omnibus(cast("AAB", "AB").counts(), primary="anova")
