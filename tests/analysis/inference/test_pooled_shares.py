"""Participants who cast unequal numbers of votes: two ways to weigh, and a test of the pooled shares."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from analysis.estimation.shares import estimate_mean_shares
from analysis.inference.hotelling import hotelling
from analysis.inference.omnibus import NAMES, names, omnibus
from analysis.inference.pooled_shares import pooled_shares, pooled_wald
from analysis.numerics.exact import ExactShares
from analysis.reporting.report import report
from benchmarks.type_one_error import counts_of

UNEQUAL = np.array([[9, 3, 2], [1, 0, 1], [4, 4, 0], [2, 1, 2], [0, 3, 1], [8, 2, 5], [3, 3, 3]])


def mean_shares(table):
    return estimate_mean_shares(counts_of(np.array(table)))


def test_of_equal_numbers_of_votes_the_wald_test_is_hotelling_s():
    table = np.random.default_rng(2).multinomial(20, [0.4, 0.3, 0.2, 0.1], size=15)
    wald, t_squared = pooled_wald(table), hotelling(ExactShares(table, "abcd"))
    assert (wald.T2, wald.F, wald.p) == pytest.approx((t_squared.T2, t_squared.F, t_squared.p), rel=1e-9)


def test_its_covariance_is_that_of_leaving_out_each_participant():
    table = UNEQUAL[:, :2] + np.array([1, 0])
    n = len(table)
    without = [np.delete(table, i, axis=0).sum(axis=0) for i in range(n)]
    gap = np.subtract(*table.sum(axis=0)) / table.sum()
    moves = np.array([np.subtract(*left) / left.sum() - gap for left in without])
    assert pytest.approx(gap**2 / ((n - 1) / n * (moves**2).sum()), rel=1e-9) == pooled_wald(table).F


def test_near_equal_numbers_it_is_statsmodels_regression_clustered_by_participant():
    table = np.random.default_rng(1).binomial(60, 0.55, size=400)
    table = np.stack([table, 60 - table], axis=1)
    table[0, 0] += 1
    votes = np.repeat(np.tile([1.0, -1.0], len(table)), table.ravel())
    people = np.repeat(np.arange(len(table)), table.sum(axis=1))
    fit = sm.OLS(votes, np.ones(len(votes))).fit(cov_type="cluster", cov_kwds={"groups": people}, use_t=True)
    assert pytest.approx(fit.tvalues[0] ** 2, rel=1e-3) == pooled_wald(table).F


def test_people_who_cast_many_votes_leave_fewer_degrees_of_freedom():
    squares = UNEQUAL.sum(axis=1) ** 2
    assert pooled_wald(UNEQUAL).df[1] == pytest.approx(squares.sum() ** 2 / (squares**2).sum() - 2)
    equal = np.random.default_rng(2).multinomial(20, [0.4, 0.3, 0.3], size=15)
    assert pooled_wald(equal).df == (2, 13)
    assert pooled_wald(np.vstack([equal, 3 * equal[:2]])).df[1] < 13


def test_one_participant_has_no_covariance():
    with pytest.raises(ValueError, match="at least 2 participants"):
        pooled_shares([[3, 1]])


def test_it_does_not_matter_which_method_is_last():
    assert pooled_wald(UNEQUAL).p == pytest.approx(pooled_wald(UNEQUAL[:, [2, 0, 1]]).p, rel=1e-9)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ([[3, 2]], "one participant says nothing about others"),
        ([[3, 2, 1], [1, 1, 1]], "3 groups need at least 3 participants, and there are 2"),
        (
            [[3, 0], [6, 0], [1, 1]],
            "2 groups need at least 2 participants, and 3 with such unequal votes count as 1.7",
        ),
        ([[3, 0], [4, 0], [2, 0]], "some combination of the methods is the same for every participant"),
    ],
)
def test_an_undefined_wald_test_says_why(table, why):
    result = pooled_wald(table)
    assert (result.p, result.note) == (None, f"the Wald test is undefined: {why}")


def test_mean_shares_of_people_who_do_not_differ_have_no_interval():
    assert [(x.value, x.low) for x in mean_shares([[1, 1], [2, 2]])] == [(0.5, None), (0.5, None)]
    assert [(x.value, x.low) for x in mean_shares([[3, 1]])] == [(0.75, None), (0.25, None)]


def weights(result):
    return [
        table for section in result.document.sections for table in section.tables if table.name == "weights"
    ]


def test_unequal_numbers_of_votes_bring_both_weights_and_the_wald_test(cast):
    result = report(cast("AAAAAAAAAB", "BA", "BBC", "CAB"))
    assert list(result.omnibus.tests)[-1] == "pooled-wald"
    [table] = weights(result)
    assert table.rows[0][1].startswith("61.1")
    assert table.rows[0][2].startswith("43.3")  # (9/10 + 1/2 + 0 + 1/3) / 4


def test_equal_numbers_of_votes_bring_neither(cast):
    result = report(cast("AAB", "ABC", "BCA", "CBA"))
    assert "pooled-wald" not in result.omnibus.tests
    assert weights(result) == []


def test_the_wald_test_may_be_primary_whatever_people_cast(cast):
    tables = cast("AAB", "AAC", "BBA", "CCA"), cast("AAB", "AC", "BBA", "CCAB")
    for table in tables:
        assert omnibus(table.counts(), primary="pooled-wald").decisive.p is not None


def test_the_names_of_the_tests_are_public():
    assert names() == tuple(NAMES)
    assert "repeated-measures" in names()


def test_heavy_voters_move_the_pooled_shares_alone():
    heavy, light = [[40, 0]] * 3, [[1, 2]] * 7
    pooled = pd.Series(np.sum(heavy + light, axis=0) / np.sum(heavy + light))
    assert pooled[0] > 0.8
    assert mean_shares(heavy + light)[0].value == pytest.approx((3 + 7 / 3) / 10)
