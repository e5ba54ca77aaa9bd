from collections.abc import Callable

import pytest
import torch
from captum.attr import DeepLift, GuidedBackprop
from torch import Tensor, nn
from torch.nn import functional as F

from explanations.attribution.gradient import derivatives
from explanations.attribution.propagation import rescale
from explanations.attribution.propagation.preparation import Barrier, activations, prepare

pytestmark = pytest.mark.filterwarnings(
    "ignore:Setting .*hooks:UserWarning", "ignore:Input Tensor:UserWarning"
)


class Functional(nn.Module):
    """A network as people write them: functional activations, one ReLU used twice, in place, a shortcut."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.first, self.second = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.last = nn.Linear(64, 3)

    def forward(self, images: Tensor) -> Tensor:
        early = F.max_pool2d(self.relu(self.first(images)), 2)
        late = self.second(early)
        late += early
        return self.last(self.relu(late).flatten(1))


class Steered(Functional):
    """The same network, with a branch that torch.fx cannot trace."""

    def forward(self, images: Tensor) -> Tensor:
        if images.sum() < -1e9:
            raise ValueError("unthinkable")
        return super().forward(images)


@pytest.fixture
def functional() -> nn.Module:
    """An untrained network of functional, shared and in-place activations."""
    return Functional().eval().requires_grad_(False)


def test_every_use_of_an_activation_becomes_a_module_of_its_own(
    functional: nn.Module, bright_images: Tensor
) -> None:
    prepared = prepare(functional, bright_images)
    assert [type(module) for module in activations(prepared)] == [nn.ReLU, nn.ReLU]
    assert not any(module.inplace for module in activations(prepared))
    assert sum(isinstance(module, Barrier) for module in prepared.modules()) == 3  # two ReLUs and a pooling


def test_the_prepared_copy_gives_the_same_outputs_and_leaves_the_model_alone(
    functional: nn.Module, bright_images: Tensor
) -> None:
    before = functional(bright_images)
    assert torch.equal(prepare(functional, bright_images)(bright_images), before)
    assert functional.relu.inplace


def test_the_copy_is_made_once_and_again_when_the_model_has_changed(
    functional: nn.Module, bright_images: Tensor
) -> None:
    first = prepare(functional, bright_images)
    assert prepare(functional, bright_images) is first
    functional.last.weight.data += 1
    assert prepare(functional, bright_images) is not first


def test_a_shared_functional_activation_that_cannot_be_traced_is_refused(bright_images: Tensor) -> None:
    model = Steered().eval().requires_grad_(False)
    with pytest.raises(ValueError, match=r"^the classifier cannot be prepared for hooks: ") as caught:
        prepare(model, bright_images)
    assert "is used 2 times, and torch.fx cannot help (symbolically traced" in str(caught.value)
    assert str(caught.value).endswith("or choose a method that does not need modules")


def test_a_model_that_cannot_be_traced_but_has_modules_only_is_prepared(
    rectified_model: nn.Sequential, bright_images: Tensor
) -> None:
    class Branched(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = rectified_model

        def forward(self, images: Tensor) -> Tensor:
            return self.layers(images) if images.sum() > -1e9 else images

    model = Branched().eval()
    weights = rescale.deeplift(model, bright_images[:1], 1, baselines=torch.zeros(1, 1, 8, 8))
    expected = rescale.deeplift(rectified_model, bright_images[:1], 1, baselines=torch.zeros(1, 1, 8, 8))
    assert weights == pytest.approx(expected, abs=1e-6)


def test_a_model_that_is_not_the_same_twice_is_refused(bright_images: Tensor) -> None:
    class Noisy(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return F.relu(images.flatten(1)[:, :3] + torch.rand(3))

    with pytest.raises(
        ValueError,
        match=r"^the classifier gives other outputs each time, so it draws random numbers; choose a method",
    ):
        prepare(Noisy(), bright_images)


class Halved(nn.Module):
    """A network that computes in bfloat16, which torch.fx forgets."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.first, self.relu, self.last = nn.Linear(64, 20), nn.ReLU(), nn.Linear(20, 3)

    def forward(self, images: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return self.last(self.relu(self.first(images.flatten(1)))).float()


def test_a_model_that_torch_fx_traces_to_other_outputs_is_prepared_without_it(bright_images: Tensor) -> None:
    model = Halved().eval().requires_grad_(False)
    prepared = prepare(model, bright_images)
    assert torch.equal(prepared(bright_images), model(bright_images))
    assert sum(isinstance(module, Barrier) for module in prepared.modules()) == 1


def test_activations_inside_a_transformer_layer_are_named(bright_images: Tensor) -> None:
    class Attending(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)

        def forward(self, images: Tensor) -> Tensor:
            return self.layer(images[:, 0]).mean(dim=1)

    expected = r"^the classifier cannot be prepared for hooks: .*relu is a function, not a module"
    with pytest.raises(ValueError, match=expected):
        prepare(Attending().eval().requires_grad_(False), bright_images)


def test_guided_backpropagation_is_silently_the_gradient_without_preparation(
    functional: nn.Module, bright_images: Tensor
) -> None:
    """Where the activations are functional: the trap, and what the preparation makes of it."""

    class Plain(Functional):
        def forward(self, images: Tensor) -> Tensor:
            return self.last(F.max_pool2d(F.relu(self.first(images)), 2).flatten(1))

    model = Plain().eval().requires_grad_(False)
    image = bright_images[:1].clone().requires_grad_()
    [slope] = torch.autograd.grad(model(image)[0, 1], image)
    trapped = GuidedBackprop(model).attribute(image, target=1)
    assert torch.equal(trapped, slope)
    guided = derivatives.guided_backprop(model, image, 1)
    assert abs(guided - slope.flatten().numpy()).max() > 0.01


class Shortcut(nn.Module):
    """A network in which a shortcut and a ReLU take the same tensor."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.first, self.relu, self.last = nn.Linear(64, 20), nn.ReLU(), nn.Linear(20, 3)

    def forward(self, images: Tensor) -> Tensor:
        hidden = self.first(images.flatten(1))
        return self.last(hidden + self.relu(hidden))


def pooled_then_rectified() -> nn.Module:
    """A network in which a ReLU takes what a MaxPool gives, as the paper's does."""
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.MaxPool2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(36, 3))


