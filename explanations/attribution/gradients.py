"""Local importances from gradients under noise: SmoothGrad-Squared and VarGrad, sections 4.1.1-4.1.2 of
arXiv:1909.04200, by Captum's Saliency and NoiseTunnel. Knows no dataset and no class maps.

Captum's noise depends on the batch and on who else is in it. Here every image goes alone, with its own seed
and in batches of one fixed size, so that its map does not.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from captum.attr import NoiseTunnel, Saliency
from numpy.typing import NDArray
from torch import Tensor, nn

Floats = NDArray[np.float64]

TARGETS = ("logit", "probability")

NOISE_BATCH = 100  # fixed: Captum draws other noise for other batches


def smoothgrad_squared(
    model: nn.Module,
    images: Tensor,
    label: int,
    seeds: Sequence[int],
    samples: int = 100,
    sigma: float = 0.3,
    target: str = "logit",
    advance: Callable[[int], None] | None = None,
) -> Floats:
    """The mean of the squared gradient over noisy copies: (n, H * W), summed over channels, never negative.

    `images` (n, C, H, W) in [0, 1], explained for the class of index `label`; `seeds` one an image; `samples`
    copies with Gaussian noise of standard deviation `sigma`. Hooker et al. 2019, arXiv:1806.10758.
    """
    return _under_noise("smoothgrad_sq", model, images, label, seeds, samples, sigma, target, advance)


def vargrad(
    model: nn.Module,
    images: Tensor,
    label: int,
    seeds: Sequence[int],
    samples: int = 100,
    sigma: float = 0.3,
    target: str = "logit",
    advance: Callable[[int], None] | None = None,
) -> Floats:
    """The variance of the signed gradient over noisy copies: (n, H * W), summed over channels, never
    negative.

    Arguments as in `smoothgrad_squared`. The population variance of Adebayo et al. 2018, arXiv:1810.03292.
    """
    return _under_noise("vargrad", model, images, label, seeds, samples, sigma, target, advance)


def _under_noise(
    kind: str,
    model: nn.Module,
    images: Tensor,
    label: int,
    seeds: Sequence[int],
    samples: int,
    sigma: float,
    target: str,
    advance: Callable[[int], None] | None,
) -> Floats:
    tunnel = NoiseTunnel(Saliency(_score(model, target)))
    maps = np.empty((len(images), images[0, 0].numel()))
    for i, (image, seed) in enumerate(zip(images, seeds, strict=True)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            attribution = tunnel.attribute(
                # double, for Captum's one-pass variance E[g^2] - E[g]^2 cancels in single precision
                image[None].double(),
                nt_type=kind,
                nt_samples=samples,
                nt_samples_batch_size=min(samples, NOISE_BATCH),
                stdevs=float(sigma),
                target=label,
                abs=False,  # or VarGrad would be the variance of |g|
            )
        maps[i] = attribution[0].sum(dim=0).flatten().clamp(min=0).numpy()  # (C, H, W) to (H * W,)
        if advance:
            advance(samples)
    return maps


def _score(model: nn.Module, target: str) -> Callable[[Tensor], Tensor]:
    """What is differentiated, (n, classes) in double precision, though the model computes in its own."""
    if target not in TARGETS:
        raise ValueError(f"there is no target {target!r}; allowed: {', '.join(TARGETS)}")

    def score(images: Tensor) -> Tensor:
        logits: Tensor = model(images.float())
        return (logits.softmax(dim=1) if target == "probability" else logits).double()

    return score
