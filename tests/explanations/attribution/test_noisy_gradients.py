import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explanations.attribution.gradient import noisy_gradients
from explanations.models import execution
from explanations.running import randomness

SEEDS = (11, 12, 13, 14)


def gradient(model: nn.Module, images: Tensor, label: int) -> np.ndarray:
    """The gradient (n, H * W) of the class's logit, by autograd alone."""
    images = images.clone().requires_grad_()
    (slope,) = torch.autograd.grad(model(images)[:, label].sum(), images)
    return slope.flatten(1).double().numpy()


def test_smoothgrad_squared_without_noise_is_the_square_of_the_gradient(
    curved_model: nn.Module, bright_images: Tensor
) -> None:
    maps = noisy_gradients.smoothgrad_squared(curved_model, bright_images, 2, SEEDS, samples=3, sigma=0)
    np.testing.assert_allclose(maps, gradient(curved_model, bright_images, 2) ** 2, rtol=1e-5)


def test_vargrad_without_noise_is_zero(curved_model: nn.Module, bright_images: Tensor) -> None:
    maps = noisy_gradients.vargrad(curved_model, bright_images, 2, SEEDS, samples=3, sigma=0)
    np.testing.assert_allclose(maps, 0, atol=1e-12)


def test_smoothgrad_squared_of_a_linear_model_is_its_weights_squared(
    linear_model: nn.Sequential, bright_images: Tensor
) -> None:
    maps = noisy_gradients.smoothgrad_squared(linear_model, bright_images, 1, SEEDS, samples=5)
    weights = linear_model[1].weight[1].double().numpy()
    np.testing.assert_allclose(maps, np.tile(weights**2, (4, 1)), rtol=1e-5)


def test_vargrad_is_the_variance_of_the_signed_gradient() -> None:
    """f(x) = x^2 / 2 has the gradient x: under noise of deviation 0.3 around 0 its variance is 0.09.

    That of |gradient|, a half-normal variable, is 0.09 (1 - 2 / pi) = 0.033.
    """

    class Parabola(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return (images**2).flatten(1).sum(dim=1, keepdim=True) / 2

    maps = noisy_gradients.vargrad(Parabola(), torch.zeros(1, 1, 20, 20), 0, [1], samples=200, sigma=0.3)
    assert maps.mean() == pytest.approx(0.09, rel=0.02)


def test_vargrad_does_not_cancel_where_the_gradient_is_large() -> None:
    """f(x) = 10^4 x + x^2 / 2: gradients near 10^4 that vary by 0.09; single precision keeps no digit."""

    class Steep(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return (1e4 * images + images**2 / 2).flatten(1).sum(dim=1, keepdim=True)

    maps = noisy_gradients.vargrad(Steep(), torch.zeros(1, 1, 20, 20), 0, [1], samples=200, sigma=0.3)
    assert maps.mean() == pytest.approx(0.09, rel=0.02)


@pytest.mark.parametrize("method", [noisy_gradients.smoothgrad_squared, noisy_gradients.vargrad])
def test_company_and_order_change_no_byte(method, curved_model: nn.Module, bright_images: Tensor) -> None:
    together = method(curved_model, bright_images, 0, SEEDS, samples=7)
    alone = method(curved_model, bright_images[2:3], 0, SEEDS[2:3], samples=7)
    assert together[2].tobytes() == alone[0].tobytes()


@pytest.mark.parametrize("method", [noisy_gradients.smoothgrad_squared, noisy_gradients.vargrad])
def test_the_number_of_threads_changes_no_byte(
    method, curved_model: nn.Module, bright_images: Tensor
) -> None:
    found = []
    for threads in (1, 2):
        with execution.run_on(threads=threads):
            found.append(method(curved_model, bright_images, 0, SEEDS, samples=600))
    assert found[0].tobytes() == found[1].tobytes()


def test_more_samples_begin_with_the_fewer() -> None:
    """The mean gradient of x^2 / 2 under noise is the mean of the noise: of the first three the same."""
    few, many = randomness.normal(11, 0, 3, 5), randomness.normal(11, 0, 9, 5)
    np.testing.assert_array_equal(few, many[:3])


def test_blocks_are_put_together_to_the_moments_of_all() -> None:
    numbers = np.random.default_rng(3).normal(1e4, 1, (7, 1, 5))
    parts = [
        noisy_gradients._moments(torch.from_numpy(part)[..., None]) for part in (numbers[:3], numbers[3:])
    ]
    whole = parts[0].with_more(parts[1])
    np.testing.assert_allclose(whole.mean, numbers.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(whole.variance, numbers.var(axis=0), rtol=1e-9)


def test_copies_are_explained_on_the_device(bright_images: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    devices = set()

    class Spy(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            devices.add(images.device.type)
            raise InterruptedError

    monkeypatch.setattr(execution, "current", lambda: execution.Execution(1, "meta"))
    with pytest.raises(InterruptedError):
        noisy_gradients.vargrad(Spy(), bright_images, 0, SEEDS, samples=2)
    assert devices == {"meta"}


def test_another_seed_gives_another_map(curved_model: nn.Module, bright_images: Tensor) -> None:
    first = noisy_gradients.vargrad(curved_model, bright_images[:1], 0, [1], samples=7)
    second = noisy_gradients.vargrad(curved_model, bright_images[:1], 0, [2], samples=7)
    assert not np.array_equal(first, second)


def test_the_random_state_of_the_caller_is_left_alone(curved_model: nn.Module, bright_images: Tensor) -> None:
    before = torch.get_rng_state()
    noisy_gradients.vargrad(curved_model, bright_images, 0, SEEDS, samples=7)
    assert torch.equal(torch.get_rng_state(), before)


def test_channels_are_summed(bright_images: Tensor) -> None:
    model = nn.Sequential(nn.Flatten(), nn.Linear(128, 3)).eval()
    coloured = bright_images.repeat(1, 2, 1, 1)
    maps = noisy_gradients.smoothgrad_squared(model, coloured, 1, SEEDS, samples=3)
    weights = model[1].weight[1].detach().double().numpy().reshape(2, 64)
    np.testing.assert_allclose(maps[0], (weights**2).sum(axis=0), rtol=1e-5)


def test_the_probability_may_be_differentiated_instead(
    linear_model: nn.Module, bright_images: Tensor
) -> None:
    images = bright_images.clone().requires_grad_()
    (slope,) = torch.autograd.grad(linear_model(images).softmax(dim=1)[:, 1].sum(), images)
    maps = noisy_gradients.smoothgrad_squared(
        linear_model, bright_images, 1, SEEDS, samples=1, sigma=0, output="probability"
    )
    np.testing.assert_allclose(maps, slope.flatten(1).numpy() ** 2, rtol=1e-4)


def test_an_unknown_target_is_refused(linear_model: nn.Module, bright_images: Tensor) -> None:
    with pytest.raises(ValueError, match=r"^there is no output 'score'; allowed: logit, probability$"):
        noisy_gradients.vargrad(linear_model, bright_images, 0, SEEDS, output="score")
