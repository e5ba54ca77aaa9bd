"""One explained image per class with its prediction, to show beside the class's maps."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations.datasets.labelled_images import LabelledImages
from explanations.datasets.sampling import parts
from explanations.figures.gallery import Example, write_percent
from explanations.manifest.records import Manifest
from explanations.models import classifiers
from explanations.models.outputs import probabilities


def examples(
    manifest: Manifest,
    model: nn.Module,
    data: LabelledImages,
    replicate: int,
    methods: Sequence[str] | None = None,
    predictions: int = 1,
) -> dict[str, Example]:
    """The first image that the maps of a class explain, of this replicate, by these methods or by all.

    That is the first pick of a method that picks, if there is one; in a set of single images, the image. With
    it come the likeliest classes, as many as `predictions`.

    `data` and `model` must be those that the set was made of. Raises ValueError where they are not.
    """
    if manifest.dataset.sha256 not in (None, data.sha256):
        raise ValueError(
            f"{data.name} is not what the set was made of, {manifest.dataset.name}; name it by --data"
        )
    if classifiers.preprocessing_of(model).record() != manifest.classifier.preprocessing:
        raise ValueError(
            f"the set was made with the preprocessing {manifest.classifier.preprocessing or 'none'}; "
            "give the same with --preprocessing"
        )
    predicted = classifiers.predict(model, data.images)
    by_label = {}
    for label in manifest.dataset.classes:
        original = manifest.original(label)
        if original and original.number is None:
            raise ValueError(f"the set does not state which image of {data.name} {label!r} is")
        if original and original.number is not None:
            number = original.number
        else:
            numbers = torch.nonzero(predicted == data.classes.index(label)).flatten().numpy()
            [first] = parts(numbers, manifest.seed or 0, label, manifest.replicates, 1)[replicate - 1]
            number = _first_pick(manifest, label, replicate, methods, int(first))
        image = data.images[number]
        by_label[label] = Example(_in_colour(image), _predictions(model, image, data.classes, predictions))
    return by_label


def _first_pick(
    manifest: Manifest, label: str, replicate: int, methods: Sequence[str] | None, otherwise: int
) -> int:
    for record in manifest.maps:
        is_drawn = methods is None or record.method in methods
        if is_drawn and record.picked and (record.label, record.replicate) == (label, replicate):
            return record.picked[0]
    return otherwise


def _in_colour(image: Tensor) -> NDArray[np.float32]:
    """(C, H, W) to (H, W, 3); of other numbers of channels than 3 the mean, as grey."""
    shown = image if len(image) == 3 else image.mean(dim=0, keepdim=True).expand(3, -1, -1)
    return shown.permute(1, 2, 0).numpy()


def _predictions(model: nn.Module, image: Tensor, classes: tuple[str, ...], count: int) -> str:
    """The likeliest classes with their probabilities, a line each."""
    with torch.inference_mode():
        shares = probabilities(model, model(image[None]))[0]
    best = shares.argsort(descending=True)[:count].tolist()
    names = [classes[index] if index < len(classes) else str(index) for index in best]
    return "\n".join(
        f"{name} ({write_percent(float(shares[i]))})" for name, i in zip(names, best, strict=True)
    )
