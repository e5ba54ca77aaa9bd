"""Rules of relevance propagation for single layers: epsilon, gamma and z+ with signs, and the z-box.

Montavon et al. 2019, doi:10.1007/978-3-030-28954-6_10, section 10.2, and Montavon et al. 2017,
arXiv:1512.02479, section 4.3. Every rule keeps how much relevance a layer did not pass on. Independent of
images.
"""

from collections.abc import Callable
from math import inf
from typing import Any

import torch
from captum.attr._utils.lrp_rules import EpsilonRule
from torch import Tensor, nn
from torch.nn import functional as F


class AbsorbingRule(EpsilonRule):  # type: ignore[misc]
    """Captum's epsilon rule, with the relevance that a layer does not pass on kept in `absorbed`.

    That is the share of its bias in its outputs, and the share of epsilon.
    """

    def __init__(self, epsilon: float = EpsilonRule.STABILITY_FACTOR) -> None:
        super().__init__(epsilon)
        self.absorbed = 0.0

    def forward_hook(self, module: nn.Module, inputs: tuple[Tensor, ...], outputs: Tensor) -> Tensor:
        """Return the layer's outputs, through which relevance comes back."""
        bias = torch.zeros(())
        if isinstance(module, nn.BatchNorm2d):
            with torch.no_grad():
                bias = module.forward(torch.zeros_like(inputs[0]))
        return self._with_hooks(module, inputs, outputs, bias)

    def _with_hooks(
        self, module: nn.Module, inputs: tuple[Tensor, ...], outputs: Tensor, bias: Tensor
    ) -> Tensor:
        self._bias = bias.detach()
        result: Tensor = super().forward_hook(module, inputs, outputs)
        return result

    def _create_backward_hook_output(self, outputs: Tensor) -> Callable[[Tensor], Tensor]:
        propagate = super()._create_backward_hook_output(outputs)
        stabiliser = torch.where(outputs < 0, -1.0, 1.0) * self.STABILITY_FACTOR
        share = (self._bias + stabiliser) / (outputs + stabiliser)

        def hook(relevance: Tensor) -> Tensor:
            self.absorbed = float((relevance * share).double().sum())
            result: Tensor = propagate(relevance)
            return result

        return hook


class SignRule(AbsorbingRule):
    """The gamma rule for inputs and outputs of either sign: convolutions, linear layers, sums and means.

    Contributions with the sign of the output count 1 + gamma times; with an infinite gamma no others count,
    which for inputs and outputs that are never negative is the z+ rule (Montavon et al. 2019, section
    10.2.3). With such inputs and rectified outputs this is Captum's GammaRule, whose denominators can vanish
    elsewhere: behind the linear bottlenecks of EfficientNet-Lite0 its relevances reach 1e21. `biases` says
    whether biases count. The form is that of Andéol et al. 2021, "Learning domain invariant representations
    by joint Wasserstein distance minimization".
    """

    def __init__(self, gamma: float, biases: bool, epsilon: float = EpsilonRule.STABILITY_FACTOR) -> None:
        super().__init__(epsilon)
        self._gamma = gamma
        self._biases = biases

    def forward_hook(self, module: nn.Module, inputs: tuple[Tensor, ...], outputs: Tensor) -> Tensor:
        """Return the layer's outputs under the rule, through which relevance comes back."""
        high, low = ([values.clamp(**end) for values in inputs] for end in ({"min": 0}, {"max": 0}))
        if not isinstance(module, (nn.Conv2d, nn.Linear)):  # of these every weight is positive
            sums = torch.where(outputs >= 0, module.forward(*high), module.forward(*low))
            return self._with_hooks(module, inputs, sums, torch.zeros(()))
        plain = module.weight.detach()
        bias = module.bias if self._biases and module.bias is not None else plain.new_zeros(len(plain))
        parts = plain.clamp(min=0), plain.clamp(max=0)
        more, less = parts if self._gamma == inf else (plain + self._gamma * part for part in parts)
        above = _applied(module, high[0], more) + _applied(module, low[0], less)
        below = _applied(module, high[0], less) + _applied(module, low[0], more)
        bias = bias.detach().reshape(-1, *[1] * (outputs.ndim - 2))
        signs = outputs if self._biases or self._gamma == inf else _applied(module, inputs[0], plain)
        return self._with_hooks(module, inputs, torch.where(signs >= 0, above, below) + bias, bias)


def _applied(module: nn.Conv2d | nn.Linear, values: Tensor, weight: Tensor) -> Tensor:
    """Apply a layer to `values` with another weight and without its bias."""
    return (
        module._conv_forward(values, weight, None)
        if isinstance(module, nn.Conv2d)
        else F.linear(values, weight)
    )


class BoxedLayer(nn.Module):
    """The first layer of a network under the z-box rule, for inputs between `low` and `high` (1, ...).

    After a backward pass `relevance` holds the relevance of the inputs. Montavon et al. 2017, section 4.3.
    """

    def __init__(self, layer: nn.Module, low: Tensor, high: Tensor) -> None:
        super().__init__()
        self._layer: tuple[Any] = (layer,)  # in a tuple it is not a child, and gets no rule of its own
        self.low, self.high = low, high
        self.relevance: Tensor

    def forward(self, values: Tensor) -> Tensor:
        """Return the layer's output; gradients that come back are taken for relevance."""
        result: Tensor = _BoxRule.apply(values, self)  # type: ignore[no-untyped-call]
        return result

    def output(self, values: Tensor) -> Tensor:
        """Apply the layer itself to `values`."""
        [layer] = self._layer
        result: Tensor = layer(values)
        return result

    def propagate(self, values: Tensor, relevance: Tensor) -> Tensor:
        """Compute the relevance of `values` from the relevance of the layer's output."""
        with torch.enable_grad():
            ends = [end.detach().clone().requires_grad_() for end in (values, self.low, self.high)]
            weight: Tensor = self._layer[0].weight
            outputs = [
                self._linear(end, part)
                for end, part in zip(ends, (weight, weight.clamp(min=0), weight.clamp(max=0)), strict=True)
            ]
            total = outputs[0] - outputs[1] - outputs[2]
            shares = relevance / (total + EpsilonRule.STABILITY_FACTOR)
            slopes = torch.autograd.grad(total, ends, shares)
        self.relevance = torch.stack([end * slope for end, slope in zip(ends, slopes, strict=True)]).sum(
            dim=0
        )
        return self.relevance

    def _linear(self, values: Tensor, weight: Tensor) -> Tensor:
        [layer] = self._layer
        settings = {"weight": weight}
        if layer.bias is not None:
            settings["bias"] = torch.zeros_like(layer.bias)
        result: Tensor = torch.func.functional_call(layer, settings, (values,))
        return result


class _BoxRule(torch.autograd.Function):
    """Compute the layer forward, and propagate relevance back by the z-box rule."""

    @staticmethod
    def forward(context: Any, values: Tensor, box: BoxedLayer) -> Tensor:
        """Return the output of the box's layer."""
        context.box = box
        context.save_for_backward(values)
        result: Tensor = box.output(values)
        return result

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """Return the relevance of the values that went forward."""
        [values] = context.saved_tensors
        return context.box.propagate(values, gradients[0]), None
