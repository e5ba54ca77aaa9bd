"""Localisation: agreement of the map with masks of the subject that people drew.

The network is not used.

Pointing game: Zhang et al. 2016, arXiv:1608.00507, section 4.1. Intersection over union of the mask with as
many of the map's greatest pixels as the mask has, so that there is no threshold to choose.
"""

import numpy as np
from numpy.typing import NDArray

from explanations.metrics.subject import Advance, Floats, Parameters, Subject, lacks, ranks


def intersection_over_union(places: NDArray[np.int64], masks: NDArray[np.bool_]) -> Floats:
    """(n,) of `masks` (n, pixels) with as many of the first `places` (pixels,); NaN of an empty mask."""
    sizes = masks.sum(axis=1, keepdims=True)  # (n, 1)
    chosen = places[None] < sizes
    union = (chosen | masks).sum(axis=1)
    together = (chosen & masks).sum(axis=1)
    return np.asarray(np.divide(together, union, out=np.full(len(masks), np.nan), where=union > 0))


def points(places: NDArray[np.int64], masks: NDArray[np.bool_]) -> Floats:
    """1 (n,) where the greatest pixel lies in the mask (n, pixels), else 0; NaN of an empty mask."""
    hit = masks[:, int(places.argmin())].astype(np.float64)
    return np.asarray(np.where(masks.any(axis=1), hit, np.nan))


def measure(subject: Subject, parameters: Parameters, advance: Advance) -> dict[str, Floats]:
    """Both values of every image that has a mask."""
    if subject.masks is None:
        raise lacks("masks")
    places = ranks(subject.importance, subject.generator("localisation"))
    masks = subject.masks.reshape(len(subject.masks), -1)
    advance(1)
    return {"iou": intersection_over_union(places, masks), "pointing": points(places, masks)}
