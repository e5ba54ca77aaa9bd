import re
from collections import namedtuple
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from explanations.datasets.preprocessing import Normalised, Preprocessing
from explanations.models import classifiers, loading

CLASSES = ("0", "1", "2")
IMAGE = torch.rand(1, 8, 8, generator=torch.Generator().manual_seed(0))

Outputs = namedtuple("Outputs", ["features", "logits"])


class Returns(nn.Module):
    """A network that returns what `give` makes of the logits."""

    def __init__(self, give: Any) -> None:
        super().__init__()
        self.layer = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
        self.give = give

    def forward(self, images: Tensor) -> Any:
        return self.give(self.layer(images))


def test_a_network_that_fits_is_left_as_it_is(linear_model: nn.Module) -> None:
    assert loading.fit("a:b", linear_model, IMAGE, CLASSES) is linear_model


@pytest.mark.parametrize(
    "give",
    [
        lambda logits: (logits, logits + 1),
        lambda logits: [logits, logits + 1],
        lambda logits: {"aux": logits + 1, "logits": logits},
        lambda logits: Outputs(logits + 1, logits),
    ],
)
def test_of_several_outputs_the_logits_are_taken(give: Any) -> None:
    model = Returns(give)
    fitted = loading.fit("a:b", model, IMAGE, CLASSES)
    assert torch.equal(fitted(IMAGE[None]), model.layer(IMAGE[None]))


def test_the_preprocessing_is_known_behind_other_layers() -> None:
    wanted = Preprocessing(mean=(0.5,), std=(0.5,))
    model = loading.fit("a:b", Normalised(Returns(lambda logits: (logits, 1)), wanted), IMAGE, CLASSES)
    assert isinstance(model, loading.Logits)
    assert classifiers.preprocessing_of(model) == wanted


@pytest.mark.parametrize(
    ("give", "expected"),
    [
        (lambda logits: "cat", "a:b: gives a str for images; logits (N, classes) are wanted"),
        (lambda logits: (), "a:b: gives a tuple for images; logits (N, classes) are wanted"),
        (
            lambda logits: logits[0],
            "a:b: gives 3 of torch.float32 for an image; logits (1, classes) are wanted",
        ),
        (lambda logits: logits.argmax(1)[None], "a:b: gives 1 x 1 of torch.int64 for an image; logits"),
        (lambda logits: logits / 0, "a:b: gives logits that are not finite for the first image"),
        (
            lambda logits: logits.softmax(1),
            "a:b: gives probabilities; logits are wanted, so leave its softmax out",
        ),
        (
            lambda logits: logits[:, :2],
            "a:b: has 2 outputs, but the data have 3 classes; name those of all outputs",
        ),
    ],
)
def test_other_outputs_are_refused_in_one_line(give: Any, expected: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}"):
        loading.fit("a:b", Returns(give), IMAGE, CLASSES)


def test_numbered_classes_may_be_fewer_than_outputs_but_named_ones_not(linear_model: nn.Module) -> None:
    assert loading.fit("a:b", linear_model, IMAGE, ("0", "1")) is linear_model
    with pytest.raises(
        ValueError, match=r"^a:b: has 3 outputs, but the data have 2 classes; name those of all"
    ):
        loading.fit("a:b", linear_model, IMAGE, ("cat", "dog"))


def test_images_of_a_wrong_size_are_refused_in_one_line(linear_model: nn.Module) -> None:
    with pytest.raises(
        ValueError, match=r"^a:b: can't take images of 3 x 9 x 9 \(RuntimeError: mat1"
    ) as caught:
        loading.fit("a:b", linear_model, torch.rand(3, 9, 9), CLASSES)
    assert str(caught.value).endswith("; declare what it takes, as in --preprocessing size=224 channels=3")
    assert "\n" not in str(caught.value)


def test_images_of_other_channels_than_the_means_are_refused() -> None:
    model = Normalised(Returns(lambda logits: logits), Preprocessing(mean=(0.1, 0.2, 0.3), std=(1.0,)))
    with pytest.raises(
        ValueError, match=r"^a:b: takes 3 channels by its preprocessing, but the images are 1 x 8"
    ):
        loading.fit("a:b", model, IMAGE, CLASSES)
