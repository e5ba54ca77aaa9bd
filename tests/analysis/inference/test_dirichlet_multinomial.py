import math

import numpy as np
import pytest
from scipy import optimize, special, stats

from analysis.inference.dirichlet_multinomial import dirichlet_multinomial


def test_the_likelihood_is_as_high_as_a_plain_search_finds_it(normlime_table):
    counts = normlime_table.counts().table

    def loss(logs):
        alpha = np.exp(logs) * np.ones(4)
        rows = special.gammaln(alpha + counts) - special.gammaln(alpha)
        both = special.gammaln(alpha.sum()) - special.gammaln(alpha.sum() + counts.sum(axis=1))
        return -(rows.sum() + both.sum())

    search = {"method": "Nelder-Mead", "options": {"xatol": 1e-9, "fatol": 1e-9, "maxiter": 4000}}
    free = optimize.minimize(loss, np.log([10, 5, 2, 2]), **search).fun
    equal = optimize.minimize(loss, [1.0], **search).fun
    assert dirichlet_multinomial(counts).chi_square == pytest.approx(2 * (equal - free), rel=1e-7)


def test_votes_that_are_independent_give_the_multinomial_likelihood_ratio():
    counts = np.tile([[6, 5, 5, 4]], (30, 1))  # more alike than chance
    result = dirichlet_multinomial(counts)
    g = stats.power_divergence(counts.sum(axis=0), lambda_="log-likelihood").statistic
    assert result.chi_square == pytest.approx(g, rel=1e-12)
    assert result.concentration == math.inf


def test_one_participant_has_no_likelihood_ratio():
    result = dirichlet_multinomial([[3, 2]])
    assert result.p is None
    assert result.note.endswith("one participant says nothing about others")
