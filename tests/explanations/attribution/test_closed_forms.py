"""Two models of which every method's map is known in closed form.

Linear: the logit is w.x + b. Planted: a convolution of one pixel, 2 x - 0.1, is rectified, and the logit sums
nine of the 64 pixels and 0.5; the images are so bright that every unit is active, and in black none is.
"""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explanations.attribution.gradient.xrai import xrai
from explanations.attribution.perturbation import occlusion, superpixels
from explanations.methods.registry import LOCALS, Sample
from explanations.running import randomness

Floats = np.ndarray
GAMMA = 0.25
FEW = {
    "samples": 400,
    "steps": 300,
    "sigma": 0.0,
    "background": 1,
    "features": 64,
    "hiding": "black",
    "segments": 12,
    "positions": 5,
    "images": 1,
}
RISE = {"samples": 20_000, "cells": 4, "output": "logit"}
NOISE = {"sigma": 0.01, "samples": 5}
OWN = {
    "rise": RISE,
    "smooth-integrated-gradients": {"samples": 2},
    **dict.fromkeys(("smoothgrad", "smoothgrad-signed", "vargrad"), NOISE),
}


@pytest.fixture(scope="module")
def image() -> Tensor:
    """An image (1, 1, 8, 8) without a dark pixel."""
    return 0.2 + 0.8 * torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(2))


def linear(side: int = 8) -> nn.Sequential:
    """Two classes; the weights and biases are random, those of class 1 such that its logit is positive."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(side * side, 2)).requires_grad_(False).eval()
    generator = torch.Generator().manual_seed(3)
    model[1].weight.copy_(torch.randn(2, side * side, generator=generator))
    model[1].bias.copy_(torch.tensor([0.3, 20.0]))
    return model


def mask(side: int = 8) -> Floats:
    """1 at the planted pixels (side, side), three eighths of the side in a square."""
    planted = np.zeros((side, side))
    planted[side // 4 : side // 4 + 3 * side // 8, 3 * side // 8 : 6 * side // 8] = 1
    return planted


def planted(side: int = 8) -> nn.Sequential:
    """The planted model; class 0 is 0.5 whatever the image."""
    layers = nn.Conv2d(1, 1, 1), nn.ReLU(), nn.Flatten(), nn.Linear(side * side, 2)
    model = nn.Sequential(*layers).requires_grad_(False).eval()
    model[0].weight.fill_(2)
    model[0].bias.fill_(-0.1)
    model[3].weight.copy_(torch.from_numpy(np.stack([0 * mask(side), mask(side)]).reshape(2, -1)))
    model[3].bias.fill_(0.5)
    return model


def found(slug: str, model: nn.Module, image: Tensor) -> Floats:
    """The weights (pixels,) that a method gives class 1."""
    local = LOCALS[slug]
    wanted = {**FEW, **OWN.get(slug, {})}
    parameters = {key: wanted.get(key, value) for key, value in local.defaults.items()}
    sample = Sample(0, "1", 1, 1, (7,), image, ("0", "1"), torch.zeros(1, *image.shape[1:]))
    return local.attribute(model, sample, parameters, lambda count: None)[0]


def summed(kind: str) -> Callable[[Floats, Tensor], Floats]:
    """From what each pixel adds (pixels,) to the sum over its piece of the image."""

    def over_pieces(parts: Floats, image: Tensor) -> Floats:
        pieces = superpixels.cut(image, kind, FEW["segments"]).flatten().numpy()
        return np.bincount(pieces, parts)[pieces]

    return over_pieces


def under_squares(parts: Floats, image: Tensor) -> Floats:
    """The mean, over the squares that cover a pixel, of what all pixels under the square add."""
    squares = occlusion.squares(*image.shape[2:], LOCALS["occlusion"].defaults["window"], 5).double().numpy()
    return (squares @ parts) @ squares / squares.sum(axis=0)


def by_masks(score: Callable[[Floats], Floats]) -> Floats:
    """RISE's expectation, the covariance of a pixel's openness and the score over the odds of openness, by
    masks that have nothing to do with the method's own."""
    addresses = [("oracle", k) for k in range(20_000)]
    masks = occlusion._soft_masks(8, 8, RISE["cells"], 0.5, addresses).double().numpy()
    scores = score(masks)
    return (scores - scores.mean()) @ masks / len(masks) / 0.5


def uniform(label: str) -> Floats:
    """What the random method draws at the address of the image."""
    return randomness.generator(0, "random", label, 7).random(64)


def of_linear(slug: str, image: Tensor) -> Floats:
    """The closed form on the linear model."""
    [_, w], x = linear()[1].weight.double().numpy(), image.flatten().double().numpy()
    logit = w @ x + 20
    box = np.where(w > 0, w * x, w * (x - 1))  # the z-box rule, for pixels from 0 to 1
    weighted = dict.fromkeys(
        ("input-x-gradient", "integrated-gradients", "smooth-integrated-gradients", "deeplift", "deepshap"),
        w * x,
    )
    forms = {
        **weighted,
        "gradientshap": w * x,
        "lime": w * x,
        "lrp": w * x,
        "gradient": np.abs(w),
        "smoothgrad": w**2,
        "smoothgrad-signed": w,
        "vargrad": 0 * w,
        "kernelshap": summed("slic")(w * x, image),
        "lime-slic": summed("slic")(w * x, image),
        "lime-quickshift": summed("quickshift")(w * x, image),
        "occlusion": under_squares(w * x, image),
        "rise": by_masks(lambda masks: masks @ (w * x)) if slug == "rise" else w,
        "deep-taylor": logit * box / box.sum(),
        "random": uniform("1"),
    }
    return forms[slug]


