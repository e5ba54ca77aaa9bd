"""Subjects whose answer is known in closed form: a linear network, of which the map shows every weight."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from explanations.metrics.subject import Subject

TARGET = 1


@pytest.fixture
def linear_subject(linear_model: nn.Module, bright_images: torch.Tensor) -> Callable[..., Subject]:
    """A subject of one image whose map is what each pixel adds to the logit of class 1, over black."""

    def make(**changes: Any) -> Subject:
        image = bright_images[:1]
        weights = linear_model[1].weight[TARGET].reshape(8, 8)
        given = {
            "model": linear_model,
            "images": image,
            "target": TARGET,
            "importance": (weights * image[0, 0]).double().numpy(),
            "mean": torch.zeros(1, 8, 8),
            "address": (0, "test"),
        }
        return Subject(**given | changes)

    return make


@pytest.fixture
def contributions(linear_subject: Callable[..., Subject]) -> np.ndarray:
    """What each pixel adds to the logit of class 1, (64,)."""
    return linear_subject().importance.ravel()
