"""The score that methods explain and metrics measure: the logit or the probability of one class.

All of them ask the network here. Images go through it alone or in blocks (`execution.block_size`) whose size
depends on nothing but the network and the shape of the images. A block of a method holds copies of a single
image, so its explanation depends neither on other images nor on the number of threads.
Independent of methods.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations.models import execution
from explanations.models.outputs import probabilities

OUTPUTS = ("logit", "probability")


@dataclass(frozen=True)
class ClassScore:
    """The function from images (n, C, H, W) to the `output` (n,) of the class of index `target`.

    Probabilities are in double precision: in single precision, one near 1 is 1 and has no gradient.
    """

    network: Callable[[Tensor], Tensor]
    target: int
    output: str

    def __call__(self, images: Tensor) -> Tensor:
        logits = self.network(images)
        values = probabilities(self.network, logits.double()) if self.output == "probability" else logits
        return values[:, self.target]

    @property
    def device(self) -> torch.device | None:
        """Where the network's parameters are; None if it has none."""
        parameters = self.network.parameters() if isinstance(self.network, nn.Module) else iter(())
        return next((parameter.device for parameter in parameters), None)

    def block_size(self, image: Tensor) -> int:
        """The number of images like `image` (C, H, W) that fit a block."""
        return execution.block_size(self.network, image.to(self.device))


def class_score(model: nn.Module, target: int, output: str) -> ClassScore:
    """Return the score of class `target` by `model`. Raises ValueError if `output` is not in OUTPUTS."""
    if output not in OUTPUTS:
        raise ValueError(f"there is no output {output!r}; allowed: {', '.join(OUTPUTS)}")
    return ClassScore(model, target, output)


def leaf(image: Tensor) -> Tensor:
    """Return a copy of `image` with respect to which gradients can be computed."""
    return image.detach().clone().requires_grad_()


def scores(model: nn.Module, images: Tensor, target: int, output: str = "probability") -> NDArray[np.float64]:
    """Return the score (n,) of class `target` by `model` for each of `images` (n, C, H, W)."""
    score = class_score(execution.place(model), target, output)

    def compute(first: int, last: int) -> Tensor:
        with torch.inference_mode():
            return score(images[first:last].to(score.device)).double().cpu()

    parts = execution.over_blocks(compute, len(images), score.block_size(images[0]))
    return np.asarray(torch.cat(parts).numpy())


def gradient(score: ClassScore, images: Tensor) -> Tensor:
    """Return the gradient of the score at `images`, both (n, C, H, W), which are one block."""
    inputs = leaf(images)
    with torch.enable_grad():
        [slope] = torch.autograd.grad(score(inputs).sum(), inputs)
    return slope


def gradients(score: ClassScore, images: Tensor) -> Tensor:
    """Return the gradients of the score at `images`, both (n, C, H, W), computed block by block."""

    def compute(first: int, last: int) -> Tensor:
        return gradient(score, images[first:last].to(score.device)).to(images.device)

    return torch.cat(execution.over_blocks(compute, len(images), score.block_size(images[0])))


def masked_scores(
    score: ClassScore, image: Tensor, hidden: Tensor, masks: Tensor, segments: Tensor | None = None
) -> Tensor:
    """Return the scores (N,) of `image` (1, C, H, W) with parts replaced by `hidden`, in double precision.

    `masks` (N, F) are 1 where a feature is shown, 0 where it is hidden, or between; `segments` (H, W) is the
    feature of each pixel; without it, every pixel is a feature.
    """
    height, width = image.shape[2:]
    image, hidden = image.to(score.device), hidden.to(score.device)

    def compute(first: int, last: int) -> Tensor:
        part = masks[first:last]
        shown = part[:, segments.flatten()] if segments is not None else part  # (block, H * W)
        shown = shown.reshape(-1, 1, height, width).to(image)  # its device and type
        with torch.inference_mode():
            return score(image * shown + hidden * (1 - shown)).double().cpu()

    return torch.cat(execution.over_blocks(compute, len(masks), score.block_size(image[0])))
