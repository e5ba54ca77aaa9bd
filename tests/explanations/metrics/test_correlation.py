"""Of a linear network a pixel's drop is its contribution: the correlation is 1."""

import numpy as np
import pytest
import torch

from explanations.metrics.measures import correlation
from explanations.metrics.subject import NotMeasurableError, unwatched

SINGLE = {"images": 1, "size": 1, "fill": "black", "sigma": 1.0, "output": "logit"}


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_contributions_to_a_linear_network_correlate_perfectly_with_the_drops(linear_subject, size):
    found = correlation.measure(linear_subject(), {**SINGLE, "size": size}, unwatched)
    assert found["correlation"] == pytest.approx([1], abs=1e-5)


def test_the_drops_of_a_linear_network_are_the_contributions(linear_subject, contributions):
    subject = linear_subject()
    black = torch.zeros_like(subject.images)
    found = correlation.drops(subject.model, subject.images, black, subject.target, 1, "logit", unwatched)
    assert found[0] == pytest.approx(contributions, abs=1e-5)


def test_a_square_at_the_edge_has_the_pixels_that_are_left():
    assert correlation.pooled(np.ones((5, 5)), 2).tolist() == [4, 4, 2, 4, 4, 2, 2, 2, 1]


def test_pearson_is_that_of_numpy():
    a, b = np.random.default_rng(0).random((2, 3, 40))
    expected = [np.corrcoef(x, y)[0, 1] for x, y in zip(a, b, strict=True)]
    assert correlation.pearson(a, b) == pytest.approx(expected)


def test_a_flat_map_correlates_with_nothing(linear_subject):
    with pytest.raises(NotMeasurableError, match="the map is the same everywhere"):
        correlation.measure(linear_subject(importance=np.ones((8, 8))), SINGLE, unwatched)
