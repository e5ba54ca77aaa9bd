"""The logarithms are those of mpmath 1.3 at 30 digits: the double integral of the definition by the
trapezoidal rule, without a difference of nearly equal numbers. (mpmath's own `quad` errs by 1e-5 at the
narrow peaks.)"""

import math
import time

import mpmath as mp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.inference.tukey import hsd
from analysis.numerics.studentised_range import critical_range, range_tail
from analysis.numerics.tails import f_tail


@pytest.mark.parametrize(
    ("q", "n_groups", "df", "log10_p"),
    [
        (1.5, 3, 2, -0.2091043719690517),
        (3.5, 3, 10, -1.112926972818293),
        (13.3, 3, 20, -7.589787041293917),
        (60, 5, 7, -8.148265982492359),
        (300, 50, 12, -19.48356737884751),
        (30, 20, 40, -20.37485962979307),
        (35.20694736, 4, 328, -76.06220023853556),
        (57, 4, 328, -127.5921268903956),
        (900, 4, 4000, -4020.445466115352),
    ],
)
def test_the_tail_is_that_of_the_double_integral(q, n_groups, df, log10_p):
    assert range_tail(q, n_groups, df)[1] * math.log(10) == pytest.approx(log10_p * math.log(10), abs=1e-10)


def by_trapezium(q, k, df):
    """log10 P(Q > q) by mpmath: both integrals by the trapezoidal rule, the outer one over log s."""
    q, df = mp.mpf(q), mp.mpf(df)
    constant = mp.log(2) + df / 2 * mp.log(df / 2) - mp.loggamma(df / 2)
    fine = 2 if k < 6 else 5  # nodes a standard deviation

    def of_range(w):
        total = mp.mpf(0)
        for z in (w / 2 + mp.mpf(i) / fine for i in range(-9 * fine, 9 * fine + 1)):
            below, far = mp.ncdf(z), mp.ncdf(z - w)
            powers = sum(below**j * (below - far) ** (k - 2 - j) for j in range(k - 1))
            total += mp.npdf(z) * far * powers
        return k * total / fine

    def height(u):
        tail = k * (k - 1) * mp.ncdf(-q * mp.e**u / mp.sqrt(2))
        return df * u - df * mp.e ** (2 * u) / 2 + mp.log(min(1, tail))

    low, high = mp.mpf(-30), mp.mpf(4)
    for _ in range(60):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (a, high) if height(a) < height(b) else (low, b)
    d = mp.mpf("0.001")
    step = mp.sqrt(-(d**2) / (height(low + d) - 2 * height(low) + height(low - d))) / 2
    total = mp.mpf(0)
    for sign in (1, -1):
        u = low if sign > 0 else low - step
        while height(u) > height(low) - 30:
            total += mp.e ** (constant + df * u - df * mp.e ** (2 * u) / 2) * of_range(q * mp.e**u)
            u += sign * step
    return float(mp.log10(total * step))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("q", "n_groups", "df"),
    [(0.05, 3, 5), (4.6, 12, 88), (8, 4, 328), (57, 4, 328), (25, 4, 200_000), (40, 5, 10**6), (60, 5, 7)],
)
def test_the_tail_is_that_of_an_integral_with_twenty_digits(q, n_groups, df):
    with mp.workdps(20):
        expected = by_trapezium(q, n_groups, df)
    assert range_tail(q, n_groups, df)[1] * math.log(10) == pytest.approx(expected * math.log(10), abs=1e-9)


@given(st.floats(1e-3, 1e4), st.integers(1, 10**5))
def test_of_two_groups_it_is_the_tail_of_f_at_any_size(q, df):
    p, log = range_tail(q, 2, df)
    expected_p, expected_log = f_tail(q * q / 2, 1, df)
    assert p == pytest.approx(expected_p, rel=1e-8)
    assert log * math.log(10) == pytest.approx(expected_log * math.log(10), abs=1e-8)


@given(st.floats(0.5, 9), st.integers(3, 12), st.integers(4, 500))
def test_where_scipy_is_right_it_agrees_with_scipy(q, n_groups, df):
    p = range_tail(q, n_groups, df)[0]
    assert p == pytest.approx(stats.studentized_range.sf(q, n_groups, df), rel=1e-8, abs=1e-11)


@given(st.floats(2, 300), st.integers(2, 40), st.integers(1, 1000))
def test_it_falls_with_q_and_rises_with_the_number_of_groups(q, n_groups, df):
    log = range_tail(q, n_groups, df)[1]
    assert range_tail(q * 1.01, n_groups, df)[1] < log < range_tail(q, n_groups + 1, df)[1] <= 0


@pytest.mark.parametrize(
    ("confidence", "n_groups", "df", "published"),  # Harter (1960), Annals of Mathematical Statistics 31:1122
    [
        (0.95, 3, 10, 3.877),
        (0.95, 4, 20, 3.958),
        (0.99, 10, 20, 6.09),
        (0.95, 2, 1, 17.97),
        (0.99, 5, 60, 4.82),
    ],
)
def test_quantiles_are_those_of_the_published_tables(confidence, n_groups, df, published):
    digits = len(str(published).split(".")[1])
    assert critical_range(confidence, n_groups, df) == pytest.approx(published, abs=0.51 * 10**-digits)


@settings(max_examples=25)
@given(st.floats(0.5, 0.999), st.integers(2, 9), st.integers(2, 400))
def test_the_quantile_is_where_the_tail_is(confidence, n_groups, df):
    q = critical_range(confidence, n_groups, df)
    assert range_tail(q, n_groups, df)[0] == pytest.approx(1 - confidence, rel=1e-10)


def test_a_range_of_zero_is_exceeded_always():
    assert range_tail(0, 4, 10) == (1.0, 0.0)


@pytest.mark.parametrize(("q", "n_groups", "df"), [(-1, 4, 10), (1, 1, 10), (1, 4, 0)])
def test_what_has_no_distribution_is_refused(q, n_groups, df):
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the whole sentence is compared
        range_tail(q, n_groups, df)
    expected = f"q = {q}, n_groups = {n_groups}, df = {df}; allowed are q >= 0, n_groups >= 2, df >= 1"
    assert str(refusal.value) == expected


def test_tukey_of_four_groups_takes_less_time_than_one_quantile_of_scipy(normlime_table):
    groups = normlime_table.counts().proportions()

    def seconds(function):
        start = time.process_time()
        function()
        return time.process_time() - start

    def ours():
        critical_range.cache_clear()
        hsd(groups)

    ours()  # the nodes of the rule are found once
    assert min(seconds(ours) for _ in range(3)) < min(
        seconds(lambda: stats.studentized_range.ppf(0.95, 4, 328)) for _ in range(3)
    )
