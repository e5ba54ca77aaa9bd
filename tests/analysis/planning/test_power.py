import numpy as np
import pytest
from scipy import stats

from analysis.planning.leads import detectable_lead
from analysis.planning.power import Simulation, expected_shares, power
from analysis.planning.simulation import Stimuli


def test_without_a_difference_the_anova_rejects_at_its_level():
    [result] = power([0.25] * 4, [40], 20, 0.0365, runs=1000).powers
    assert result.omnibus == pytest.approx(0.05, abs=0.02)
    assert result.claim < 0.02


def test_the_power_of_two_methods_is_that_of_the_paired_t_test():
    [result] = power([0.55, 0.45], [30], 20, 0.05, runs=2000).powers
    shift = 0.05 / np.sqrt(0.55 * 0.45 / 20 * (1 + 19 * 0.05) / 30)
    expected = stats.nct.sf(stats.t.ppf(0.975, 29), 29, shift)
    assert result.claim == pytest.approx(expected, abs=0.03)


def test_the_claim_over_all_others_is_rarer_than_the_lead_over_one():
    # A lead of .0667 over one fixed other of three is found in 82% of studies of 120 (paired t, Holm); the
    # report's sentence needs all three, by single-step max-t: 62% (2,000 runs).
    [result] = power([0.3, *[0.7 / 3] * 3], [120], 20, 0.036, runs=500).powers
    assert result.claim == pytest.approx(0.62, abs=0.07)


def test_a_detectable_lead_is_claimed_with_80_percent():
    lead = detectable_lead([0.25] * 4, 60, 20, 0.05, runs=1000, seed=1)
    [result] = power(expected_shares(4, lead), [60], 20, 0.05, runs=1000, seed=2).powers
    assert result.claim == pytest.approx(0.8, abs=0.04)


def test_two_participants_detect_no_lead():
    assert detectable_lead([0.25] * 4, 2, 20, 0.05, runs=200, seed=1) is None


def test_a_unanimous_study_is_found_from_6_participants_on():
    powers = power([1, 0], [5, 6], 20, 0.05, runs=20).powers
    assert [(p.omnibus, p.claim) for p in powers] == [(0, 0), (1, 1)]


def test_the_least_number_of_participants_reaches_the_wanted_power():
    simulation = Simulation(expected_shares(3, 0.2), 20, 0.05, runs=300)
    least = simulation.find_least(lambda p: p.claim, 0.8, 640)
    assert simulation.simulate(least).claim >= 0.8 > simulation.simulate(least - 2).claim


def test_a_power_that_no_size_reaches_has_no_least_number():
    assert Simulation([0.5, 0.5], 20, 0.05, runs=50).find_least(lambda p: p.claim, 0.9, 40) is None


def test_stimuli_that_vary_make_a_claim_over_them_rare():
    # Participants alone reject 82% of true nulls at these settings (300 runs of a mixed logit model).
    stimuli = Stimuli(labels=10, replicates=2, stimulus_sd=0.5, map_sd=0.25)
    [result] = power([0.25] * 4, [83], 20, 0.03, runs=100, stimuli=stimuli).powers
    assert result.omnibus > 0.7
    assert result.omnibus_over_stimuli < 0.1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ([0.5, 0.4], [10], 20, 0.1),
            "shares must be two or more numbers from 0 that add up to 1 (got 0.5, 0.4)",
        ),
        (([0.5, 0.5], [1], 20, 0.1), "participants must be from 2 to 10,000 (got 1)"),
        (([0.5, 0.5], [10], 0, 0.1), "votes must be from 1 to 10,000 (got 0)"),
        (([0.5, 0.5], [10], 20, 1.0), "icc must be from 0 to 0.99 (got 1)"),
        (([0.5, 0.5], [10], 20, 0.1, 0), "runs must be from 1 to 100,000 (got 0)"),
    ],
)
def test_impossible_assumptions_are_refused(arguments, message):
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the whole sentence is compared
        power(*arguments)
    assert str(refusal.value) == message
