import numpy as np
import pytest

from explanations.metrics.measures import stability
from explanations.metrics.subject import NotMeasurableError, unwatched

SETTINGS = {"images": 1, "share": 0.25}


def test_a_map_agrees_with_any_rising_function_of_itself(linear_subject):
    own = np.random.default_rng(0).random((8, 8))
    found = stability.measure(linear_subject(importance=own, siblings=(own**3,)), SETTINGS, unwatched)
    assert found == {"replicate-correlation": pytest.approx([1]), "replicate-overlap": pytest.approx([1])}


def test_a_reversed_map_agrees_with_nothing(linear_subject):
    own = np.random.default_rng(0).random((8, 8))
    found = stability.measure(linear_subject(importance=own, siblings=(-own,)), SETTINGS, unwatched)
    assert found == {"replicate-correlation": pytest.approx([-1]), "replicate-overlap": pytest.approx([0])}


def test_every_other_replicate_is_compared(linear_subject):
    others = tuple(np.random.default_rng(seed).random((8, 8)) for seed in range(3))
    found = stability.measure(linear_subject(siblings=others), SETTINGS, unwatched)
    assert found["replicate-correlation"].shape == (3,)


def test_a_single_replicate_has_no_stability(linear_subject):
    with pytest.raises(NotMeasurableError, match="a second replicate"):
        stability.measure(linear_subject(), SETTINGS, unwatched)
