import numpy as np
import pytest
from scipy import stats

from analysis.__main__ import main
from analysis.inference.repeated_measures import repeated_measures
from analysis.planning.power import draw, looks, power, repeated_measures_p


@pytest.mark.parametrize(
    ("n", "final"), [(2, 1.977), (3, 2.004), (4, 2.024), (5, 2.040), (10, 2.087)]
)  # Jennison and Turnbull (2000), Group Sequential Methods, table 2.3: C_B(K, 0.05)
def test_bounds_are_those_of_the_published_table(n, final):
    result = looks([i / n for i in range(1, n + 1)])
    assert result.z[-1] == pytest.approx(final, abs=6e-4)
    assert result.z[0] == pytest.approx(result.z[-1] * np.sqrt(n))


def test_one_look_is_no_look_ahead():
    assert looks([1.0]).p[0] == pytest.approx(0.05)


def test_a_study_that_is_looked_at_by_these_bounds_holds_its_level():
    rng, bounds = np.random.default_rng(2), looks([0.25, 0.5, 1.0])
    sums = rng.standard_normal((100_000, 4)).cumsum(axis=1)[:, [0, 1, 3]]
    crossed = (np.abs(sums) / np.sqrt([1, 2, 4]) > bounds.z).any(axis=1).mean()
    assert crossed == pytest.approx(0.05, abs=0.0025)


def test_the_p_of_many_studies_is_that_of_each():
    tables = draw(np.array([0.4, 0.3, 0.2, 0.1]), 12, 20, 0.05, 5, np.random.default_rng(1))
    for table, p in zip(tables, repeated_measures_p(tables), strict=True):
        groups = {str(i): column for i, column in enumerate((table / 20).T.tolist())}
        assert p == pytest.approx(repeated_measures(groups).p, rel=1e-8)


def test_people_differ_as_much_as_was_asked_for():
    counts = draw(np.array([0.5, 0.5]), 20_000, 20, 0.1, 1, np.random.default_rng(1))[0, :, 0]
    assert counts.var() / (20 * 0.25) == pytest.approx(1 + 19 * 0.1, rel=0.05)


def test_without_a_difference_power_is_the_level():
    plan = power([0.25] * 4, [40], 20, 0.0365, runs=2000)
    assert plan.powers[0].any_difference == pytest.approx(0.05, abs=0.016)
    assert plan.powers[0].best_first < 0.02


def test_of_two_methods_power_is_that_of_the_t_test():
    plan = power([0.55, 0.45], [30], 20, 0.05, runs=4000)
    shift = 0.05 / np.sqrt(0.55 * 0.45 / 20 * (1 + 19 * 0.05) / 30)
    expected = stats.nct.sf(stats.t.ppf(0.975, 29), 29, shift)
    assert plan.powers[0].best_first == pytest.approx(expected, abs=0.03)


def test_more_people_find_more():
    first, second = power([0.4, 0.3, 0.2, 0.1], [10, 40], 20, 0.05, runs=400).powers
    assert first.best_first < second.best_first


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.5, 0.4], [10], 20, 0.1), "shares are 0.5, 0.4; allowed are two or more that add up to 1"),
        (([0.5, 0.5], [1], 20, 0.1), "participants must be 2 or more, votes and runs 1 or more"),
        (([0.5, 0.5], [10], 20, 1.0), "the intra-class correlation is 1; allowed is from 0 to below 1"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(arguments, message):
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the whole sentence is compared
        power(*arguments)
    assert str(refusal.value) == message


def test_looks_must_rise_to_1():
    with pytest.raises(ValueError, match=r"^looks are at 0.5, 0.4, 1.0; allowed are rising"):
        looks([0.5, 0.4, 1.0])


def test_power_comes_from_the_shell(capfd):
    command = ["power", "--shares", "0.4,0.3,0.2,0.1", "--participants", "20,40", "--runs", "200"]
    assert main([*command, "--looks", "3"]) == 0
    text = capfd.readouterr().out
    assert "Best beats runner-up" in text
    assert "2.004" in text
    assert main(["power", "--shares", "0.4,0.3", "--participants", "20"]) == 2
    assert capfd.readouterr().err == "shares are 0.4, 0.3; allowed are two or more that add up to 1\n"
