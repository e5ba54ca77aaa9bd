import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from analysis.numerics.multiplicity import holm


@settings(max_examples=20)
@given(st.lists(st.floats(1e-200, 1), min_size=1, max_size=8))
def test_holm_is_that_of_statsmodels(p):
    expected = multipletests(p, method="holm")[1]
    adjusted = holm([(x, math.log10(x)) for x in p])
    assert [x[0] for x in adjusted] == pytest.approx(expected, rel=1e-12)
    assert [10 ** x[1] for x in adjusted] == pytest.approx(expected, rel=1e-10)


def test_an_undefined_p_is_not_counted_by_holm():
    assert holm([(0.02, math.log10(0.02)), None, (0.5, math.log10(0.5))]) == [
        (0.04, pytest.approx(math.log10(0.04))),
        None,
        (0.5, pytest.approx(math.log10(0.5))),
    ]
