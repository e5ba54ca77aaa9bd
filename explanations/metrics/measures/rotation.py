"""Rotation: likeness of the map to that of rotated images, rotated back.

How far an explanation moves under a change that should not matter is its sensitivity (Yeh et al. 2019, On the
(In)fidelity and Sensitivity of Explanations, arXiv:1901.09392, definition 5.1); here the change is a
rotation. The network's own answer may change with it, so compare methods on one network only.
"""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from explanations.metrics.subject import Advance, Floats, NotMeasurableError, Parameters, Subject


def rotated(images: Tensor, degrees: float) -> Tensor:
    """`images` (n, C, H, W), square, turned anticlockwise around their centre, bilinear, black moving in."""
    turn = math.radians(degrees)
    matrix = torch.tensor(
        [[math.cos(turn), -math.sin(turn), 0], [math.sin(turn), math.cos(turn), 0]], dtype=images.dtype
    )
    grid = F.affine_grid(matrix[None].expand(len(images), -1, -1), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def distance(importance: Floats, other: Floats, inside: np.ndarray) -> float:
    """The Euclidean distance of two maps (H, W) over the size of the first, where `inside` (H, W) holds.

    0 of equal maps; about 1.4 of maps of one size that have nothing in common; NaN of an empty first map.
    """
    size = float(np.linalg.norm(importance[inside]))
    return float(np.linalg.norm((other - importance)[inside])) / size if size > 0 else math.nan


def measure(subject: Subject, parameters: Parameters, advance: Advance) -> dict[str, Floats]:
    """The mean distance of the maps at both angles, +`degrees` and -`degrees`: one value."""
    method, images, degrees = subject.require_method(), subject.images, parameters["degrees"]
    height, width = images.shape[2:]
    if height != width:
        raise NotMeasurableError(f"the images are {width} x {height}; only square ones are rotated")
    upright = method.map(subject.model, images)
    there_and_back = rotated(rotated(torch.ones(1, 1, height, width), degrees), -degrees)[0, 0]
    inside = (there_and_back > 0.999).numpy()
    values = []
    for angle in (degrees, -degrees):
        turned = method.map(subject.model, rotated(images, angle))
        back = rotated(torch.from_numpy(turned)[None, None], -angle)[0, 0].numpy()
        values.append(distance(upright, back, inside))
        advance(len(images))
    return {"rotation": np.array([np.mean(values)])}
