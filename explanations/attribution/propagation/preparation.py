"""Classifiers prepared for methods that work by hooks on modules: guided backpropagation, DeepLIFT, LRP.

Such methods see modules only, and one use of each. They pass over a functional `F.relu` in silence: guided
backpropagation is then the plain gradient. Two hooks on one tensor, as where a MaxPool takes a ReLU's output
or a residual block both adds and rectifies it, silently interfere (Captum 0.9.0: a completeness error of a
third of the output's range). So the prepared copy has a module of its own for every use of an activation, a
pooling or an addition, nothing in place, and before each non-linear module a barrier that gives it a tensor
of its own. torch.fx finds the uses. Where it cannot trace a model, or traces it to other outputs, as under
autocast, only modules get barriers, and uses that hooks would miss are refused. Either way the copy's outputs
are compared with the model's, bit by bit.
"""

import copy
import operator
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import torch
from captum.attr._utils.custom_modules import Addition_Module
from torch import Tensor, fx, nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from explanations.models import functional_layers
from explanations.models.outputs import link_of

POOLS = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d, nn.AdaptiveMaxPool2d)
ACTIVATIONS = (
    nn.ReLU,
    nn.ReLU6,
    nn.Hardtanh,
    nn.LeakyReLU,
    nn.ELU,
    nn.SELU,
    nn.CELU,
    nn.GELU,
    nn.SiLU,
    nn.Mish,
    nn.Hardswish,
    nn.Hardsigmoid,
    nn.Sigmoid,
    nn.LogSigmoid,
    nn.Tanh,
    nn.Softplus,
    nn.Softmax,
    nn.LogSoftmax,
    nn.PReLU,
)
NON_LINEAR = (*ACTIVATIONS, *POOLS)

# The module of each functional activation, and the names of the function's arguments after the first.
_FUNCTIONS: dict[Any, tuple[Callable[..., nn.Module], tuple[str, ...]]] = {
    F.relu: (nn.ReLU, ()),
    F.relu_: (nn.ReLU, ()),
    torch.relu: (nn.ReLU, ()),
    torch.relu_: (nn.ReLU, ()),
    "relu": (nn.ReLU, ()),
    "relu_": (nn.ReLU, ()),
    F.relu6: (nn.ReLU6, ()),
    F.hardtanh: (nn.Hardtanh, ("min_val", "max_val")),
    F.leaky_relu: (nn.LeakyReLU, ("negative_slope",)),
    F.elu: (nn.ELU, ("alpha",)),
    F.selu: (nn.SELU, ()),
    F.gelu: (nn.GELU, ("approximate",)),
    F.silu: (nn.SiLU, ()),
    F.mish: (nn.Mish, ()),
    F.hardswish: (nn.Hardswish, ()),
    F.hardsigmoid: (nn.Hardsigmoid, ()),
    F.sigmoid: (nn.Sigmoid, ()),
    torch.sigmoid: (nn.Sigmoid, ()),
    "sigmoid": (nn.Sigmoid, ()),
    "sigmoid_": (nn.Sigmoid, ()),
    F.tanh: (nn.Tanh, ()),
    torch.tanh: (nn.Tanh, ()),
    "tanh": (nn.Tanh, ()),
    "tanh_": (nn.Tanh, ()),
    F.softplus: (nn.Softplus, ("beta", "threshold")),
    F.softmax: (nn.Softmax, ("dim",)),
    torch.softmax: (nn.Softmax, ("dim",)),
    "softmax": (nn.Softmax, ("dim",)),
    F.max_pool2d: (nn.MaxPool2d, ("kernel_size", "stride", "padding", "dilation", "ceil_mode")),
    torch.max_pool2d: (nn.MaxPool2d, ("kernel_size", "stride", "padding", "dilation", "ceil_mode")),
    F.avg_pool2d: (
        nn.AvgPool2d,
        ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"),
    ),
    F.adaptive_avg_pool2d: (nn.AdaptiveAvgPool2d, ("output_size",)),
}
_ADDITIONS = (operator.add, operator.iadd, torch.add, "add", "add_")
_UNUSED = ("inplace", "return_indices", "_stacklevel", "dtype")  # arguments that change no value here

