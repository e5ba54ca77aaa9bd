"""An edge detector survives any randomisation; the weights of a linear network do not."""

import numpy as np
import pytest
import torch
from torch import nn

from explanations.metrics.measures import sanity
from explanations.metrics.subject import Method, unwatched


def mean(weights):
    return weights.mean(axis=0)


EDGES = Method(lambda model, images: images.flatten(1).double().numpy(), mean)
WEIGHTS = Method(lambda model, images: model[1].weight[1:2].double().numpy().repeat(len(images), 0), mean)


def test_a_method_that_ignores_the_network_looks_the_same_after_every_layer(linear_subject, curved_model):
    found = sanity.measure(linear_subject(model=curved_model, method=EDGES), {"images": 1}, unwatched)
    assert found["cascading"] == pytest.approx([1, 1])
    assert found["independent"] == pytest.approx([1, 1])


def test_a_method_that_shows_the_weights_does_not(linear_subject):
    found = sanity.measure(linear_subject(method=WEIGHTS), {"images": 1}, unwatched)
    assert abs(found["cascading"][0]) < 0.4


def test_layers_come_from_the_output_to_the_input(curved_model):
    assert sanity.layers(curved_model) == ["3", "0"]


def test_only_the_named_layers_are_randomised_and_the_network_itself_stays(curved_model):
    before = {name: value.clone() for name, value in curved_model.state_dict().items()}
    changed = sanity.randomised(curved_model, ["3"], seed=0)
    assert torch.equal(changed[0].weight, curved_model[0].weight)
    assert not torch.equal(changed[3].weight, curved_model[3].weight)
    assert all(torch.equal(value, before[name]) for name, value in curved_model.state_dict().items())


def test_parameters_of_a_module_that_can_not_reset_them_are_shuffled():
    class Scale(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.arange(20.0))

    changed = sanity.randomised(nn.Sequential(Scale()), ["0"], seed=0)[0].weight
    assert not torch.equal(changed, torch.arange(20.0))
    assert torch.equal(changed.sort().values, torch.arange(20.0))


def test_a_method_that_refuses_a_random_network_has_no_likeness_there(linear_subject):
    def refuses(model, images):
        if not torch.equal(model[1].weight, linear_subject().model[1].weight):
            raise ValueError("all weights are 0")
        return np.arange(64.0)[None]

    found = sanity.measure(linear_subject(method=Method(refuses, mean)), {"images": 1}, unwatched)
    assert np.isnan(found["cascading"]).all()


def test_the_cascade_keeps_what_it_has_randomised_and_the_others_stand_alone(linear_subject, curved_model):
    seen = []

    def spy(model, images):
        same = zip(model.parameters(), curved_model.parameters(), strict=True)
        seen.append([torch.equal(one, other) for one, other in same])
        return images.flatten(1).double().numpy()

    sanity.measure(linear_subject(model=curved_model, method=Method(spy, mean)), {"images": 1}, unwatched)
    trained, last, alone_last, both, alone_first = [sum(same) for same in seen]
    assert (trained, last, alone_last, both, alone_first) == (4, 2, 2, 0, 2)
