"""Remove And Debias (ROAD): pixels are removed without retraining, and without a trace of the removal.

Rong et al. 2022, A Consistent and Efficient Evaluation Strategy for Attribution Methods, arXiv:2202.00449:
a removed pixel becomes the weighted mean of its neighbours, some of which are removed as well, plus a little
noise. A constant in its place would show the network the shape of what was removed.
"""

import numpy as np
import scipy.sparse
import torch
from numpy.typing import NDArray
from scipy.sparse.linalg import splu
from torch import Tensor

from explanations.metrics.subject import Advance, Floats, Parameters, Subject, ranks
from explanations.models.class_scores import scores

SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
DIRECT, DIAGONAL = 1 / 6, 1 / 12  # section 4.2: the weights of the neighbours; 4 and 4 of them make 1
NEIGHBOURS = [
    (down, right, DIAGONAL if down and right else DIRECT)
    for down in (-1, 0, 1)
    for right in (-1, 0, 1)
    if down or right
]


def imputed(images: Tensor, removed: NDArray[np.bool_], noise: Floats) -> Tensor:
    """`images` (n, C, H, W) with the pixels of `removed` (H, W) imputed, plus `noise` (n, C, pixels removed).

    The linear system is the same for all images, so it is factorised once. At the edge of the image, the
    weights of the existing neighbours add up to 1. Raises ValueError if no pixel is left.
    """
    if removed.all():
        raise ValueError("every pixel is removed; one at least must be left to impute the others from")
    if not removed.any():
        return images
    weights = _weights(removed.shape)  # (pixels, pixels)
    gone = removed.ravel()
    inner = scipy.sparse.eye_array(int(gone.sum())) - weights[gone][:, gone]
    flat = images.flatten(2).double().numpy()  # (n, C, pixels)
    known = flat[..., ~gone].reshape(-1, int((~gone).sum()))  # (n * C, pixels left)
    right = weights[gone][:, ~gone] @ known.T  # (pixels removed, n * C)
    solved = splu(inner.tocsc()).solve(np.ascontiguousarray(right))
    result = flat.copy()
    result[..., gone] = solved.T.reshape(*flat.shape[:2], -1) + noise
    return torch.from_numpy(result).to(images.dtype).reshape(images.shape)


def _weights(shape: tuple[int, ...]) -> scipy.sparse.csr_array:
    """The weight (pixels, pixels) of each pixel in the mean of another's neighbours; rows add up to 1."""
    height, width = shape
    row, column = np.divmod(np.arange(height * width), width)
    entries: list[tuple[NDArray[np.int64], NDArray[np.int64], Floats]] = []
    for down, right, weight in NEIGHBOURS:
        inside = (row + down >= 0) & (row + down < height) & (column + right >= 0) & (column + right < width)
        here = np.flatnonzero(inside)
        entries.append((here, here + down * width + right, np.full(len(here), weight)))
    heres, theres, values = (np.concatenate(part) for part in zip(*entries, strict=True))
    matrix = scipy.sparse.coo_array((values, (heres, theres)), shape=(row.size, row.size)).tocsr()
    return scipy.sparse.csr_array(scipy.sparse.diags_array(1 / matrix.sum(axis=1)) @ matrix)


def measure(subject: Subject, parameters: Parameters, advance: Advance) -> dict[str, Floats]:
    """The mean score over the shares removed, the most and the least relevant first, and their difference."""
    places = ranks(subject.importance, subject.generator("road"))
    random, images = subject.generator("road", "noise"), subject.images
    kept: dict[bool, list[Floats]] = {True: [], False: []}
    for most_first, found in kept.items():
        order = places if most_first else places.size - 1 - places
        for share in SHARES:
            removed = (order < round(share * order.size)).reshape(images.shape[2:])
            noise = parameters["noise"] * random.standard_normal((*images.shape[:2], int(removed.sum())))
            changed = imputed(images, removed, noise)
            found.append(scores(subject.model, changed, subject.target, parameters["output"]))
            advance(len(images))
    morf, lerf = np.mean(kept[True], axis=0), np.mean(kept[False], axis=0)  # (n,)
    return {"road-morf": morf, "road-lerf": lerf, "road": lerf - morf}
