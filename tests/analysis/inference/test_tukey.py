import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.inference.anova import one_way
from analysis.inference.tukey import hsd


def test_the_normlime_table_gives_what_r_gives(normlime_table, expected_by_r):
    pairs = hsd(normlime_table.counts().proportions()).pairs
    by_r = {r["pair"]: r for r in expected_by_r["tukey"]}  # R subtracts the other way round
    for pair in pairs:
        r = by_r[f"{pair.b}-{pair.a}"]
        assert pair.difference == pytest.approx(-r["diff"], rel=1e-12)
        assert (pair.low, pair.high) == pytest.approx((-r["upr"], -r["lwr"]), abs=1e-10)
        assert pair.p == pytest.approx(r["p adj"], rel=1e-9, abs=1e-12)  # R's own tail ends near 6e-13


def test_the_paper_s_tukey_is_significant_but_for_the_two_gradient_methods(normlime_table):
    pairs = hsd(normlime_table.counts().proportions()).pairs
    assert [(p.a, p.b) for p in pairs if p.p >= 0.001] == [("VarGrad", "SmoothGrad")]
    assert round(pairs[-1].p, 3) == 0.913


def test_groups_of_unequal_size_agree_with_scipy():
    groups = {
        "1": [24.5, 23.5, 26.28, 26.4, 27.1, 29.9, 30.1, 30.1],
        "2": [28.4, 34.2, 29.5, 32.2, 30.1],
        "3": [26.1, 28.3, 24.3, 26.2, 27.8],
    }
    reference = stats.tukey_hsd(*groups.values())
    low = reference.confidence_interval(0.95).low
    for pair in hsd(groups).pairs:
        i, j = int(pair.a) - 1, int(pair.b) - 1
        assert pair.p == pytest.approx(reference.pvalue[i, j], rel=1e-9)
        assert pair.low == pytest.approx(low[i, j], rel=1e-9)


@settings(max_examples=20)
@given(
    st.lists(st.integers(-9, 9), min_size=3, max_size=6), st.lists(st.integers(-9, 9), min_size=3, max_size=6)
)
def test_of_two_groups_it_is_the_t_test(a, b):
    a, b = [*a, -10], [*b, 10]  # neither is constant
    [pair] = hsd({"a": a, "b": b}).pairs
    assert pair.p == pytest.approx(stats.ttest_ind(a, b).pvalue, rel=1e-9)


def test_a_p_smaller_than_scipy_can_tell_has_its_size():
    [pair] = hsd({"a": [0, 1] * 40, "b": [100, 101] * 40}).pairs
    assert pair.p == pytest.approx(stats.ttest_ind([0, 1] * 40, [100, 101] * 40).pvalue, rel=1e-8)
    assert pair.p < 1e-300 or pair.log10_p == pytest.approx(math.log10(pair.p))


def test_a_p_that_no_float_holds_prints_from_its_logarithm():
    groups = {"a": [0, 1] * 200, "b": [100, 101] * 200}
    [pair] = hsd(groups).pairs
    assert pair.log10_p == pytest.approx(one_way(groups).log10_p, rel=1e-12)  # of two groups F is q^2 / 2
    assert pair.log10_p < -800
    assert pair.p == 5e-324
    assert re.search(r" \d\.\de-\d+$", str(hsd(groups)))


def test_the_interval_is_wider_where_more_confidence_is_asked():
    groups = {"a": [1, 2, 3], "b": [2, 4, 7]}
    [narrow], [wide] = hsd(groups, confidence=0.9).pairs, hsd(groups, confidence=0.99).pairs
    assert wide.low < narrow.low < narrow.difference < narrow.high < wide.high


def test_without_variance_differences_have_no_interval():
    result = hsd({"a": [1, 1], "b": [2, 2]})
    assert [(p.difference, p.low, p.high, p.p) for p in result.pairs] == [(-1.0, None, None, None)]
    assert result.note == "The intervals and p are undefined: zero variance within groups"


@pytest.mark.parametrize("confidence", [0, 1, -0.5, 95])
def test_a_confidence_outside_0_to_1_is_refused(confidence):
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the whole sentence is compared
        hsd({"a": [1, 2], "b": [3, 4]}, confidence)
    assert str(refusal.value) == f"confidence must lie between 0 and 1, such as 0.95 (got {confidence})"


def test_a_result_prints_as_a_table():
    assert str(hsd({"A": [1, 2, 3], "B": [2, 4, 7]})).splitlines() == [
        "Tukey HSD of 2 groups, 95% intervals, df = 4",
        "       Difference      Low    High      p",
        "-----  ----------  -------  ------  -----",
        "A − B     −2.3333  −6.6742  2.0076  0.210",  # t(4) = 1.492, by hand: 2.776 standard errors of 1.5635
    ]
