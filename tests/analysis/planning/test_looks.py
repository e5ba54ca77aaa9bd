import numpy as np
import pytest

from analysis.planning.looks import looks


@pytest.mark.parametrize(
    ("n", "final"), [(2, 1.977), (3, 2.004), (4, 2.024), (5, 2.040), (10, 2.087)]
)  # Jennison and Turnbull (2000), Group Sequential Methods, table 2.3: C_B(K, 0.05)
def test_bounds_are_those_of_the_published_table(n, final):
    result = looks([i / n for i in range(1, n + 1)])
    assert result.z[-1] == pytest.approx(final, abs=6e-4)
    assert result.z[0] == pytest.approx(result.z[-1] * np.sqrt(n))


def test_the_bound_of_a_single_look_is_alpha():
    assert looks([1.0]).p[0] == pytest.approx(0.05)


def test_looks_at_these_bounds_control_the_type_one_error():
    rng, bounds = np.random.default_rng(2), looks([0.25, 0.5, 1.0])
    sums = rng.standard_normal((100_000, 4)).cumsum(axis=1)[:, [0, 1, 3]]
    crossed = (np.abs(sums) / np.sqrt([1, 2, 4]) > bounds.z).any(axis=1).mean()
    assert crossed == pytest.approx(0.05, abs=0.0025)


def test_looks_that_do_not_increase_to_1_are_refused():
    with pytest.raises(ValueError, match=r"^looks must be increasing .* end with 1 \(got 0.5, 0.4, 1.0\)$"):
        looks([0.5, 0.4, 1.0])
