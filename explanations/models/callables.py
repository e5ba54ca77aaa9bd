"""Classifiers that are not ordinary modules: functions, TorchScript, sessions of other libraries.

Methods that only ask for outputs explain them; gradients flow where the function lets them.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

Function = Callable[[Tensor], Any]


class CallableModel(nn.Module):
    """A function from images (N, C, H, W) to outputs, tensors or NumPy arrays, in the place of a network.

    It travels to other processes as `rebuild` and its `arguments`, which must make it again there.
    """

    def __init__(
        self, function: Function, rebuild: Callable[..., nn.Module], arguments: tuple[Any, ...]
    ) -> None:
        super().__init__()
        self.function = function  # a ScriptModule becomes a submodule, so its weights are this one's
        self.rebuild, self.arguments = rebuild, arguments

    def forward(self, images: Tensor) -> Any:
        """The function's result for images (N, C, H, W), with arrays as tensors."""
        try:
            return _as_tensors(self.function(images))
        except RuntimeError:
            if not images.requires_grad:
                raise
            return _as_tensors(self.function(images.detach()))  # NumPy takes no tensor with a gradient

    def __reduce__(self) -> tuple[Any, ...]:
        return self.rebuild, self.arguments

    def __deepcopy__(self, memo: dict[int, Any]) -> "CallableModel":
        return self


def is_callable_only(model: nn.Module) -> bool:
    """Return True if the network's layers can be neither named nor hooked."""
    return any(isinstance(part, CallableModel | torch.jit.ScriptModule) for part in model.modules())


def _as_tensors(outputs: Any) -> Any:
    if isinstance(outputs, np.ndarray):
        return torch.from_numpy(np.ascontiguousarray(outputs))
    if isinstance(outputs, Mapping):
        return {key: _as_tensors(value) for key, value in outputs.items()}
    if isinstance(outputs, tuple | list):
        return [_as_tensors(value) for value in outputs]
    return outputs
