"""What a map must be to enter a set: of the right shape, finite, not empty, not flat, complete where its
method promises that. Every check raises ValueError with one line that says what is wrong and what to do.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

VANISHING = 1e-6  # the largest weight of a probability that has saturated; a probability is at most 1
SATURATED = 0.99  # the share of a map's pixels at its greatest size that leaves no picture


def check_weights(slug: str, label: str, weights: Floats, shape: tuple[int, int]) -> None:
    """Let weights of some images pass that are numbers, and of the shape (n, pixels) that is wanted."""
    where = f"for class {label!r}"
    if weights.shape != shape:
        raise ValueError(f"{slug} gives weights of shape {weights.shape} {where}; {shape} is wanted")
    if not np.isfinite(weights).all():
        raise ValueError(
            f"{slug} gives values that are not finite {where}; does the classifier return finite logits?"
        )


def check_images(slug: str, label: str, weights: Floats, output: str | None) -> None:
    """Let weights (n, pixels) of all images of a class pass that say something.

    One image may have none: not every one has what a method looks for.
    """
    where = f"for class {label!r}"
    sizes = np.abs(weights)
    if not sizes.any():
        raise ValueError(
            f"{slug} gives nothing but zeros {where}; does the classifier depend on its input there?"
        )
    if output == "probability" and sizes.max() < VANISHING:
        raise ValueError(
            f"{slug} gives weights of at most {sizes.max():.1e} {where}: the probability is saturated; "
            "explain the logit with output=logit"
        )
    if weights.shape[1] > 1 and (sizes >= sizes.max(axis=1, keepdims=True)).mean(axis=1).min() > SATURATED:
        raise ValueError(
            f"{slug} gives every pixel the same weight {where}, a map without a picture; try other parameters"
        )


def complete(method: str, total: float, change: float, scale: float, tolerance: float, remedy: str) -> None:
    """Let an explanation pass whose weights add up to what they explain.

    `total` is the sum of the weights, `change` the difference of the output from its baseline, and `scale`
    (positive) what an error is measured by, beside `change` itself: the output's own size.
    """
    error = abs(total - change) / max(abs(change), scale, 1e-12)
    if not error <= tolerance:
        raise ValueError(
            f"{method} is not complete: the weights add up to {total:.4g}, "
            f"the output changes by {change:.4g} ({error:.1%} off, at most {tolerance:.1%} allowed); {remedy}"
        )
