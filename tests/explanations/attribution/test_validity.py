import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explanations.attribution import validity
from explanations.methods.registry import METHODS, Sample

WEIGHTS = np.arange(12.0).reshape(3, 4)


def test_weights_that_say_something_pass() -> None:
    validity.check_weights("lime", "3", WEIGHTS, (3, 4))
    validity.check_images("lime", "3", WEIGHTS, "probability")


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (WEIGHTS[:2], "lime gives weights of shape (2, 4) for class '3'; (3, 4) is wanted"),
        (
            np.where(WEIGHTS == 5, np.inf, WEIGHTS),
            "lime gives values that are not finite for class '3'; does the classifier return finite logits?",
        ),
    ],
)
def test_weights_of_another_shape_or_that_are_no_numbers_are_stopped(weights, expected: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        validity.check_weights("lime", "3", weights, (3, 4))
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (
            0 * WEIGHTS,
            "lime gives nothing but zeros for class '3'; does the classifier depend on its input there?",
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
    validity.complete("LRP", 1.04, 1.0, 0.0, 0.05, "ask for more")
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        validity.complete("LRP", 1.06, 1.0, 0.0, 0.05, "ask for more")
    assert str(caught.value) == (
        "LRP is not complete: the weights add up to 1.06, the output changes by 1 "
        "(6.0% off, at most 5.0% allowed); ask for more"
    )


def test_a_sum_that_is_no_number_is_stopped() -> None:
    with pytest.raises(ValueError, match=r"^LRP is not complete"):
        validity.complete("LRP", float("nan"), 1.0, 0.0, 0.05, "ask for more")


def test_a_class_map_that_nobody_can_see_is_stopped() -> None:
    """Two images that contradict each other: their mean is zero everywhere."""
    weights = np.array([[1.0, -2.0], [-1.0, 2.0]])
    with pytest.raises(ValueError, match=r"^occlusion gives nothing but zeros for class '3'"):
        METHODS["occlusion"].class_map(weights, "3", {"output": "logit"})


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
