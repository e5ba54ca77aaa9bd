import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explanations.attribution.gradient import cam, derivatives
from explanations.attribution.gradient.layers import find_layer


def slope(model: nn.Module, image: Tensor, target: int) -> np.ndarray:
    """The gradient (H * W,) of the class's logit, by autograd alone."""
    image = image.clone().requires_grad_()
    [gradient] = torch.autograd.grad(model(image)[0, target], image)
    return gradient.flatten().double().numpy()


def test_the_gradient_of_a_linear_model_is_the_size_of_its_weights(
    linear_model: nn.Sequential, bright_images: Tensor
) -> None:
    weights = derivatives.gradient(linear_model, bright_images[:1], 1, output="logit")
    np.testing.assert_allclose(weights, linear_model[1].weight[1].abs().numpy())


def test_the_gradient_is_the_greatest_over_channels() -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(8, 1)).requires_grad_(False)
    model[1].weight.copy_(torch.tensor([[1.0, -5, 3, 0, -2, 4, 1, 0]]))  # two channels of 2 x 2
    weights = derivatives.gradient(model, torch.rand(1, 2, 2, 2), 0, output="logit")
    assert weights.tolist() == [2, 5, 3, 0]


def test_input_times_gradient_of_a_linear_model_is_weight_times_pixel(
    linear_model: nn.Sequential, bright_images: Tensor
) -> None:
    weights = derivatives.input_x_gradient(linear_model, bright_images[:1], 2, output="logit")
    expected = linear_model[1].weight[2] * bright_images[0].flatten()
    np.testing.assert_allclose(weights, expected.numpy(), rtol=1e-5)


def test_smoothgrad_without_noise_is_the_gradient(curved_model: nn.Module, bright_images: Tensor) -> None:
    settings = {"samples": 3, "sigma": 0.0, "output": "logit", "address": (0,)}
    weights = derivatives.smoothgrad(curved_model, bright_images[:1], 2, **settings)
    np.testing.assert_allclose(weights, slope(curved_model, bright_images[:1], 2), rtol=1e-5)


def test_the_noise_of_a_copy_does_not_depend_on_how_many_there_are(bright_images: Tensor) -> None:
    few = torch.cat(list(derivatives.add_noise(bright_images[:1], 3, 0.1, ("address",))))
    many = torch.cat(list(derivatives.add_noise(bright_images[:1], 103, 0.1, ("address",))))
    assert torch.equal(few, many[:3])
    assert len(many) == len(many.unique(dim=0)) == 103
    assert (many - bright_images[0]).std() == pytest.approx(0.1, rel=0.02)


