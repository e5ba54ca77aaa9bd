import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explanations.attribution import validity
from explanations.methods.registry import METHODS, Sample

WEIGHTS = np.arange(12.0).reshape(3, 4)


def test_weights_that_say_something_pass() -> None:
    validity.check_shape("lime", "3", WEIGHTS, (3, 4))
    validity.check_finite("lime", "3", WEIGHTS, "a reason")
    validity.check_images("lime", "3", WEIGHTS, "probability")


def test_weights_of_another_shape_are_refused() -> None:
    expected = r"^lime gives weights of shape \(2, 4\) for class '3'; expected \(3, 4\)$"
    with pytest.raises(ValueError, match=expected):
        validity.check_shape("lime", "3", WEIGHTS[:2], (3, 4))


def test_weights_that_are_not_finite_are_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match=r"^lime gives values that are not finite for class '3': a reason$"):
        validity.check_finite("lime", "3", np.where(WEIGHTS == 5, np.inf, WEIGHTS), "a reason")


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (
            0 * WEIGHTS,
            "lime gives nothing but zeros for class '3': "
            "the probability does not change, as one that is saturated; explain output=logit",
        ),
        (
            1e-9 * WEIGHTS,
            "lime gives weights of at most 1.1e-08 for class '3': the probability is saturated; "
            "explain the logit with output=logit",
        ),
        (
            np.ones((3, 4)),
            "lime gives every pixel the same weight for class '3', a map without a picture; "
            "try other parameters",
        ),
    ],
)
def test_maps_that_say_nothing_are_stopped(weights: np.ndarray, expected: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        validity.check_images("lime", "3", weights, "probability")
    assert str(caught.value) == expected


def test_one_image_without_weights_among_others_passes() -> None:
    validity.check_images("lime", "3", np.vstack([np.zeros(4), WEIGHTS]), "logit")


def test_what_does_not_add_up_is_stopped() -> None:
    validity.check_sum("LRP", 1.04, 1.0, 0.0, 0.05, "ask for more")
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        validity.check_sum("LRP", 1.06, 1.0, 0.0, 0.05, "ask for more")
    assert str(caught.value) == (
        "LRP is not complete: the weights add up to 1.06, the output changes by 1 "
        "(6.0% off, at most 5.0% allowed); ask for more"
    )


def test_a_sum_that_is_not_finite_is_blamed_on_the_gradient() -> None:
    expected = r"^LRP gives values that are not finite: an operation .* no finite gradient there"
    with pytest.raises(ValueError, match=expected):
        validity.check_sum("LRP", float("nan"), 1.0, 0.0, 0.05, "ask for more")


def test_an_output_that_is_not_finite_is_blamed_on_the_classifier() -> None:
    with pytest.raises(ValueError, match=r"^LRP needs finite outputs of the classifier"):
        validity.check_sum("LRP", 1.0, float("inf"), 0.0, 0.05, "ask for more")


def test_a_class_map_that_nobody_can_see_is_stopped() -> None:
    """Two images that contradict each other: their mean is zero everywhere."""
    weights = np.array([[1.0, -2.0], [-1.0, 2.0]])
    expected = r"^occlusion gives nothing but zeros for class '3': the weights of its images cancel out$"
    with pytest.raises(ValueError, match=expected):
        METHODS["occlusion"].class_map(weights, "3", {"output": "logit"})


def test_pixels_that_all_speak_against_a_class_are_named_as_the_reason_of_an_empty_map() -> None:
    expected = (
        r"^lime gives nothing but zeros for class '3': the images' weights are all negative, and SP-LIME "
        r"takes positive weights only; lime:mean shows both$"
    )
    with pytest.raises(ValueError, match=expected):
        METHODS["lime"].class_map(-WEIGHTS, "3", {"output": "logit"})


def logits(*values: float) -> nn.Sequential:
    """A network of 8 x 8 images whose three outputs are these, whatever the image."""
    model = nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3))
    model.eval().requires_grad_(False)
    model[3].weight.zero_()
    model[3].bias.copy_(torch.tensor(values))
    return model


def refusal(slug: str, model: nn.Module, images: Tensor, **changes: object) -> str:
    """What a method says of a class map that is empty."""
    method = METHODS[slug]
    parameters = {**method.local.defaults, **changes}
    sample = Sample(0, "1", 1, 1, (0, 1, 2, 3), images)
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        method.class_map(
            method.local.attribute(model, sample, parameters, lambda count: None), "1", parameters
        )
    return str(caught.value)


def test_deep_taylor_says_that_the_logit_is_not_positive(bright_images: Tensor) -> None:
    assert refusal("deep-taylor", logits(0, -5, 0), bright_images) == (
        "deep-taylor gives nothing but zeros for class '1': the logit is not positive, "
        "and Deep Taylor decomposes positive logits only; try lrp"
    )


def test_a_probability_of_exactly_1_is_named_as_saturated(bright_images: Tensor) -> None:
    message = refusal("rise", logits(0, 500, 0), bright_images, samples=20)
    assert message.endswith("the probability does not change, as one that is saturated; explain output=logit")


class Rooted(nn.Module):
    """A network with a square root, whose gradient at 0 is not finite."""

    def forward(self, images: Tensor) -> Tensor:
        return (images + (0 * images).sqrt()).flatten(1)[:, :3]


@pytest.mark.parametrize("slug", ["gradient", "integrated-gradients", "vargrad"])
def test_a_gradient_that_is_not_finite_is_not_blamed_on_the_logits(slug: str, bright_images: Tensor) -> None:
    message = refusal(slug, Rooted(), bright_images)
    assert message.endswith(validity.NO_GRADIENT)


def test_outputs_that_are_not_finite_are_named(bright_images: Tensor) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 3)).requires_grad_(False)
    model[1].weight.fill_(float("inf"))
    message = refusal("gradient", model, bright_images)
    assert message.endswith("the classifier's outputs are not finite")


def test_a_support_that_no_pixel_has_is_refused() -> None:
    expected = (
        r"^normlime: no pixel of class '3' was chosen by 2 of 3 images, at most by 1; "
        r"ask for less with --minimum-support$"
    )
    with pytest.raises(ValueError, match=expected):
        METHODS["normlime"].class_map(np.eye(3), "3", {"output": "logit"}, minimum_support=2)


def test_a_saturated_probability_is_stopped_before_it_enters_a_set(bright_images: Tensor) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 3)).eval().requires_grad_(False)
    model[1].bias.copy_(torch.tensor([0.0, 99.0, 0.0]))
    method = METHODS["gradient"]
    sample = Sample(0, "1", 1, 1, (0, 1, 2, 3), bright_images)
    parameters = {**method.local.defaults, "output": "probability"}
    weights = method.local.attribute(model, sample, parameters, lambda count: None)
    with pytest.raises(ValueError, match=r"^gradient gives weights of at most .* saturated"):
        method.class_map(weights + 1e-12, "1", parameters)
