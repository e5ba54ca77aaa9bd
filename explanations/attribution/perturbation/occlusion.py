"""Occlusion and RISE: importance of pixels from images of which parts are covered.

Zeiler and Fergus 2014, arXiv:1311.2901; Petsiuk et al. 2018, arXiv:1806.07421. One image (1, C, H, W) in,
signed weights (H * W,) out. Independent of datasets and class maps.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from explanations.attribution.gradient.derivatives import Address
from explanations.models import execution
from explanations.models.class_scores import class_score, masked_scores
from explanations.running import randomness

Floats = NDArray[np.float64]

MASKS = 100  # in double precision at once


def occlusion(
    model: nn.Module,
    image: Tensor,
    target: int,
    *,
    window: float,
    positions: int,
    baselines: Tensor,
    output: str,
) -> Floats:
    """Return how much the score falls when a square covers a pixel, the mean over the squares that do.

    The side of a square is the share `window` of the shorter side of the image. The squares have `positions`
    evenly spaced positions along each side, so the cost does not depend on the size of the image. Each of
    `baselines` (m, C, H, W) shows in the squares in turn, and the mean fall counts.
    """
    masks = squares(image.shape[2], image.shape[3], window, positions)
    score = class_score(execution.optimise(model, image), target, output)
    everything = torch.ones(1, masks.shape[1], dtype=torch.bool)
    shown = torch.cat([everything, ~masks])
    responses = [masked_scores(score, image, baseline[None], shown) for baseline in baselines]
    falls = torch.stack([each[0] - each[1:] for each in responses]).mean(dim=0)  # (squares,)
    total = torch.zeros(masks.shape[1], dtype=torch.float64)
    for fall, covered in zip(torch.split(falls, MASKS), torch.split(masks, MASKS), strict=True):
        total += fall @ covered.double()
    return np.asarray((total / masks.sum(dim=0)).numpy())


def squares(height: int, width: int, window: float, positions: int) -> Tensor:
    """Return the pixels (positions ** 2, H * W) that each square covers.

    Raises ValueError if no square covers some of them.
    """
    side = max(1, round(window * min(height, width)))
    starts = [np.rint(np.linspace(0, length - side, positions)).astype(int) for length in (height, width)]
    masks = torch.zeros(positions**2, height, width, dtype=torch.bool)
    for k, (top, left) in enumerate((top, left) for top in starts[0] for left in starts[1]):
        masks[k, top : top + side, left : left + side] = True
    if not masks.any(dim=0).all():
        raise ValueError(
            f"{positions} positions of a square of {side} pixels leave gaps in {height} x {width} pixels; "
            "choose a larger window or more positions"
        )
    return masks.flatten(1)


def rise(
    model: nn.Module,
    image: Tensor,
    target: int,
    *,
    samples: int,
    cells: int,
    shown: float,
    output: str,
    address: Address,
) -> Floats:
    """Return the mean of random smooth masks, weighted by the score of the image under each.

    A mask has `cells` x `cells` random cells, each open with probability `shown`, enlarged smoothly and
    shifted at random. As in equation 6 of the paper, but relative to the mean score: this shifts the whole
    map by about a constant, keeps the order of pixels, and makes zero mean "no effect".
    """
    score = class_score(execution.optimise(model, image), target, output)
    black = torch.zeros_like(image)
    height, width = image.shape[2:]
    weighted, coverage = torch.zeros(2, height * width, dtype=torch.float64)
    scores: list[Tensor] = []
    for start in range(0, samples, MASKS):
        addresses = [(*address, k) for k in range(start, min(start + MASKS, samples))]
        masks = _soft_masks(height, width, cells, shown, addresses)
        scores.append(masked_scores(score, image, black, masks))
        # relative to a score near the mean, so that what is subtracted in the end is small
        weighted += (scores[-1] - scores[0].mean()) @ masks.double()
        coverage += masks.double().sum(dim=0)
    excess = torch.cat(scores).mean() - scores[0].mean()
    return np.asarray(((weighted - excess * coverage) / (samples * shown)).numpy())


def _soft_masks(height: int, width: int, cells: int, shown: float, addresses: list[Address]) -> Tensor:
    """Draw a mask in [0, 1] for every address, (n, H * W): section 3.3 of the paper."""
    cell = (-(-height // cells), -(-width // cells))
    full = ((cells + 1) * cell[0], (cells + 1) * cell[1])
    openings, shifts = [], []
    for address in addresses:
        generator = randomness.generator(*address)
        openings.append(generator.random((1, cells, cells)) < shown)
        shifts.append([int(generator.integers(length)) for length in cell])
    coarse = torch.from_numpy(np.stack(openings).astype(np.float32))  # (n, 1, cells, cells)
    large = F.interpolate(coarse, size=full, mode="bilinear", align_corners=False)[:, 0]
    return torch.stack(
        [
            mask[top : top + height, left : left + width].flatten()
            for mask, (top, left) in zip(large, shifts, strict=True)
        ]
    )
