"""Local LIME weights of images, their pixels the features (Ribeiro et al. 2016, arXiv:1602.04938; section
3.1 of Ahern et al. 2019, arXiv:1909.04200). Knows no dataset and no class maps.

All images share one bank of perturbations, and with it one Gram matrix: what an image adds is one product
of that bank with the network's responses, and a LASSO path on a part of the Gram matrix. Neither the number
of images, nor their company, nor the number of threads changes a value.
"""

import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import lars_path_gram
from torch import Tensor, nn

from explanations.models import execution
from explanations.models.class_scores import class_score

Floats = NDArray[np.float64]

PERTURBATIONS = ("masks", "gaussian")


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
    """Each feature on or off with equal odds, as Ribeiro et al. perturb images; the first mask is all on."""
    masks = generator.integers(0, 2, size=(samples, features), dtype=np.uint8)
    masks[0] = 1
    return bank_of_masks(masks, kernel_width)


def bank_of_masks(masks: NDArray[np.uint8], kernel_width: float = 0.25) -> Bank:
    """The bank of masks (N, F) of 0 and 1, weighted by their proximity to the mask that is all on.

    That is the exponential kernel exp(-D^2 / width^2), D the cosine distance between the masks
    (arXiv:1602.04938, section 3.3); as in Ribeiro's program, its square root.
    """
    distance = 1 - np.sqrt(masks.mean(axis=1))  # cosine of m and 1: sum(m) / (sqrt(sum(m)) sqrt(F))
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
    with execution.single_threaded():
        centred -= proximity @ centred / proximity.sum()  # with centred features the intercept drops out
        projection = np.ascontiguousarray((centred * proximity[:, None]).T)  # (F, N)
        centred *= np.sqrt(proximity)[:, None]
        gram = centred.T @ centred  # symmetric, at half the cost of a product of two matrices
    return Bank(torch.from_numpy(samples), adds, proximity, projection, gram)


def explain(
    model: nn.Module,
    images: Tensor,
    target: int,
    bank: Bank,
    features: int,
    output: str = "probability",
    skip_black: bool = True,
    advance: Callable[[int], None] | None = None,
) -> Floats:
    """LIME's weights (n, H * W) of the pixels of `images` (n, C, H, W), for the class `target`.

    A LASSO path chooses `features` pixels of each image; a least-squares fit on those, weighted by
    proximity, gives their weights; the others are 0. `output` is what is fitted: "probability", which
    saturates, or "logit". With `skip_black`, pixels that a mask cannot change, because they are black,
    cannot be chosen. `advance(count)` is called with the number of images that went through the network.
    """
    brightness = images.abs().amax(dim=1).flatten(1).numpy()  # (n, H * W)
    weights = np.zeros(brightness.shape)
    with _end_of_path_expected(), execution.pool() as pool:
        asked = _asked(pool, model, images, target, bank, output)
        # a fit comes after the blocks of its image in the queue, so it never waits for one behind it
        fits = []
        for parts, bright in zip(asked, brightness, strict=True):
            candidates = np.flatnonzero((bright > 0) | (bank.adds or not skip_black))
            fits.append((parts, pool.submit(_fit, bank, parts, candidates, features)))
        for row, (parts, fit) in zip(weights, fits, strict=True):
            _gathered(parts, advance)
            chosen, values = fit.result()
            row[chosen] = values
    return weights


def responses(
    model: nn.Module,
    images: Tensor,
    target: int,
    bank: Bank,
    output: str = "probability",
    advance: Callable[[int], None] | None = None,
) -> Floats:
    """What the model gives class `target` on every perturbation of every image: (n, N).

    A mask or noise acts on all channels of a pixel.
    """
    with execution.pool() as pool:
        asked = list(_asked(pool, model, images, target, bank, output))
        return np.stack([_gathered(parts, advance) for parts in asked])


def _asked(
    pool: ThreadPoolExecutor, model: nn.Module, images: Tensor, target: int, bank: Bank, output: str
) -> Iterator[list[Future[Floats]]]:
    """For one image after the other, the responses to its blocks of perturbations, under way in the pool."""
    device = execution.current().device
    score = class_score(execution.optimise(model, images[:1]), target, output)
    size = score.block_size(images[0].to(device))
    samples = bank.samples.to(device)

    def ask(image: Tensor, first: int, last: int) -> Floats:
        flat = image.to(device).flatten(1)  # (C, H * W)
        part = samples[first:last, None]  # (block, 1, H * W)
        perturbed = (flat + part if bank.adds else flat * part).reshape(-1, *image.shape)
        with torch.inference_mode():
            return np.asarray(score(perturbed).double().cpu().numpy())

    for image in images:
        yield [pool.submit(ask, image, *block) for block in execution.blocks(len(samples), size)]


def _gathered(parts: list[Future[Floats]], advance: Callable[[int], None] | None = None) -> Floats:
    """The responses (N,) of an image from those of its blocks, told to `advance` as they come."""
    scores = []
    for part in parts:
        scores.append(part.result())
        if advance:
            advance(len(scores[-1]))
    return np.concatenate(scores)


def _fit(
    bank: Bank, parts: list[Future[Floats]], candidates: NDArray[np.intp], features: int
) -> tuple[NDArray[np.intp], Floats]:
    """Which of the candidates an image's LASSO path chooses, and their least-squares weights."""
    moments = bank.projection @ _gathered(parts)  # (F,)
    support = lasso_support(bank.gram[np.ix_(candidates, candidates)], moments[candidates], features)
    chosen = candidates[support]
    return chosen, least_squares(bank.gram[np.ix_(chosen, chosen)], moments[chosen])


def lasso_support(gram: Floats, moments: Floats, features: int) -> NDArray[np.intp]:
    """Which features are in the LASSO's model at the last point of its path that has at most `features` of
    them.

    `gram` (F, F) is X'WX and `moments` (F,) is X'Wy, both of centred data.
    """
    with _end_of_path_expected():
        return _lasso_support(gram, moments, features)


@contextmanager
def _end_of_path_expected() -> Iterator[None]:
    """Inside, a path that ends where the fit is perfect is no news. Not for threads: filters are global."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


def _lasso_support(gram: Floats, moments: Floats, features: int) -> NDArray[np.intp]:
    if len(moments) <= features:
        return np.arange(len(moments))
    scale = np.abs(moments).max()
    if scale == 0:
        return np.arange(0)
    _, _, path = lars_path_gram(
        # the solver stops at correlations below 1.2e-7, however small the responses: hence the scale
        Xy=moments / scale,
        Gram=gram / gram.diagonal().max(),
        n_samples=1,
        method="lasso",
        copy_Gram=False,
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
