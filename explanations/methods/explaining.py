"""Single images explained by any method, from Python: arrays in, arrays out."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations.attribution.local import Sample
from explanations.methods.import_paths import Function
from explanations.methods.names import choose_methods
from explanations.running.parameters import apply_changes

Floats = NDArray[np.float64]


def explain(
    model: nn.Module,
    images: Tensor | NDArray[Any],
    targets: Tensor | NDArray[Any] | list[int],
    method: str | Function = "integrated-gradients",
    *,
    seed: int = 0,
    background: Tensor | None = None,
    **parameters: Any,
) -> Floats:
    """The maps (N, H, W) of images by a method of `python -m explanations methods`, or by one of your own.

    `images` (N, C, H, W) in [0, 1] go to `model`, which returns logits (N, classes); `targets` (N,) are the
    class indices that are explained. `method` is a name, an import path or a function with the signature of
    `explanations.methods.own_methods`. `background` (M, C, H, W) are other images, for the baselines "images"
    and "mean". `parameters` change the method's own, as in `samples=500`. The same seed gives the same maps.
    Raises ValueError for an unknown method or parameter, and for an image that has no explanation.
    """
    local = choose_methods([method])[0].local
    pictures = torch.as_tensor(images, dtype=torch.float32)
    if pictures.ndim != 4:
        raise ValueError(f"images must be (N, C, H, W) (got {tuple(pictures.shape)})")
    indices = [int(target) for target in targets]
    if len(indices) != len(pictures):
        raise ValueError(f"targets has {len(indices)} classes for {len(pictures)} images; expected one each")
    network = model.eval()
    maps = np.empty((len(pictures), *pictures.shape[2:]))
    for target in sorted(set(indices)):
        numbers = [number for number, index in enumerate(indices) if index == target]
        whole = apply_changes(local.slug, local.defaults, {**parameters, "images": len(numbers)})
        given = local.choose_background(whole, pictures[:0] if background is None else background, seed)
        sample = Sample(seed, str(target), target, 1, tuple(numbers), pictures[numbers], background=given)
        weights = local.attribute(network, sample, whole, lambda passes: None)
        maps[numbers] = weights.reshape(-1, *pictures.shape[2:])
    return maps
