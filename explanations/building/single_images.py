"""Single images that a set explains one by one, in place of classes: which, and what the network sees.

Images and a network in, labels, samples and pictures out. Every method gets the same images; a label is the
class of an image in its data set, with a number where several images of it are explained.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor, nn

from explanations import manifest
from explanations.attribution.local import Sample
from explanations.datasets.labelled_images import LabelledImages
from explanations.manifest.records import Original
from explanations.models import classifiers
from explanations.rendering import photograph
from explanations.running.randomness import generator

CHECK = "image-edges"
CHECK_TITLE = "Edges of the image"
CHECK_REFERENCE = "Edges of the image itself by Sobel's operator; no explanation, for attention checks only"


@dataclass(frozen=True)
class Single:
    """One image that has maps of its own; `picture` is the PNG file that participants see beside them."""

    record: Original
    number: int  # of the image in its data set, from 0
    target: int  # of the class that is explained, among the model's outputs
    picture: bytes


def singles(
    model: nn.Module, data: LabelledImages, classes: tuple[str, ...], count: int, seed: int
) -> list[Single]:
    """`count` images of each class, drawn by `seed`, each explained for the class that `model` assigns it to.

    Raises ValueError where a class has too few, or an image is assigned to no class that has a name.
    """
    if count < 1:
        raise ValueError(f"{count} images of each class are to be explained; allowed: from 1")
    found = []
    for name in classes:
        numbers = data.of_class(name).numpy()
        if len(numbers) < count:
            raise ValueError(
                f"class {name!r} has {len(numbers)} images, but {count} are to be explained; ask for fewer "
                "with --each-image"
            )
        drawn = generator(seed, "images", name).permutation(numbers)[:count]
        for place, number in enumerate(drawn.tolist(), start=1):
            label = name if count == 1 else f"{name}-{place}"
            found.append(_single(model, data, label, number))
    return found


def samples(found: list[Single], data: LabelledImages, seed: int) -> list[Sample]:
    """A sample of one image for each of `found`."""
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
        for one in found
    ]


def edges(image: Tensor) -> NDArray[np.float32]:
    """How strong the edges of an image (C, H, W) are, (H, W): what attention checks show of it."""
    grey = image.double().mean(dim=0).numpy()
    return np.hypot(ndimage.sobel(grey, axis=0), ndimage.sobel(grey, axis=1)).astype(np.float32)


def _single(model: nn.Module, data: LabelledImages, label: str, number: int) -> Single:
    image = data.images[number]
    target = int(classifiers.predict(model, image[None])[0])
    if target >= len(data.classes):
        raise ValueError(
            f"the model assigns image {number} of {data.name} to its output {target}, which has no name; "
            "name the classes in classes.txt"
        )
    picture = photograph(image.numpy())
    sha256 = hashlib.sha256(picture).hexdigest()
    path = f"{manifest.ORIGINALS_FOLDER}/{sha256[:20]}.png"
    seen = data.classes[target]
    return Single(Original(label, number, seen, path, sha256, seen), number, target, picture)
