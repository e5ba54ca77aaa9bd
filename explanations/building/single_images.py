"""Single images that a set explains one by one, in place of classes, each for its likeliest classes.

Every method gets the same images. A label is the class of an image in its data set, with a number if several
images of it are explained, and with the explained class if an image is explained for several, as in
`cat-1-as-lynx`.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor, nn

from explanations import manifest
from explanations.attribution.local import Sample
from explanations.building.predictions import Likely, rank_classes
from explanations.datasets.labelled_images import LabelledImages
from explanations.manifest.records import TOP_CLASSES, Original
from explanations.rendering import photograph
from explanations.running.randomness import generator

CHECK = "image-edges"
CHECK_TITLE = "Edges of the image"
CHECK_REFERENCE = "Edges of the image itself by Sobel's operator; no explanation, for attention checks only"


@dataclass(frozen=True)
class SingleImage:
    """An image that has maps of its own for one class; `picture` is the PNG that participants see."""

    record: Original
    number: int  # of the image in its data set, from 0
    target: int  # of the class that is explained, among the model's outputs
    picture: bytes


def choose(
    model: nn.Module, data: LabelledImages, classes: tuple[str, ...], count: int, targets: int, seed: int
) -> list[SingleImage]:
    """Choose `count` images of each class by `seed`, each explained for its `targets` likeliest classes.

    Raises ValueError if a class has fewer images, or if a class to explain has no name.
    """
    if count < 1:
        raise ValueError(f"--each-image must be at least 1 (got {count})")
    if targets < 1:
        raise ValueError(f"--for-top must be at least 1 (got {targets})")
    chosen = []
    for name in classes:
        numbers = data.of_class(name).numpy()
        if len(numbers) < count:
            raise ValueError(
                f"class {name!r} has {len(numbers)} images, but {count} are to be explained; ask for fewer "
                "with --each-image"
            )
        order = generator(seed, "images", name).permutation(numbers)[:count]
        for place, number in enumerate(order.tolist(), start=1):
            label = name if count == 1 else f"{name}-{place}"
            chosen += _explain_for(model, data, label, number, targets)
    return chosen


def samples(images: list[SingleImage], data: LabelledImages, seed: int) -> list[Sample]:
    """A sample of one image for each of `images`."""
    return [
        Sample(
            seed,
            one.record.label,
            one.target,
            1,
            (one.number,),
            data.images[[one.number]],
            data.classes,
        )
        for one in images
    ]


def edges(image: Tensor) -> NDArray[np.float32]:
    """Edge strengths (H, W) of an image (C, H, W), for attention checks."""
    grey = image.double().mean(dim=0).numpy()
    return np.hypot(ndimage.sobel(grey, axis=0), ndimage.sobel(grey, axis=1)).astype(np.float32)


def _explain_for(
    model: nn.Module, data: LabelledImages, label: str, number: int, targets: int
) -> list[SingleImage]:
    """The image of this number, for each of its likeliest classes."""
    image = data.images[number]
    ranked = rank_classes(model, image, data.classes)
    if targets > len(ranked):
        raise ValueError(f"--for-top must be at most {len(ranked)}, the classes of the model (got {targets})")
    for likely in ranked[:targets]:
        if not likely.name:
            raise ValueError(
                f"the model assigns image {number} of {data.name} to its output {likely.target}, which has "
                "no name; name the classes in classes.txt"
            )
    picture = photograph(image.numpy())
    sha256 = hashlib.sha256(picture).hexdigest()
    path = f"{manifest.ORIGINALS_FOLDER}/{sha256[:20]}.png"
    top = tuple((likely.name, likely.probability) for likely in _named(ranked[:TOP_CLASSES]))
    return [
        SingleImage(
            Original(
                label=label if targets == 1 else f"{label}-as-{likely.name}",
                number=number,
                seen=ranked[0].name,
                image=path,
                sha256=sha256,
                target=likely.name,
                top=top,
            ),
            number,
            likely.target,
            picture,
        )
        for likely in ranked[:targets]
    ]


def _named(ranked: list[Likely]) -> list[Likely]:
    return [likely for likely in ranked if likely.name]
