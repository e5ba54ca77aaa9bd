"""Pixel LIME against the `lime` package: LASSO path, black behind what is hidden, the same masks."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression
from torch import Tensor, nn

from explanations.attribution.perturbation import lime
from explanations.datasets import labelled_images
from explanations.models import classifiers
from explanations.models.spec import ModelSpec
from explanations.running.randomness import generator


def by_the_package(
    model: nn.Module, image: Tensor, target: int, bank: lime.Bank, features: int
) -> np.ndarray:
    """The weights (pixels,) of lime's LimeBase with feature_selection="lasso_path" and hide_color=0.

    Its own last fit is a ridge of penalty 1; here it is least squares, as Ribeiro et al. write.
    """
    masks = bank.samples.double().numpy()
    with torch.inference_mode():
        shown = image * bank.samples.reshape(-1, 1, *image.shape[2:])
        scores = model(shown)[:, [target]].double().numpy()  # (N, 1)
    distances = 1 - np.sqrt(masks.mean(axis=1))
    weights = np.zeros(masks.shape[1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from lime.lime_base import LimeBase

        base = LimeBase(lambda distance: np.sqrt(np.exp(-((distance / 0.25) ** 2))))
        _, found, *_ = base.explain_instance_with_data(
            masks, scores, distances, 0, features, "lasso_path", LinearRegression()
        )
    for feature, weight in found:
        weights[feature] = weight
    return weights


@pytest.mark.slow
def test_the_package_chooses_the_same_pixels_and_gives_them_the_same_weights(
    curved_model: nn.Module, bright_images: Tensor
) -> None:
    bank = lime.mask_bank(64, 400, generator(0, "package"))
    theirs = by_the_package(curved_model, bright_images[:1], 1, bank, 10)
    ours = lime.explain(curved_model, bright_images[:1], 1, bank, 10, output="logit", skip_black=False)[0]
    assert np.flatnonzero(ours).tolist() == np.flatnonzero(theirs).tolist()
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.slow
def test_so_it_does_on_a_digit_and_the_papers_network() -> None:
    """Where the package spends features on black pixels too, which masking cannot change."""
    model = classifiers.load(ModelSpec()).model
    image = labelled_images.mnist("test").images[:1]
    bank = lime.mask_bank(784, 1000, generator(0, "package"))
    theirs = by_the_package(model, image, 7, bank, 50)
    ours = lime.explain(model, image, 7, bank, 50, output="logit", skip_black=False)[0]
    assert np.flatnonzero(ours).tolist() == np.flatnonzero(theirs).tolist()
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert (theirs[image.flatten().numpy() == 0] != 0).sum() > 5
