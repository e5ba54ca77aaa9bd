"""Predictions of a classifier: the likeliest classes of one image, the confusion matrix of many."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from explanations.manifest.records import Confusion
from explanations.models.outputs import probabilities

MOST_CLASSES = 200  # of a confusion matrix that a manifest holds
DIGITS = 6  # of a probability in a manifest


@dataclass(frozen=True)
class Likely:
    """A class, its index among the model's outputs and its probability; the name is "" if it has none."""

    target: int
    name: str
    probability: float


def rank_classes(model: nn.Module, image: Tensor, classes: tuple[str, ...]) -> list[Likely]:
    """The classes of an image (C, H, W), the likeliest first; `classes` are names of the first outputs."""
    with torch.inference_mode():
        logits = model(image[None]).double()
        shares = probabilities(model, logits)[0]
    order = torch.argsort(logits[0], descending=True, stable=True).tolist()
    return [
        Likely(target, _name(target, classes, ""), round(float(shares[target]), DIGITS)) for target in order
    ]


def confuse(predicted_classes: Tensor, labels: Tensor, classes: tuple[str, ...]) -> Confusion | None:
    """The confusion matrix of predictions (N,) of images with `labels` (N,), over the classes that occur.

    None for more than MOST_CLASSES classes, which would make a manifest too large.
    """
    targets, (rows, columns) = torch.unique(torch.stack([labels, predicted_classes]), return_inverse=True)
    count = len(targets)
    if count > MOST_CLASSES:
        return None
    cells = rows * count + columns  # (N,)
    counts = torch.bincount(cells, minlength=count**2).reshape(count, count)
    names = tuple(_name(target, classes, f"output {target}") for target in targets.tolist())
    return Confusion(names, tuple(map(tuple, counts.tolist())))


def _name(target: int, classes: tuple[str, ...], otherwise: str) -> str:
    return classes[target] if target < len(classes) else otherwise
