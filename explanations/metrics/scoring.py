"""What a network says of images: the logit or the probability of one class, in batches. Knows no metric."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

Floats = NDArray[np.float64]

TARGETS = ("probability", "logit")
BATCH = 250


def scores(model: nn.Module, images: Tensor, index: int, target: str = "probability") -> Floats:
    """What `model` gives the class of `index` on each of `images` (n, C, H, W): (n,). Raises ValueError."""
    if target not in TARGETS:
        raise ValueError(f"there is no target {target!r}; allowed: {', '.join(TARGETS)}")
    parts = []
    with torch.inference_mode():
        for batch in torch.split(images, BATCH):
            logits = model(batch)
            parts.append((logits.softmax(dim=1) if target == "probability" else logits)[:, index])
    return np.asarray(torch.cat(parts).double().cpu().numpy())
