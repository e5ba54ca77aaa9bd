from itertools import permutations, product

import numpy as np
import pytest
from scipy import stats

from analysis.inference.permutation import permutation_test


def test_p_is_near_that_of_all_permutations():
    table = np.array([[5, 2, 1], [4, 3, 1], [1, 4, 3], [6, 1, 1]]) / 8
    means = [
        (np.sum([np.array(row) for row in rows], axis=0) ** 2).sum()
        for rows in product(*(list(permutations(row)) for row in table))
    ]
    exact = np.mean(np.array(means) >= (table.sum(axis=0) ** 2).sum() - 1e-12)
    assert permutation_test(table, n_permutations=50_000).p == pytest.approx(exact, abs=0.006)


def test_of_two_methods_it_is_scipy_s_paired_permutation_test():
    a = np.array([9, 6, 8, 7, 3, 8, 6]) / 10
    exact = stats.permutation_test(
        (a, 1 - a), lambda x, y: abs(np.mean(x - y)), permutation_type="samples", alternative="greater"
    )
    assert permutation_test(np.column_stack([a, 1 - a]), n_permutations=50_000).p == pytest.approx(
        exact.pvalue, abs=0.01
    )


def test_more_methods_than_can_be_listed_are_permuted_too():
    table = np.random.default_rng(2).dirichlet([3.0] * 7, size=20)
    assert 0 < permutation_test(table, n_permutations=999).p <= 1
    assert permutation_test(np.sort(table, axis=1), n_permutations=999).p == 0.001


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


def test_drawing_counts_of_permutations_gives_the_same_p():
    table = np.random.default_rng(4).multinomial(4, [0.26, 0.25, 0.25, 0.24], size=700)
    one_by_one = permutation_test(table + np.linspace(0, 1e-9, 700)[:, None])  # no two rows are equal
    assert permutation_test(table).p == pytest.approx(one_by_one.p, abs=0.02)
    assert 0.05 < one_by_one.p < 0.95


def test_a_p_at_its_floor_says_so():
    table = np.tile([[4, 1, 0]], (12, 1))
    assert permutation_test(table).is_at_floor
    assert not permutation_test([[2, 1, 1], [1, 2, 1], [1, 1, 2]]).is_at_floor
