"""Of a linear network the curves are known: the logit less the sum of what was taken away."""

import numpy as np
import pytest
import torch

from explanations.metrics.measures import curves
from explanations.metrics.registry import METRICS
from explanations.metrics.subject import ranks, unwatched

LOGIT = {"images": 1, "steps": 64, "fill": "black", "sigma": 0.0, "output": "logit"}


def test_the_deletion_curve_of_a_linear_network_falls_by_each_contribution(linear_subject, contributions):
    subject = linear_subject()
    places = ranks(subject.importance, subject.generator())
    black = torch.zeros_like(subject.images)
    found = curves.curve(subject.model, subject.images, black, subject.target, places, 64, "logit")[0]
    bias = float(subject.model[1].bias[subject.target])
    expected = contributions.sum() + bias - np.r_[0, np.cumsum(np.sort(contributions)[::-1])]
    assert found == pytest.approx(expected, abs=1e-5)


def test_insertion_from_black_is_deletion_to_black_backwards_in_the_other_order(linear_subject):
    subject = linear_subject()
    places = ranks(subject.importance, subject.generator())
    black, asked = torch.zeros_like(subject.images), (subject.target, 63 - places, 64, "logit")
    inserted = curves.curve(subject.model, black, subject.images, subject.target, places, 64, "logit")
    deleted = curves.curve(subject.model, subject.images, black, *asked)
    assert inserted == pytest.approx(deleted[:, ::-1], abs=1e-5)


def test_no_order_deletes_faster_or_inserts_faster_than_the_contributions(linear_subject):
    best = curves.measure(linear_subject(), LOGIT, unwatched)
    random = np.random.default_rng(0)
    for _ in range(5):
        other = curves.measure(linear_subject(importance=random.random((8, 8))), LOGIT, unwatched)
        assert other["deletion"] > best["deletion"]


def test_the_area_under_a_straight_fall_from_1_to_0_is_a_half():
    assert curves.area(np.linspace(1, 0, 11)[None]) == pytest.approx([0.5])


def test_a_blur_keeps_the_mean_of_what_is_far_from_the_edge_and_a_flat_image():
    image = torch.zeros(1, 1, 31, 31)
    image[0, 0, 15, 15] = 1
    blurred = curves.blurred(image, 2.0)
    assert float(blurred.sum()) == pytest.approx(1, abs=1e-5)
    assert float(blurred.max()) == pytest.approx(1 / (2 * np.pi * 4), rel=0.02)
    assert curves.blurred(torch.full((1, 1, 9, 9), 0.3), 2.0) == pytest.approx(torch.full((1, 1, 9, 9), 0.3))


def test_an_unknown_fill_is_refused_with_those_that_exist(linear_subject):
    with pytest.raises(ValueError, match=r"^there is no fill 'grey'; allowed: mean, black, blur$"):
        curves.measure(linear_subject(), {**LOGIT, "fill": "grey"}, unwatched)


def test_progress_counts_every_image_that_goes_through_the_network(linear_subject):
    counted = []
    curves.measure(linear_subject(), LOGIT, counted.append)
    assert sum(counted) == METRICS["curves"].passes(LOGIT)


def test_equal_pixels_stand_by_lot_and_not_in_the_order_of_reading():
    places = ranks(np.zeros((8, 8)), np.random.default_rng(0))
    assert sorted(places) == list(range(64))
    assert list(places) != list(range(64))
