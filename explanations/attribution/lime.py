"""Local LIME weights of images, their pixels the features (Ribeiro et al. 2016, arXiv:1602.04938; section
3.1 of Ahern et al. 2019, arXiv:1909.04200). Knows no dataset and no class maps.

All images share one bank of perturbations, and with it one Gram matrix: what an image adds is one product
of that bank with the network's responses. The responses of many images are computed together, in batches of
one fixed size, so that neither the number of images nor their company changes a value.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import lars_path_gram
from torch import Tensor, nn

Floats = NDArray[np.float64]

TARGETS = ("probability", "logit")
PERTURBATIONS = ("masks", "gaussian")

# Fixed, for rounding can depend on it; large enough to be fast, small enough for the processor's cache.
FORWARD_BATCH = 500


@dataclass(frozen=True)
class Bank:
    """Perturbations that all images share, and all that the regression needs of them.

    `samples` (N, F) float32: masks of 0 and 1 that multiply an image, or noise to add to it; `proximity`
    (N,): the weight of each; `projection` (F, N): the centred samples times their weights, so that
    `projection @ responses` is X'Wy; `gram` (F, F): X'WX of the centred samples.
    """

    samples: Tensor
    adds: bool
    proximity: Floats
    projection: Floats
    gram: Floats


def mask_bank(
    features: int, samples: int, generator: np.random.Generator, kernel_width: float = 0.25
) -> Bank:
    """Each feature on or off with equal odds, as Ribeiro et al. perturb images; the first sample is all on.

    Proximity is their exponential kernel exp(-D^2 / width^2), D the cosine distance between a mask and the
    mask that is all on (arXiv:1602.04938, section 3.3); as in their program, its square root.
    """
    masks = generator.integers(0, 2, size=(samples, features), dtype=np.uint8)
    masks[0] = 1
    distance = 1 - np.sqrt(masks.sum(axis=1) / features)  # cosine of m and 1: sum(m) / (sqrt(sum(m)) sqrt(F))
    return _bank(masks.astype(np.float32), False, np.sqrt(np.exp(-((distance / kernel_width) ** 2))))


def gaussian_bank(
    features: int,
    samples: int,
    generator: np.random.Generator,
    sigma: float = 0.3,
    kernel_width: float = 0.75,
) -> Bank:
    """Noise of standard deviation `sigma` around x0, weighted by proximity (equations 1-2 of
    arXiv:1909.04200).

    Proximity is the Gaussian kernel exp(-|z - x0|^2 / w^2), w = kernel_width * sigma * sqrt(F): the
    distances grow with sqrt(F), and with them the width, or all weights would vanish.
    """
    noise = sigma * generator.standard_normal((samples, features), dtype=np.float32)
    squared = (noise.astype(np.float64) ** 2).sum(axis=1)
    return _bank(noise, True, np.exp(-squared / (kernel_width * sigma) ** 2 / features))


def _bank(samples: NDArray[np.float32], adds: bool, proximity: Floats) -> Bank:
    centred = samples.astype(np.float64)
    centred -= proximity @ centred / proximity.sum()  # with centred features the intercept drops out
    projection = np.ascontiguousarray((centred * proximity[:, None]).T)  # (F, N)
    return Bank(torch.from_numpy(samples), adds, proximity, projection, projection @ centred)


def explain(
    model: nn.Module,
    images: Tensor,
    label: int,
    bank: Bank,
    features: int,
    target: str = "probability",
    skip_black: bool = True,
    advance: Callable[[int], None] | None = None,
) -> Floats:
    """LIME's weights (n, H * W) of the pixels of `images` (n, C, H, W), for the class of index `label`.

    A LASSO path chooses `features` pixels of each image; a least-squares fit on those, weighted by
    proximity, gives their weights; the others are 0. `target` is what is fitted: "probability", which
    saturates, or "logit". With `skip_black`, pixels that a mask cannot change, because they are black,
    cannot be chosen. `advance(count)` is called with the number of images that went through the network.
    """
    scores = responses(model, images, label, bank, target, advance)  # (n, N)
    brightness = images.abs().amax(dim=1).flatten(1).numpy()  # (n, H * W)
    weights = np.zeros(brightness.shape)
    for i, score in enumerate(scores):
        skipped = skip_black and not bank.adds
        candidates = np.flatnonzero(brightness[i] > 0) if skipped else np.arange(brightness.shape[1])
        moments = bank.projection @ score  # (H * W,)
        chosen = candidates[
            lasso_support(bank.gram[np.ix_(candidates, candidates)], moments[candidates], features)
        ]
        weights[i, chosen] = least_squares(bank.gram[np.ix_(chosen, chosen)], moments[chosen])
    return weights


def responses(
    model: nn.Module,
    images: Tensor,
    label: int,
    bank: Bank,
    target: str = "probability",
    advance: Callable[[int], None] | None = None,
) -> Floats:
    """What the model gives class `label` on every perturbation of every image: (n, N).

    A mask or noise acts on all channels of a pixel. A batch holds perturbations of as many images as it
    takes.
    """
    if target not in TARGETS:
        raise ValueError(f"there is no target {target!r}; allowed: {', '.join(TARGETS)}")
    count, samples = len(images), len(bank.samples)
    flat = images.flatten(2)  # (n, C, H * W)
    scores = np.empty(count * samples)
    for start in range(0, count * samples, FORWARD_BATCH):
        pairs = torch.arange(start, start + FORWARD_BATCH).clamp_(max=count * samples - 1)
        originals = flat[pairs // samples]  # (batch, C, H * W)
        perturbations = bank.samples[pairs % samples][:, None]  # (batch, 1, H * W)
        perturbed = originals + perturbations if bank.adds else originals * perturbations
        with torch.inference_mode():
            logits = model(perturbed.reshape(-1, *images.shape[1:]))
            values = (logits.softmax(dim=1) if target == "probability" else logits)[:, label]
        used = min(FORWARD_BATCH, count * samples - start)
        scores[start : start + used] = values[:used].double().numpy()
        if advance:
            advance(used)
    return scores.reshape(count, samples)


def lasso_support(gram: Floats, moments: Floats, features: int) -> NDArray[np.intp]:
    """Which features are in the LASSO's model at the last point of its path that has at most `features` of
    them.

    `gram` (F, F) is X'WX and `moments` (F,) is X'Wy, both of centred data.
    """
    if len(moments) <= features:
        return np.arange(len(moments))
    scale = np.abs(moments).max()
    if scale == 0:
        return np.arange(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the path ends where the fit is perfect
        _, _, path = lars_path_gram(
            # the solver stops at correlations below 1.2e-7, however small the responses: hence the scale
            Xy=moments / scale,
            Gram=gram / gram.diagonal().max(),
            n_samples=1,
            method="lasso",
            max_iter=features + features // 4 + 1,  # a path may drop features again: a quarter more steps
        )
    sizes = (path != 0).sum(axis=0)  # (steps,)
    last = np.flatnonzero(sizes <= features)[-1]
    return np.flatnonzero(path[:, last])


def least_squares(gram: Floats, moments: Floats) -> Floats:
    """The weighted least-squares weights (K,) from X'WX (K, K) and X'Wy (K,) of centred data.

    Of several solutions, where samples are fewer than features, the shortest.
    """
    solution, *_ = np.linalg.lstsq(gram, moments, rcond=None)
    return np.asarray(solution)
