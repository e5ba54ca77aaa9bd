import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from analysis.inference.anova import one_way, welch

numbers = st.lists(st.integers(-1000, 1000), min_size=2, max_size=8)
three_groups = st.fixed_dictionaries({"a": numbers, "b": numbers, "c": numbers})


def correct_digits(value, reference):
    return math.inf if value == reference else -math.log10(abs(value - reference) / abs(reference))


@pytest.mark.parametrize(("name", "digits"), [("SiRstv", 12), ("SmLs01", 12), ("SmLs04", 10), ("SmLs07", 4)])
def test_f_has_the_digits_that_nist_certifies(nist, name, digits):
    groups, certified = nist(name)
    assert correct_digits(one_way(groups).F, float(certified["F"])) >= digits


@pytest.mark.parametrize("name", ["SiRstv", "SmLs01", "SmLs04", "SmLs07"])
def test_f_is_the_best_that_float64_input_allows(nist, name):
    groups, certified = nist(name)
    assert pytest.approx(float(certified["F_exact_binary64_inputs"]), rel=1e-15) == one_way(groups).F


def test_decimals_give_f_without_any_error():
    groups = {
        "a": [Decimal("1000000000000.4"), Decimal("1000000000000.3")],
        "b": [Decimal("1000000000000.6")] * 2,
    }
    assert one_way(groups).F == 25.0  # between 0.0625, within 0.005 / 2


def test_the_normlime_table_gives_what_r_gives(normlime_table, expected_by_r):
    result, r = one_way(normlime_table.counts().proportions()), expected_by_r["oneway"]
    assert pytest.approx(r["F"], rel=1e-13) == result.F
    assert result.p == pytest.approx(r["p"], rel=1e-11)
    assert result.log10_p == pytest.approx(math.log10(r["p"]), rel=1e-13)
    assert [result.df_between, result.df_within] == r["df"]
    assert [result.ss_between, result.ss_within] == pytest.approx(r["SS"], rel=1e-13)
    assert [result.ms_between, result.ms_within] == pytest.approx(r["MS"], rel=1e-13)
    assert result.eta_squared == pytest.approx(expected_by_r["eta"][0]["Eta2"], rel=1e-13)


@given(three_groups)
def test_f_agrees_with_scipy(groups):
    result = one_way(groups)
    expected = stats.f_oneway(*map(np.array, groups.values()))
    assume(result.F is not None and result.F > 1e-6)  # SciPy gives NaN or -1e-17 for equal means
    assert pytest.approx(expected.statistic, rel=1e-6, abs=1e-9) == result.F
    assert result.p == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-9)


@given(three_groups, st.fractions(-100, 100), st.fractions(1, 100))
def test_f_does_not_change_when_all_numbers_are_shifted_and_scaled(groups, shift, scale):
    moved = {name: [value * scale + shift for value in values] for name, values in groups.items()}
    assert one_way(moved).F == one_way(groups).F


def test_numpy_arrays_are_groups_too():
    plain = one_way({"a": [1, 2, 3], "b": [2, 4, 7]})
    for kind in (np.int8, np.int64, np.float32, np.float64):
        assert one_way({"a": np.array([1, 2, 3], kind), "b": np.array([2, 4, 7], kind)}) == plain


def test_a_p_that_underflows_is_not_zero_and_has_its_logarithm():
    result = one_way({"a": [0, 1] * 400, "b": [1000000, 1000001] * 400})
    assert result.p == math.ulp(0.0)
    assert result.log10_p == pytest.approx(-9589.69991626, abs=1e-8)
    assert "2.0e-9590" in str(result)


@pytest.mark.parametrize(
    ("groups", "note"),
    [
        ({"a": [1, 1], "b": [2, 2]}, "F is undefined: zero variance within groups"),
        ({"a": [1, 1], "b": [1, 1]}, "F is undefined: zero variance within groups and between them (0/0)"),
        ({"a": [1], "b": [2]}, "F is undefined: one number in each group leaves no variance within groups"),
    ],
)
def test_an_undefined_f_says_why(groups, note):
    result = one_way(groups)
    assert (result.F, result.p, result.log10_p, result.note) == (None, None, None, note)
    assert str(result).endswith(note)
    assert "nan" not in str(result)


