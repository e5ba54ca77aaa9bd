"""A model that looks at nine pixels only: where every method must point, by quantus's pointing game."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn

from explanations.methods.registry import LOCALS, Sample

# A channel's map says where the channel is active, not where the class looks: these cannot know the place.
BY_CHANNEL = {"grad-cam", "guided-grad-cam", "lime-units"}
# Whose superpixels are the picture's own, or that draw noise.
ELSEWHERE = {"lime-slic", "lime-quickshift", "kernelshap", "xrai", "random"}


@pytest.fixture
def planted() -> tuple[nn.Module, np.ndarray]:
    """A network whose class 1 sums nine rectified pixels, and the mask (8, 8) of these."""
    mask = np.zeros((8, 8))
    mask[2:5, 3:6] = 1
    layers = nn.Conv2d(1, 1, 1), nn.ReLU(), nn.Flatten(), nn.Linear(64, 2)
    model = nn.Sequential(*layers).requires_grad_(False)
    model[0].weight.fill_(2)
    model[0].bias.fill_(-0.1)
    model[3].weight.copy_(torch.from_numpy(np.stack([0 * mask, mask]).reshape(2, 64)))
    model[3].bias.fill_(0.5)
    return model.eval(), mask


@pytest.mark.slow
def test_every_method_points_at_the_planted_pixels(planted: tuple[nn.Module, np.ndarray]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import quantus

        game = quantus.PointingGame(disable_warnings=True, display_progressbar=False)
        model, mask = planted
        images = 0.2 + 0.8 * torch.rand(3, 1, 8, 8, generator=torch.Generator().manual_seed(2))
        background = torch.zeros(2, 1, 8, 8)
        sample = Sample(0, "1", 1, 1, (0, 1, 2), images, ("0", "1"), background)
        missed = []
        for slug in LOCALS.keys() - BY_CHANNEL - ELSEWHERE:
            local = LOCALS[slug]
            few = {"samples": 400, "background": 2, "cells": 8, "output": "logit", "window": 0.15}
            parameters = {**local.defaults, **{key: few[key] for key in few if key in local.defaults}}
            weights = local.attribute(model, sample, parameters, lambda count: None)
            hits = game(
                model=model,
                x_batch=images.numpy(),
                y_batch=np.ones(3, dtype=int),
                a_batch=weights.reshape(3, 1, 8, 8),
                s_batch=np.stack([mask[None]] * 3).astype(bool),
            )
            missed += [slug] if not all(hits) else []
    assert missed == []
