from itertools import permutations, product

import numpy as np
import pytest
from scipy import stats

from analysis.numerics.resampling import bootstrap_sums, permutation_test


def test_the_bootstrap_spreads_as_the_standard_error_does():
    values = np.random.default_rng(1).normal(size=(50, 2))
    sums = bootstrap_sums(values, 20_000)
    assert sums.mean(axis=0) == pytest.approx(values.sum(axis=0), abs=0.2)
    assert sums.std(axis=0) == pytest.approx(values.std(axis=0) * np.sqrt(50), rel=0.02)


def test_each_replicate_draws_as_many_rows_as_there_are():
    assert (bootstrap_sums(np.ones((7, 1)), 500) == 7).all()


def test_rows_are_drawn_whole():
    values = np.array([[1.0, 2.0], [3.0, 6.0], [5.0, 10.0]])
    sums = bootstrap_sums(values, 100)
    assert (sums[:, 1] == 2 * sums[:, 0]).all()


def test_what_does_not_fit_at_once_is_drawn_in_parts():
    assert bootstrap_sums(np.arange(150_000.0)[:, None], 40).shape == (40, 1)


def test_shuffling_gives_the_p_of_all_permutations():
    table = np.array([[5, 2, 1], [4, 3, 1], [1, 4, 3], [6, 1, 1]]) / 8
    means = [
        (np.sum([np.array(row) for row in rows], axis=0) ** 2).sum()
        for rows in product(*(list(permutations(row)) for row in table))
    ]
    exact = np.mean(np.array(means) >= (table.sum(axis=0) ** 2).sum() - 1e-12)
    assert permutation_test(table, shuffles=50_000).p == pytest.approx(exact, abs=0.006)


def test_of_two_methods_it_is_scipy_s_paired_permutation_test():
    a = np.array([9, 6, 8, 7, 3, 8, 6]) / 10
    exact = stats.permutation_test(
        (a, 1 - a), lambda x, y: abs(np.mean(x - y)), permutation_type="samples", alternative="greater"
    )
    assert permutation_test(np.column_stack([a, 1 - a]), shuffles=50_000).p == pytest.approx(
        exact.pvalue, abs=0.01
    )


def test_many_methods_are_shuffled_too():
    table = np.random.default_rng(2).dirichlet([3.0] * 7, size=20)
    assert 0 < permutation_test(table, shuffles=999).p <= 1
    assert permutation_test(np.sort(table, axis=1), shuffles=999).p == 0.001


@pytest.mark.parametrize(
    ("table", "note"),
    [
        ([[0.6, 0.4]], "the permutation test is undefined: one participant says nothing about others"),
        ([[0.5, 0.5]] * 3, "the permutation test is undefined: every participant split their votes evenly"),
    ],
)
def test_an_undefined_permutation_test_says_why(table, note):
    result = permutation_test(table)
    assert (result.p, result.note, result.statement) == (None, note, "undefined")
