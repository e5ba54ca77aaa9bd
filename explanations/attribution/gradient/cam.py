"""Local importances from the activations of a convolutional layer: Grad-CAM and Guided Grad-CAM (Selvaraju et
al. 2017, arXiv:1610.02391). One image (1, C, H, W) in, weights (H * W,) out. Independent of datasets and
class maps.
"""

import warnings

import numpy as np
from captum.attr import LayerAttribution, LayerGradCam
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations.attribution.gradient.derivatives import guided_gradient, sum_channels
from explanations.attribution.gradient.layers import find_layer, named_layer
from explanations.models.class_scores import class_score, leaf

Floats = NDArray[np.float64]


def grad_cam(model: nn.Module, image: Tensor, target: int, *, layer: str, output: str) -> Floats:
    """Sum a layer's channels by their mean gradients, rectify, and scale up to the image: never negative.

    `layer` is the name of a module, or "" for the one that `find_layer` finds. The scaling is bilinear.
    """
    return sum_channels(_heat(model, image, target, layer, output))


def guided_grad_cam(model: nn.Module, image: Tensor, target: int, *, layer: str, output: str) -> Floats:
    """Multiply Grad-CAM's map by what guided backpropagation gives: signed, summed over channels."""
    return sum_channels(_heat(model, image, target, layer, output) * guided_gradient(model, image, target))


def _heat(model: nn.Module, image: Tensor, target: int, layer: str, output: str) -> Tensor:
    score = class_score(model, target, output)
    module = named_layer(model, layer or find_layer(model, image))
    with warnings.catch_warnings():
        # hooks on a layer that changes its input in place
        warnings.filterwarnings("ignore", "Using a non-full backward hook", FutureWarning)
        coarse = LayerGradCam(score, module).attribute(leaf(image), relu_attributions=True)  # (1, 1, h, w)
    if coarse.ndim != 4:
        raise ValueError(
            f"the layer {layer!r} gives no maps (n, channels, height, width); name one that does"
        )
    result: Tensor = LayerAttribution.interpolate(coarse, image.shape[2:], "bilinear")  # (1, 1, H, W)
    return result.detach()
