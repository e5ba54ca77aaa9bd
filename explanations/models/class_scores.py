"""What a method explains of a classifier: the logit or the probability of one class. Knows no method.

Images go through the network alone or in batches of one fixed size that hold nothing but copies of one
image, so that its explanation depends neither on its company nor on the size of anybody's batch.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from explanations.models.outputs import probabilities

OUTPUTS = ("logit", "probability")

# Fixed, for rounding can depend on it.
BATCH = 100

Score = Callable[[Tensor], Tensor]


def class_score(model: nn.Module, target: int, output: str) -> Score:
    """The function from images (n, C, H, W) to the logit or probability (n,) of the class of index
    `target`."""
    if output not in OUTPUTS:
        raise ValueError(f"there is no output {output!r}; allowed: {', '.join(OUTPUTS)}")

    def score(images: Tensor) -> Tensor:
        logits: Tensor = model(images)
        return (probabilities(model, logits) if output == "probability" else logits)[:, target]

    return score


def leaf(image: Tensor) -> Tensor:
    """A copy of `image` that gradients can be asked for."""
    return image.detach().clone().requires_grad_()


def gradients(score: Score, images: Tensor) -> Tensor:
    """The gradients (n, C, H, W) of the score at `images` (n, C, H, W)."""
    parts = []
    for batch in torch.split(images, BATCH):
        ends = leaf(batch)
        [slope] = torch.autograd.grad(score(ends).sum(), ends)
        parts.append(slope)
    return torch.cat(parts)


def masked(
    score: Score, image: Tensor, hidden: Tensor, masks: Tensor, segments: Tensor | None = None
) -> Tensor:
    """The scores (N,) in double precision of `image` (1, C, H, W) with some of it replaced by `hidden`.

    `masks` (N, F) are 1 where a feature is shown, 0 where it is hidden, or between; `segments` (H, W) says
    which feature a pixel belongs to, and None that every pixel is one.
    """
    height, width = image.shape[2:]
    scores = []
    for batch in torch.split(masks, BATCH):
        shown = batch[:, segments.flatten()] if segments is not None else batch  # (batch, H * W)
        shown = shown.reshape(-1, 1, height, width).to(image.dtype)
        with torch.inference_mode():
            scores.append(score(image * shown + hidden * (1 - shown)).double())
    return torch.cat(scores)
