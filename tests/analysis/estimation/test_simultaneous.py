"""The largest |t| of several contrasts, against tables, R and SciPy."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.estimation.simultaneous import LargestT, pair_matrix, simultaneous
from analysis.numerics.studentised_range import critical_range, range_tail


def all_pairs(k):
    """The correlation of all pairs of `k` equally variable, independent means."""
    matrix = pair_matrix(list(combinations(range(k), 2)), k)
    return matrix @ matrix.T / 2


@pytest.mark.parametrize("k", [3, 4, 6, 10])
@pytest.mark.parametrize("df", [5, 19, 82])
def test_of_equally_variable_means_the_critical_value_is_that_of_the_studentised_range(k, df):
    expected = critical_range(0.95, k, df) / math.sqrt(2)
    assert LargestT(all_pairs(k), df).critical(0.05) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("t", [1.5, 3.0, 8.0, 40.0])
@pytest.mark.parametrize("df", [5, 82])
def test_p_is_as_good_far_out_as_in_the_middle(t, df):
    expected = range_tail(t * math.sqrt(2), 4, df)
    assert LargestT(all_pairs(4), df).tail(t) == (
        pytest.approx(expected[0], rel=1e-3),
        pytest.approx(expected[1], abs=5e-4),
    )


# Dunnett (1964, Biometrics 20:482), table of two-sided 5% points of k - 1 comparisons with a control.
@pytest.mark.parametrize(
    ("comparisons", "df", "table"),
    [(2, 5, 3.03), (2, 20, 2.38), (3, 10, 2.76), (3, 60, 2.41), (5, 20, 2.73), (9, 30, 2.86)],
)
def test_against_one_control_the_critical_value_is_dunnett_s(comparisons, df, table):
    correlation = np.full((comparisons, comparisons), 0.5) + 0.5 * np.eye(comparisons)
    assert LargestT(correlation, df).critical(0.05) == pytest.approx(table, abs=0.006)


# t and p by R's multcomp `glht`, from SciPy's own tests (scipy/stats/tests/test_multicomp.py): the example of
# MATLAB's multcompare, with a control of 64 and groups of 15, 9, 3, 2 and 1, and that of Dunnett (1955, JASA
# 50:1096), with a control of 6 and groups of 4 and 5.
@pytest.mark.parametrize(
    ("control", "sizes", "t", "p"),
    [
        (64, [15, 9, 3, 2, 1], [2.91270, 0.60831, 0.27002, 0.96637], [0.02237, 0.97913, 0.99953, 0.86583]),
        (6, [4, 5], [0.85703, 3.69375], [0.6201020, 0.0058254]),
    ],
)
def test_p_against_a_control_is_that_of_multcomp(control, sizes, t, p):
    weights = np.sqrt(np.array(sizes) / (np.array(sizes) + control))
    correlation = np.outer(weights, weights)
    np.fill_diagonal(correlation, 1.0)
    largest = LargestT(correlation, control + sum(sizes) - len(sizes) - 1)
    assert [largest.tail(one)[0] for one in t] == pytest.approx(p, rel=2e-3)


def test_one_contrast_is_the_t_test():
    [one] = simultaneous([0.3], [[0.01]], 11).comparisons
    assert one.p == pytest.approx(2 * stats.t.sf(3, 11), rel=1e-12)
    assert one.high == pytest.approx(0.3 + 0.1 * stats.t.ppf(0.975, 11), rel=1e-12)


def test_contrasts_that_say_the_same_are_not_counted_twice():
    for df in (11, 40):
        twice = simultaneous([0.3, -0.6], [[0.01, -0.02], [-0.02, 0.04]], df)
        assert twice.critical == pytest.approx(stats.t.ppf(0.975, df), rel=1e-8)


def test_below_20_participants_each_contrast_has_bonferroni_s_level():
    result = simultaneous([0.3, 0.1, 0.2], np.diag([0.01, 0.01, 0.04]), 5)
    assert result.critical == pytest.approx(stats.t.isf(0.025 / 3, 5), rel=1e-12)
    assert result.comparisons[0].p == pytest.approx(3 * 2 * stats.t.sf(3, 5), rel=1e-12)
    assert {one.method for one in result.comparisons} == {"Bonferroni"}


def test_a_known_covariance_gives_normal_quantiles():
    [one] = simultaneous([2.0], [[1.0]], math.inf).comparisons
    assert one.p == pytest.approx(2 * stats.norm.sf(2), rel=1e-12)
    correlation = all_pairs(3)
    expected = critical_range(0.95, 3, math.inf) / math.sqrt(2)
    assert simultaneous(np.zeros(3), correlation, math.inf).critical == pytest.approx(expected, rel=1e-3)


@settings(max_examples=15)
@given(
    st.integers(2, 5).flatmap(
        lambda m: st.tuples(
            st.lists(st.floats(-4, 4), min_size=m, max_size=m), st.integers(0, 10_000), st.just(m)
        )
    ),
    st.integers(1, 60),
    st.sampled_from([0.01, 0.05, 0.2]),
)
def test_p_is_below_alpha_exactly_where_the_interval_excludes_0(drawn, df, alpha):
    estimates, seed, m = drawn
    factor = np.random.default_rng(seed).normal(size=(m, m + 1))
    for one in simultaneous(estimates, factor @ factor.T, df, alpha).comparisons:
        assert (one.p < alpha) == (one.low > 0 or one.high < 0)


def test_a_p_that_no_float_holds_has_a_logarithm():
    result = simultaneous([50.0, 1.0], np.eye(2), 2000).comparisons[0]
    assert result.log10_p == pytest.approx(-353.502654457726807, abs=1e-9)  # mpmath: twice the tail of one


def test_a_contrast_that_does_not_vary_is_not_judged_and_costs_the_rest_nothing():
    result = simultaneous([0.3, 0.1, math.nan], np.diag([0.01, 0.0, 1.0]), 11)
    first, second, third = result.comparisons
    assert first.high == pytest.approx(0.3 + 0.1 * stats.t.ppf(0.975, 11), rel=1e-12)
    assert (second.estimate, second.low, second.p) == (0.1, None, None)
    assert (third.estimate, third.low, third.p) == (None, None, None)


def test_where_no_contrast_varies_there_is_no_critical_value():
    assert simultaneous([0.0], [[0.0]], 5).critical is None


def test_the_same_seed_gives_the_same_p():
    covariance = all_pairs(4)
    first, again = (simultaneous(np.arange(6) / 2, covariance, 20, seed=3) for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("covariance", "df", "message"),
    [
        ([[1.0]], 5, r"2 estimates need a covariance of as many rows and columns \(got \(1, 1\)\)"),
        (np.eye(2), 0, r"df must be at least 1 \(got 0\)"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(covariance, df, message):
    with pytest.raises(ValueError, match=message):
        simultaneous([1.0, 2.0], covariance, df)
