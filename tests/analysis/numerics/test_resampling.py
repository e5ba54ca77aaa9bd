import numpy as np
import pytest

from analysis.numerics.resampling import bootstrap_sums


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


def test_repeated_rows_are_drawn_as_often_as_single_ones():
    few = np.array([[1.0, 0.0], [0.0, 3.0], [2.0, 2.0]])
    often = np.repeat(few, [60, 30, 10], axis=0)
    sums = bootstrap_sums(often, 20_000)
    covariance = 100 * np.cov(often.T, ddof=0)  # of the sum of 100 independent draws
    assert sums.mean(axis=0) == pytest.approx(often.sum(axis=0), abs=0.3)
    assert np.cov(sums.T) == pytest.approx(covariance, rel=0.05)
