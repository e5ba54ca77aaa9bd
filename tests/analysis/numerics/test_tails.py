"""The logarithms are those of mpmath 1.3 at 60 digits: incomplete beta and gamma integrals by quadrature."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.numerics.tails import chi_square_tail, f_tail


@pytest.mark.parametrize(
    ("f", "df_between", "df_within", "log10_p"),
    [
        (1e4, 1, 400, -284.385557495162438),
        (5000, 3, 3280, -1221.99078747069604),
        (1e6, 3, 3280, -4855.56430849409285),
        (2000, 9, 199990, -3729.99854847110776),
        (50, 99, 5000, -658.760801709850604),
        (1e300, 1, 8, -1196.95078197732982),
    ],
)
def test_the_tail_of_f_has_the_right_size_where_floats_underflow(f, df_between, df_within, log10_p):
    p, log = f_tail(f, df_between, df_within)
    assert log == pytest.approx(log10_p, rel=1e-12)
    assert p > 0


@pytest.mark.parametrize(
    ("q", "df", "log10_p"),
    [(1500, 3, -324.230586495745233), (2500, 99, -454.588694028899561), (1e5, 1, -21717.3221594439427)],
)
def test_the_tail_of_chi_square_has_the_right_size_where_floats_underflow(q, df, log10_p):
    p, log = chi_square_tail(q, df)
    assert log == pytest.approx(log10_p, rel=1e-12)
    assert p > 0


@given(st.floats(0.01, 1e3), st.integers(1, 20), st.integers(2, 500))
def test_where_floats_hold_the_tail_of_f_is_that_of_scipy(f, df_between, df_within):
    p, log = f_tail(f, df_between, df_within)
    expected = stats.f.sf(f, df_between, df_within)
    assert p == pytest.approx(expected, rel=1e-12) or expected < 1e-290
    assert 10**log == pytest.approx(p, rel=1e-9) or expected < 1e-290


def test_the_logarithm_does_not_jump_where_the_series_takes_over():
    logs = [f_tail(f, 3, 3280)[1] for f in range(540, 580)]
    steps = [b - a for a, b in pairwise(logs)]
    assert min(logs) < -292 < max(logs)
    assert max(steps) - min(steps) < 0.01
