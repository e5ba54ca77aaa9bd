"""The images in a set of single images, at the size that its network takes.

They replace the data of a set that was computed elsewhere and does not state the positions of its images in a
data set.
"""

import hashlib
from dataclasses import replace
from pathlib import Path

import torch

from explanations.datasets.class_names import distinct
from explanations.datasets.image_files import is_grey, read_picture
from explanations.datasets.labelled_images import LabelledImages
from explanations.datasets.preprocessing import shaped
from explanations.manifest.records import Manifest, Original
from explanations.models import classifiers, trial
from explanations.models.classifiers import LoadedModel
from explanations.models.spec import ModelSpec


def are_data(described: Manifest) -> bool:
    """Return True if the set has images but states no position of them in a data set."""
    return bool(described.originals) and all(original.number is None for original in described.originals)


def number_images(described: Manifest) -> Manifest:
    """The manifest with the positions of its images among those of the set, in the order of their labels."""
    paths = _paths(described)
    originals = (replace(one, number=paths.index(one.image)) for one in described.originals)
    return replace(described, originals=tuple(originals))


def load(spec: ModelSpec, folder: Path, described: Manifest) -> tuple[LoadedModel, LabelledImages]:
    """The classifier, and the images of the set, each labelled with a class that it is explained for.

    Raises ValueError if the classifier does not name its classes, as torchvision's and Hugging Face's do, or
    does not know one that is explained.
    """
    classifier = classifiers.load(spec)
    if not classifier.categories:
        raise ValueError(
            f"{spec.factory} does not name its classes; name data that do, by a file classes.txt, with --data"
        )
    classes = distinct(category.split(",")[0].strip() for category in classifier.categories)
    wanted = classifier.preprocessing
    paths = _paths(described)
    images, labels, digest = [], [], hashlib.sha256()
    for path in paths:
        original = next(one for one in described.originals if one.image == path)
        channels = wanted.wanted_channels or (1 if is_grey(folder / path) else 3)
        pixels = torch.from_numpy(read_picture(folder / path, channels))
        images.append(shaped(pixels[None], wanted)[0])
        labels.append(_index(original, classes, spec))
        digest.update(original.sha256.encode())
    data = LabelledImages(
        name=described.dataset.name,
        split="all",
        sha256=described.dataset.sha256 or digest.hexdigest(),
        classes=classes,
        images=torch.stack(images),
        labels=torch.tensor(labels),
    )
    return trial.try_out(classifier, data.images[: trial.IMAGES], classes), data


def _paths(described: Manifest) -> list[str]:
    return list(dict.fromkeys(original.image for original in described.originals))


def _index(original: Original, classes: tuple[str, ...], spec: ModelSpec) -> int:
    if original.target not in classes:
        raise ValueError(
            f"{original.label!r} is explained for {original.target!r}, which is not one of the "
            f"{len(classes):,} classes of {spec.factory}"
        )
    return classes.index(original.target)
