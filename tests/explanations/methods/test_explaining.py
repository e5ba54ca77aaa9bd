"""`explain`, beside Captum."""

import re
import subprocess
import sys
from typing import Any

import captum.attr
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explanations import explain


def test_images_of_several_classes_are_explained_in_their_order(
    rectified_model: nn.Module, bright_images: Tensor
) -> None:
    images = bright_images[:4]
    maps = explain(rectified_model, images, [2, 1, 2, 0], "input-x-gradient")
    expected = captum.attr.InputXGradient(rectified_model).attribute(
        images.requires_grad_(), target=torch.tensor([2, 1, 2, 0])
    )
    np.testing.assert_allclose(maps, expected.sum(dim=1).detach().numpy(), rtol=1e-5, atol=1e-7)


def test_the_same_seed_gives_the_same_maps(rectified_model: nn.Module, bright_images: Tensor) -> None:
    first, second, other = (
        explain(rectified_model, bright_images[:2], [1, 1], "rise", seed=seed, samples=20)
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_images_are_explained_against_the_mean_of_a_background(
    linear_model: nn.Sequential, bright_images: Tensor
) -> None:
    background = bright_images[1:]
    [found] = explain(
        linear_model, bright_images[:1], [1], "deeplift", background=background, baseline="mean"
    )
    difference = (bright_images[0] - background.mean(dim=0)).flatten()
    np.testing.assert_allclose(found.ravel(), linear_model[1].weight[1] * difference, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"method": "magic"}, "there is no method 'magic'; allowed: "),
        ({"passes": 3}, "integrated-gradients has no parameter 'passes'; allowed: "),
        ({"targets": [1]}, "targets has 1 classes for 2 images; expected one each"),
        ({"images": np.zeros((4, 4))}, "images must be (N, C, H, W) (got (4, 4))"),
    ],
)
def test_what_cannot_be_explained_is_refused(
    rectified_model: nn.Module, bright_images: Tensor, change: dict[str, Any], expected: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}"):
        explain(**{"model": rectified_model, "images": bright_images[:2], "targets": [1, 1], **change})


def test_the_package_loads_nothing_heavy_before_it_is_used() -> None:
    program = (
        "import sys, explanations; dir(explanations); sys.exit(bool({'torch', 'numpy'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
