"""A classifier and its images, loaded together and tried on one image before any work is done."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from explanations.datasets import labelled_images
from explanations.datasets.labelled_images import LabelledImages
from explanations.datasets.preprocessing import Around
from explanations.models import classifiers
from explanations.models.classifiers import LoadedModel
from explanations.models.spec import ModelSpec


def load(spec: ModelSpec, data: Path | None) -> tuple[LoadedModel, LabelledImages]:
    """The classifier, and the test images at the size that it takes. Raises ValueError if they don't fit."""
    loaded = classifiers.load(spec)
    test = load_images(loaded, data, "test")
    model = fit(spec.factory, loaded.model, test.images[0], test.classes)
    return replace(loaded, model=model), test


def load_images(loaded: LoadedModel, data: Path | None, split: str) -> LabelledImages:
    """One split of the data at the size, and with the channels, that the classifier takes."""
    return labelled_images.load(data, split, loaded.preprocessing)


def fit(factory: str, model: nn.Module, image: Tensor, classes: tuple[str, ...]) -> nn.Module:
    """The model, or its logits alone where it returns more, after a trial on `image` (C, H, W).

    Of several outputs, as of networks with auxiliary ones, the logits are the attribute or key `logits`, or
    the first. Raises ValueError where the image is not what the model takes, or where its outputs are not
    the `classes`: named ones must be as many, numbers may be fewer.
    """
    shape = " x ".join(map(str, image.shape))
    wanted = classifiers.preprocessing_of(model).wanted_channels
    if wanted is not None and wanted not in (1, len(image)):
        raise ValueError(
            f"{factory}: takes {wanted} channels by its preprocessing, but the images are {shape}"
        )
    try:
        with torch.inference_mode():
            output = model(image[None])
    except Exception as error:  # whatever anyone's own code raises
        reason = " ".join(str(error).split())
        raise ValueError(
            f"{factory}: can't take images of {shape} ({type(error).__name__}: {reason}); declare what it "
            "takes, as in --preprocessing size=224 channels=3"
        ) from None
    if not isinstance(output, Tensor):
        model = Logits(model, _place_of_logits(factory, output)).eval()
        output = model(image[None])
    _check_outputs(factory, output, classes)
    return model


class Logits(Around):
    """A network that returns several things, of which the one at `place` (a number, a key, an attribute) is
    its logits."""

    def __init__(self, model: nn.Module, place: int | str) -> None:
        super().__init__(model)
        self.place = place

    def forward(self, images: Tensor) -> Any:
        """Images (N, C, H, W) to logits (N, classes)."""
        outputs = self.model(images)
        if isinstance(self.place, str) and hasattr(outputs, self.place):
            return getattr(outputs, self.place)
        return outputs[self.place]


def _place_of_logits(factory: str, output: object) -> int | str:
    if hasattr(output, "logits") or (isinstance(output, dict) and "logits" in output):
        return "logits"
    if isinstance(output, tuple | list) and output and isinstance(output[0], Tensor):
        return 0
    raise ValueError(f"{factory}: gives a {type(output).__name__} for images; logits (N, classes) are wanted")


def _check_outputs(factory: str, output: Tensor, classes: tuple[str, ...]) -> None:
    shape = " x ".join(map(str, output.shape))
    if output.ndim != 2 or not output.is_floating_point():
        raise ValueError(
            f"{factory}: gives {shape} of {output.dtype} for an image; logits (1, classes) are wanted"
        )
    if not torch.isfinite(output).all():
        raise ValueError(f"{factory}: gives logits that are not finite for the first image")
    if output.shape[1] > 1 and (output >= 0).all() and torch.allclose(output.sum(), torch.ones(())):
        raise ValueError(f"{factory}: gives probabilities; logits are wanted, so leave its softmax out")
    outputs, numbered = output.shape[1], classes == tuple(map(str, range(len(classes))))
    if outputs < len(classes) or (outputs > len(classes) and not numbered):
        raise ValueError(
            f"{factory}: has {outputs:,} outputs, but the data have {len(classes):,} classes; "
            "name those of all outputs in their order, one a line, in a file classes.txt in the data's folder"
        )
