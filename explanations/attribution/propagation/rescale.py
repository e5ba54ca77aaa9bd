"""Differences from baselines, propagated back from the logit by the rescale rule: DeepLIFT (Shrikumar et al.
2017, arXiv:1704.02685) and DeepSHAP, its mean over a data set's images (Lundberg and Lee 2017,
arXiv:1705.07874). One image (1, C, H, W) in, weights (H * W,) out. Independent of datasets and class maps.
"""

import warnings
from typing import Any

import numpy as np
import torch
from captum.attr import DeepLift
from captum.attr._core import deep_lift as captum_rules
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations.attribution import validity
from explanations.attribution.gradient.derivatives import sum_channels
from explanations.attribution.propagation.preparation import NON_LINEAR, POOLS, prepare
from explanations.models import execution
from explanations.models.class_scores import leaf

Floats = NDArray[np.float64]

PAIRS = 25  # of image and baseline that go through the network together at most; rounding depends on it
EXACT = 1e-3  # the completeness error that single precision may leave, as a share of the output

# A smaller difference of inputs is rounding: the slope takes the place of the quotient, as in shap.
SMALLEST_DIFFERENCE = 1e-6


def deeplift(model: nn.Module, image: Tensor, target: int, *, baselines: Tensor) -> Floats:
    """Average DeepLIFT's rescale rule over `baselines` (m, C, H, W): signed, summed over channels.

    With images of the data set as baselines this is DeepSHAP, shap's DeepExplainer. The weights against each
    baseline add up to the change of the logit, to EXACT of the logits' sizes, or ValueError is raised.
    """
    prepared = prepare(model, image)
    method = _DeepLift(prepared, eps=SMALLEST_DIFFERENCE)
    total = torch.zeros(image.shape, dtype=torch.float64, device=image.device)
    sums, logits = [], []
    pairs = max(1, min(PAIRS, execution.block_size(prepared, image[0]) // 2))
    for batch in torch.split(baselines, pairs):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Setting forward, backward hooks", UserWarning)
            copies = image.repeat(len(batch), 1, 1, 1).requires_grad_()
            parts = method.attribute(copies, batch, target=target).detach().double()
        total += parts.sum(dim=0, keepdim=True)
        sums.append(parts.sum(dim=(1, 2, 3)))  # (pairs,)
        with torch.no_grad():
            logits.append(model(batch)[:, target].double())
    with torch.no_grad():
        logit = float(model(image)[0, target])
    for weight, reference in torch.stack([torch.cat(sums), torch.cat(logits)], dim=1).cpu().tolist():
        validity.check_sum(
            "DeepLIFT",
            weight,
            logit - reference,
            abs(logit) + abs(reference),
            EXACT,
            "the rescale rule does not fit an operation of the classifier, such as a product of activations, "
            "a layer normalisation or half precision; choose another method",
        )
    return sum_channels(total / len(baselines))


class _DeepLift(DeepLift):  # type: ignore[misc]
    """Captum's DeepLift with the rescale rule for every activation, and with a MaxPool rule that adds up.

    Captum's own passes over ReLU6, GELU and others in silence, and its rule for MaxPool overwrites where
    windows overlap.
    """

    def _is_non_linear(self, module: nn.Module) -> bool:
        return isinstance(module, NON_LINEAR)

    def _backward_hook(self, module: nn.Module, grad_input: Tensor, grad_output: Tensor) -> Tensor:
        inputs, outputs = _tensor(module.input), _tensor(module.output)
        del module.input, module.output
        if isinstance(module, POOLS):
            return _pool_multipliers(module, inputs, outputs, grad_output)
        result: Tensor = captum_rules.nonlinear(
            module, inputs, outputs, grad_input, grad_output, eps=SMALLEST_DIFFERENCE
        )
        return result


def _tensor(value: Any) -> Tensor:
    """Narrow a value that Captum keeps on a module to a tensor."""
    if not isinstance(value, Tensor):
        raise TypeError(f"expected a tensor, got a {type(value).__name__}")
    return value


def _pool_multipliers(pool: nn.Module, inputs: Tensor, outputs: Tensor, grad_output: Tensor) -> Tensor:
    """Compute the multipliers of a MaxPool.

    Of each change of an output, the part above and below the other's maximum goes to the pixel that is the
    maximum: Captum's and shap's rule, with sums in place of overwriting. All tensors hold the images in their
    first half and their baselines in the second.
    """
    output, reference = outputs.chunk(2)
    larger = torch.maximum(output, reference)
    changes = torch.cat([larger - reference, output - larger])
    with torch.enable_grad():
        ends = leaf(inputs)
        # forward is called past the hooks of the module, which would count this use too
        [shares] = torch.autograd.grad(pool.forward(ends), ends, grad_output * changes)
    image, baseline = inputs.chunk(2)
    difference = image - baseline
    share = torch.add(*shares.chunk(2))
    quotient = torch.where(
        difference.abs() < SMALLEST_DIFFERENCE, torch.zeros_like(share), share / difference
    )
    return torch.cat([quotient, quotient])
