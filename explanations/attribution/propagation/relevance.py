"""Local importances that are propagated back from the logit by rules: DeepLIFT (Shrikumar et al. 2017,
arXiv:1704.02685), DeepSHAP (Lundberg and Lee 2017, arXiv:1705.07874), LRP (Bach et al. 2015,
doi:10.1371/journal.pone.0130140; its rules as in Montavon et al. 2019, doi:10.1007/978-3-030-28954-6_10) and
Deep Taylor decomposition (Montavon et al. 2017, arXiv:1512.02479). One image (1, C, H, W) in, weights
(H * W,) out. All explain the logit. Knows no dataset and no class maps.
"""

import warnings
from collections import defaultdict
from collections.abc import Callable
from math import inf
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import torch
from captum._utils.common import _register_backward_hook
from captum.attr import LRP, DeepLift
from captum.attr._core import deep_lift as captum_rules
from captum.attr._utils.custom_modules import Addition_Module
from captum.attr._utils.lrp_rules import EpsilonRule, PropagationRule
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from explanations.attribution import validity
from explanations.attribution.gradient.derivatives import flat
from explanations.attribution.propagation.preparation import ACTIVATIONS, NON_LINEAR, POOLS, Barrier, prepare
from explanations.models import execution
from explanations.models.class_scores import leaf

Floats = NDArray[np.float64]

PAIRS = 25  # of image and baseline go through the network together; fixed, for rounding can depend on it
EXACT = 1e-3  # the completeness error that single precision may leave, as a share of the output
CONSERVED = 0.05  # the same for relevance, some of which is lost in units without positive inputs

# Below this a difference of inputs is rounding, and the slope takes the place of the quotient, as in shap.
SMALLEST_DIFFERENCE = 1e-6


# DeepLIFT


def deeplift(model: nn.Module, image: Tensor, target: int, *, baseline: float) -> Floats:
    """DeepLIFT's rescale rule against an image whose every value is `baseline`, signed, summed over
    channels."""
    return flat(_rescaled(model, image, torch.full_like(image, baseline), target, "DeepLIFT"))


def deepshap(model: nn.Module, image: Tensor, target: int, *, background: Tensor) -> Floats:
    """The mean of DeepLIFT against every image of `background` (m, C, H, W): shap's DeepExplainer, signed."""
    return flat(_rescaled(model, image, background, target, "DeepSHAP"))


def _rescaled(model: nn.Module, image: Tensor, baselines: Tensor, target: int, name: str) -> Tensor:
    """The mean over baselines (m, C, H, W) of DeepLIFT's attributions (1, C, H, W), complete to EXACT."""
    prepared = prepare(model, image)
    method = _DeepLift(prepared, eps=SMALLEST_DIFFERENCE)
    total = torch.zeros(image.shape, dtype=torch.float64)
    for batch in torch.split(baselines, PAIRS):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Setting forward, backward hooks", UserWarning)
            copies = image.repeat(len(batch), 1, 1, 1).requires_grad_()
            parts = method.attribute(copies, batch, target=target)
        total += parts.detach().double().sum(dim=0, keepdim=True)
    weights = total / len(baselines)
    with torch.no_grad():
        here = float(model(image)[0, target])
        there = torch.cat([model(batch)[:, target] for batch in torch.split(baselines, PAIRS)]).double()
    validity.complete(
        name,
        float(weights.sum()),
        here - float(there.mean()),
        abs(here) + float(there.abs().mean()),
        EXACT,
        "the rescale rule does not fit some operation of the classifier, such as a product of activations; "
        "choose another method",
    )
    return weights


class _DeepLift(DeepLift):  # type: ignore[misc]
    """Captum's, with the rescale rule for every activation, where Captum passes over ReLU6, GELU and others
    in silence, and with a rule for MaxPool that adds up where windows overlap and knows no other rows.
    """

    def _is_non_linear(self, module: nn.Module) -> bool:
        return isinstance(module, NON_LINEAR)

    def _backward_hook(self, module: nn.Module, grad_input: Tensor, grad_output: Tensor) -> Tensor:
        inputs, outputs = _tensor(module.input), _tensor(module.output)
        del module.input, module.output
        if isinstance(module, POOLS):
            return _pooled(module, inputs, outputs, grad_output)
        result: Tensor = captum_rules.nonlinear(
            module, inputs, outputs, grad_input, grad_output, eps=SMALLEST_DIFFERENCE
        )
        return result


