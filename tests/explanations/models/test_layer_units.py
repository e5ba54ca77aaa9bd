"""A network cut at a layer computes from its units what the whole computes from pixels, to the last bit."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from explanations.datasets.labelled_images import LabelledImages
from explanations.datasets.preprocessing import Normalised, Preprocessing
from explanations.models import layer_units


@pytest.fixture
def split(bright_images: torch.Tensor) -> LabelledImages:
    labels = torch.arange(len(bright_images)) % 3
    return LabelledImages("squares", "train", "ab" * 32, ("0", "1", "2"), bright_images, labels)


def test_the_head_gives_for_units_what_the_network_gives_for_images(rectified_model, split):
    head, units, _ = layer_units.cut(rectified_model, "2", split, split)
    assert units.images.shape == (len(split.images), 1, 4, 9)
    assert torch.equal(head(units.images), rectified_model(split.images))


def test_units_lie_between_0_and_1_and_keep_their_labels(rectified_model, split):
    _, units, _ = layer_units.cut(rectified_model, "2", split, split)
    assert 0.5 < units.images.max() <= 1
    assert units.images.min() == 0
    assert (units.name, units.labels is split.labels) == ("squares, layer 2", True)


def test_test_images_are_divided_by_what_training_images_are(rectified_model, split):
    brighter = replace(split, images=8 * split.images)
    head, _, units = layer_units.cut(rectified_model, "2", split, brighter)
    assert units.images.max() > 1
    assert torch.equal(head(units.images), rectified_model(brighter.images))


def test_a_layer_without_places_has_a_row_an_output(rectified_model, split):
    _, units, _ = layer_units.cut(rectified_model, "3", split, split)
    assert units.images.shape[1:] == (1, 36, 1)


def test_what_is_in_front_of_the_network_stays_with_the_layer(rectified_model, split):
    whole = Normalised(rectified_model, Preprocessing(mean=(0.4,), std=(0.2,)))
    head, units, _ = layer_units.cut(whole, "2", split, split)
    assert torch.equal(head(units.images), whole(split.images))


def test_a_layer_may_lie_within_a_part_of_the_network(rectified_model, split):
    nested = nn.Sequential(rectified_model[:4], rectified_model[4:]).eval()
    head, units, _ = layer_units.cut(nested, "0.2", split, split)
    assert torch.equal(head(units.images), rectified_model(split.images))


def test_of_an_untrained_network_the_same_part_is_trained_again(rectified_model, split):
    head, units, _ = layer_units.cut(rectified_model, "2", split, split)
    anew = layer_units.untrained(nn.Sequential(*rectified_model), head)
    assert torch.equal(anew(units.images), head(units.images))
    assert layer_units.untrained(rectified_model, rectified_model) is rectified_model


def test_the_manifest_learns_of_the_cut_and_of_none(rectified_model, split):
    head, _, _ = layer_units.cut(rectified_model, "2", split, split)
    assert layer_units.record(head)["layer"] == "2"
    assert layer_units.record(head)["shape"] == [4, 3, 3]
    assert layer_units.record(rectified_model) == {}


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("9", "--layer '9': there is no such layer; allowed: 0, 1, 2, 3"),
        ("4", "--layer '4': nothing follows this layer; name one before it"),
        ("0.weight", "--layer needs a torch.nn.Sequential, but the model is a Conv2d"),
    ],
)
def test_a_layer_that_cuts_nothing_is_refused_in_one_line(rectified_model, split, layer, message):
    with pytest.raises(ValueError, match="^" + message + "$"):
        layer_units.cut(rectified_model, layer, split, split)


def test_a_layer_that_is_always_0_is_refused(split):
    model = nn.Sequential(nn.Threshold(9.0, 0.0), nn.Flatten(), nn.Linear(64, 3)).eval()
    with pytest.raises(ValueError, match=r"^--layer '0': its outputs are 0 for every image; name an"):
        layer_units.cut(model, "0", split, split)
