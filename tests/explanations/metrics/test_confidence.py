"""Maps that show everything, or nothing, or just the planted square."""

import numpy as np
import pytest
import torch

from explanations.metrics.measures import confidence
from explanations.metrics.subject import NotMeasurableError, unwatched


def test_a_map_that_shows_everything_drops_nothing_and_leaves_the_bias_alone(linear_subject):
    subject = linear_subject(importance=np.ones((8, 8)))
    found = confidence.measure(subject, {"images": 1}, unwatched)
    whole = subject.model(subject.images).softmax(1)[0, 1].item()
    black = subject.model(torch.zeros(1, 1, 8, 8)).softmax(1)[0, 1].item()
    assert (found["background-drop"], found["background-increase"]) == ([0], [0])
    assert found["subject-drop"] == pytest.approx([100 * max(whole - black, 0) / whole], abs=1e-4)
    assert found["subject-increase"] == [100.0 * (black > whole)]


def test_what_speaks_for_a_class_alone_raises_the_confidence_in_it(linear_subject):
    speaks_for = (linear_subject().importance > 0).astype(float)
    found = confidence.measure(linear_subject(importance=speaks_for), {"images": 1}, unwatched)
    assert found["background-increase"] == [100]
    assert found["subject-drop"] > 0


def test_half_of_the_confidence_lost_is_a_drop_of_50_per_cent():
    assert confidence.drop(np.array([0.8, 0.5]), np.array([0.4, 0.9])).tolist() == [50, 0]
    assert confidence.increase(np.array([0.8, 0.5]), np.array([0.4, 0.9])).tolist() == [0, 100]


def test_a_map_without_a_positive_value_shows_no_subject(linear_subject):
    with pytest.raises(NotMeasurableError, match="the map has no positive value"):
        confidence.measure(linear_subject(importance=-np.ones((8, 8))), {"images": 1}, unwatched)
