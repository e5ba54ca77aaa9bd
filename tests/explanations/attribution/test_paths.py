import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explanations.attribution.gradient import paths

BLACK = torch.zeros(1, 1, 8, 8)
PATH = {"steps": 50, "baselines": BLACK, "tolerance": 0.01, "output": "logit"}

SHAP = {"layer": "", "output": "logit", "address": (0,)}


def change(model: nn.Module, image: Tensor, target: int) -> float:
    """How much the logit of an image differs from that of a black one."""
    return float((model(image) - model(torch.zeros_like(image)))[0, target])


def test_integrated_gradients_of_a_linear_model_are_weight_times_pixel(
    linear_model: nn.Sequential, bright_images: Tensor
) -> None:
    weights = paths.integrated_gradients(linear_model, bright_images[:1], 1, **PATH)
    expected = linear_model[1].weight[1] * bright_images[0].flatten()
    np.testing.assert_allclose(weights, expected.numpy(), rtol=1e-4, atol=1e-6)


def test_integrated_gradients_add_up_to_the_change_of_the_logit(
    curved_model: nn.Module, bright_images: Tensor
) -> None:
    weights = paths.integrated_gradients(curved_model, bright_images[:1], 1, **PATH)
    assert weights.sum() == pytest.approx(change(curved_model, bright_images[:1], 1), rel=1e-4)


def test_integrated_gradients_of_too_few_steps_are_stopped(bright_images: Tensor) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 30), nn.ReLU(), nn.Linear(30, 3)).requires_grad_(False)
    torch.manual_seed(0)
    model[1].weight.normal_(std=3)
    model[1].bias.normal_(std=9)
    with pytest.raises(
        ValueError, match=r"^Integrated Gradients is not complete: .*; ask for (4|8|16) steps"
    ) as caught:
        paths.integrated_gradients(model, bright_images[:1], 1, **{**PATH, "steps": 2, "tolerance": 0.03})
    enough = int(str(caught.value).rpartition("=")[2].rstrip(")"))
    paths.integrated_gradients(model, bright_images[:1], 1, **{**PATH, "steps": enough, "tolerance": 0.03})


def test_where_more_steps_do_not_help_the_tolerance_is_named(bright_images: Tensor) -> None:
    """A jump that no quadrature sees."""

    class Jumping(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return images.flatten(1) * 0.1 + (images.mean(dim=(1, 2, 3)) > 0.3).float()[:, None]

    expected = r"; 16 steps are not enough either; raise tolerance, or choose another method$"
    with pytest.raises(ValueError, match=expected):
        paths.integrated_gradients(Jumping(), bright_images[:1], 1, **{**PATH, "steps": 2})


def test_smoothing_without_noise_changes_nothing(curved_model: nn.Module, bright_images: Tensor) -> None:
    settings = {**PATH, "samples": 2, "sigma": 0.0, "address": (0,)}
    smooth = paths.smooth_integrated_gradients(curved_model, bright_images[:1], 1, **settings)
    plain = paths.integrated_gradients(curved_model, bright_images[:1], 1, **PATH)
    np.testing.assert_allclose(smooth, plain, rtol=1e-5, atol=1e-9)


def test_gradientshap_of_a_linear_model_is_weight_times_difference_from_the_drawn_images(
    linear_model: nn.Sequential, bright_images: Tensor
) -> None:
    """From one image to compare with: w (x - b), whatever points are drawn."""
    background = torch.full((1, 1, 8, 8), 0.5)
    settings = {"samples": 5, "sigma": 0.0, **SHAP, "baselines": background}
    weights = paths.gradientshap(linear_model, bright_images[:1], 1, **settings)
    expected = linear_model[1].weight[1] * (bright_images[0].flatten() - 0.5)
    np.testing.assert_allclose(weights, expected.numpy(), rtol=1e-4, atol=1e-6)


def test_gradientshap_approaches_the_change_from_the_mean_background(
    curved_model: nn.Module, bright_images: Tensor
) -> None:
    background = torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(2))
    settings = {"samples": 2000, "sigma": 0.0, **SHAP, "baselines": background}
    weights = paths.gradientshap(curved_model, bright_images[:1], 1, **settings)
    expected = float(curved_model(bright_images[:1])[0, 1] - curved_model(background)[:, 1].mean())
    assert weights.sum() == pytest.approx(expected, abs=0.003)


@pytest.fixture
def layered() -> nn.Sequential:
    """A convolution, an activation in place, and a linear layer: linear behind layer "1"."""
    torch.manual_seed(3)
    layers = nn.Conv2d(1, 4, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(144, 3)
    return nn.Sequential(*layers).eval().requires_grad_(False)


def at_layer(model: nn.Sequential, image: Tensor, baselines: Tensor, layer: str) -> np.ndarray:
    settings = {**SHAP, "layer": layer, "samples": 20, "sigma": 0.0, "baselines": baselines}
    return paths.gradientshap(model, image, 1, **settings)


def test_gradientshap_at_a_layer_before_a_linear_one_is_its_weight_times_the_difference_of_activations(
    layered: nn.Sequential, bright_images: Tensor
) -> None:
    """Summed over channels, and scaled up to the image bilinearly."""
    difference = layered[:2](bright_images[:1]) - layered[:2](BLACK)
    coarse = (layered[3].weight[1].reshape(1, 4, 6, 6) * difference).sum(dim=1, keepdim=True)
    expected = F.interpolate(coarse, size=(8, 8), mode="bilinear", align_corners=False)
    np.testing.assert_allclose(
        at_layer(layered, bright_images[:1], BLACK, "1"), expected.flatten(), atol=1e-6
    )


def test_gradientshap_at_a_layer_is_that_of_the_network_behind_it(bright_images: Tensor) -> None:
    """The layer keeps the image's size here, so nothing is scaled."""
    torch.manual_seed(5)
    front, back = nn.Conv2d(1, 2, 3, padding=1), (nn.Softplus(), nn.Flatten(), nn.Linear(128, 3))
    model = nn.Sequential(front, *back).eval().requires_grad_(False)
    weights = at_layer(model, bright_images[:1], bright_images[1:], "0")
    settings = {**SHAP, "samples": 20, "sigma": 0.0, "baselines": front(bright_images[1:])}
    expected = paths.gradientshap(nn.Sequential(*back), front(bright_images[:1]), 1, **settings)
    np.testing.assert_allclose(weights, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ("4", "the classifier has no layer '4'; its last layers are: 0, 1, 2, 3"),
        ("3", "the layer '3' gives no maps (n, channels, height, width); name one that does"),
    ],
)
def test_a_layer_that_cannot_be_explained_is_refused(
    layer: str, expected: str, layered: nn.Sequential, bright_images: Tensor
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        at_layer(layered, bright_images[:1], BLACK, layer)
    assert str(caught.value) == expected


def test_a_layer_that_is_used_twice_is_not_explained(bright_images: Tensor) -> None:
    shared = nn.Conv2d(1, 1, 3, padding=1)
    model = nn.Sequential(shared, shared, nn.Flatten(), nn.Linear(64, 3)).eval().requires_grad_(False)
    with pytest.raises(ValueError, match=r"^the layer '0' is used 2 times; name one that is used once$"):
        at_layer(model, bright_images[:1], BLACK, "0")
