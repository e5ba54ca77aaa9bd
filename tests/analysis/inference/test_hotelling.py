import numpy as np
import pytest
from scipy import stats
from statsmodels.multivariate.multivariate_ols import _MultivariateOLS

from analysis.inference.hotelling import hotelling, hotelling_of_changes


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


def test_changes_that_add_up_to_zero_are_tested_as_differences():
    rng = np.random.default_rng(5)
    first, second = rng.multinomial(10, [0.5, 0.3, 0.2], size=(2, 15)) / 10
    changes = second - first
    by_hand = stats.f.sf(_t_squared(changes[:, :2]) * 13 / (14 * 2), 2, 13)
    assert hotelling_of_changes(changes).p == pytest.approx(by_hand, rel=1e-9)


def _t_squared(values):
    mean = values.mean(axis=0)
    return len(values) * mean @ np.linalg.inv(np.cov(values.T)) @ mean


def test_a_method_that_never_changes_does_not_count():
    changes = np.array([[0.1, -0.1, 0.0], [0.3, -0.3, 0.0], [-0.2, 0.2, 0.0]])
    assert hotelling_of_changes(changes).df == (1, 2)


def test_changes_that_are_the_same_for_all_have_no_test():
    note = "T² is undefined: the changes are the same for every participant"
    assert hotelling_of_changes(np.tile([[0.1, -0.1]], (4, 1))).note == note