def of_planted(slug: str, image: Tensor) -> Floats:
    """The closed form on the planted model."""
    m, x = mask().ravel(), image.flatten().double().numpy()
    active = 2 * x - 0.1
    adds = m * active  # what a pixel adds to the logit; nothing in black
    heat = m.mean() * active  # the mean gradient of the only channel, times the channel
    forms = {
        "gradient": 2 * m,
        "input-x-gradient": 2 * m * x,
        "smoothgrad": 4 * m,
        "smoothgrad-signed": 2 * m,
        "vargrad": 0 * m,
        **dict.fromkeys(("integrated-gradients", "smooth-integrated-gradients", "gradientshap"), adds),
        **dict.fromkeys(("deeplift", "deepshap", "lime"), adds),
        "guided-backprop": 2 * m,
        "grad-cam": heat,
        "guided-grad-cam": heat * 2 * m,
        "kernelshap": summed("slic")(adds, image),
        "lime-slic": summed("slic")(adds, image),
        "lime-quickshift": summed("quickshift")(adds, image),
        "lime-units": adds.sum() * active / active.mean(),
        "occlusion": under_squares(adds, image),
        "rise": by_masks(lambda masks: np.maximum(2 * x * masks - 0.1, 0) @ m) if slug == "rise" else m,
        # the gamma rule of a unit 2 x - 0.1: its weight counts 1 + gamma times, its bias as it is
        "lrp": adds * (1 + GAMMA) * 2 * x / ((1 + GAMMA) * 2 * x - 0.1),
        "deep-taylor": adds / adds.sum() * (adds.sum() + 0.5),
        "random": uniform("1"),
    }
    return forms[slug]


# What a linear model does not have.
REFUSED = {
    "guided-backprop": "guided backpropagation is defined for ReLU and ReLU6; the classifier has no activ",
    "grad-cam": "the classifier has no convolution whose output has height and width",
    "guided-grad-cam": "the classifier has no convolution whose output has height and width",
    "lime-units": "the classifier has no convolution whose output has height and width",
}
# Whose quadrature or draws come near the closed form only; a share of its largest value.
NEAR = {"gradientshap": 0.1, "rise": 0.1, "integrated-gradients": 0.01, "smooth-integrated-gradients": 0.01}
SLOW = {"lime-quickshift", "rise"}
NAMES = [
    pytest.param(slug, marks=pytest.mark.slow) if slug in SLOW else slug for slug in LOCALS if slug != "xrai"
]


def agrees(slug: str, weights: Floats, expected: Floats) -> None:
    scale = np.abs(expected).max() or 1.0
    np.testing.assert_allclose(weights, expected, rtol=0, atol=NEAR.get(slug, 1e-4) * scale)


@pytest.mark.parametrize("slug", NAMES)
def test_every_method_of_the_planted_model_is_known(slug: str, image: Tensor) -> None:
    agrees(slug, found(slug, planted(), image), of_planted(slug, image))


@pytest.mark.parametrize("slug", NAMES)
def test_every_method_of_a_linear_model_is_known(slug: str, image: Tensor) -> None:
    if slug in REFUSED:
        with pytest.raises(ValueError, match=REFUSED[slug]):
            found(slug, linear(), image)
    else:
        agrees(slug, found(slug, linear(), image), of_linear(slug, image))


@pytest.mark.slow
@pytest.mark.parametrize("make", [linear, planted])
def test_xrai_gives_every_region_the_mean_of_integrated_gradients_in_it(
    make: Callable[[int], nn.Sequential],
) -> None:
    """At a size at which XRAI's pixels are the image's: the regions are the places of equal weight."""
    side = 152
    image = torch.full((1, 1, side, side), 0.3)
    image[..., 20:70, 15:60] = 0.9
    image[..., 60:130, 90:140] = 0.6
    x, m = image.flatten().double().numpy(), mask(side).ravel()
    w = linear(side)[1].weight[1].double().numpy()
    # against black and against white: of the planted model 2 x - 0.1, and 2 x - 2
    gradients = w * (x - 0.5) if make is linear else m * ((2 * x - 0.1) + (2 * x - 2)) / 2
    ends = torch.cat([torch.zeros_like(image), torch.ones_like(image)])
    settings = {"steps": 200, "baselines": ends, "tolerance": 0.05, "algorithm": "full", "output": "logit"}
    heat = xrai(make(side), image, 1, **settings)
    _, region = np.unique(heat.round(9), return_inverse=True)
    assert 3 <= region.max() < 60
    means = np.bincount(region, gradients) / np.bincount(region)
    np.testing.assert_allclose(means[region], heat, atol=0.01 * np.abs(heat).max())


def test_a_counter_class_has_the_closed_form_of_its_own_weights(image: Tensor) -> None:
    """Images of class 0, asked about class 1."""
    local = LOCALS["input-x-gradient"].contrast("1")
    sample = Sample(0, "0", 0, 1, (7,), image, ("0", "1"))
    weights = local.attribute(linear(), sample, local.defaults, lambda count: None)[0]
    agrees("input-x-gradient", weights, of_linear("input-x-gradient", image))
