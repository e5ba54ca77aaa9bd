"""From the local weights of many images of a class `(n, features)` to one class-level map `(features,)`.

Sections 3 and 4.1 of Ahern et al. 2019, arXiv:1909.04200 (NormLIME), and section 4 of Ribeiro et al. 2016,
arXiv:1602.04938 (SP-LIME). A row is the local explanation of one image, 0 where a feature was not chosen.
The rows must be of images that the model assigns to the class. Knows no model and no dataset.

NormLIME weighs each local weight |w_i| by its share |w_i| / ||w||_1 of its own explanation, and averages
over the explanations that chose the feature. So does InterpretDL, of the authors' company
(https://github.com/PaddlePaddle/InterpretDL, `compute_global_weights`), from which the form is taken.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def mean(weights: Floats) -> Floats:
    """The mean over images: how section 4.1 makes class maps of SmoothGrad and VarGrad."""
    return np.asarray(weights.mean(axis=0))


def sp_lime(weights: Floats) -> Floats:
    """SP-LIME's importance of each feature, from positive weights only, as section 4.1.3 has it."""
    positive = np.maximum(weights, 0)
    return np.asarray(np.sqrt(positive.sum(axis=0)))  # equation 6: I_i = sqrt(sum over images of |w_i|)


def normlime_global(weights: Floats) -> Floats:
    """NormLIME's global importance of each feature: never negative, whatever the class of the images."""
    share = _share(weights)  # equation 4: gamma(w, i) = |w_i| / ||w||_1
    support = _support(weights)  # equation 3: E(c_i), the explanations that chose feature i
    return _average(share * np.abs(weights), support)  # equation 5: mean over E(c_i) of gamma(w, i) |w_i|


def normlime(weights: Floats) -> Floats:
    """NormLIME's class-specific importance of each feature, signed: what speaks for the class is positive."""
    support = _support(weights)  # equation 7: E_y(c_i), the explanations of images of class y that chose i
    share = _share(weights)  # equation 8: gamma(w, i) = |w_i| / ||w||_1
    return _average(share * weights, support)  # equation 9: mean over E_y(c_i) of gamma(w, i) w_i


def _share(weights: Floats) -> Floats:
    size = np.abs(weights)
    total = size.sum(axis=1, keepdims=True)  # (n, 1)
    return np.asarray(np.divide(size, total, out=np.zeros_like(size), where=total > 0))


def _support(weights: Floats) -> NDArray[np.intp]:
    return np.asarray((weights != 0).sum(axis=0))


def _average(terms: Floats, support: NDArray[np.intp]) -> Floats:
    """The sum over images divided by the support; 0 for a feature that no explanation chose."""
    return np.asarray(terms.sum(axis=0) / np.maximum(support, 1))
