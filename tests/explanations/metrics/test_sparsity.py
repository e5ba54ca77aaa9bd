import numpy as np
import pytest

from explanations.metrics.measures import sparsity
from explanations.metrics.subject import NotMeasurableError


@pytest.mark.parametrize("k", [1, 7, 64])
def test_k_equal_pixels_are_k_effective_pixels_and_their_gini_index_is_what_is_left(k):
    importance = np.zeros(64)
    importance[:k] = -3e-200
    assert sparsity.effective_pixels(importance) == pytest.approx(k)
    assert sparsity.gini(importance) == pytest.approx(1 - k / 64)


def test_the_gini_index_is_half_the_relative_mean_difference():
    sizes = np.random.default_rng(0).random(50)
    difference = np.abs(sizes[:, None] - sizes).mean() / (2 * sizes.mean())
    assert sparsity.gini(sizes) == pytest.approx(difference)


def test_an_empty_map_has_no_sparsity():
    for function in (sparsity.gini, sparsity.effective_pixels):
        with pytest.raises(NotMeasurableError, match="0 everywhere"):
            function(np.zeros((8, 8)))