def test_guided_backpropagation_passes_positive_gradients_of_active_units_only(
    bright_images: Tensor,
) -> None:
    """Two hidden units, both active, with outgoing weights 2 and -3: only the first one's weights come
    back."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 2), nn.ReLU(), nn.Linear(2, 1)).requires_grad_(False)
    model[1].weight.abs_()
    model[3].weight.copy_(torch.tensor([[2.0, -3.0]]))
    weights = derivatives.guided_backprop(model, bright_images[:1], 0)
    np.testing.assert_allclose(weights, 2 * model[1].weight[0].numpy(), rtol=1e-5)


@pytest.mark.parametrize("activation", [nn.ReLU(), nn.ReLU6(), nn.ReLU(inplace=True)])
def test_guided_backpropagation_knows_every_kind_of_relu(
    activation: nn.Module, bright_images: Tensor
) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 2), activation, nn.Linear(2, 1)).requires_grad_(False)
    model[1].weight.abs_().div_(10)
    model[3].weight.copy_(torch.tensor([[2.0, -3.0]]))
    weights = derivatives.guided_backprop(model, bright_images[:1], 0)
    np.testing.assert_allclose(weights, 2 * model[1].weight[0].numpy(), rtol=1e-5)


@pytest.mark.parametrize(
    ("fixture", "names"), [("linear_model", "no activations"), ("curved_model", "Softplus")]
)
def test_guided_backpropagation_without_relus_is_refused(
    fixture: str, names: str, bright_images: Tensor, request: pytest.FixtureRequest
) -> None:
    """It would be the plain gradient, in silence."""
    expected = rf"^guided backpropagation is defined for ReLU and ReLU6; the classifier has {names}$"
    with pytest.raises(ValueError, match=expected):
        derivatives.guided_backprop(request.getfixturevalue(fixture), bright_images[:1], 0)


def planted() -> nn.Sequential:
    """A convolution of two channels, the left and the right half of the image; class 0 is the right half."""
    model = nn.Sequential(
        nn.Conv2d(1, 2, 1, bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(128, 1, bias=False)
    )
    model.requires_grad_(False)
    model[0].weight.fill_(1)
    halves = torch.zeros(2, 8, 8)
    halves[1, :, 4:] = 1
    model[3].weight.copy_(halves.reshape(1, 128))
    return model.eval()


def test_grad_cam_is_the_channels_by_their_mean_gradients_rectified_and_scaled_up() -> None:
    """The second channel has the mean gradient 1 / 2, the first none: the map is half of the image."""
    image = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    weights = cam.grad_cam(planted(), image, 0, layer="", output="logit")
    np.testing.assert_allclose(weights, image.flatten().numpy() / 2, rtol=1e-5)


def test_grad_cam_is_never_negative() -> None:
    model = planted()
    model[3].weight.neg_()
    weights = cam.grad_cam(model, torch.rand(1, 1, 8, 8), 0, layer="", output="logit")
    assert not weights.any()


def test_grad_cam_is_scaled_up_to_the_image(rectified_model: nn.Module, bright_images: Tensor) -> None:
    assert cam.grad_cam(rectified_model, bright_images[:1], 0, layer="2", output="logit").shape == (64,)


def test_guided_grad_cam_is_the_product_of_both() -> None:
    image = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    heat = cam.grad_cam(planted(), image, 0, layer="", output="logit")
    guided = derivatives.guided_backprop(planted(), image, 0)
    weights = cam.guided_grad_cam(planted(), image, 0, layer="", output="logit")
    np.testing.assert_allclose(weights, heat * guided, rtol=1e-6)


class Block(nn.Module):
    """A residual block with one ReLU for both places, in place."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, values: Tensor) -> Tensor:
        late = self.second(self.relu(self.first(values)))
        late += values
        return self.relu(late)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ([nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3)], "1"),
        ([nn.Conv2d(1, 4, 3), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(36, 3)], "2"),
        ([nn.Conv2d(1, 4, 3), Block(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)], "1"),
        (
            [nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)],
            "1",
        ),
    ],
    ids=["VGG", "the paper's", "ResNet", "DenseNet"],
)
def test_the_last_layer_with_height_and_width_is_found(
    layers: list[nn.Module], expected: str, bright_images: Tensor
) -> None:
    assert find_layer(nn.Sequential(*layers).eval(), bright_images) == expected


def test_a_model_without_such_a_layer_is_refused(linear_model: nn.Module, bright_images: Tensor) -> None:
    with pytest.raises(ValueError, match=r"^the classifier has no convolution whose output has height"):
        cam.grad_cam(linear_model, bright_images[:1], 0, layer="", output="logit")


def test_a_layer_that_is_used_several_times_is_named(bright_images: Tensor) -> None:
    shared = nn.Conv2d(4, 4, 3, padding=1)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), shared, shared, nn.Flatten(), nn.Linear(144, 3)).eval()
    expected = (
        r"^the classifier's last layer with height and width, 1, is used 2 times, and Grad-CAM needs one "
        r"that is used once; name one with layer=NAME, or choose another method$"
    )
    with pytest.raises(ValueError, match=expected):
        cam.grad_cam(model, bright_images[:1], 0, layer="", output="logit")


def test_a_layer_that_is_not_there_is_refused(linear_model: nn.Module, bright_images: Tensor) -> None:
    with pytest.raises(ValueError, match=r"^the classifier has no layer 'top'; its last layers are: 0, 1$"):
        cam.grad_cam(linear_model, bright_images[:1], 0, layer="top", output="logit")
