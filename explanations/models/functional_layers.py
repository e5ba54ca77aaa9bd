"""Convolutions and linear layers that a traced network calls as functions become modules again.

torch.fx traces into a subclass of `nn.Conv2d` that is not PyTorch's own, such as the padding convolutions of
EfficientNet-Lite. What remains is a call of a function with a weight, which neither the folding of batch
normalisation nor a method that works by hooks can see. A weight that is computed in the forward pass, as in
weight standardisation, is left as it is. Independent of methods.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import fx, nn
from torch.nn import functional as F


def make_modules(traced: fx.GraphModule) -> None:
    """Replace every function whose weights are parameters of the traced network by a module.

    The modules hold the same parameters, and the outputs are the same, bit by bit.
    """
    for number, node in enumerate(list(traced.graph.nodes)):
        module = _module_of(traced, node)
        if module is not None:
            name = f"functional_{type(module).__name__.lower()}_{number}"
            traced.add_submodule(name, module.eval())
            with traced.graph.inserting_before(node):
                node.replace_all_uses_with(traced.graph.call_module(name, (_argument(node, 0, "input"),)))
            traced.graph.erase_node(node)
    traced.graph.eliminate_dead_code()
    traced.delete_all_unused_submodules()
    traced.recompile()


def _module_of(traced: fx.GraphModule, node: fx.Node) -> nn.Module | None:
    make = _LAYERS.get(node.target) if node.op == "call_function" else None
    if make is None:
        return None
    named = _argument(node, 2, "bias")
    weight, bias = _parameter(traced, _argument(node, 1, "weight")), _parameter(traced, named)
    if weight is None or (bias is None) != (named is None):
        return None
    return make(node, weight, bias)


def _convolution(node: fx.Node, weight: nn.Parameter, bias: nn.Parameter | None) -> nn.Module | None:
    defaults = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}
    settings: dict[str, Any] = {
        name: _argument(node, place, name, default)
        for place, (name, default) in enumerate(defaults.items(), start=3)
    }
    if any(isinstance(value, fx.Node) for value in settings.values()):
        return None
    outputs, inputs, *kernel = weight.shape
    channels = inputs * settings["groups"]
    layer = nn.Conv2d(channels, outputs, tuple(kernel), bias=False, device="meta", **settings)  # type: ignore[arg-type]
    layer.weight, layer.bias = weight, bias
    return layer


def _linear(node: fx.Node, weight: nn.Parameter, bias: nn.Parameter | None) -> nn.Module:
    outputs, inputs = weight.shape
    layer = nn.Linear(inputs, outputs, bias=False, device="meta")
    layer.weight, layer.bias = weight, bias  # type: ignore[assignment]
    return layer


Maker = Callable[[fx.Node, nn.Parameter, "nn.Parameter | None"], nn.Module | None]
_LAYERS: dict[Any, Maker] = {
    F.conv2d: _convolution,
    torch.conv2d: _convolution,
    F.linear: _linear,
}


def _argument(node: fx.Node, place: int, name: str, default: Any = None) -> Any:
    return node.args[place] if len(node.args) > place else node.kwargs.get(name, default)


def _parameter(traced: fx.GraphModule, value: Any) -> nn.Parameter | None:
    """The parameter that `value` is; None if it is anything else."""
    if not isinstance(value, fx.Node) or value.op != "get_attr":
        return None
    owner, _, name = str(value.target).rpartition(".")
    attribute = getattr(traced.get_submodule(owner), name)
    return attribute if isinstance(attribute, nn.Parameter) else None
