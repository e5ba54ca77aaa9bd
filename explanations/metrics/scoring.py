"""What a network says of images: the logit or the probability of one class, in batches. Knows no metric."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explanations.models.outputs import probabilities

Floats = NDArray[np.float64]

OUTPUTS = ("probability", "logit")
BATCH = 250


def scores(model: nn.Module, images: Tensor, target: int, output: str = "probability") -> Floats:
    """What `model` gives the class of `target` on each of `images` (n, C, H, W): (n,). Raises ValueError."""
    if output not in OUTPUTS:
        raise ValueError(f"there is no output {output!r}; allowed: {', '.join(OUTPUTS)}")
    parts = []
    with torch.inference_mode():
        for batch in torch.split(images, BATCH):
            logits = model(batch)
            parts.append((probabilities(model, logits) if output == "probability" else logits)[:, target])
    return np.asarray(torch.cat(parts).double().cpu().numpy())