def _tensor(value: Any) -> Tensor:
    """A value that Captum keeps on a module, of which nobody knows the type."""
    if not isinstance(value, Tensor):
        raise TypeError(f"a {type(value).__name__} where a tensor is wanted")
    return value


def _pooled(pool: nn.Module, inputs: Tensor, outputs: Tensor, grad_output: Tensor) -> Tensor:
    """The multipliers of a MaxPool: of each change of an output, the part above and below the other's maximum
    goes to the pixel that is the maximum (Captum's and shap's rule, with sums in place of overwriting).

    All tensors hold the images in their first half and their baselines in the second.
    """
    output, reference = outputs.chunk(2)
    larger = torch.maximum(output, reference)
    changes = torch.cat([larger - reference, output - larger])
    with torch.enable_grad():
        ends = leaf(inputs)
        # forward is called past the hooks of the module, which would count this use too
        [shares] = torch.autograd.grad(pool.forward(ends), ends, grad_output * changes)
    here, there = inputs.chunk(2)
    difference = here - there
    share = torch.add(*shares.chunk(2))
    quotient = torch.where(
        difference.abs() < SMALLEST_DIFFERENCE, torch.zeros_like(share), share / difference
    )
    return torch.cat([quotient, quotient])


# Relevance


def lrp(
    model: nn.Module, image: Tensor, target: int, *, gamma: float, epsilon: float, zero_biases: bool
) -> Floats:
    """Layer-wise relevance: the gamma rule for convolutions, the epsilon rule for the rest, signed.

    As in Montavon et al. 2019 a bias counts as one more unit, and takes its share of the relevance with it:
    with large ones, as of batch normalisations, little reaches the image (1.4 % of the logit of a cat in
    EfficientNet-Lite0). With `zero_biases` they count for nothing, as in zennit's `zero_params="bias"`
    (github.com/chr5tphr/zennit/issues/183), and only units that are active by their bias alone take any.
    Either way relevances and what was taken add up to the logit, to CONSERVED of it, or ValueError is raised.
    """

    def rule(layer: nn.Module) -> PropagationRule:
        if isinstance(layer, nn.Conv2d):
            return _SignRule(gamma, not zero_biases)
        if isinstance(layer, nn.Linear):
            return _SignRule(0.0, not zero_biases, epsilon)
        return _Absorbing(epsilon)

    return flat(_relevance(model, image, target, rule, box=False))


