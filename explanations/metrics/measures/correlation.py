"""Faithfulness correlation of each pixel's importance with the score's drop without it.

Alvarez-Melis and Jaakkola 2018, Towards Robust Interpretability with Self-Explaining Neural Networks,
arXiv:1806.07538, section 5.2: the Pearson correlation, over features, of their importance with the drop of
the score when the feature alone is removed. A feature is a square of pixels.
"""

import numpy as np
import torch
from torch import Tensor, nn

from explanations.metrics.measures.curves import filled
from explanations.metrics.subject import Advance, Floats, NotMeasurableError, Parameters, Subject
from explanations.models.class_scores import scores

SQUARES = 250  # removed from copies of an image at once


def drops(
    model: nn.Module, images: Tensor, fill: Tensor, target: int, size: int, output: str, advance: Advance
) -> Floats:
    """Drops in the scores of `images` (n, C, H, W) without each square: (n, squares).

    A square has `size` x `size` pixels, fewer at the right and lower edges. A removed square is replaced by
    that of `fill` (n, C, H, W).
    """
    height, width = images.shape[2:]
    squares = torch.from_numpy(_squares(height, width, size))  # (H, W), the number of each pixel's square
    count = int(squares.max()) + 1
    whole = scores(model, images, target, output)  # (n,)
    result = np.empty((len(images), count))
    for i, (image, empty) in enumerate(zip(images, fill, strict=True)):
        for start in range(0, count, SQUARES):
            numbers = torch.arange(start, min(start + SQUARES, count))
            without = torch.where((squares == numbers[:, None, None])[:, None], empty, image)
            result[i, start : start + SQUARES] = whole[i] - scores(model, without, target, output)
            advance(len(numbers))
    return result


def pooled(importance: Floats, size: int) -> Floats:
    """The sum (squares,) of a map (H, W) over each square of `size` x `size` pixels."""
    height, width = importance.shape
    sums = np.bincount(_squares(height, width, size).ravel(), importance.ravel())
    return np.asarray(sums, dtype=np.float64)


def _squares(height: int, width: int, size: int) -> np.ndarray:
    rows, columns = np.arange(height) // size, np.arange(width) // size
    return np.asarray(rows[:, None] * (columns[-1] + 1) + columns)


def pearson(a: Floats, b: Floats) -> Floats:
    """Pearson's correlation (n,) of the rows of `a` (n, k) and `b` (n, k); NaN where one is constant."""
    a, b = (x - x.mean(axis=1, keepdims=True) for x in (a, b))
    scale = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    both = (a * b).sum(axis=1)
    return np.asarray(np.divide(both, scale, out=np.full(len(a), np.nan), where=scale > 1e-15))


def measure(subject: Subject, parameters: Parameters, advance: Advance) -> dict[str, Floats]:
    """The correlation of every image; not defined for a map that is the same everywhere."""
    if np.ptp(subject.importance) == 0:
        raise NotMeasurableError("the map is the same everywhere, so that it correlates with nothing")
    images, size = subject.images, parameters["size"]
    fill = filled(images, subject.mean, parameters["fill"], parameters["sigma"])
    fall = drops(subject.model, images, fill, subject.target, size, parameters["output"], advance)
    weights = np.broadcast_to(pooled(subject.importance, size), fall.shape)
    return {"correlation": pearson(weights, fall)}
