"""Local importances from the gradient at the image: gradient, input x gradient, SmoothGrad's signed mean,
guided backpropagation. One image (1, C, H, W) in, weights (H * W,) out. Independent of datasets and class
maps.
"""

import warnings
from collections.abc import Iterator

import numpy as np
import torch
from captum._utils.common import _register_backward_hook
from captum.attr import GuidedBackprop, InputXGradient, Saliency
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations.attribution.propagation.preparation import activations, prepare
from explanations.models import execution
from explanations.models.class_scores import class_score, gradients, leaf
from explanations.running import randomness

Floats = NDArray[np.float64]
Address = tuple[object, ...]

COPIES = 100  # noisy copies at once, fewer where they have more than COPIES_VALUES values together
COPIES_VALUES = 32 * 3 * 224 * 224


def sum_channels(attribution: Tensor) -> Floats:
    """Sum weights (1, C, H, W) over channels, to (H * W,)."""
    return np.asarray(attribution.detach().double().sum(dim=1).flatten().cpu().numpy())


def add_noise(image: Tensor, samples: int, sigma: float, address: Address) -> Iterator[Tensor]:
    """Yield `samples` copies of `image` (1, C, H, W) under Gaussian noise of deviation `sigma`, in blocks.

    The noise of a copy depends on the address and its number only, not on the block.
    """
    copies = max(1, min(COPIES, COPIES_VALUES // image.numel()))
    for first, last in execution.blocks(samples, copies):
        noise = np.stack(
            [randomness.generator(*address, k).standard_normal(image.shape[1:]) for k in range(first, last)]
        )
        yield image + sigma * torch.from_numpy(noise).to(image)


def gradient(model: nn.Module, image: Tensor, target: int, *, output: str) -> Floats:
    """Compute the size of the gradient, the largest over channels: never negative. Simonyan et al. 2013."""
    slope = Saliency(class_score(model, target, output)).attribute(leaf(image), abs=True)
    return np.asarray(slope.detach().double().amax(dim=1).flatten().cpu().numpy())


def input_x_gradient(model: nn.Module, image: Tensor, target: int, *, output: str) -> Floats:
    """Multiply the image by its gradient: signed, summed over channels. Shrikumar et al. 2016."""
    return sum_channels(InputXGradient(class_score(model, target, output)).attribute(leaf(image)))


def smoothgrad(
    model: nn.Module, image: Tensor, target: int, *, samples: int, sigma: float, output: str, address: Address
) -> Floats:
    """Average the signed gradient over noisy copies, summed over channels. Smilkov et al. 2017, section 3.

    `sigma` is the noise's standard deviation, where the image's values range from 0 to 1.
    """
    score = class_score(model, target, output)
    total = torch.zeros(image.shape, dtype=torch.float64, device=image.device)
    for copies in add_noise(image, samples, sigma, address):
        total += gradients(score, copies).double().sum(dim=0, keepdim=True)
    return sum_channels(total / samples)


def guided_backprop(model: nn.Module, image: Tensor, target: int) -> Floats:
    """Propagate the logit's gradient back through positive gradients of active units only: signed.

    Springenberg et al. 2014. Summed over channels. Raises ValueError for a model without ReLUs, where this
    would be the plain gradient, and for one with other activations, for which it is not defined.
    """
    return sum_channels(guided_gradient(model, image, target))


def guided_gradient(model: nn.Module, image: Tensor, target: int) -> Tensor:
    """Compute what guided backpropagation gives each value of the image, (1, C, H, W)."""
    prepared = prepare(model, image)
    kinds = {type(module) for module in activations(prepared)} - {nn.Softmax, nn.LogSoftmax}
    if not kinds or not kinds <= {nn.ReLU, nn.ReLU6}:
        names = ", ".join(sorted(kind.__name__ for kind in kinds)) or "no activations"
        raise ValueError(f"guided backpropagation is defined for ReLU and ReLU6; the classifier has {names}")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Setting backward hooks", UserWarning)
        result: Tensor = _GuidedBackprop(prepared).attribute(leaf(image), target=target)
    return result


def uniform_noise(model: nn.Module, image: Tensor, target: int, *, address: Address) -> Floats:
    """Draw uniform noise (H * W,) in [0, 1) at the image's address, whatever the model and the image."""
    return randomness.generator(*address).random(image[0, 0].numel())


class _GuidedBackprop(GuidedBackprop):  # type: ignore[misc]
    """Captum's GuidedBackprop, which passes over ReLU6, with ReLU6."""

    def _register_hooks(self, module: nn.Module) -> None:
        if isinstance(module, (nn.ReLU, nn.ReLU6)):
            self.backward_hooks.extend(_register_backward_hook(module, self._backward_hook, self))
