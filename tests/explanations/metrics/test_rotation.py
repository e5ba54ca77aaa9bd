"""A method that looks at each pixel alone turns with its image; one that has a fixed answer does not."""

import numpy as np
import pytest
import torch

from explanations.metrics.measures import rotation
from explanations.metrics.subject import Method, NotMeasurableError, unwatched


def mean(weights):
    return weights.mean(axis=0)


PIXELWISE = Method(lambda model, images: images.flatten(1).double().numpy(), mean)
RIGHT = {"images": 4, "degrees": 90.0}


def test_a_quarter_turn_is_that_of_numpy(bright_images):
    found = rotation.rotated(bright_images, 90.0)
    assert torch.allclose(found, torch.rot90(bright_images, 1, (2, 3)), atol=1e-5)


def test_a_map_that_turns_with_its_image_is_not_sensitive(linear_subject, bright_images):
    subject = linear_subject(images=bright_images, method=PIXELWISE)
    assert rotation.measure(subject, RIGHT, unwatched)["rotation"] == pytest.approx([0], abs=1e-5)


def test_a_map_that_stays_where_it_is_moves_by_its_distance_to_itself_turned(linear_subject, bright_images):
    fixed = np.random.default_rng(0).random((8, 8))
    method = Method(lambda model, images: np.tile(fixed.ravel(), (len(images), 1)), mean)
    expected = [np.linalg.norm(np.rot90(fixed, turns) - fixed) for turns in (-1, 1)]
    found = rotation.measure(linear_subject(images=bright_images, method=method), RIGHT, unwatched)
    assert found["rotation"] == pytest.approx([np.mean(expected) / np.linalg.norm(fixed)], rel=1e-4)


def test_what_a_small_turn_moves_out_of_the_image_is_not_compared(linear_subject):
    flat = linear_subject(images=torch.ones(1, 1, 8, 8), method=PIXELWISE)
    found = rotation.measure(flat, {"images": 1, "degrees": 15.0}, unwatched)
    assert found["rotation"] == pytest.approx([0], abs=1e-3)


def test_a_random_order_can_not_be_asked_again(linear_subject):
    with pytest.raises(NotMeasurableError, match="a random order can't"):
        rotation.measure(linear_subject(), RIGHT, unwatched)
