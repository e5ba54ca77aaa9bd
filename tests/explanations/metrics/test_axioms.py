"""Gradient times input is complete for a linear network, and knows no hidden units."""

import numpy as np
import pytest
import torch
from torch import nn

from explanations.metrics.measures import axioms
from explanations.metrics.subject import Method, NotMeasurableError, unwatched


def mean(weights):
    return weights.mean(axis=0)


def input_x_gradient(model, images):
    images = images.clone().requires_grad_()
    [gradient] = torch.autograd.grad(model(images)[:, 1].sum(), images)
    return (images * gradient).detach().flatten(1).double().numpy()


def positive_weights_only(model, images):
    """A rule that looks into the network: only positive weights of the layers count."""
    hidden = model[1].weight.clamp(min=0)
    return (model[3].weight[1].clamp(min=0) @ hidden)[None].double().numpy().repeat(len(images), 0)


@pytest.fixture
def network():
    """Two linear layers with a ReLU and dropout between, in evaluation mode."""
    torch.manual_seed(3)
    layers = nn.Flatten(), nn.Linear(64, 10), nn.ReLU(), nn.Linear(10, 3)
    return nn.Sequential(*layers).eval().requires_grad_(False)


def black(images):
    """The baselines (m, C, H, W) of each image: a black image."""
    return [torch.zeros(1, *image.shape) for image in images]


def test_input_times_gradient_is_complete_for_a_linear_network(linear_subject):
    subject = linear_subject(method=Method(input_x_gradient, mean, baselines=black))
    found = axioms.complete(subject, {"images": 1}, unwatched)
    assert found["incompleteness"] == pytest.approx([0], abs=1e-5)


def test_weights_that_are_a_tenth_too_large_have_an_error_of_a_tenth(linear_subject):
    method = Method(lambda m, images: 1.1 * input_x_gradient(m, images), mean, baselines=black)
    found = axioms.complete(linear_subject(method=method), {"images": 1}, unwatched)
    assert found["incompleteness"] == pytest.approx([0.1], rel=1e-4)


def test_completeness_is_measured_against_the_mean_score_of_several_baselines(linear_subject):
    def half(model, images):
        return input_x_gradient(model, images) / 2

    def black_and_itself(images):
        return [torch.stack([torch.zeros_like(image), image]) for image in images]

    method = Method(half, mean, baselines=black_and_itself)
    found = axioms.complete(linear_subject(method=method), {"images": 1}, unwatched)
    assert found["incompleteness"] == pytest.approx([0], abs=1e-5)


def test_an_equivalent_network_computes_the_same_with_other_units(network, bright_images):
    other = axioms.equivalent(network, seed=0)
    assert torch.allclose(other(bright_images), network(bright_images), atol=1e-4)
    assert other[1].out_features == 42


def test_a_gradient_does_not_see_units_that_cancel_out(linear_subject, network):
    subject = linear_subject(model=network, method=Method(input_x_gradient, mean, invariant=True))
    assert axioms.invariant(subject, {"images": 1}, unwatched)["variance"] == pytest.approx([0], abs=1e-4)


def test_a_rule_that_looks_into_the_network_does(linear_subject, network):
    subject = linear_subject(model=network, method=Method(positive_weights_only, mean, invariant=True))
    assert axioms.invariant(subject, {"images": 1}, unwatched)["variance"] > 0.1


def test_a_method_is_held_to_what_it_promises_only(linear_subject):
    subject = linear_subject(method=Method(input_x_gradient, mean))
    with pytest.raises(NotMeasurableError, match="a method that promises completeness"):
        axioms.complete(subject, {"images": 1}, unwatched)
    with pytest.raises(NotMeasurableError, match="a method that promises implementation invariance"):
        axioms.invariant(subject, {"images": 1}, unwatched)


def test_a_network_without_two_linear_layers_in_a_row_has_no_equivalent(curved_model):
    with pytest.raises(NotMeasurableError, match=r"two layers of torch\.nn\.Linear"):
        axioms.equivalent(curved_model, seed=0)
    assert np.isfinite(curved_model(torch.zeros(1, 1, 8, 8)).numpy()).all()
