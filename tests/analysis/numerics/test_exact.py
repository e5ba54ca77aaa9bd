from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.numerics.exact import ExactGroups, ExactShares

counts = (
    st.integers(2, 5)
    .flatmap(
        lambda k: arrays(np.int64, st.tuples(st.integers(2, 8), st.just(k)), elements=st.integers(0, 30))
    )
    .filter(lambda table: table.sum(axis=1).min() > 0)
)


def as_fractions(table):
    columns = {}
    for j in range(table.shape[1]):
        columns[str(j)] = [Fraction(int(row[j]), int(row.sum())) for row in table]
    return columns


@given(counts)
def test_shares_from_counts_are_the_same_fractions_as_any_numbers(table):
    shares = ExactShares(table, [str(j) for j in range(table.shape[1])])
    plain = ExactGroups.convert(as_fractions(table))
    assert shares.names == plain.names
    for j in range(len(plain.names)):
        assert (shares.mean(j), shares.variance(j)) == (plain.mean(j), plain.variance(j))
    assert shares.covariances() == plain.covariances()
    assert (shares.ranks == plain.ranks).all()


def test_counts_that_overflow_machine_integers_are_still_exact():
    table = np.array([[3_000_000_019, 5], [7, 2_999_999_999]])
    shares = ExactShares(table, "ab")
    assert shares.variance(0) == ExactGroups.convert(as_fractions(table)).variance(0)


def test_a_large_study_stays_in_machine_integers():
    table = np.full((50_000, 4), 5)
    assert ExactShares(table, "abcd").products[0][0] == 50_000 * 25
    assert ExactShares(table, "abcd")._dtype is np.int64


@pytest.mark.parametrize("group", [0, 1])
def test_a_single_number_has_no_variance(group):
    assert ExactGroups.convert({"a": [1.5], "b": [2]}).variance(group) == 0
