"""Aggregation of local weights `(n, features)` of a class to one map `(features,)`.

Sections 3 and 4.1 of Ahern et al. 2019, arXiv:1909.04200 (NormLIME), and section 4 of Ribeiro et al. 2016,
arXiv:1602.04938 (SP-LIME). A row is the local explanation of one image, 0 where a feature was not chosen.
The rows must be of images that the model assigns to the class. Independent of models and datasets.

NormLIME weighs each local weight |w_i| by its share |w_i| / ||w||_1 of its own explanation, and averages
over the explanations that chose the feature. So does InterpretDL, of the authors' company
(https://github.com/PaddlePaddle/InterpretDL, `compute_global_weights`), from which the form is taken.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.intp]


@dataclass(frozen=True)
class Aggregation:
    """A way from local weights to a class map, `combine(weights (n, features)) -> (features,)`.

    `signed`: whether a map keeps the signs of local weights that have them. `pick(weights)`, of one that
    takes some of the images only, gives their rows, in the order in which they are picked.
    """

    slug: str
    title: str
    reference: str
    combine: Callable[[Floats], Floats]
    signed: bool
    pick: Callable[[Floats], list[int]] | None = None


def support(weights: Floats) -> Counts:
    """The number of explanations (n, features) that chose each feature: |E(c_i)|, (features,)."""
    return np.asarray((weights != 0).sum(axis=0))


def supported(importance: Floats, counts: Counts, minimum: int) -> Floats:
    """The map (features,) without features that fewer than `minimum` explanations chose.

    NormLIME divides by the support, so that a feature that one explanation chose by luck can outweigh one
    that all chose.
    """
    return np.where(counts >= minimum, importance, 0)


def mean(weights: Floats) -> Floats:
    """The mean over images: how section 4.1 makes class maps of SmoothGrad and VarGrad."""
    return np.asarray(weights.mean(axis=0))


def mean_absolute(weights: Floats) -> Floats:
    """The mean over images of the weights' sizes: what matters, whether it speaks for or against."""
    return np.asarray(np.abs(weights).mean(axis=0))


def sp_lime(weights: Floats) -> Floats:
    """SP-LIME's importance of each feature, from positive weights only, as section 4.1.3 has it."""
    positive = np.maximum(weights, 0)
    return np.asarray(np.sqrt(positive.sum(axis=0)))  # equation 6: I_i = sqrt(sum over images of |w_i|)


PICKED = 10  # images of SP-LIME's pick: Ribeiro et al. show people "a few"


def sp_lime_pick(weights: Floats) -> Floats:
    """The mean over the images that SP-LIME picks as representative, at most PICKED of them."""
    return mean(weights[representatives(weights)])


def representatives(weights: Floats) -> list[int]:
    """The rows of the images that SP-LIME picks, at most PICKED, in the order of picking."""
    return submodular_pick(weights, PICKED)


def submodular_pick(weights: Floats, budget: int) -> list[int]:
    """SP-LIME's pick: at most `budget` images, in order, that together cover the important features.

    Algorithm 2 of arXiv:1602.04938: greedily the image that adds most to the sum of the importances of the
    features that some picked image chose. It ends where no image adds any.
    """
    chosen = weights != 0  # (n, features)
    importance = np.sqrt(np.abs(weights).sum(axis=0))  # (features,)
    covered = np.zeros(weights.shape[1], dtype=bool)
    picked: list[int] = []
    while len(picked) < min(budget, len(weights)):
        gains = (chosen & ~covered) @ importance  # (n,)
        best = int(gains.argmax())
        if gains[best] <= 0:
            break
        picked.append(best)
        covered |= chosen[best]
    return picked or [0]


def normlime_global(weights: Floats) -> Floats:
    """NormLIME's global importance of each feature: never negative, whatever the class of the images."""
    share = _share(weights)  # equation 4: gamma(w, i) = |w_i| / ||w||_1
    chosen = support(weights)  # equation 3: E(c_i), the explanations that chose feature i
    return _average(share * np.abs(weights), chosen)  # equation 5: mean over E(c_i) of gamma(w, i) |w_i|


def normlime(weights: Floats) -> Floats:
    """NormLIME's class-specific importance of each feature, signed: what speaks for the class is positive."""
    chosen = support(weights)  # equation 7: E_y(c_i), the explanations of images of class y that chose i
    share = _share(weights)  # equation 8: gamma(w, i) = |w_i| / ||w||_1
    return _average(share * weights, chosen)  # equation 9: mean over E_y(c_i) of gamma(w, i) w_i


def _share(weights: Floats) -> Floats:
    size = np.abs(weights)
    total = size.sum(axis=1, keepdims=True)  # (n, 1)
    return np.asarray(np.divide(size, total, out=np.zeros_like(size), where=total > 0))


def _average(terms: Floats, counts: Counts) -> Floats:
    """The sum over images divided by the support; 0 for a feature that no explanation chose."""
    return np.asarray(terms.sum(axis=0) / np.maximum(counts, 1))


_RIBEIRO = "Ribeiro et al. 2016, arXiv:1602.04938"
_SP_LIME = f"{_RIBEIRO}; Ahern et al. 2019, arXiv:1909.04200"

AGGREGATIONS = {
    aggregation.slug: aggregation
    for aggregation in (
        Aggregation("mean", "Mean", "Mean over the images of the class", mean, signed=True),
        Aggregation(
            "mean-absolute",
            "Mean absolute",
            "Mean over the images of the class of the weights' sizes",
            mean_absolute,
            signed=False,
        ),
        Aggregation(
            "sp-lime",
            "SP-LIME",
            f"SP-LIME's importance from positive weights: {_SP_LIME}, equation 6 and section 4.1.3",
            sp_lime,
            signed=False,
        ),
        Aggregation(
            "sp-lime-pick",
            "SP-LIME's picks",
            f"The mean over the images of SP-LIME's submodular pick: {_RIBEIRO}, algorithm 2",
            sp_lime_pick,
            signed=True,
            pick=representatives,
        ),
        Aggregation(
            "normlime",
            "NormLIME",
            "Class-specific NormLIME: Ahern et al. 2019, arXiv:1909.04200, equations 7-9",
            normlime,
            signed=True,
        ),
        Aggregation(
            "normlime-global",
            "Global NormLIME",
            "Global NormLIME: Ahern et al. 2019, arXiv:1909.04200, equations 3-5",
            normlime_global,
            signed=False,
        ),
    )
}
