"""Relevance that is propagated back from the logit layer by layer: LRP (Bach et al. 2015,
doi:10.1371/journal.pone.0130140; its rules as in Montavon et al. 2019, doi:10.1007/978-3-030-28954-6_10) and
Deep Taylor decomposition (Montavon et al. 2017, arXiv:1512.02479). One image (1, C, H, W) in, weights
(H * W,) out. Both explain the logit. Independent of datasets and class maps.
"""

from collections import defaultdict
from collections.abc import Callable
from math import inf
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from captum._utils.common import _register_backward_hook
from captum.attr import LRP
from captum.attr._utils.custom_modules import Addition_Module
from captum.attr._utils.lrp_rules import PropagationRule
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations.attribution import validity
from explanations.attribution.gradient.derivatives import sum_channels
from explanations.attribution.propagation.preparation import ACTIVATIONS, Barrier, prepare
from explanations.attribution.propagation.rules import AbsorbingRule, BoxedLayer, SignRule
from explanations.models import execution
from explanations.models.class_scores import leaf

Floats = NDArray[np.float64]
Rule = Callable[[nn.Module], PropagationRule]

CONSERVED = 0.05  # the share of the logit that may be lost, as in units without positive inputs
LOSING = "layers that lose relevance"


def lrp(
    model: nn.Module, image: Tensor, target: int, *, gamma: float, epsilon: float, zero_biases: bool
) -> Floats:
    """Compute layer-wise relevance by the gamma and epsilon rules, signed, summed over channels.

    Convolutions take the gamma rule, other layers the epsilon rule. As in Montavon et al. 2019, a bias counts
    as one more unit and takes its share of the relevance: large biases, such as those of folded batch
    normalisations, leave little for the image (1.4% of the logit of a cat in EfficientNet-Lite0). With
    `zero_biases` they count for nothing, as in zennit's `zero_params="bias"`
    (github.com/chr5tphr/zennit/issues/183), and only units that their bias alone activates absorb any.
    Relevance and what was absorbed add up to the logit, to CONSERVED of it, or ValueError is raised.
    """

    def rule(layer: nn.Module) -> PropagationRule:
        if isinstance(layer, nn.Conv2d):
            return SignRule(gamma, not zero_biases)
        if isinstance(layer, nn.Linear):
            return SignRule(0.0, not zero_biases, epsilon)
        return AbsorbingRule(epsilon)

    return sum_channels(_relevance(model, image, target, rule, box=False))


def deep_taylor(model: nn.Module, image: Tensor, target: int) -> Floats:
    """Compute the Deep Taylor decomposition of a positive logit, without biases: never negative.

    Hidden layers take the z+ rule, the first layer the z-box rule for image values from 0 to 1, whatever
    preprocessing the model contains. Where nothing rectifies a layer's output, as in linear bottlenecks and
    shortcuts, a negative output decomposes over what makes it negative. The relevances add up to the logit,
    to CONSERVED of it, or ValueError is raised: the paper assumes that biases are not positive, and units
    that their bias alone activates cannot be decomposed (19 parts of 20 in EfficientNet-Lite0). All
    relevances are 0 where the logit is 0 or less: the decomposition is defined for positive outputs only.
    """

    def rule(layer: nn.Module) -> PropagationRule:
        weighted = (nn.Conv2d, nn.Linear, nn.AvgPool2d, nn.AdaptiveAvgPool2d, Addition_Module)
        return SignRule(inf, False) if isinstance(layer, weighted) else AbsorbingRule()

    with torch.no_grad():
        logit = float(model(image)[0, target])
    if logit <= 0:
        return np.zeros(image[0, 0].numel())
    return sum_channels(_relevance(model, image, target, rule, box=True))


def _relevance(model: nn.Module, image: Tensor, target: int, rule: Rule, box: bool) -> Tensor:
    """Compute the relevance (1, C, H, W) of the values that enter the first layer with weights.

    These are the image's, preprocessed. `box` asks for the z-box rule in that layer.
    """
    prepared = prepare(_fuse(model, image), image)
    name, entered = _first_layer(prepared, image)
    first = prepared.get_submodule(name)
    bounds = [_first_layer(prepared, torch.full_like(image, value))[1] for value in (0.0, 1.0)]
    pixels = bounds[0] != bounds[1]  # padding, which some networks put around the image, is the same in both
    _LRP(prepared, rule, first).refuse_unknown_layers()
    if int(pixels.sum()) != image.numel():
        raise ValueError(
            f"the first layer, {name}, takes {tuple(entered.shape[1:])} values of an image of "
            f"{tuple(image.shape[1:])}; relevance needs preprocessing that keeps the size"
        )
    with torch.no_grad():
        logit: Tensor = prepared(image)[0, target]  # Captum's relevances are shares of it, up to the image
    if not box:
        method = _LRP(prepared, rule, first)
        method.attribute(leaf(image), target=target)
        entered = method.entered.reshape(pixels.shape)
        _check_conserved("LRP", entered, method.absorbed, float(logit))
        return (logit * entered[pixels]).reshape(image.shape)
    boxed = BoxedLayer(first, torch.minimum(*bounds), torch.maximum(*bounds))
    prepared.set_submodule(name, boxed)
    method = _LRP(prepared, rule, None)
    try:
        method.attribute(leaf(image), target=target)
    finally:
        prepared.set_submodule(name, first)
    entered = boxed.relevance.reshape(pixels.shape)[pixels].reshape(image.shape)
    reason = LOSING
    if method.absorbed > CONSERVED / 2:
        reason = f"units that are active by their bias alone, which hold {method.absorbed:.0%} of the logit"
    _check_conserved("Deep Taylor decomposition", entered, 0.0, float(logit), reason)
    return logit * entered


