"""A classifier and its images, loaded together and tried on the first images before any work is done."""

from dataclasses import replace
from pathlib import Path

from explanations.datasets import labelled_images
from explanations.datasets.labelled_images import LabelledImages
from explanations.models import categories, classifiers, trial
from explanations.models.classifiers import LoadedModel
from explanations.models.spec import ModelSpec


def load(spec: ModelSpec, data: Path | None) -> tuple[LoadedModel, LabelledImages]:
    """The classifier, and the test images at the size that it takes. Raises ValueError if they don't fit."""
    loaded = classifiers.load(spec)
    test = load_images(loaded, data, "test")
    return trial.try_out(loaded, test.images[: trial.IMAGES], test.classes), test


def load_images(loaded: LoadedModel, data: Path | None, split: str) -> LabelledImages:
    """One split of the data at the size, and with the channels, that the classifier takes.

    Where the classifier names its categories, these are the classes. Raises ValueError.
    """
    loaded_images = labelled_images.load(data, split, loaded.preprocessing)
    # networks may rely on the usual layout, as by `.view`; arrays (N, H, W, C) in a file have another one
    loaded_images = replace(loaded_images, images=loaded_images.images.contiguous())
    if not loaded.categories:
        return loaded_images
    return categories.as_categories(loaded_images, loaded.categories, loaded.spec.factory)
