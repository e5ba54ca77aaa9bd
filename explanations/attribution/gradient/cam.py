"""Local importances from the activations of a convolutional layer: Grad-CAM and Guided Grad-CAM (Selvaraju et
al. 2017, arXiv:1610.02391). One image (1, C, H, W) in, weights (H * W,) out. Knows no dataset and no class
maps.
"""

import warnings

import numpy as np
import torch
from captum.attr import LayerAttribution, LayerGradCam
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations.attribution.gradient.derivatives import flat, guided_gradient
from explanations.attribution.propagation.preparation import ACTIVATIONS
from explanations.models.class_scores import class_score, leaf

Floats = NDArray[np.float64]


def grad_cam(model: nn.Module, image: Tensor, target: int, *, layer: str, output: str) -> Floats:
    """The layer's channels, weighted by their mean gradients, rectified, and scaled up to the image
    bilinearly.

    `layer` is the name of a module, or "" for the one that `find_layer` finds. Captum neither rectifies nor
    scales unless it is asked to. Never negative.
    """
    return flat(_heat(model, image, target, layer, output))


def guided_grad_cam(model: nn.Module, image: Tensor, target: int, *, layer: str, output: str) -> Floats:
    """Grad-CAM's map times what guided backpropagation brings back, signed, summed over channels."""
    return flat(_heat(model, image, target, layer, output) * guided_gradient(model, image, target))


def _heat(model: nn.Module, image: Tensor, target: int, layer: str, output: str) -> Tensor:
    score = class_score(model, target, output)
    module = named_layer(model, layer or find_layer(model, image))
    with warnings.catch_warnings():
        # hooks on a layer that changes its input in place
        warnings.filterwarnings("ignore", "Using a non-full backward hook", FutureWarning)
        coarse = LayerGradCam(score, module).attribute(leaf(image), relu_attributions=True)  # (1, 1, h, w)
    if coarse.ndim != 4:
        raise ValueError(f"the layer {layer!r} gives no maps (n, channels, height, width); name another")
    result: Tensor = LayerAttribution.interpolate(coarse, image.shape[2:], "bilinear")  # (1, 1, H, W)
    return result.detach()


def named_layer(model: nn.Module, name: str) -> nn.Module:
    """The module of this name. Raises ValueError with the names that there are."""
    try:
        return model.get_submodule(name)
    except AttributeError:
        names = [known for known, _ in model.named_modules() if known]
        shown = ", ".join(names[-12:]) if len(names) > 12 else ", ".join(names)
        raise ValueError(f"the classifier has no layer {name!r}; its last layers are: {shown}") from None


def find_layer(model: nn.Module, example: Tensor) -> str:
    """The name of the module whose output is the last to have height and width: Grad-CAM's usual layer.

    That is the last output at the resolution at which the last convolution is rectified, or, where nothing
    rectifies it, at its own: the end of the last block of a ResNet, the last normalisation of a DenseNet, the
    last ReLU of a VGG. Modules that are used twice do not count. `example` (n, C, H, W) are images. Raises
    ValueError where no layer has a map.
    """
    names = {module: name for name, module in model.named_modules() if name}
    ended: list[tuple[nn.Module, tuple[int, ...]]] = []

    def note(module: nn.Module, _: object, output: object) -> None:
        if isinstance(output, Tensor) and output.ndim == 4:
            ended.append((module, tuple(output.shape[2:])))

    handles = [module.register_forward_hook(note) for module in names]
    try:
        with torch.inference_mode():
            model(example[:1])
    finally:
        for handle in handles:
            handle.remove()
    modules = [module for module, _ in ended]
    convolutions = [k for k, (m, size) in enumerate(ended) if isinstance(m, nn.Conv2d) and max(size) > 1]
    after = ended[convolutions[-1] :] if convolutions else []
    sizes = [size for module, size in after if isinstance(module, ACTIVATIONS) and max(size) > 1]
    wanted = sizes[0] if sizes else after[0][1] if after else None
    fitting = [module for module, size in after if size == wanted and modules.count(module) == 1]
    if not fitting:
        raise ValueError(
            "the classifier has no convolution whose output has height and width, as Grad-CAM needs; "
            "name a layer that has, or choose another method"
        )
    return str(names[fitting[-1]])
