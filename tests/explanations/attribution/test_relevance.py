import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explanations.attribution.gradient import derivatives
from explanations.attribution.propagation import relevance, rules
from explanations.attribution.propagation.preparation import prepare


def overlapping() -> nn.Sequential:
    """A network whose pooling windows overlap, as in ResNet and Inception."""
    torch.manual_seed(5)
    layers = nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(3, stride=1), nn.Flatten(), nn.Linear(64, 3)
    return nn.Sequential(*layers).eval().requires_grad_(False)


@pytest.mark.parametrize("make", [overlapping, lambda: None])
def test_lrp_without_gamma_and_epsilon_is_input_times_gradient(
    make, rectified_model: nn.Module, bright_images: Tensor
) -> None:
    """For ReLU networks, by Shrikumar et al. 2016 and Ancona et al. 2018."""
    model = make() or rectified_model
    weights = relevance.lrp(model, bright_images[:1], 1, gamma=0.0, epsilon=1e-9, zero_biases=False)
    expected = derivatives.input_x_gradient(model, bright_images[:1], 1, output="logit")
    np.testing.assert_allclose(weights, expected, atol=1e-5)


def test_lrp_of_a_linear_model_is_weight_times_pixel(
    linear_model: nn.Sequential, bright_images: Tensor
) -> None:
    weights = relevance.lrp(linear_model, bright_images[:1], 1, gamma=0.25, epsilon=1e-9, zero_biases=False)
    expected = linear_model[1].weight[1] * bright_images[0].flatten()
    np.testing.assert_allclose(weights, expected.numpy(), rtol=1e-4, atol=1e-6)


def test_lrp_passes_a_shortcut_and_a_normalisation(bright_images: Tensor) -> None:
    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(1)
            self.first, self.norm = nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)
            self.second, self.last = nn.Conv2d(4, 4, 3, padding=1), nn.Linear(256, 3)
            self.norm.running_mean.uniform_(-0.1, 0.1)

        def forward(self, images: Tensor) -> Tensor:
            hidden = torch.relu(self.norm(self.first(images)))
            hidden = torch.relu(hidden + self.second(hidden))
            return self.last(hidden.flatten(1))

    model = Residual().eval().requires_grad_(False)
    weights = relevance.lrp(model, bright_images[:1], 1, gamma=0.0, epsilon=1e-9, zero_biases=False)
    expected = derivatives.input_x_gradient(model, bright_images[:1], 1, output="logit")
    np.testing.assert_allclose(weights, expected, atol=1e-4)


def test_deep_taylor_adds_up_to_the_logit_and_is_never_negative(
    rectified_model: nn.Module, bright_images: Tensor
) -> None:
    weights = relevance.deep_taylor(rectified_model, bright_images[:1], 1)
    assert weights.sum() == pytest.approx(float(rectified_model(bright_images[:1])[0, 1]), rel=1e-4)
    assert (weights >= 0).all()


@pytest.fixture
def bottleneck() -> nn.Sequential:
    """Two convolutions with nothing between them, as in a linear bottleneck: its values have both signs."""
    torch.manual_seed(3)
    layers = [nn.Conv2d(1, 6, 3, bias=False), nn.Conv2d(6, 6, 3, bias=False), nn.ReLU(), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(96, 3, bias=False)).eval().requires_grad_(False)


def test_deep_taylor_adds_up_where_nothing_rectifies_a_layer(
    bottleneck: nn.Sequential, bright_images: Tensor
) -> None:
    logits = bottleneck(bright_images)
    image, target = divmod(int(logits.argmax()), 3)
    weights = relevance.deep_taylor(bottleneck, bright_images[image : image + 1], target)
    assert weights.sum() == pytest.approx(float(logits[image, target]), rel=1e-3)
    assert (weights >= 0).all()


def test_deep_taylor_says_where_units_are_active_by_their_bias_alone(
    rectified_model: nn.Sequential, bright_images: Tensor
) -> None:
    """Three of four channels see nothing of the image, and have a bias that is."""
    rectified_model[0].weight[1:] = 0
    rectified_model[0].bias[1:] = 5
    rectified_model[-1].weight.abs_()
    expected = (
        r"^Deep Taylor decomposition is not complete: .*; the classifier has units that are active by their "
        r"bias alone, which hold \d+% of the logit; choose another method$"
    )
    rectified_model[0].weight[0] = 0.01
    two = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.ReLU(), *rectified_model)
    two[0].weight.data.fill_(1)
    with pytest.raises(ValueError, match=expected):
        relevance.deep_taylor(two.eval().requires_grad_(False), bright_images[:1], 1)


def test_biases_take_their_share_of_lrps_relevance_unless_they_are_zeroed(
    rectified_model: nn.Sequential, bright_images: Tensor
) -> None:
    rectified_model[-1].bias += 3
    logit = float(rectified_model(bright_images[:1])[0, 1])
    shares = [
        relevance.lrp(rectified_model, bright_images[:1], 1, gamma=0.25, epsilon=1e-9, zero_biases=zero).sum()
        for zero in (False, True)
    ]
    assert shares == [pytest.approx(logit - 4, abs=1), pytest.approx(logit, rel=1e-4)]


