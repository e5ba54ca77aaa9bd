"""Two seeds, two methods, of which one has two replicates: the gains are known by hand."""

import pytest

from explanations.metrics import retraining_curves
from explanations.metrics.retraining_curves import WHOLE, gains


@pytest.fixture
def curves() -> list[retraining_curves.Curve]:
    found = {
        (*WHOLE, 0): 0.01,
        (*WHOLE, 1): 0.02,
        ("a", 1, 0.5, 0): 0.03,
        ("a", 1, 0.5, 1): 0.02,
        ("a", 1, 0.9, 0): 0.05,
        ("a", 1, 0.9, 1): 0.08,
        ("b", 1, 0.5, 0): 0.01,
        ("b", 1, 0.5, 1): 0.02,
        ("b", 1, 0.9, 0): 0.01,
        ("b", 1, 0.9, 1): 0.02,
        ("b", 2, 0.5, 0): 0.03,
        ("b", 2, 0.5, 1): 0.04,
        ("b", 2, 0.9, 0): 0.01,
        ("b", 2, 0.9, 1): 0.02,
    }
    return retraining_curves.curves("kar", found)


def test_every_curve_begins_where_nothing_is_removed(curves):
    assert [(curve.method, curve.replicate) for curve in curves] == [("a", 1), ("b", 1), ("b", 2)]
    assert {curve.points[0].errors for curve in curves} == {(0.01, 0.02)}


def test_a_method_is_scored_by_its_mean_error_over_the_shares_removed(curves):
    assert curves[0].by_seed == pytest.approx([4, 5])


def test_a_seed_gains_beyond_its_own_network_that_sees_everything(curves):
    assert gains(curves, "a", 0.5) == pytest.approx([2, 0])


def test_replicates_are_averaged_within_a_seed(curves):
    assert gains(curves, "b", 0.5) == pytest.approx([1, 1])
