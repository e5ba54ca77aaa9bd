import numpy as np
import pytest

from analysis.planning.simulation import Stimuli, Studies, balance, draw, draw_over_stimuli

SHARES = np.array([0.4, 0.3, 0.2, 0.1])


def test_participants_differ_by_the_intraclass_correlation():
    counts = draw(np.array([0.5, 0.5]), 20_000, 20, 0.1, 1, np.random.default_rng(1))[0, :, 0]
    assert counts.var() / (20 * 0.25) == pytest.approx(1 + 19 * 0.1, rel=0.05)


def test_a_smaller_study_is_the_beginning_of_a_larger_one():
    small, large = Studies(SHARES, 20, 0.05, 3, seed=1), Studies(SHARES, 20, 0.05, 3, seed=1)
    assert (small.counts(10) == large.counts(100)[:, :10]).all()
    assert (small.counts(100) == large.counts(100)).all()


def test_shares_over_all_stimuli_are_those_that_were_asked_for():
    stimuli = Stimuli(labels=500, stimulus_sd=1.0)
    weights = balance(SHARES, stimuli, 0.05, seed=1)
    counts = draw_over_stimuli(weights, 40, stimuli, 0.05, 2, np.random.default_rng(1))
    assert counts.sum(axis=(0, 1, 2)) / counts.sum() == pytest.approx(SHARES, abs=0.02)


def test_stimuli_without_deviations_leave_the_shares_alone():
    assert balance(SHARES, Stimuli(10), 0.05, seed=1) == pytest.approx(SHARES, abs=0.005)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"labels": 4}, "labels must be from 5 to 1,000 (got 4)"),
        ({"labels": 10, "replicates": 0}, "replicates must be from 1 to 100 (got 0)"),
        ({"labels": 10, "stimulus_sd": -1}, "stimulus_sd must be from 0 to 3 (got -1)"),
        ({"labels": 10, "map_sd": 4}, "map_sd must be from 0 to 3 (got 4)"),
    ],
)
def test_stimuli_outside_their_ranges_are_refused(values, message):
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the whole sentence is compared
        Stimuli(**values)
    assert str(refusal.value) == message