def test_relevance_that_is_lost_on_the_way_is_stopped(
    rectified_model: nn.Sequential, bright_images: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        rules.SignRule, "absorbed", property(lambda self: 0.2, lambda self, value: None), raising=False
    )
    expected = (
        r"^LRP is not complete: .*; the classifier has layers that lose relevance; choose another method$"
    )
    with pytest.raises(ValueError, match=expected):
        relevance.lrp(rectified_model, bright_images[:1], 1, gamma=0.25, epsilon=1e-9, zero_biases=True)


def test_deep_taylor_of_one_layer_is_the_z_box_rule_by_hand() -> None:
    """Pixels 0.5 and 1, weights 2 and -1: z = 2 * 0.5 + (-1) * (1 - 1) = 1; all of the logit goes to pixel
    1."""
    model = nn.Sequential(nn.Flatten(), nn.Linear(2, 1, bias=False)).eval().requires_grad_(False)
    model[1].weight.copy_(torch.tensor([[2.0, -0.5]]))
    image = torch.tensor([0.5, 0.5]).reshape(1, 1, 1, 2)
    # z-box: terms 2 * 0.5 = 1 and -0.5 * (0.5 - 1) = 0.25; the logit 0.75 is shared as 1 to 0.25
    np.testing.assert_allclose(relevance.deep_taylor(model, image, 0), [0.6, 0.15], rtol=1e-5)


def test_deep_taylor_has_nothing_to_say_of_a_negative_logit(
    rectified_model: nn.Sequential, bright_images: Tensor
) -> None:
    rectified_model[-1].bias -= 100
    assert not relevance.deep_taylor(rectified_model, bright_images[:1], 1).any()


def test_relevance_is_that_of_the_image_though_the_model_normalises_it(
    rectified_model: nn.Module, bright_images: Tensor
) -> None:
    from explanations.datasets.preprocessing import Normalised, Preprocessing

    model = Normalised(rectified_model, Preprocessing(mean=(0.2,), std=(0.5,))).eval()
    weights = relevance.deep_taylor(model, bright_images[:1], 1)
    assert weights.sum() == pytest.approx(float(model(bright_images[:1])[0, 1]), rel=1e-4)


def test_a_layer_without_a_rule_is_refused(bright_images: Tensor) -> None:
    model = nn.Sequential(nn.Flatten(), nn.LayerNorm(64), nn.Linear(64, 3)).eval()
    with pytest.raises(
        ValueError, match=r"^relevance propagation has no rule for 1 \(LayerNorm\); choose another method$"
    ):
        relevance.lrp(model, bright_images[:1], 1, gamma=0.25, epsilon=1e-6, zero_biases=False)


class Padded(nn.Conv2d):
    """A convolution that pads by itself, right and below only, as TensorFlow and EfficientNet-Lite do."""

    def __init__(self, *sizes: int) -> None:
        super().__init__(*sizes, bias=False)
        self.padding_outside = nn.ZeroPad2d((0, 1, 0, 1))

    def forward(self, images: Tensor) -> Tensor:
        return nn.functional.conv2d(self.padding_outside(images), self.weight, self.bias, self.stride)


@pytest.fixture
def padded_model() -> nn.Sequential:
    """A network of two convolutions that torch.fx traces into, with batch normalisation and ReLU6."""
    torch.manual_seed(6)
    layers = [Padded(1, 4, 3, 2), nn.BatchNorm2d(4), nn.ReLU6(), Padded(4, 4, 3, 1), nn.ReLU6()]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(36, 3, bias=False)).eval().requires_grad_(False)
    model[1].running_mean.zero_()
    return model


def test_lrp_reaches_the_image_through_convolutions_of_another_class(
    padded_model: nn.Sequential, bright_images: Tensor
) -> None:
    weights = relevance.lrp(padded_model, bright_images[:1], 1, gamma=0.0, epsilon=1e-9, zero_biases=False)
    expected = derivatives.input_x_gradient(padded_model, bright_images[:1], 1, output="logit")
    np.testing.assert_allclose(weights, expected, atol=1e-5)


def test_the_functions_of_a_traced_network_become_modules_with_the_same_outputs(
    padded_model: nn.Sequential, bright_images: Tensor
) -> None:
    prepared = prepare(padded_model, bright_images)
    assert [type(layer) for layer in prepared.modules()].count(nn.Conv2d) == 2
    assert torch.equal(prepared(bright_images), padded_model(bright_images))


def test_lrp_stays_of_the_logits_size_where_outputs_are_not_rectified(
    bottleneck: nn.Sequential, bright_images: Tensor
) -> None:
    """Captum's gamma rule divides by sums that can vanish: here weights add up to 4,000 times the logit."""
    logits = bottleneck(bright_images)[:, 1].numpy()
    weights = [
        relevance.lrp(bottleneck, image[None], 1, gamma=0.25, epsilon=1e-9, zero_biases=False)
        for image in bright_images
    ]
    np.testing.assert_allclose(np.sum(weights, axis=1), logits, rtol=1e-3)
    assert np.abs(weights).sum(axis=1).max() < 100 * np.abs(logits).max()
