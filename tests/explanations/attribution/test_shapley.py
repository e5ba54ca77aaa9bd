from itertools import permutations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explanations.attribution.perturbation import shapley, superpixels
from explanations.models.class_scores import class_score

ROWS = torch.arange(8)[:, None].expand(8, 8)  # eight features: the rows of an 8 x 8 image
SETTINGS = {"segmentation": "squares", "segments": 16, "hiding": "black", "output": "logit", "address": (1,)}


def shapley_by_hand(model: nn.Module, image: Tensor, target: int) -> np.ndarray:
    """The mean over all 8! orders of what each row adds to the logit when it is shown."""
    shown = torch.tensor([[number >> row & 1 for row in range(8)] for number in range(256)]).float()
    logits = model(image * shown[:, None, :, None])[:, target].double().tolist()  # (256,), a bit a row
    values = np.zeros(8)
    orders = list(permutations(range(8)))
    for order in orders:
        number = 0
        for row in order:
            values[row] += logits[number | 1 << row] - logits[number]
            number |= 1 << row
    return values / len(orders)


class Interacting(nn.Module):
    """Rows that count together: the logit of class 1 is the exponential of a weighted sum of them."""

    def forward(self, images: Tensor) -> Tensor:
        rows = images.mean(dim=3).flatten(1).double()  # (n, 8)
        total = (rows * torch.linspace(-0.5, 1.5, 8)).sum(dim=1).exp()
        return torch.stack([0 * total, total], dim=1)


@pytest.mark.slow
def test_kernelshap_with_all_coalitions_is_shapleys_value(bright_images: Tensor) -> None:
    image = bright_images[:1]
    score = class_score(Interacting(), 1, "logit")
    values = shapley.shapley_values(score, image, torch.zeros_like(image), ROWS, 254, (0,))
    np.testing.assert_allclose(values, shapley_by_hand(Interacting(), image, 1), atol=1e-6)


def test_kernelshap_of_a_linear_model_is_weight_times_pixel_summed_over_each_piece(
    linear_model: nn.Sequential, bright_images: Tensor
) -> None:
    weights = shapley.kernelshap(linear_model, bright_images[:1], 1, samples=100, **SETTINGS)
    pieces = superpixels.cut(bright_images[:1], "squares", 16).flatten()
    parts = linear_model[1].weight[1] * bright_images[0].flatten()
    expected = torch.zeros(16).index_add(0, pieces, parts)[pieces]
    np.testing.assert_allclose(weights, expected.numpy(), atol=1e-5)


def test_the_values_add_up_whatever_coalitions_are_drawn(
    curved_model: nn.Module, bright_images: Tensor
) -> None:
    """And the shortfall of too few coalitions is spread evenly."""
    image = bright_images[:1]
    score = class_score(curved_model, 1, "logit")
    values = shapley.shapley_values(score, image, torch.zeros_like(image), ROWS, 6, (0,))
    change = curved_model(image) - curved_model(torch.zeros_like(image))
    assert values.sum() == pytest.approx(float(change[0, 1]), rel=1e-4)


def test_a_piece_that_hiding_does_not_change_is_worth_nothing(
    curved_model: nn.Module, bright_images: Tensor
) -> None:
    bright_images[:, :, :2] = 0
    weights = shapley.kernelshap(curved_model, bright_images[:1], 1, samples=50, **SETTINGS)
    assert not weights[:16].any()
    assert weights[16:].all()


def test_a_single_piece_is_worth_the_whole_change(curved_model: nn.Module, bright_images: Tensor) -> None:
    image = bright_images[:1].clone()
    image[:, :, 1:] = 0
    score = class_score(curved_model, 1, "logit")
    values = shapley.shapley_values(score, image, torch.zeros_like(image), ROWS, 6, (0,))
    change = curved_model(image) - curved_model(torch.zeros_like(image))
    np.testing.assert_allclose(values, [float(change[0, 1]), *[0] * 7], atol=1e-6)