class _Absorbing(EpsilonRule):  # type: ignore[misc]
    """Captum's epsilon rule, which keeps in `absorbed` the relevance that a layer does not pass on: the share
    of its bias in its outputs, and that of epsilon."""

    def __init__(self, epsilon: float = EpsilonRule.STABILITY_FACTOR) -> None:
        super().__init__(epsilon)
        self.absorbed = 0.0

    def forward_hook(self, module: nn.Module, inputs: tuple[Tensor, ...], outputs: Tensor) -> Tensor:
        """The layer's outputs, through which relevance comes back."""
        bias = torch.zeros(())
        if isinstance(module, nn.BatchNorm2d):
            with torch.no_grad():
                bias = module.forward(torch.zeros_like(inputs[0]))
        return self._watched(module, inputs, outputs, bias)

    def _watched(
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


class _SignRule(_Absorbing):
    """The gamma rule for inputs and outputs of either sign, as in Andéol et al. 2021, "Learning domain
    invariant representations by joint Wasserstein distance minimization".

    What has the sign of an output counts 1 + gamma times in it; with an infinite gamma nothing else counts,
    which for inputs and outputs that are never negative is the z+ rule (Montavon et al. 2019, section
    10.2.3). With such inputs and rectified outputs it is Captum's GammaRule, whose denominators can vanish
    elsewhere: behind the linear bottlenecks of EfficientNet-Lite0 its relevances reach 1e21. `biases`:
    whether those count. For convolutions, linear layers, sums and means.
    """

    def __init__(self, gamma: float, biases: bool, epsilon: float = EpsilonRule.STABILITY_FACTOR) -> None:
        super().__init__(epsilon)
        self._gamma = gamma
        self._biases = biases

    def forward_hook(self, module: nn.Module, inputs: tuple[Tensor, ...], outputs: Tensor) -> Tensor:
        """The layer's outputs under the rule, through which relevance comes back."""
        high, low = ([values.clamp(**end) for values in inputs] for end in ({"min": 0}, {"max": 0}))
        if not isinstance(module, (nn.Conv2d, nn.Linear)):  # of these every weight is positive
            sums = torch.where(outputs >= 0, module.forward(*high), module.forward(*low))
            return self._watched(module, inputs, sums, torch.zeros(()))
        plain = module.weight.detach()
        bias = module.bias if self._biases and module.bias is not None else torch.zeros(len(plain))
        parts = plain.clamp(min=0), plain.clamp(max=0)
        more, less = parts if self._gamma == inf else (plain + self._gamma * part for part in parts)
        above = _applied(module, high[0], more) + _applied(module, low[0], less)
        below = _applied(module, high[0], less) + _applied(module, low[0], more)
        bias = bias.detach().reshape(-1, *[1] * (outputs.ndim - 2))
        signs = outputs if self._biases or self._gamma == inf else _applied(module, inputs[0], plain)
        return self._watched(module, inputs, torch.where(signs >= 0, above, below) + bias, bias)


def _applied(module: nn.Conv2d | nn.Linear, values: Tensor, weight: Tensor) -> Tensor:
    """What a layer makes of `values` with another weight and without its bias."""
    return (
        module._conv_forward(values, weight, None)
        if isinstance(module, nn.Conv2d)
        else F.linear(values, weight)
    )


def deep_taylor(model: nn.Module, image: Tensor, target: int) -> Floats:
    """Deep Taylor decomposition: the z+ rule for hidden layers, the z-box rule for the first, without biases.

    The image's values lie between 0 and 1, whatever preprocessing is in the model. Where nothing rectifies a
    layer's output, as in linear bottlenecks and in shortcuts, a negative output decomposes over what makes it
    negative. The relevances are never negative, and add up to the logit, to CONSERVED of it, or ValueError is
    raised: the paper asks for biases that are not positive, and what units have that are active by their
    bias alone cannot be decomposed, in EfficientNet-Lite0 19 parts of 20. Where the logit is negative there
    is nothing to decompose, and they are 0.
    """

    def rule(layer: nn.Module) -> PropagationRule:
        weighted = (nn.Conv2d, nn.Linear, nn.AvgPool2d, nn.AdaptiveAvgPool2d, Addition_Module)
        return _SignRule(inf, False) if isinstance(layer, weighted) else _Absorbing()

    with torch.no_grad():
        logit = float(model(image)[0, target])
    if logit <= 0:
        return np.zeros(image[0, 0].numel())
    relevance = _relevance(model, image, target, rule, box=True)
    return flat(relevance)


Rule = Callable[[nn.Module], PropagationRule]


def _relevance(model: nn.Module, image: Tensor, target: int, rule: Rule, box: bool) -> Tensor:
    """The relevance (1, C, H, W) of what enters the first layer with weights: the image, preprocessed."""
    prepared = prepare(_fused(model, image), image)
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
        logit = prepared(image)[0, target]  # Captum's relevances are shares of it until the image is reached
    if not box:
        method = _LRP(prepared, rule, first)
        method.attribute(leaf(image), target=target)
        entered = method.entered.reshape(pixels.shape)
        _check_conserved("LRP", entered, method.absorbed, float(logit))
        return _tensor(logit * entered[pixels].reshape(image.shape))
    boxed = _Box(first, torch.minimum(*bounds), torch.maximum(*bounds))
    prepared.set_submodule(name, boxed)
    method = _LRP(prepared, rule, None)
    try:
        method.attribute(leaf(image), target=target)
    finally:
        prepared.set_submodule(name, first)
    entered = boxed.relevance.reshape(pixels.shape)[pixels].reshape(image.shape)
    lost = "layers that lose relevance"
    if method.absorbed > CONSERVED / 2:
        lost = f"units that are active by their bias alone, which hold {method.absorbed:.0%} of the logit"
    _check_conserved("Deep Taylor decomposition", entered, 0.0, float(logit), lost)
    return _tensor(logit * entered)


def _check_conserved(
    name: str, entered: Tensor, absorbed: float, logit: float, lost: str = "layers that lose relevance"
) -> None:
    """Let relevances, as shares of the logit, pass that with what biases absorbed are the whole of it."""
    validity.complete(
        name,
        logit * (float(entered.double().sum()) + absorbed),
        logit,
        abs(logit),
        CONSERVED,
        f"the classifier has {lost}; choose another method",
    )


def _first_layer(model: nn.Module, image: Tensor) -> tuple[str, Tensor]:
    """The name of the first convolution or linear layer that runs, and what enters it."""
    found: list[tuple[str, Tensor]] = []
    handles = [
        module.register_forward_pre_hook(
            lambda _, inputs, name=name: found.append((name, inputs[0].detach().clone()))
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
    if not found:
        raise ValueError(
            "the classifier has no convolution and no linear layer to propagate relevance through"
        )
    return found[0]


_FUSED: "WeakKeyDictionary[nn.Module, nn.Module]" = WeakKeyDictionary()


def _fused(model: nn.Module, image: Tensor) -> nn.Module:
    """The model with batch normalisations folded into convolutions: the rules are for the two as one."""
    with execution.on(device="cpu"):
        fused = _FUSED.get(model)
        if fused is None:
            fused = _FUSED[model] = execution.optimised(model, image)
    return fused


class _LRP(LRP):  # type: ignore[misc]
    """Captum's, with the rule of our choice for each layer, activations and shapes of any kind passed by, and
    with the relevance of what enters layer `first` kept in `entered`, and what layers did not pass on in
    `absorbed`.
    """

    PASSED_BY = (
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
        """Raises ValueError where there is a layer without a rule."""
        self.layers: list[Any] = []
        self._get_layers(self.model)

    def _get_layers(self, model: nn.Module) -> None:
        for layer in model.modules():
            if isinstance(layer, (_Box, *self.PASSED_BY)) or list(layer.children()):
                continue
            if not isinstance(layer, (*self.RULED, *ACTIVATIONS)):
                raise ValueError(f"relevance propagation has no rule for {type(layer).__name__}")
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
        self.absorbed = sum(rule.absorbed for rule in rules if isinstance(rule, _Absorbing))
        if self._first is not None and hasattr(self._first, "rule"):
            for entered in self._first.rule.relevance_input.values():  # type: ignore[union-attr,operator]
                self.entered = entered
        super()._restore_model()


class _Box(nn.Module):
    """The first layer under the z-box rule: `relevance` holds, after a backward pass, that of what entered.

    Values that enter lie between `low` and `high`, both (1, ...). Montavon et al. 2017, section 4.3.
    """

    def __init__(self, layer: nn.Module, low: Tensor, high: Tensor) -> None:
        super().__init__()
        self._layer = (layer,)  # in a tuple it is no child, and gets no rule of its own
        self.low, self.high = low, high
        self.relevance: Tensor

    def forward(self, values: Tensor) -> Tensor:
        """The layer's output; what comes back is taken for relevance."""
        result: Tensor = _BoxRule.apply(values, self)  # type: ignore[no-untyped-call]
        return result

    def output(self, values: Tensor) -> Tensor:
        """What the layer itself makes of `values`."""
        [layer] = self._layer
        return _tensor(layer(values))

    def propagate(self, values: Tensor, relevance: Tensor) -> Tensor:
        """The relevance of `values`, from that of the layer's output."""
        with torch.enable_grad():
            ends = [end.detach().clone().requires_grad_() for end in (values, self.low, self.high)]
            weight = _tensor(self._layer[0].weight)
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
            settings["bias"] = torch.zeros_like(_tensor(layer.bias))
        result: Tensor = torch.func.functional_call(layer, settings, (values,))
        return result


class _BoxRule(torch.autograd.Function):
    """Forward as the layer, backward as the z-box rule."""

    @staticmethod
    def forward(context: Any, values: Tensor, box: _Box) -> Tensor:
        """The output of the box's layer."""
        context.box = box
        context.save_for_backward(values)
        result: Tensor = box.output(values)
        return result

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """The relevance of the values that went forward."""
        [values] = context.saved_tensors
        return _tensor(context.box.propagate(values, gradients[0])), None
