"""LIME on the units of a layer in place of pixels.

Ahern et al. 2019, arXiv:1909.04200, section 3: a feature is whatever an explanation weighs. A unit is a
channel of a layer with maps, or an output of a layer without. Independent of datasets and class maps.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from explanations.attribution.gradient.derivatives import Address
from explanations.attribution.gradient.layers import find_layer, named_layer
from explanations.attribution.perturbation import lime
from explanations.models import execution
from explanations.models.class_scores import class_score
from explanations.running import randomness

Floats = NDArray[np.float64]


def unit_weights(
    model: nn.Module,
    image: Tensor,
    target: int,
    *,
    samples: int,
    features: int,
    kernel_width: float,
    layer: str,
    output: str,
    address: Address,
) -> Floats:
    """Return LIME's signed weights (units,) of the units of a layer for one image (1, C, H, W).

    Units are switched off (set to 0) with equal odds; those that are 0 already cannot be chosen. Any
    aggregation combines the weights of many images; NormLIME's gives the units of the class.
    """
    weights, _ = _weigh(model, image, target, samples, features, kernel_width, layer, output, address)
    return weights


def lime_units(
    model: nn.Module,
    image: Tensor,
    target: int,
    *,
    samples: int,
    features: int,
    kernel_width: float,
    layer: str,
    output: str,
    address: Address,
) -> Floats:
    """Return the activity of the channels of a layer times their LIME weights, scaled up, (H * W,).

    `layer` is the name of a module whose output is (n, channels, height, width), or "" for Grad-CAM's.
    """
    weights, activations = _weigh(
        model, image, target, samples, features, kernel_width, layer, output, address
    )
    if activations.ndim != 4:
        raise ValueError(
            f"the units of the layer {layer!r} have no position in an image; name a layer whose output has "
            "height and width, or use the weights of unit_weights"
        )
    activity = activations[0].double().abs().flatten(1)  # (channels, h * w)
    spread = activity / activity.mean(dim=1, keepdim=True).clamp(min=1e-12)
    heat = torch.from_numpy(weights) @ spread  # every channel's weight, where the channel is active
    coarse = heat.reshape(1, 1, *activations.shape[2:])
    full = F.interpolate(coarse, size=image.shape[2:], mode="bilinear", align_corners=False)
    return np.asarray(full.flatten().numpy())


def _weigh(
    model: nn.Module,
    image: Tensor,
    target: int,
    samples: int,
    features: int,
    kernel_width: float,
    layer: str,
    output: str,
    address: Address,
) -> tuple[Floats, Tensor]:
    """Return LIME's weights (units,) and the output of the layer for the image."""
    model, image = execution.place(model), image.to(execution.current().device)
    module = named_layer(model, layer or find_layer(model, image))
    switches = _Switches(module)
    score = class_score(model, target, output)
    size = score.block_size(image[0])
    with switches, torch.no_grad():
        score(image)
        activations = switches.output
        values = activations[0].cpu()
        active = np.flatnonzero(values.flatten(1).abs().amax(dim=1) if values.ndim > 1 else values)
        count = activations.shape[1]
        bank = lime.mask_bank(count, samples, randomness.generator(*address), kernel_width)
        responses = []
        for masks in torch.split(bank.samples, size):
            switches.masks = masks.to(image.device)
            responses.append(score(image.expand(len(masks), -1, -1, -1)).double().cpu())
    weights = np.zeros(count)
    if len(active):
        moments = bank.projection @ torch.cat(responses).numpy()  # (units,)
        gram = bank.gram[np.ix_(active, active)]
        chosen = active[lime.lasso_support(gram, moments[active], features)]
        weights[chosen] = lime.least_squares(bank.gram[np.ix_(chosen, chosen)], moments[chosen])
    return weights, activations.cpu()


class _Switches:
    """Multiply the output (n, units, ...) of a module by `masks` (n, units), if any, inside `with`."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.masks: Tensor | None = None
        self.output: Tensor

    def __enter__(self) -> "_Switches":
        self.handle = self.module.register_forward_hook(self._switch)
        return self

    def __exit__(self, *_: object) -> None:
        self.handle.remove()

    def _switch(self, _: nn.Module, __: object, output: Tensor) -> Tensor:
        if self.masks is None:
            self.output = output
            return output
        return output * self.masks.reshape(*self.masks.shape, *[1] * (output.ndim - 2))
