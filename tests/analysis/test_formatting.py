import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import formatting as fmt


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (1.0, "1"),
        (0.99999, "> 0.999"),
        (0.913201848673308, "0.913"),
        (0.1, "0.100"),
        (0.0495, "0.0495"),
        (0.049996, "0.049996"),
        (0.05, "0.0500"),
        (0.0012, "0.00120"),
        (0.00099, "9.90e-4"),
        (5.22382626654808e-100, "5.22e-100"),
    ],
)
def test_a_p_keeps_its_first_three_digits(p, text):
    assert fmt.p_value(p) == text


@pytest.mark.parametrize(
    ("log10_p", "text"), [(-420.886, "1.3e-421"), (-301.0, "1.0e-301"), (-400.0000001, "1.0e-400")]
)
def test_a_p_that_no_float_holds_prints_from_its_logarithm(log10_p, text):
    assert fmt.p_value(5e-324, log10_p) == text


def test_an_undefined_p_is_called_undefined():
    assert fmt.p_value(None) == "undefined"


@given(st.floats(min_value=5e-324, max_value=1))
def test_a_p_above_zero_never_prints_as_zero_nor_crosses_five_percent(p):
    shown = float(fmt.p_value(p, math.log10(p)).removeprefix("> "))
    assert shown > 0 or p < 1e-300
    assert (shown < 0.05) == (p < 0.05)


@pytest.mark.parametrize(
    ("p", "phrase"),
    [(1e-80, "p < 0.001"), (0.000999, "p < 0.001"), (0.913, "p = 0.913"), (0.9999, "p > 0.999")],
)
def test_a_sentence_gives_p_in_three_digits_and_nothing_below_one_in_a_thousand(p, phrase):
    assert fmt.p_phrase(p) == phrase


@pytest.mark.parametrize(
    ("difference", "text"),
    [(0.3018, "+30.2"), (-0.0114, "−1.1"), (0.0, "0.0"), (-0.0, "0.0"), (-0.0004, "0.0")],
)
def test_a_difference_has_a_sign_and_zero_has_none(difference, text):
    assert fmt.points(difference) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(338.21597, "338.22"), (0.0, "0.00"), (-0.0, "0.00"), (-1.5, "−1.50"), (0.0004, "4.00e-4")],
)
def test_a_number_has_two_decimals_unless_they_would_be_zeros(value, text):
    assert fmt.decimal(value) == text


def test_thousands_are_parted_and_nouns_agree():
    assert [fmt.counted(n, "vote") for n in (0, 1, 1660)] == ["0 votes", "1 vote", "1,660 votes"]


def test_a_table_sets_names_left_and_numbers_right():
    table = fmt.text_table(("Method", "Votes"), [("LIME", "438"), ("B", "7")])
    assert table == "Method  Votes\n------  -----\nLIME      438\nB           7"


@pytest.mark.parametrize(
    ("value", "text"), [(0.7557, "0.756"), (-0.0001, "0.000"), (-0.0124, "−0.012"), (0.0, "0.000")]
)
def test_an_effect_size_never_prints_as_minus_zero(value, text):
    assert fmt.share_of_variance(value) == text
