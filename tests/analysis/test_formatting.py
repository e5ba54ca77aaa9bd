import math
import re

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
        (0.0049996, "0.0049996"),
        (0.19996, "0.19996"),
        (0.00099999, "9.9999e-4"),
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


LEVELS = (0.001, 0.005, 0.01, 0.05, 0.1)
NEAR = st.builds(lambda level, off: level * (1 + off), st.sampled_from(LEVELS), st.floats(-1e-2, 1e-2))


@given(st.floats(min_value=5e-324, max_value=1) | NEAR)
def test_a_p_above_zero_never_prints_as_zero_nor_crosses_a_level(p):
    shown = float(fmt.p_value(p, math.log10(p)).removeprefix("> "))
    assert shown > 0 or p < 1e-300
    assert [shown < level for level in LEVELS] == [p < level for level in LEVELS]


@pytest.mark.parametrize(
    ("p", "phrase"),
    [(1e-80, "p < 0.001"), (0.000999, "p < 0.001"), (0.913, "p = 0.913"), (0.9999, "p > 0.999")],
)
def test_a_sentence_gives_p_in_three_digits_and_nothing_below_one_in_a_thousand(p, phrase):
    assert fmt.p_phrase(p) == phrase


@pytest.mark.parametrize(
    ("difference", "text"),
    [(0.3018, "+30.2"), (-0.0114, "−1.1"), (0.0, "0.0"), (-0.0, "0.0"), (-0.0004, "−0.04"), (1e-17, "0.0")],
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
    ("value", "text"),
    [(0.7557, "0.756"), (-0.0001, "−0.0001"), (-1e-17, "0.000"), (-0.0124, "−0.012"), (0.0, "0.000")],
)
def test_an_effect_size_never_prints_as_minus_zero(value, text):
    assert fmt.share_of_variance(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        *((0.5656, "56.6%"), (0.0, "0.0%"), (-0.0, "0.0%"), (1.0, "100.0%"), (0.0003, "0.03%")),
        *((0.9997, "99.97%"), (1e-17, "0.0%"), (1e-9, "1e-7%")),
    ],
)
def test_only_no_vote_is_a_share_of_zero_and_only_all_of_them_a_hundred(share, text):
    assert fmt.percent(share) == text


SMALL = st.floats(-1, 1) | st.floats(-1e-3, 1e-3) | st.sampled_from([0.0, -0.0, 1e-17, -1e-17, 5e-324])
ZERO = re.compile(r"[-\N{MINUS SIGN}]0(\.0*)?(?![.\d])")


@given(SMALL)
def test_no_number_prints_as_minus_zero_nor_as_zero_where_it_is_none(value):
    shown = (fmt.points(value), fmt.share_of_variance(value), fmt.decimal(value), fmt.percent(abs(value)))
    assert not any(ZERO.search(text) for text in shown)
    if abs(value) > 1e-12:
        assert all(re.search("[1-9]", text.partition("e")[0]) for text in shown)