def rectified_then_pooled() -> nn.Module:
    """A network in which a MaxPool takes what a ReLU gives, as in VGG."""
    torch.manual_seed(1)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3))


@pytest.mark.parametrize("make", [Shortcut, pooled_then_rectified])
def test_deeplift_is_incomplete_without_a_barrier_where_two_hooks_share_a_tensor(
    make: Callable[[], nn.Module], bright_images: Tensor
) -> None:
    """Captum 0.9.0 alone is wrong without a warning; on the prepared copy it is right."""
    model, image = make().eval().requires_grad_(False), bright_images[:1]
    black = torch.zeros_like(image)
    change = float((model(image) - model(black))[0, 1])
    trapped = DeepLift(model).attribute(image, black, target=1).detach().sum()
    assert float(trapped) != pytest.approx(change, rel=0.01)
    assert rescale.deeplift(model, image, 1, baselines=black).sum() == pytest.approx(change, rel=1e-4)


@pytest.mark.parametrize("make", [Shortcut, pooled_then_rectified, rectified_then_pooled, Functional])
def test_deeplift_and_deepshap_are_complete_in_every_order_of_layers_and_with_shared_ones(
    make: Callable[[], nn.Module], bright_images: Tensor
) -> None:
    model, background = make().eval().requires_grad_(False), bright_images[1:] / 2
    grey = torch.full((1, 1, 8, 8), 0.1)
    logit, logit_of_grey = model(bright_images[:1])[0, 1], model(grey)[0, 1]
    lift = rescale.deeplift(model, bright_images[:1], 1, baselines=grey)
    shap = rescale.deeplift(model, bright_images[:1], 1, baselines=background)
    assert lift.sum() == pytest.approx(float(logit - logit_of_grey), rel=1e-4)
    assert shap.sum() == pytest.approx(float(logit - model(background)[:, 1].mean()), rel=1e-4)


@pytest.mark.parametrize("rectify", [F.relu, F.relu6, torch.relu, lambda values: values.relu()])
def test_guided_backpropagation_guides_through_functional_activations(
    rectify: Callable[[Tensor], Tensor], bright_images: Tensor
) -> None:
    """Two hidden units, both active, with outgoing weights 2 and -3: only the first one's weights come
    back."""

    class Guided(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(2)
            self.first, self.last = nn.Linear(64, 2), nn.Linear(2, 1)

        def forward(self, images: Tensor) -> Tensor:
            return self.last(rectify(self.first(images.flatten(1))))

    model = Guided().eval().requires_grad_(False)
    model.first.weight.abs_().div_(10)
    model.last.weight.copy_(torch.tensor([[2.0, -3.0]]))
    weights = derivatives.guided_backprop(model, bright_images[:1], 0)
    assert weights == pytest.approx(2 * model.first.weight[0].numpy(), rel=1e-5)


def test_a_relu_that_is_used_twice_guides_as_two_of_them_do(bright_images: Tensor) -> None:
    torch.manual_seed(2)
    first, second, last, shared = nn.Linear(64, 9), nn.Linear(9, 9), nn.Linear(9, 3), nn.ReLU()
    layers = [nn.Flatten(), first, shared, second, shared, last]
    apart = [nn.Flatten(), first, nn.ReLU(), second, nn.ReLU(), last]
    found, expected = (
        derivatives.guided_backprop(nn.Sequential(*each).eval().requires_grad_(False), bright_images[:1], 1)
        for each in (layers, apart)
    )
    assert found.tobytes() == expected.tobytes()


def test_outputs_that_are_no_logits_are_refused(bright_images: Tensor) -> None:
    class Two(nn.Module):
        def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
            return images, images

    with pytest.raises(ValueError, match=r"^the classifier returns a tuple; expected a tensor of logits"):
        prepare(Two(), bright_images)
