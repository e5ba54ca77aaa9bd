"""Layers inside a network: seen by name, or as Grad-CAM finds one; read, and replaced.

A layer is a module of the network, and what counts is its output. Independent of methods.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from explanations.attribution.propagation.preparation import ACTIVATIONS
from explanations.models.class_scores import ClassScore

Hook = Callable[[nn.Module, object, object], Tensor | None]


def named_layer(model: nn.Module, name: str) -> nn.Module:
    """Return the module of this name. Raises ValueError with the names of the last ones."""
    try:
        return model.get_submodule(name)
    except AttributeError:
        names = [known for known, _ in model.named_modules() if known][-12:]
        raise ValueError(
            f"the classifier has no layer {name!r}; its last layers are: {', '.join(names)}"
        ) from None


def find_layer(model: nn.Module, example: Tensor) -> str:
    """Find Grad-CAM's usual layer: the name of the last module whose output has height and width.

    This is the last output at the resolution at which the last convolution is rectified, or at its own where
    nothing rectifies it: the end of the last block of a ResNet, the last normalisation of a DenseNet, the
    last ReLU of a VGG. Modules that are used twice are passed over. `example` (n, C, H, W) are images. Raises
    ValueError if there is no such layer.
    """
    names = {module: name for name, module in model.named_modules() if name}
    calls: list[tuple[nn.Module, tuple[int, ...]]] = []

    def note(module: nn.Module, _: object, output: object) -> None:
        if isinstance(output, Tensor) and output.ndim == 4:
            calls.append((module, tuple(output.shape[2:])))

    handles = [module.register_forward_hook(note) for module in names]
    try:
        with torch.no_grad():
            model(example[:1])
    finally:
        for handle in handles:
            handle.remove()
    modules = [module for module, _ in calls]
    convolutions = [k for k, (m, size) in enumerate(calls) if isinstance(m, nn.Conv2d) and max(size) > 1]
    if not convolutions:
        raise ValueError(
            "the classifier has no convolution whose output has height and width, as Grad-CAM needs; "
            "name a layer that has both with layer=NAME, or choose another method"
        )
    later = calls[convolutions[-1] :]
    sizes = [size for module, size in later if isinstance(module, ACTIVATIONS) and max(size) > 1]
    target_size = sizes[0] if sizes else later[0][1]
    fitting = [module for module, size in later if size == target_size]
    single = [module for module in fitting if modules.count(module) == 1]
    if not single:
        uses = modules.count(fitting[-1])
        raise ValueError(
            f"the classifier's last layer with height and width, {names[fitting[-1]]}, is used {uses} times, "
            "and Grad-CAM needs one that is used once; name one with layer=NAME, or choose another method"
        )
    return str(names[single[-1]])


class InnerLayer:
    """A layer of a network by its name, whose output can be read and replaced.

    Raises ValueError if there is no such layer, or, once images go through it, if the layer is used more than
    once or does not give maps (n, channels, height, width).
    """

    def __init__(self, model: nn.Module, name: str) -> None:
        self.name = name
        self._model, self._module = model, named_layer(model, name)

    def outputs(self, images: Tensor) -> Tensor:
        """Compute the layer's outputs (n, channels, height, width) for `images` (n, C, H, W)."""
        seen: list[object] = []

        def read(module: nn.Module, inputs: object, output: object) -> None:
            # cloned, for a module that follows may write into it
            seen.append(output.clone() if isinstance(output, Tensor) else output)

        with self._hooked(read), torch.no_grad():
            self._model(images)
        if len(seen) != 1:
            raise ValueError(f"the layer {self.name!r} is used {len(seen)} times; name one that is used once")
        [outputs] = seen
        if not isinstance(outputs, Tensor) or outputs.ndim != 4:
            raise ValueError(
                f"the layer {self.name!r} gives no maps (n, channels, height, width); name one that does"
            )
        return outputs

    def gradients(self, score: ClassScore, images: Tensor, outputs: Tensor) -> Tensor:
        """Compute the gradients of the score at `outputs`, put in place of the layer's own for `images`.

        What does not pass through the layer, as in a shortcut around it, is as for `images`.
        """
        ends = outputs.detach().requires_grad_()
        # cloned, for a module that follows may write into it
        with self._hooked(lambda module, inputs, output: ends.clone()):
            [slopes] = torch.autograd.grad(score(images).sum(), ends)
        return slopes

    @contextmanager
    def _hooked(self, hook: Hook) -> Iterator[None]:
        handle = self._module.register_forward_hook(hook)
        try:
            yield
        finally:
            handle.remove()
