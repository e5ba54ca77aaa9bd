"""A network cut at a layer: its output becomes an image, and the layers that follow become the classifier.

Methods that explain pixels then explain the units of a layer, and networks can be retrained from there, as
the convolution features in section 5 of Ahern et al. 2019, arXiv:1909.04200. An image of units (1, channels,
places) has a row for each channel of the layer and a column for each place in it; if the layer has no height
and width, each output has a row. Units have no neighbours, so methods that use neighbouring pixels do not
apply to them.
"""

import math
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from explanations.datasets.labelled_images import LabelledImages
from explanations.datasets.preprocessing import Normalised
from explanations.models import execution

BATCH = 500  # images at once


class Units(nn.Module):
    """The first module of a head: from images of units (N, 1, channels, places) to outputs (N, *shape).

    The outputs of `layer` were divided by `scale`, a power of two, so they are restored to the last bit.
    """

    def __init__(self, layer: str, shape: tuple[int, ...], scale: float) -> None:
        super().__init__()
        self.layer, self.shape, self.scale = layer, shape, scale

    def forward(self, images: Tensor) -> Tensor:
        """Images (N, 1, channels, places) to outputs (N, *shape)."""
        return (images * self.scale).reshape(-1, *self.shape)

    def record(self) -> dict[str, Any]:
        """The manifest's keys for the cut, beside those of the preprocessing."""
        return {"layer": self.layer, "shape": list(self.shape), "scale": self.scale}


def cut(
    model: nn.Module, layer: str, training: LabelledImages, test: LabelledImages
) -> tuple[nn.Sequential, LabelledImages, LabelledImages]:
    """The head of `model` after the module `layer`, and both splits as images of that layer's units.

    They are divided by the power of two above the greatest output for the training images, so they lie
    between 0 and 1 if the layer is rectified, and between -1 and 1 if not. Raises ValueError if the model is
    not a torch.nn.Sequential, or has no such layer with another one after it.
    """
    following = nn.Sequential(*_after(model, layer))
    outputs = [_outputs(model, layer, split.images) for split in (training, test)]
    shape = tuple(outputs[0].shape[1:])
    largest = float(outputs[0].abs().max())
    if largest == 0:
        raise ValueError(f"--layer {layer!r}: its outputs are 0 for every image; name another layer")
    units = Units(layer, shape, 2.0 ** math.ceil(math.log2(largest)))
    head = nn.Sequential(units, *following).eval().requires_grad_(False)
    of_training, of_test = (
        replace(split, name=f"{split.name}, layer {layer}", images=_images(output, units))
        for split, output in zip((training, test), outputs, strict=True)
    )
    return head, of_training, of_test


def untrained(network: nn.Module, head: nn.Module) -> nn.Module:
    """The part of an untrained `network` that corresponds to `head`: all of it if there is no cut."""
    units = _units(head)
    return network if units is None else nn.Sequential(units, *_after(network, units.layer))


def record(model: nn.Module) -> dict[str, Any]:
    """The manifest's keys for the cut of a head; none for a whole network."""
    units = _units(model)
    return {} if units is None else units.record()


def _units(model: nn.Module) -> Units | None:
    first = model[0] if isinstance(model, nn.Sequential) and len(model) else None
    return first if isinstance(first, Units) else None


def _after(model: nn.Module, layer: str) -> list[nn.Module]:
    """The modules that follow the one called `layer`, as in "5" or "features.12". Raises ValueError."""
    if isinstance(model, Normalised):
        return _after(model.model, layer)
    if not isinstance(model, nn.Sequential):
        raise ValueError(f"--layer needs a torch.nn.Sequential, but the model is a {type(model).__name__}")
    name, _, inner = layer.partition(".")
    children = dict(model.named_children())
    names = list(children)
    if name not in children:
        raise ValueError(f"--layer {name!r}: there is no such layer; allowed: {', '.join(names[:-1])}")
    following = [children[later] for later in names[names.index(name) + 1 :]]
    modules = _after(children[name], inner) + following if inner else following
    if not modules:
        raise ValueError(f"--layer {layer!r}: nothing follows this layer; name one before it")
    return modules


def _outputs(model: nn.Module, layer: str, images: Tensor) -> Tensor:
    """The outputs (N, ...) of the module `layer` of `model` for `images` (N, C, H, W)."""
    results: list[Tensor] = []
    handle = model.get_submodule(layer).register_forward_hook(lambda *call: results.append(call[2]))
    try:
        # one thread, for rounding depends on how many
        with torch.inference_mode(), execution.single_threaded():
            for batch in torch.split(images, BATCH):
                model(batch)
    finally:
        handle.remove()
    return torch.cat(results)


def _images(outputs: Tensor, units: Units) -> Tensor:
    """Outputs (N, *shape) as images (N, 1, channels, places)."""
    with torch.inference_mode():
        rows = outputs.reshape(len(outputs), 1, units.shape[0], -1) / units.scale
    return rows.clone(memory_format=torch.contiguous_format)  # outside of inference mode, or no gradient
