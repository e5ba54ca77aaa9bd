"""LIME weights of the pixels of images.

Ribeiro et al. 2016, arXiv:1602.04938; Ahern et al. 2019, arXiv:1909.04200, section 3.1. Independent of
datasets and class maps. All images share one bank of perturbations, and with it one Gram matrix: each image
adds one product of that bank with the network's responses, and a LASSO path on a part of the Gram matrix.
Neither the number of images, nor the other images, nor the number of threads changes a value.
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
    """Perturbations that all images share, and everything that the regression needs from them.

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
    """Draw masks that switch each feature on or off with equal odds; the first mask is all on."""
    masks = generator.integers(0, 2, size=(samples, features), dtype=np.uint8)
    masks[0] = 1
    return bank_of_masks(masks, kernel_width)


def bank_of_masks(masks: NDArray[np.uint8], kernel_width: float = 0.25) -> Bank:
    """Return the bank of masks (N, F) of 0 and 1, weighted by proximity to the mask that is all on.

    The proximity is the exponential kernel exp(-D^2 / width^2), D the cosine distance between the masks
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
    """Draw noise of standard deviation `sigma` around x0, weighted by proximity.

    Equations 1 and 2 of arXiv:1909.04200. The proximity is the Gaussian kernel exp(-|z - x0|^2 / w^2), w =
    kernel_width * sigma * sqrt(F): the distances grow with sqrt(F), and with them the width, or all weights
    would vanish.
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
    """Return LIME's weights (n, H * W) of the pixels of `images` (n, C, H, W), for the class `target`.

    A LASSO path chooses `features` pixels of each image; a least-squares fit on those, weighted by
    proximity, gives their weights; the others are 0. `output` is what is fitted: "probability", which
    saturates, or "logit". With `skip_black`, pixels that a mask cannot change, because they are black,
    cannot be chosen. `advance(count)` is called with the number of images that went through the network.
    """
    brightness = images.abs().amax(dim=1).flatten(1).numpy()  # (n, H * W)
    weights = np.zeros(brightness.shape)
    with _expect_end_of_path(), execution.pool() as pool:
        submitted = _submit(pool, model, images, target, bank, output)
        # a fit comes after the blocks of its image in the queue, so it never waits for a later job
        fits = []
        for parts, bright in zip(submitted, brightness, strict=True):
            candidates = np.flatnonzero((bright > 0) | (bank.adds or not skip_black))
            fits.append((parts, pool.submit(_fit, bank, parts, candidates, features)))
        for row, (parts, fit) in zip(weights, fits, strict=True):
            _collect(parts, advance)
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
    """Return the score of class `target` for every perturbation of every image, (n, N).

    A mask or noise acts on all channels of a pixel.
    """
    with execution.pool() as pool:
        submitted = list(_submit(pool, model, images, target, bank, output))
        return np.stack([_collect(parts, advance) for parts in submitted])


def _submit(
    pool: ThreadPoolExecutor, model: nn.Module, images: Tensor, target: int, bank: Bank, output: str
) -> Iterator[list[Future[Floats]]]:
    """Submit the blocks of perturbations to the pool and yield, for each image, their future responses."""
    device = execution.current().device
    score = class_score(execution.optimise(model, images[:1]), target, output)
    size = score.block_size(images[0].to(device))
    samples = bank.samples.to(device)

    def respond(image: Tensor, first: int, last: int) -> Floats:
        flat = image.to(device).flatten(1)  # (C, H * W)
        part = samples[first:last, None]  # (block, 1, H * W)
        perturbed = (flat + part if bank.adds else flat * part).reshape(-1, *image.shape)
        with torch.inference_mode():
            return np.asarray(score(perturbed).double().cpu().numpy())

    for image in images:
        yield [pool.submit(respond, image, *block) for block in execution.blocks(len(samples), size)]


def _collect(parts: list[Future[Floats]], advance: Callable[[int], None] | None = None) -> Floats:
    """Wait for the blocks of an image and return its responses (N,); `advance` gets the number of each."""
    scores = []
    for part in parts:
        scores.append(part.result())
        if advance:
            advance(len(scores[-1]))
    return np.concatenate(scores)


def _fit(
    bank: Bank, parts: list[Future[Floats]], candidates: NDArray[np.intp], features: int
) -> tuple[NDArray[np.intp], Floats]:
    """Choose among the candidates by the LASSO path of an image; return them with their weights."""
    moments = bank.projection @ _collect(parts)  # (F,)
    support = lasso_support(bank.gram[np.ix_(candidates, candidates)], moments[candidates], features)
    chosen = candidates[support]
    return chosen, least_squares(bank.gram[np.ix_(chosen, chosen)], moments[chosen])


def lasso_support(gram: Floats, moments: Floats, features: int) -> NDArray[np.intp]:
    """Return the features in the model at the last point of the LASSO path with at most `features`.

    `gram` (F, F) is X'WX and `moments` (F,) is X'Wy, both of centred data.
    """
    with _expect_end_of_path():
        return _lasso_support(gram, moments, features)


@contextmanager
def _expect_end_of_path() -> Iterator[None]:
    """Silence the warning that a path ends at a perfect fit. Filters are global: enter it before threads."""
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
    """Solve for the weights (K,) of weighted least squares, from X'WX (K, K) and X'Wy (K,) of centred data.

    If there are fewer samples than features, the shortest of the solutions.
    """
    solution, *_ = np.linalg.lstsq(gram, moments, rcond=None)
    return np.asarray(solution)
