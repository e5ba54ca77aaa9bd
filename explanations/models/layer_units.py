"""A network cut at a layer: what the layer gives becomes an image, and what follows the layer its classifier.

So whatever explains pixels explains the units of a layer, and networks learn again from there: the
convolution features of Ahern et al. 2019, arXiv:1909.04200, section 5. An image of units (1, channels,
places) has a row for each channel of the layer and a column for each place in it; of a layer without height
and width, each output has a row. Units have no neighbours: what asks a pixel's makes no sense of them.
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
    """The first module of a head: images of units (N, 1, channels, places) to outputs (N, *shape) of `layer`.

    `scale` is what the outputs were divided by: a power of two, so that they come back to the last bit.
    """

    def __init__(self, layer: str, shape: tuple[int, ...], scale: float) -> None:
        super().__init__()
        self.layer, self.shape, self.scale = layer, shape, scale

    def forward(self, images: Tensor) -> Tensor:
        """Images (N, 1, channels, places) to outputs (N, *shape)."""
        return (images * self.scale).reshape(-1, *self.shape)

    def record(self) -> dict[str, Any]:
        """What the manifest says of it, beside the preprocessing of the network's own images."""
        return {"layer": self.layer, "shape": list(self.shape), "scale": self.scale}


def cut(
    model: nn.Module, layer: str, training: LabelledImages, test: LabelledImages
) -> tuple[nn.Sequential, LabelledImages, LabelledImages]:
    """The head of `model` after the module `layer`, and both splits as images of that layer's units.

    They are divided by the power of two above the greatest on the training images: from 0 to 1 where the
    layer is rectified, from -1 else. Raises ValueError where the model is no torch.nn.Sequential, or has no
    such layer with something after it.
    """
    following = nn.Sequential(*_after(model, layer))
    outputs = [_outputs(model, layer, split.images) for split in (training, test)]
    shape = tuple(outputs[0].shape[1:])
    largest = float(outputs[0].abs().max())
    if largest == 0:
        raise ValueError(f"the layer {layer!r} is 0 on every image; name another")
    units = Units(layer, shape, 2.0 ** math.ceil(math.log2(largest)))
    head = nn.Sequential(units, *following).eval().requires_grad_(False)
    of_training, of_test = (
        replace(split, name=f"{split.name}, layer {layer}", images=_images(output, units))
        for split, output in zip((training, test), outputs, strict=True)
    )
    return head, of_training, of_test


def untrained(network: nn.Module, head: nn.Module) -> nn.Module:
    """Of a whole untrained `network` what is trained again in place of `head`; all of it, if it isn't cut."""
    units = _units(head)
    return network if units is None else nn.Sequential(units, *_after(network, units.layer))


def record(model: nn.Module) -> dict[str, Any]:
    """What the manifest says of the cut of a head; nothing of a whole network."""
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
        raise ValueError(f"a torch.nn.Sequential is wanted to cut at a layer, not a {type(model).__name__}")
    name, _, inner = layer.partition(".")
    children = dict(model.named_children())
    names = list(children)
    if name not in children:
        raise ValueError(f"there is no layer {name!r} to cut at; allowed: {', '.join(names[:-1])}")
    following = [children[later] for later in names[names.index(name) + 1 :]]
    found = _after(children[name], inner) + following if inner else following
    if not found:
        raise ValueError(f"nothing follows the layer {layer!r}; cut at one before it")
    return found


def _outputs(model: nn.Module, layer: str, images: Tensor) -> Tensor:
    """What the module `layer` of `model` gives `images` (N, C, H, W): (N, ...)."""
    found: list[Tensor] = []
    handle = model.get_submodule(layer).register_forward_hook(lambda *call: found.append(call[2]))
    try:
        # one thread, for rounding depends on how many
        with torch.inference_mode(), execution.single_threaded():
            for batch in torch.split(images, BATCH):
                model(batch)
    finally:
        handle.remove()
    return torch.cat(found)


def _images(outputs: Tensor, units: Units) -> Tensor:
    """Outputs (N, *shape) as images (N, 1, channels, places)."""
    with torch.inference_mode():
        rows = outputs.reshape(len(outputs), 1, units.shape[0], -1) / units.scale
    return rows.clone(memory_format=torch.contiguous_format)  # outside of inference mode, or no gradient