# Non-linear operations of ATen, which a model calls outside of modules if its activations are functions.
_NON_LINEAR_OPERATIONS = {
    "relu",
    "relu_",
    "hardtanh",
    "hardtanh_",
    "clamp",
    "clamp_min",
    "clamp_min_",
    "clamp_",
    "leaky_relu",
    "leaky_relu_",
    "elu",
    "elu_",
    "gelu",
    "silu",
    "silu_",
    "mish",
    "hardswish",
    "hardswish_",
    "hardsigmoid",
    "sigmoid",
    "sigmoid_",
    "tanh",
    "tanh_",
    "softplus",
    "_softmax",
    "max_pool2d_with_indices",
    "max_pool2d",
    "threshold",
}


class Barrier(nn.Module):
    """The identity as a new tensor: hooks on its output do not meet hooks on its input."""

    def forward(self, values: Tensor) -> Tensor:
        """Clone `values`."""
        return values.clone()


_PREPARED: "WeakKeyDictionary[nn.Module, nn.Module]" = WeakKeyDictionary()


def prepare(model: nn.Module, example: Tensor) -> nn.Module:
    """Copy `model` in evaluation mode so that every activation and pooling is a module that is used once.

    `example` (n, C, H, W) are real inputs, for which the copy's outputs must be the model's own. The copy is
    kept as long as the model lives and its outputs agree. Raises ValueError if the model cannot be prepared.
    """
    cached = _PREPARED.get(model)
    if cached is not None and _agree(model, cached, example):
        return cached
    prepared, obstacle = _trace(model)
    if prepared is not None and not _agree(model, prepared, example):
        prepared, obstacle = None, "traced, it gives other outputs"
    if prepared is None:
        prepared = _wrap(model)
        if not _agree(model, prepared, example):
            raise ValueError(_difference(model, example))
    _refuse_missed_uses(prepared, example, obstacle)
    prepared.__dict__["link"] = link_of(model)  # which torch.fx does not keep
    _PREPARED[model] = prepared
    return prepared


def activations(model: nn.Module) -> list[nn.Module]:
    """List the activation modules of a model, without poolings."""
    return [module for module in model.modules() if isinstance(module, ACTIVATIONS)]


# With torch.fx


def _trace(model: nn.Module) -> tuple[nn.Module | None, str]:
    """Prepare a copy by torch.fx, or return None and why torch.fx cannot trace the model."""
    original = copy.deepcopy(model).eval()
    try:
        traced = fx.symbolic_trace(original)
    except Exception as error:  # whatever a stranger's forward raises when it is traced
        return None, " ".join(str(error).split()) or type(error).__name__
    functional_layers.make_modules(traced)
    _make_modules(traced)
    _unshare(traced)
    _set_barriers(traced)
    traced.graph.lint()
    traced.recompile()
    return _disable_in_place(traced).eval(), ""


def _make_modules(traced: fx.GraphModule) -> None:
    for node in list(traced.graph.nodes):
        if node.op not in ("call_function", "call_method"):
            continue
        replacement = _as_module(node)
        if replacement is not None:
            module, inputs = replacement
            with traced.graph.inserting_before(node):
                node.replace_all_uses_with(_call(traced, module, inputs))
            traced.graph.erase_node(node)


def _as_module(node: fx.Node) -> tuple[nn.Module, tuple[fx.Node, ...]] | None:
    """Return the module for the function at `node` and its inputs; None to leave the node as it is."""
    if node.target in _ADDITIONS:
        inputs = tuple(arg for arg in node.args if isinstance(arg, fx.Node))
        return (Addition_Module(), inputs) if len(inputs) == 2 and not node.kwargs else None
    if node.target not in _FUNCTIONS:
        return None
    make, names = _FUNCTIONS[node.target]
    first, *rest = node.args
    settings = dict(zip(names, rest, strict=False))
    settings |= {name: value for name, value in node.kwargs.items() if name not in _UNUSED}
    if not isinstance(first, fx.Node) or any(isinstance(value, fx.Node) for value in settings.values()):
        return None
    return make(**settings), (first,)


def _unshare(traced: fx.GraphModule) -> None:
    """Copy a module for every use of it but the first."""
    seen: set[str] = set()
    for node in traced.graph.nodes:
        if node.op == "call_module":
            if node.target in seen:
                node.target = _add(traced, copy.deepcopy(traced.get_submodule(node.target)))
            seen.add(node.target)


