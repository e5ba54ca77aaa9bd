import logging
import re
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explanations.attribution.propagation.preparation import prepare
from explanations.datasets.preprocessing import AS_IT_IS, Normalised, Preprocessing
from explanations.models import classifiers, execution
from explanations.models.classifiers import LoadedModel
from explanations.models.hubs.network import Network
from explanations.models.outputs import OneByOne, link_of, probabilities
from explanations.models.spec import ModelSpec
from explanations.models.trial import try_out

CLASSES = ("0", "1", "2")
IMAGES = torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(0))

Pair = namedtuple("Pair", ["features", "logits"])


class Returns(nn.Module):
    """A network that returns what `give` makes of the logits."""

    def __init__(self, give: Callable[[Tensor], Any], classes: int = 3) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.layer = nn.Sequential(nn.Flatten(), nn.Linear(64, classes))
        self.give = give

    def forward(self, images: Tensor) -> Any:
        return self.give(self.layer(images))


class Views(nn.Module):
    """The flattening of PyTorch's older MNIST example, which needs the usual layout."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution, self.last = nn.Conv2d(1, 4, 3), nn.Linear(144, 3)

    def forward(self, images: Tensor) -> Tensor:
        return self.last(F.relu(self.convolution(images)).view(-1, 144))


def loaded(model: nn.Module, preprocessing: Preprocessing = AS_IT_IS, **said: str) -> LoadedModel:
    return LoadedModel(ModelSpec("a:b", **said), model.eval().requires_grad_(False), "ab", preprocessing)


def tried(model: nn.Module, classes: tuple[str, ...] = CLASSES, **said: str) -> LoadedModel:
    return try_out(loaded(model, **said), IMAGES, classes)


# Networks as their authors wrote them


def test_a_network_that_fits_is_left_as_it_is(linear_model: nn.Module) -> None:
    assert tried(linear_model).model is linear_model


def test_convolutions_are_laid_out_with_their_channels_innermost(curved_model: nn.Module) -> None:
    model = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.Conv2d(3, 1, 3, padding=1), curved_model).eval()
    assert tried(model).model[1].weight.stride() == (27, 1, 9, 3)


def test_a_network_that_flattens_by_view_runs_as_it_was_written() -> None:
    model = Views()
    expected = model(IMAGES)
    assert torch.equal(tried(model).model(IMAGES), expected)
    assert all(parameter.is_contiguous() for parameter in model.parameters())


def test_batch_normalisation_without_running_statistics_is_not_folded() -> None:
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4, track_running_stats=False), nn.Flatten())
    model = nn.Sequential(*model, nn.Linear(144, 3)).eval().requires_grad_(False)
    optimised = execution.optimise(model, IMAGES[:1])
    torch.testing.assert_close(optimised(IMAGES[:1]), model(IMAGES[:1]))


# Which output


@pytest.mark.parametrize(
    ("give", "place"),
    [
        (lambda logits: (logits, logits + 1), "0"),
        (lambda logits: [logits, logits + 1], "0"),
        (lambda logits: (torch.cat([logits, logits], 1), logits), "1"),
        (lambda logits: {"aux": logits + 1, "logits": logits}, "logits"),
        (lambda logits: Pair(logits + 1, logits), "logits"),
        (lambda logits: (logits[:, :, None, None], logits, None), "1"),
    ],
)
def test_of_several_outputs_the_scores_of_the_classes_are_found(give: Any, place: str) -> None:
    model = Returns(give)
    found = tried(model)
    assert found.outputs == place
    assert torch.equal(found.model(IMAGES), model.layer(IMAGES))


@pytest.mark.parametrize("place", ["1", "aux"])
def test_an_output_may_be_named(place: str) -> None:
    model = Returns(
        lambda logits: (logits, logits + 1) if place == "1" else {"main": logits, "aux": logits + 1}
    )
    assert torch.equal(tried(model, outputs=place).model(IMAGES), model.layer(IMAGES) + 1)


def test_outputs_among_which_none_is_of_the_classes_are_listed() -> None:
    model = Returns(lambda logits: (torch.cat([logits, logits], 1), logits[:, :1]))
    expected = r"^a:b: returns 0 \(1 x 6\), 1 \(1 x 1\); say with --outputs which are scores of classes$"
    with pytest.raises(ValueError, match=expected):
        tried(model)


def test_an_output_that_is_not_there_is_refused() -> None:
    model = Returns(lambda logits: {"main": logits})
    with pytest.raises(ValueError, match=r"^--outputs aux: a:b has no such output; allowed: main \(1 x 3\)$"):
        tried(model, outputs="aux")


# What it holds


@pytest.mark.parametrize(
    ("give", "scores"),
    [
        (lambda logits: F.log_softmax(logits, dim=1), "log-softmax"),
        (lambda logits: logits.log_softmax(1), "log-softmax"),
        (lambda logits: logits.softmax(1), "probabilities"),
        (nn.Softmax(1), "probabilities"),
        (nn.LogSoftmax(1), "log-softmax"),
        (torch.sigmoid, "sigmoid"),
        (nn.Sigmoid(), "sigmoid"),
    ],
)
def test_what_goes_into_the_last_softmax_or_sigmoid_is_explained(give: Any, scores: str) -> None:
    model = Returns(give)
    found = tried(model)
    assert found.scores == scores
    assert torch.equal(found.model(IMAGES), model.layer(IMAGES))
    assert link_of(found.model) == ("sigmoid" if scores == "sigmoid" else "softmax")


@pytest.mark.parametrize(
    "give",
    [
        lambda logits: logits.exp() / logits.exp().sum(1, keepdim=True),
        lambda logits: logits - logits.logsumexp(1, keepdim=True),
    ],
)
def test_probabilities_of_other_operations_keep_their_values(give: Any) -> None:
    model = Returns(give)
    torch.testing.assert_close(tried(model).model(IMAGES).softmax(1), model.layer(IMAGES).softmax(1))


def test_the_output_of_a_network_with_one_is_its_second_class() -> None:
    model = Returns(lambda logits: logits, classes=1)
    found, logit = tried(model, ("no", "yes")).model, model.layer(IMAGES)
    assert torch.equal(found(IMAGES), torch.cat([-logit, logit], dim=1))
    torch.testing.assert_close(probabilities(found, found(IMAGES))[:, 1:], logit.sigmoid())


def test_one_output_may_be_squeezed_and_a_probability() -> None:
    model = Returns(lambda logits: logits.squeeze().sigmoid(), classes=1)
    found = tried(model, ("no", "yes"))
    assert found.scores == "sigmoid"
    torch.testing.assert_close(found.model(IMAGES)[:, 1:], model.layer(IMAGES))


def test_classes_of_which_several_can_be_right_have_probabilities_of_their_own() -> None:
    found = tried(Returns(torch.sigmoid)).model
    torch.testing.assert_close(probabilities(found, found(IMAGES)), found(IMAGES).sigmoid())


def test_folding_keeps_how_logits_become_probabilities() -> None:
    layers = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(144, 3), nn.Sigmoid()
    found = tried(nn.Sequential(*layers)).model
    folded = execution.optimise(found, IMAGES)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    assert link_of(folded) == "sigmoid"


def test_scores_that_cannot_be_what_is_said_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^a:b: --scores is probabilities, but the outputs .* go from -"):
        tried(Returns(lambda logits: logits), scores="probabilities")


# What they depend on


def test_a_network_that_draws_random_numbers_is_refused_before_work() -> None:
    model = Returns(lambda logits: F.dropout(logits, 0.5, training=True))
    with pytest.raises(
        ValueError, match=r"^a:b: gives different scores for one image each time \(they differ by"
    ):
        tried(model)


def test_scores_that_depend_on_the_batch_are_named_and_asked_for_one_by_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    layers = nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4, track_running_stats=False), nn.Flatten(), nn.Linear(144, 3)
    model = nn.Sequential(*layers)
    with caplog.at_level(logging.WARNING):
        found = tried(model).model
    assert isinstance(found, OneByOne)
    torch.testing.assert_close(found(IMAGES)[1:2], model(IMAGES[1:2]))
    assert caplog.messages == [
        "a:b: its scores depend on the other images of a batch (1: batch normalisation without running "
        "statistics), so images go through it one at a time"
    ]


def test_a_network_that_takes_one_image_only_is_asked_one_by_one(caplog: pytest.LogCaptureFixture) -> None:
    model = nn.Sequential(nn.Flatten(0), nn.Unflatten(0, (1, 64)), nn.Linear(64, 3))
    with caplog.at_level(logging.WARNING):
        found = tried(model).model
    assert found(IMAGES).shape == (4, 3)
    assert "can only be asked one by one" in caplog.messages[0]


def test_a_network_without_gradients_says_so() -> None:
    model = Returns(lambda logits: logits.detach())
    assert tried(model).lacks == {"gradients": "its outputs have no gradient"}


# Refusals


def test_the_preprocessing_is_known_behind_other_layers() -> None:
    wanted = Preprocessing(mean=(0.5,), std=(0.5,))
    model = tried(Normalised(Returns(lambda logits: (logits, 1)), wanted)).model
    assert classifiers.preprocessing_of(model) == wanted


@pytest.mark.parametrize(
    ("give", "expected"),
    [
        (lambda logits: "cat", "a:b: returns a str for an image; it must return scores (1, classes)"),
        (lambda logits: None, "a:b: returns a NoneType for an image; it must return scores (1, classes)"),
        (lambda logits: (), "a:b: returns a tuple for an image; it must return scores (1, classes)"),
        (lambda logits: logits[0], "a:b: returns 3 for an image; it must return scores (1, classes)"),
        (
            lambda logits: logits[:, :, None, None].expand(-1, -1, 2, 2),
            "a:b: returns 1 x 3 x 2 x 2 for an image",
        ),
        (lambda logits: logits.argmax(1)[None], "a:b: returns 1 x 1 of torch.int64 for an image; it must"),
        (lambda logits: logits / 0, "a:b: returns scores that are not finite for the first image"),
        (
            lambda logits: logits[:, :2],
            "a:b: has 2 outputs, but the data have 3 classes; name the classes of all outputs",
        ),
    ],
)
def test_other_outputs_are_refused_in_one_line(give: Any, expected: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}"):
        tried(Returns(give))


def test_numbered_classes_may_be_fewer_than_outputs_but_named_ones_not(linear_model: nn.Module) -> None:
    assert tried(linear_model, ("0", "1")).model is linear_model
    with pytest.raises(ValueError, match=r"^a:b: has 3 outputs, but the data have 2 classes; name"):
        tried(linear_model, ("cat", "dog"))


def test_images_of_a_wrong_size_are_refused_in_one_line(linear_model: nn.Module) -> None:
    with pytest.raises(
        ValueError, match=r"^a:b: cannot take images of 3 x 9 x 9 \(RuntimeError: mat1"
    ) as caught:
        try_out(loaded(linear_model), torch.rand(1, 3, 9, 9), CLASSES)
    assert str(caught.value).endswith(", declare them, as in --preprocessing size=224 channels=3")
    assert "\n" not in str(caught.value)


def test_images_of_other_channels_than_the_means_are_refused() -> None:
    wanted = Preprocessing(mean=(0.1, 0.2, 0.3), std=(1.0,))
    with pytest.raises(
        ValueError, match=r"^a:b: takes 3 channels by its preprocessing, but the images are 1 x 8"
    ):
        try_out(loaded(Returns(lambda logits: logits), wanted), IMAGES, CLASSES)


def test_preparation_for_hooks_keeps_how_logits_become_probabilities() -> None:
    found = tried(Returns(torch.sigmoid)).model
    assert link_of(prepare(found, IMAGES[:1])) == "sigmoid"


def test_an_untrained_network_has_the_same_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    found = tried(Returns(lambda logits: (logits + 1, logits)), outputs="1")
    other = Returns(lambda logits: (logits + 1, logits))
    monkeypatch.setattr(classifiers.hubs, "open_network", lambda spec, with_weights: Network(other, ""))
    assert torch.equal(found.untrained()(IMAGES), other.layer(IMAGES))
