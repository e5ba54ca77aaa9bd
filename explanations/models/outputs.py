"""Logits (N, classes) from the outputs of a network, with the output's place and kind.

A network may return one tensor, several, or a dictionary; logits, log-probabilities, probabilities, or the
sigmoids of independent classes (several labels for one image, or one output for two classes). Where the
network's last step is a softmax or a sigmoid, its input is used: those are the logits themselves. Otherwise
they are computed from its result, which has lost digits where it is saturated.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from explanations.datasets.preprocessing import Around

LAST_STEP = "last step"
LAST_STEPS = {"log_softmax": "log-softmax", "softmax": "probabilities", "sigmoid": "sigmoid"}
_LAST_MODULES = (nn.LogSoftmax, nn.Softmax, nn.Sigmoid)


class Outputs(Around):
    """A network followed by the conversion of its outputs to logits (N, classes).

    `place` is the number, key or attribute of the explained output, None where there is only one.
    `conversion` makes logits of it: LAST_STEP takes the input of the network's last softmax or sigmoid, a
    function that it calls; "probabilities" and "sigmoid" are inverted; anything else is left as it is.
    `link` says how logits become probabilities: "softmax", or "sigmoid" of each. `width` is the number
    of outputs if their shape is not (N, width) yet, or if one output z becomes (-z, z); otherwise None.
    """

    def __init__(
        self, model: nn.Module, place: int | str | None, conversion: str, link: str, width: int | None
    ) -> None:
        super().__init__(model)
        self.place, self.conversion, self.link, self.width = place, conversion, link, width
        self.to_pair = nn.Identity() if width != 1 else _to_pair()

    def forward(self, images: Tensor) -> Tensor:
        """Images (N, C, H, W) to logits (N, classes)."""
        if self.conversion == LAST_STEP:
            steps = LastSteps()
            with steps:
                scores = pick(self.model(images), self.place)
            values = steps.input_of(scores)
        else:
            scores = pick(self.model(images), self.place)
            values = logits_of(scores, self.conversion)
        if self.width is not None:
            values = values.reshape(images.shape[0], self.width)
        result: Tensor = self.to_pair(values.float() if self.width == 1 else values)
        return result

    def around(self, model: nn.Module) -> "Outputs":
        """Another network with the same outputs."""
        return Outputs(model, self.place, self.conversion, self.link, self.width)


class OneByOne(Around):
    """A network that gets one image at a time, because its outputs for one depend on the others."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model)
        self.link = link_of(model)

    def forward(self, images: Tensor) -> Tensor:
        """Images (N, C, H, W) to logits (N, classes)."""
        return torch.cat([self.model(image[None]) for image in images])


class LastSteps(TorchFunctionMode):
    """Inside, notes every softmax and sigmoid that is called as a function: its name, input and result."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, Any, Any]] = []

    def __torch_function__(
        self, function: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = function(*args, **kwargs or {})
        name = getattr(function, "__name__", "")
        if name in LAST_STEPS and args:
            self.calls.append((name, args[0], result))
        return result

    def name_of(self, result: Any) -> str | None:
        """The function that gave `result`, None where none of these did."""
        return next((name for name, _, given in self.calls if given is result), None)

    def input_of(self, result: Any) -> Any:
        """The input of the recorded function that gave `result`; `result` itself if none did."""
        return next((value for _, value, given in self.calls if given is result), result)


def _to_pair() -> nn.Linear:
    """The layer from z to (-z, z): a module, so that methods that work by hooks have a rule for it."""
    layer = nn.Linear(1, 2, bias=False).requires_grad_(False)
    layer.weight.copy_(torch.tensor([[-1.0], [1.0]]))
    return layer


def link_of(model: Callable[[Tensor], Tensor]) -> str:
    """The function from logits to probabilities: "softmax", or "sigmoid" of each."""
    return str(getattr(model, "link", "softmax"))


def probabilities(model: Callable[[Tensor], Tensor], logits: Tensor) -> Tensor:
    """The probabilities (N, classes) of logits (N, classes) that `model` gave."""
    return logits.sigmoid() if link_of(model) == "sigmoid" else logits.softmax(dim=1)


def pick(outputs: Any, place: int | str | None) -> Any:
    """The output at `place`, a number, a key or an attribute; all of them for None."""
    if place is None:
        return outputs
    if isinstance(place, str) and not isinstance(outputs, Mapping) and hasattr(outputs, place):
        return getattr(outputs, place)
    return outputs[place]


def as_rows(values: Tensor, count: int) -> Tensor:
    """Outputs of `count` images as (N, outputs): without trailing sides of 1, one a row where squeezed."""
    if values.ndim < 2 and values.numel() == count:
        return values.reshape(count, 1)
    if values.ndim > 2 and values[0].numel() == values.shape[1]:
        return values.flatten(1)
    return values


def logits_of(scores: Tensor, conversion: str) -> Tensor:
    """Logits from what an output holds; log-probabilities are logits already."""
    if conversion == "probabilities":
        return scores.clamp_min(torch.finfo(scores.dtype).tiny).log()
    if conversion == "sigmoid":
        return scores.logit(eps=torch.finfo(scores.dtype).eps)
    return scores


def remove_last_module(model: nn.Module, image: Tensor, place: int | str | None) -> bool:
    """Replace the softmax or sigmoid that ends the network, a module used once, by the identity.

    Whether there was one. `image` is (1, C, H, W).
    """
    names = {module: name for name, module in model.named_modules() if type(module) in _LAST_MODULES}
    given: list[tuple[nn.Module, Any]] = []
    handles = [
        module.register_forward_hook(lambda module, _, result: given.append((module, result)))
        for module in names
    ]
    try:
        with torch.inference_mode():
            scores = pick(model(image), place)
    finally:
        for handle in handles:
            handle.remove()
    used = [module for module, _ in given]
    last = next((module for module, result in given if result is scores), None)
    if last is None or used.count(last) > 1 or not names[last]:
        return False
    model.set_submodule(names[last], nn.Identity())
    return True