def _set_barriers(traced: fx.GraphModule) -> None:
    for node in list(traced.graph.nodes):
        if node.op == "call_module" and isinstance(traced.get_submodule(node.target), NON_LINEAR):
            [value] = node.args
            with traced.graph.inserting_before(node):
                node.args = (_call(traced, Barrier(), (value,)),)


def _call(traced: fx.GraphModule, module: nn.Module, inputs: tuple[Any, ...]) -> fx.Node:
    return traced.graph.call_module(_add(traced, module), inputs)


def _add(traced: fx.GraphModule, module: nn.Module) -> str:
    """Add `module` to the traced model and return its name."""
    kind = type(module).__name__.lower()
    number = sum(name.startswith(f"prepared_{kind}_") for name, _ in traced.named_children())
    traced.add_module(f"prepared_{kind}_{number}", module)
    return f"prepared_{kind}_{number}"


# Without torch.fx


def _wrap(model: nn.Module) -> nn.Module:
    """Copy a model with a barrier before each non-linear module."""
    prepared = copy.deepcopy(model).eval()
    if isinstance(prepared, NON_LINEAR):
        return nn.Sequential(Barrier(), prepared)
    for parent in list(prepared.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, NON_LINEAR):
                setattr(parent, name, nn.Sequential(Barrier(), child))
    return _disable_in_place(prepared)


def _disable_in_place(model: nn.Module) -> nn.Module:
    for module in model.modules():
        if getattr(module, "inplace", False) is True:
            module.inplace = False  # type: ignore[assignment]
    return model


# Proof


def _agree(model: nn.Module, prepared: nn.Module, example: Tensor) -> bool:
    with torch.inference_mode():
        expected, outputs = model(example), prepared(example)
    if not isinstance(expected, Tensor):
        raise ValueError(
            f"the classifier returns a {type(expected).__name__}; "
            "expected a tensor of logits (images, classes)"
        )
    return torch.equal(expected, outputs)


def _difference(model: nn.Module, example: Tensor) -> str:
    """Say why a copy does not give the model's outputs."""
    reason = "a copy of the classifier with its activations as modules gives other outputs"
    if not _agree(model, model, example):
        reason = "the classifier gives other outputs each time, so it draws random numbers"
    return f"{reason}; choose a method that does not need modules"


class _LooseOperations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """The names of the non-linear operations that run outside of non-linear modules."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.inside = 0
        self.names: set[str] = set()

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        name = function.overloadpacket.__name__
        if not self.inside and name in _NON_LINEAR_OPERATIONS:
            self.names.add(name.strip("_"))
        return function(*args, **kwargs or {})


def _refuse_missed_uses(prepared: nn.Module, example: Tensor, obstacle: str) -> None:
    """Raise ValueError where hooks would miss a use; `obstacle` says why torch.fx did not help."""
    uses: Counter[nn.Module] = Counter()
    loose = _LooseOperations()
    # with gradients, for without them PyTorch's own transformer layers run as one operation
    image = example[:1].detach().clone().requires_grad_()
    with _watch(prepared, uses, loose), torch.enable_grad(), loose:
        prepared(image)
    names = {module: name for name, module in prepared.named_modules()}
    missed = [f"{operation} is a function, not a module" for operation in sorted(loose.names)]
    missed += [f"{names[module]} is used {times} times" for module, times in uses.items() if times > 1]
    if missed:
        reason = f", and torch.fx cannot help ({obstacle})" if obstacle else ""
        raise ValueError(
            f"the classifier cannot be prepared for hooks: {'; '.join(missed)}{reason}; "
            "make every activation a module that is used once, or choose a method that does not need modules"
        )


@contextmanager
def _watch(model: nn.Module, uses: "Counter[nn.Module]", loose: _LooseOperations) -> Iterator[None]:
    """Count the uses of each non-linear module, and tell `loose` when one runs."""
    handles = []

    def enter(module: nn.Module, _: Any) -> None:
        uses[module] += 1
        loose.inside += 1

    def leave(module: nn.Module, _: Any, __: Any) -> None:
        loose.inside -= 1

    for module in model.modules():
        if isinstance(module, NON_LINEAR):
            handles += [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
