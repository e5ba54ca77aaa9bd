"""Checks of weights and maps: of the right shape, finite, not empty, not flat, complete where promised.

Every check raises ValueError with one line that says what is wrong, why, and what to do.
"""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

VANISHING = 1e-6  # the largest weight of a probability that has saturated; a probability is at most 1
SATURATED = 0.99  # the share of a map's pixels at its greatest size that leaves no picture

NO_GRADIENT = (
    "an operation of the classifier has no finite gradient there, such as a square root at 0; "
    "choose a method that needs no gradients"
)
UNCHANGED = "the classifier's output does not change with the image there"


def check_shape(slug: str, label: str, weights: Floats, shape: tuple[int, int]) -> None:
    """Refuse weights of the images of class `label` that are not of `shape` (n, pixels)."""
    if weights.shape != shape:
        raise ValueError(
            f"{slug} gives weights of shape {weights.shape} for class {label!r}; expected {shape}"
        )


def check_finite(slug: str, label: str, weights: Floats, reason: str) -> None:
    """Refuse weights that are not finite numbers; `reason` says why they are not."""
    if not np.isfinite(weights).all():
        raise ValueError(f"{slug} gives values that are not finite for class {label!r}: {reason}")


def check_images(slug: str, label: str, weights: Floats, output: str | None, reason: str = UNCHANGED) -> None:
    """Refuse weights (n, pixels) of all images of a class that say nothing.

    A single image may have none: not every image has what a method looks for. `output` is what is explained,
    and `reason` says why a method gives nothing but zeros.
    """
    where = f"for class {label!r}"
    sizes = np.abs(weights)
    if not sizes.any():
        if output == "probability":
            reason = "the probability does not change, as one that is saturated; explain output=logit"
        raise ValueError(f"{slug} gives nothing but zeros {where}: {reason}")
    if output == "probability" and sizes.max() < VANISHING:
        raise ValueError(
            f"{slug} gives weights of at most {sizes.max():.1e} {where}: the probability is saturated; "
            "explain the logit with output=logit"
        )
    if weights.shape[1] > 1 and (sizes >= sizes.max(axis=1, keepdims=True)).mean(axis=1).min() > SATURATED:
        raise ValueError(
            f"{slug} gives every pixel the same weight {where}, a map without a picture; try other parameters"
        )


def sum_error(total: float, change: float, scale: float) -> float:
    """Measure how far weights that add up to `total` are from the change of the output that they explain.

    The error is relative to the change, or to `scale` (positive), the size of the output, if that is larger.
    """
    return abs(total - change) / max(abs(change), scale, 1e-12)


def check_sum(method: str, total: float, change: float, scale: float, tolerance: float, remedy: str) -> None:
    """Refuse weights that do not add up to what they explain; arguments as in `sum_error`."""
    if not math.isfinite(change):
        raise ValueError(f"{method} needs finite outputs of the classifier, and here one is not finite")
    if not math.isfinite(total):
        raise ValueError(f"{method} gives values that are not finite: {NO_GRADIENT}")
    error = sum_error(total, change, scale)
    if error > tolerance:
        raise ValueError(
            f"{method} is not complete: the weights add up to {total:.4g}, "
            f"the output changes by {change:.4g} ({error:.1%} off, at most {tolerance:.1%} allowed); {remedy}"
        )
