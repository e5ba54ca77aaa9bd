import captum.attr
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explanations.attribution.perturbation import occlusion

SETTINGS = {
    "window": 0.25,
    "positions": 4,
    "baselines": torch.zeros(1, 1, 8, 8),
    "output": "logit",
}  # squares of 2 x 2, side by side


def test_occlusion_of_a_linear_model_is_what_the_square_takes_away(
    linear_model: nn.Sequential, bright_images: Tensor
) -> None:
    weights = occlusion.occlusion(linear_model, bright_images[:1], 1, **SETTINGS)
    parts = (linear_model[1].weight[1] * bright_images[0].flatten()).reshape(4, 2, 4, 2)
    expected = parts.sum(dim=(1, 3)).repeat_interleave(2, 0).repeat_interleave(2, 1).flatten()
    np.testing.assert_allclose(weights, expected.numpy(), atol=1e-5)


def test_occlusion_is_what_captum_gives(curved_model: nn.Module, bright_images: Tensor) -> None:
    weights = occlusion.occlusion(curved_model, bright_images[:1], 1, **{**SETTINGS, "positions": 7})
    method = captum.attr.Occlusion(curved_model)
    expected = method.attribute(bright_images[:1], (1, 2, 2), strides=1, target=1)
    np.testing.assert_allclose(weights, expected.flatten().numpy(), atol=1e-6)


def test_squares_that_leave_gaps_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^2 positions of a square of 2 pixels leave gaps in 8 x 8 pixels"):
        occlusion.squares(8, 8, 0.25, 2)


def test_the_places_of_squares_reach_both_ends_of_an_image_of_any_size() -> None:
    masks = occlusion.squares(20, 33, 0.25, 12).reshape(-1, 20, 33)
    assert masks.shape[0] == 144
    assert masks[0, 0, 0]
    assert masks[-1, -1, -1]
    assert masks.any(dim=0).all()


def test_rise_finds_a_planted_pixel() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 2, bias=False)).requires_grad_(False)
    model[1].weight.zero_()
    model[1].weight[0, 27] = 5
    settings = {"samples": 2000, "cells": 8, "shown": 0.5, "output": "logit", "address": (0,)}
    weights = occlusion.rise(model, torch.ones(1, 1, 8, 8), 0, **settings)
    assert weights.argmax() == 27


def test_rise_weighs_a_mask_by_the_score_under_it() -> None:
    """With the sum of a 1 x 1 image's only pixel as the score the weight is Var(mask) / E(mask)."""
    settings = {"samples": 4000, "cells": 1, "shown": 0.5, "output": "logit", "address": (0,)}
    weights = occlusion.rise(nn.Flatten(), torch.ones(1, 1, 1, 1), 0, **settings)
    assert weights[0] == pytest.approx(0.25 / 0.5, rel=0.02)