def _check_conserved(name: str, entered: Tensor, absorbed: float, logit: float, reason: str = LOSING) -> None:
    """Refuse relevances, as shares of the logit, that do not make up all of it with what was absorbed."""
    validity.check_sum(
        name,
        logit * (float(entered.double().sum()) + absorbed),
        logit,
        abs(logit),
        CONSERVED,
        f"the classifier has {reason}; choose another method",
    )


def _first_layer(model: nn.Module, image: Tensor) -> tuple[str, Tensor]:
    """Find the first convolution or linear layer that runs: its name and the values that enter it."""
    calls: list[tuple[str, Tensor]] = []
    handles = [
        module.register_forward_pre_hook(
            lambda _, inputs, name=name: calls.append((name, inputs[0].detach().clone()))
        )
        for name, module in model.named_modules()
        if isinstance(module, (nn.Conv2d, nn.Linear))
    ]
    try:
        with torch.no_grad():
            model(image)
    finally:
        for handle in handles:
            handle.remove()
    if not calls:
        raise ValueError(
            "the classifier has no convolution and no linear layer to propagate relevance through"
        )
    return calls[0]


_FUSED: "WeakKeyDictionary[nn.Module, nn.Module]" = WeakKeyDictionary()


def _fuse(model: nn.Module, image: Tensor) -> nn.Module:
    """Fold batch normalisations into convolutions: the rules are defined for the two as one layer."""
    with execution.run_on(device=image.device.type):
        fused = _FUSED.get(model)
        if fused is None:
            fused = _FUSED[model] = execution.optimise(model, image)
    return fused


class _LRP(LRP):  # type: ignore[misc]
    """Captum's LRP with a rule of our choice for each layer, passing by activations and reshaping.

    Afterwards `entered` holds the relevance of what enters layer `first`, and `absorbed` the relevance that
    layers did not pass on.
    """

    UNRULED = (
        Barrier,
        nn.Flatten,
        nn.Unflatten,
        nn.ZeroPad2d,
        nn.Identity,
        nn.Dropout,
        nn.Dropout2d,
        nn.AlphaDropout,
    )
    RULED = (
        nn.Conv2d,
        nn.Linear,
        nn.MaxPool2d,
        nn.AvgPool2d,
        nn.AdaptiveAvgPool2d,
        nn.BatchNorm2d,
        Addition_Module,
    )

    def __init__(self, model: nn.Module, rule: Rule, first: nn.Module | None) -> None:
        super().__init__(model)
        self._rule = rule
        self._first = first
        self.entered: Tensor
        self.absorbed = 0.0

    def refuse_unknown_layers(self) -> None:
        """Raise ValueError for a layer that has no rule."""
        self.layers: list[Any] = []
        self._get_layers(self.model)

    def _get_layers(self, model: nn.Module) -> None:
        for name, layer in model.named_modules():
            if isinstance(layer, (BoxedLayer, *self.UNRULED)) or list(layer.children()):
                continue
            if not isinstance(layer, (*self.RULED, *ACTIVATIONS)):
                kind = type(layer).__name__
                # torch.fx keeps the owners of parameters that no layer of its own uses as bare modules
                what = f"the parameters of {name}" if type(layer) is nn.Module else f"{name} ({kind})"
                raise ValueError(f"relevance propagation has no rule for {what}; choose another method")
            self.layers.append(layer)

    def _check_and_attach_rules(self) -> None:
        for layer in self.layers:
            if isinstance(layer, ACTIVATIONS):
                layer.rule = None  # type: ignore[assignment]
                continue
            layer.activations = {}
            layer.rule = self._rule(layer)
            layer.rule.relevance_input = defaultdict(list)
            layer.rule.relevance_output = {}

    def _register_forward_hooks(self) -> None:
        for layer in self.layers:
            if layer.rule is None:
                hook = PropagationRule.backward_hook_activation
                self.backward_handles.extend(_register_backward_hook(layer, hook, self))
            else:
                self.forward_handles.append(layer.register_forward_hook(layer.rule.forward_hook))

    def _restore_model(self) -> None:
        rules = [layer.rule for layer in self.layers if hasattr(layer, "rule")]
        self.absorbed = sum(rule.absorbed for rule in rules if isinstance(rule, AbsorbingRule))
        if self._first is not None and hasattr(self._first, "rule"):
            for entered in self._first.rule.relevance_input.values():  # type: ignore[union-attr,operator]
                self.entered = entered
        super()._restore_model()
