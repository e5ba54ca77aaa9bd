"""Sparsity of the map: Gini index and effective number of pixels.

Sparsity does not measure faithfulness.

Gini index of sizes: Hurley and Rickard 2009, Comparing Measures of Sparsity, arXiv:0811.4706, table I; of
explanations: Chalasani et al. 2020, arXiv:1810.06583. Effective number: Hill 1973, Ecology 54:427, order 2.
"""

import numpy as np

from explanations.metrics.subject import Advance, Floats, NotMeasurableError, Parameters, Subject


def gini(importance: Floats) -> float:
    """The Gini index of a map's sizes, in [0, 1): 0 where all are equal, 1 - 1/pixels where one is not 0."""
    sizes = np.sort(np.abs(importance).ravel())
    total = sizes.sum()
    if total == 0:
        raise NotMeasurableError("the map is 0 everywhere, so that it has no sparsity")
    n = sizes.size
    weights = (n - np.arange(1, n + 1) + 0.5) / n
    return float(1 - 2 * (sizes / total * weights).sum())


def effective_pixels(importance: Floats) -> float:
    """(sum |w|)^2 / sum w^2: k where k pixels have one size and the others are 0."""
    sizes = np.abs(importance).ravel()
    if not sizes.any():
        raise NotMeasurableError("the map is 0 everywhere, so that it has no sparsity")
    sizes = sizes / sizes.max()  # or tiny weights would underflow when squared
    return float(sizes.sum() ** 2 / (sizes**2).sum())


def measure(subject: Subject, parameters: Parameters, advance: Advance) -> dict[str, Floats]:
    """Both values of the map."""
    advance(1)
    return {
        "gini": np.array([gini(subject.importance)]),
        "effective-pixels": np.array([effective_pixels(subject.importance)]),
    }