def test_the_smallest_variance_is_not_taken_for_zero():
    tiny = Fraction(1, 10**40)
    assert one_way({"a": [0, tiny], "b": [2 * tiny, 3 * tiny]}).F == 8.0


@pytest.mark.parametrize(
    ("groups", "sentence"),
    [
        ({}, "a comparison needs at least two groups, and there is none"),
        ({"a": [1, 2]}, "a comparison needs at least two groups, and there is 1"),
        ({"a": [1], "b": []}, "group 'b' is empty; leave it out or give it at least one number"),
        ({"a": [1], "b": [math.nan]}, "group 'b' holds nan, which is not a finite number"),
        ({"a": [1], "b": [-math.inf]}, "group 'b' holds -inf, which is not a finite number"),
        ({1: [1], "1": [2]}, "two groups have the same name when it is written as text; rename one"),
        (
            {"a": [1e200, 2e200], "b": [3e200, 5e200]},
            "the sum of squares between groups is larger than the largest float (1.8e308); "
            "rescale the numbers",
        ),
    ],
)
def test_groups_that_cannot_be_compared_are_refused(groups, sentence):
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the whole sentence is compared
        one_way(groups)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    ("groups", "sentence"),
    [
        ([[1, 2], [3, 4]], "groups must map names to numbers, not list"),
        ({"a": [1], "b": ["2"]}, "group 'b' holds '2' (str), which is not a number"),
        ({"a": [1], "b": [None]}, "group 'b' holds None (NoneType), which is not a number"),
    ],
)
def test_what_is_no_number_is_refused(groups, sentence):
    with pytest.raises(TypeError) as refusal:
        one_way(groups)
    assert str(refusal.value) == sentence


def test_a_result_prints_as_the_classic_table(normlime_table):
    assert str(one_way(normlime_table.counts().proportions())).splitlines() == [
        "One-way ANOVA of 332 numbers in 4 groups (NormLIME, LIME, VarGrad, SmoothGrad)",
        "                Sum of squares   df  Mean square       F          p",
        "--------------  --------------  ---  -----------  ------  ---------",
        "Between groups        12.79789    3      4.26596  338.22  5.22e-100",
        "Within groups          4.13711  328      0.01261",
        "Total                 16.93500  331",
        "eta squared = 0.756",
    ]


def test_welch_is_that_of_scipy(normlime_table):
    proportions = normlime_table.counts().proportions()
    result = welch(proportions)
    expected = stats.f_oneway(*(list(map(float, g)) for g in proportions.values()), equal_var=False)
    assert (result.F, result.p) == pytest.approx((expected.statistic, expected.pvalue), rel=1e-9)


def test_welch_says_which_group_has_no_variance():
    result = welch({"a": [1, 2], "b": [3, 3]})
    assert (result.p, result.note) == (None, "Welch's F is undefined: zero variance within b")


def test_welch_has_all_digits_of_the_exact_formula(normlime_table):
    groups = normlime_table.counts().proportions()
    n, k = 83, Fraction(4)
    means = [sum(values) / n for values in groups.values()]
    weights = [
        n * (n - 1) / sum((x - mean) ** 2 for x in values)
        for values, mean in zip(groups.values(), means, strict=True)
    ]
    total = sum(weights)
    centre = sum(w * mean for w, mean in zip(weights, means, strict=True)) / total
    between = sum(w * (mean - centre) ** 2 for w, mean in zip(weights, means, strict=True)) / (k - 1)
    lost = sum((1 - w / total) ** 2 / (n - 1) for w in weights)
    F = between / (1 + 2 * (k - 2) / (k**2 - 1) * lost)  # Welch (1951)
    assert pytest.approx(float(F), rel=1e-13) == welch(groups).F
    assert welch(groups).df_within == pytest.approx(float((k**2 - 1) / (3 * lost)), rel=1e-13)


def test_welch_keeps_its_digits_far_from_zero():
    near = {"a": [0, 1, 3], "b": [2, 4, 7]}
    distant = {name: [10**12 + value for value in values] for name, values in near.items()}
    assert pytest.approx(welch(near).F, rel=1e-13) == welch(distant).F
