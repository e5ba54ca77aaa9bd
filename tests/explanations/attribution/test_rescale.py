import copy
import warnings

import numpy as np
import pytest
import torch
from captum.attr import DeepLift
from torch import Tensor, nn

from explanations.attribution.propagation import rescale
from explanations.attribution.propagation.preparation import prepare
from explanations.datasets import labelled_images
from explanations.models import classifiers, execution
from explanations.models.spec import ModelSpec

BLACK = torch.zeros(1, 1, 8, 8)


def by_shap(model: nn.Module, image: Tensor, background: Tensor, target: int) -> np.ndarray:
    """DeepExplainer's values (H * W,) of the shap package, summed over channels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import shap

        explainer = shap.DeepExplainer(copy.deepcopy(model).requires_grad_(True), background)
        values = explainer.shap_values(image, check_additivity=False)
    return np.asarray(values[0, ..., target].sum(axis=0).ravel())


@pytest.fixture
def background() -> Tensor:
    """Five 8 x 8 images to compare with."""
    return torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(4))


def test_deepshap_is_what_shaps_deep_explainer_gives(
    rectified_model: nn.Module, bright_images: Tensor, background: Tensor
) -> None:
    weights = rescale.deeplift(rectified_model, bright_images[:1], 2, baselines=background)
    np.testing.assert_allclose(weights, by_shap(rectified_model, bright_images[:1], background, 2), atol=1e-5)


@pytest.mark.slow
def test_deepshap_is_what_shaps_deep_explainer_gives_on_the_papers_network() -> None:
    model = classifiers.load(ModelSpec()).model
    image, background = labelled_images.mnist("test").images[:1], labelled_images.mnist("train").images[:20]
    weights = rescale.deeplift(model, image, 7, baselines=background)
    np.testing.assert_allclose(weights, by_shap(model, image, background, 7), atol=1e-5)


def test_deeplift_of_a_linear_model_is_weight_times_difference(
    linear_model: nn.Sequential, bright_images: Tensor
) -> None:
    weights = rescale.deeplift(linear_model, bright_images[:1], 1, baselines=BLACK + 0.5)
    expected = linear_model[1].weight[1] * (bright_images[0].flatten() - 0.5)
    np.testing.assert_allclose(weights, expected.numpy(), atol=1e-6)


def test_deepshap_of_a_linear_model_is_weight_times_difference_from_the_mean(
    linear_model: nn.Sequential, bright_images: Tensor, background: Tensor
) -> None:
    weights = rescale.deeplift(linear_model, bright_images[:1], 1, baselines=background)
    expected = linear_model[1].weight[1] * (bright_images[0] - background.mean(dim=0)).flatten()
    np.testing.assert_allclose(weights, expected.numpy(), atol=1e-6)


@pytest.mark.parametrize("activation", [nn.ReLU6(), nn.GELU(), nn.SiLU(), nn.Softplus(), nn.LeakyReLU(0.2)])
def test_deeplift_is_complete_for_every_activation(activation: nn.Module, bright_images: Tensor) -> None:
    """Captum passes over ReLU6, GELU and SiLU in silence."""
    torch.manual_seed(2)
    layers = nn.Flatten(), nn.Linear(64, 30), activation, nn.Linear(30, 3)
    model = nn.Sequential(*layers).eval().requires_grad_(False)
    model[1].weight *= 10
    change = model(bright_images[:1]) - model(BLACK)
    weights = rescale.deeplift(model, bright_images[:1], 1, baselines=BLACK)
    assert weights.sum() == pytest.approx(float(change[0, 1]), rel=1e-4)


def overlapping() -> nn.Sequential:
    """A network whose pooling windows overlap, as in ResNet and Inception."""
    torch.manual_seed(5)
    layers = nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(3, stride=1), nn.Flatten(), nn.Linear(64, 3)
    return nn.Sequential(*layers).eval().requires_grad_(False)


def test_deeplift_is_complete_where_pooling_windows_overlap(bright_images: Tensor) -> None:
    model = overlapping()
    change = float((model(bright_images[:1]) - model(BLACK))[0, 1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        captum = DeepLift(copy.deepcopy(prepare(model, BLACK)))
        captums = float(captum.attribute(bright_images[:1], BLACK, target=1).detach().sum())
    assert captums != pytest.approx(change, rel=0.01)
    weights = rescale.deeplift(model, bright_images[:1], 1, baselines=BLACK)
    assert weights.sum() == pytest.approx(change, rel=1e-4)


class Gated(nn.Module):
    """A product of activations, for which the rescale rule is not complete."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.first, self.last, self.gate = nn.Linear(64, 9), nn.Linear(9, 3), nn.Sigmoid()

    def forward(self, images: Tensor) -> Tensor:
        hidden = self.first(images.flatten(1)) * 9
        return self.last(hidden * self.gate(hidden))


def test_a_product_of_activations_is_refused(bright_images: Tensor) -> None:
    with pytest.raises(ValueError, match=r"^DeepLIFT is not complete: .*such as a product of activations"):
        rescale.deeplift(Gated().eval(), bright_images[:1], 1, baselines=BLACK)


def test_errors_that_cancel_out_over_the_baselines_do_not_hide(
    bright_images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two baselines with errors of opposite sign, whose mean is complete to the last digit."""

    class Tilted(rescale._DeepLift):
        def attribute(self, images: Tensor, baselines: Tensor, target: int) -> Tensor:
            parts = super().attribute(images, baselines, target=target)
            return parts + torch.tensor([0.01, -0.01]).reshape(2, 1, 1, 1)

    monkeypatch.setattr(rescale, "_DeepLift", Tilted)
    with pytest.raises(ValueError, match=r"^DeepLIFT is not complete"):
        rescale.deeplift(overlapping(), bright_images[:1], 1, baselines=bright_images[1:3])


def test_pairs_that_go_through_the_network_at_once_are_few_where_memory_is_scarce(
    bright_images: Tensor, background: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = overlapping()
    expected = rescale.deeplift(model, bright_images[:1], 1, baselines=background)
    sizes: list[int] = []
    prepare(model, bright_images[:1]).register_forward_pre_hook(
        lambda _, inputs: sizes.append(len(inputs[0]))
    )
    monkeypatch.setattr(execution, "BLOCK_BYTES", 4 * execution.activation_bytes(model, bright_images[0]))
    weights = rescale.deeplift(model, bright_images[:1], 1, baselines=background)
    np.testing.assert_allclose(weights, expected, atol=1e-6)
    assert max(sizes) <= 4
