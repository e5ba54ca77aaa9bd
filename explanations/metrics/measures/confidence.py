"""Drop and increase of confidence when the background, or the subject, is occluded by the map.

Chattopadhyay et al. 2018, Grad-CAM++, arXiv:1710.11063, section 4.1, occludes the background: the image times
the map. A good map loses little confidence. The complement occludes the subject, the image times 1 - map: a
good map loses the class.
"""

import numpy as np
import torch
from torch import Tensor

from explanations.metrics.subject import Advance, Floats, NotMeasurableError, Parameters, Subject
from explanations.models.class_scores import scores


def scaled(importance: Floats) -> Floats:
    """The positive part of a map (H, W) over its maximum, in [0, 1], as arXiv:1710.11063 has it.

    Raises NotMeasurableError where nothing is positive.
    """
    positive = np.maximum(importance, 0)
    if positive.max() == 0:
        raise NotMeasurableError("the map has no positive value, so that it shows no subject")
    return np.asarray(positive / positive.max())


def drop(whole: Floats, occluded: Floats) -> Floats:
    """The percentage (n,) of the confidence that is lost, 0 where it rises (equation 13); NaN of none."""
    lost = 100 * np.maximum(whole - occluded, 0)
    return np.asarray(np.divide(lost, whole, out=np.full(len(whole), np.nan), where=whole > 0))


def increase(whole: Floats, occluded: Floats) -> Floats:
    """100 (n,) where the confidence rises, else 0: the mean is a percentage of images (equation 14)."""
    return np.asarray(100.0 * (occluded > whole))


def measure(subject: Subject, parameters: Parameters, advance: Advance) -> dict[str, Floats]:
    """Both percentages of every image, with the background and with the subject occluded."""
    shown = torch.from_numpy(scaled(subject.importance)).float()  # (H, W)
    images = subject.images

    def confidence(changed: Tensor) -> Floats:
        advance(len(changed))
        return scores(subject.model, changed, subject.target, "probability")

    whole, subject_only, background_only = map(confidence, (images, images * shown, images * (1 - shown)))
    return {
        "background-drop": drop(whole, subject_only),
        "background-increase": increase(whole, subject_only),
        "subject-drop": drop(whole, background_only),
        "subject-increase": increase(whole, background_only),
    }
