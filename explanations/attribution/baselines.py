"""Baselines: the images that a method compares an image with.

A baseline is "black", "white", "mean" (of the training images), "blur" (of the image itself), "images" (of
the training images), a number that every value takes, or a file. Where several are joined by "+", a method
takes the mean over them. Training images come with the sample, as its background, so that a task holds all
that its result depends on. Independent of methods.
"""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter
from torch import Tensor

from explanations.models import execution
from explanations.running.parameters import Parameters
from explanations.running.randomness import generator

SOLID = {"black": 0.0, "white": 1.0}
MEAN, BLUR, IMAGES = "mean", "blur", "images"
ALLOWED = ", ".join([*SOLID, MEAN, BLUR, IMAGES, "a number, a picture or .npy file, or several joined by +"])

# Fong and Vedaldi 2017, arXiv:1704.03296: a deviation of 10 pixels; their images have about 224.
BLUR_SHARE = 10 / 224
MEAN_BATCH = 256  # images that are summed at once

Part = float | str | Path


def count_baselines(parameters: Parameters) -> int:
    """Count the images that one image is compared with."""
    return sum(_size(part, parameters) for part in _parts(parameters["baseline"]))


def fit_background(slug: str, parameters: Parameters, available: int) -> Parameters:
    """Return the parameters of a method with the background images that it uses: at most those available.

    Raises ValueError for a baseline that there is not.
    """
    if "baseline" not in parameters:
        return parameters
    try:
        used = IMAGES in _parts(parameters["baseline"])
    except ValueError as error:
        raise ValueError(f"{slug}.{error}") from None
    return {**parameters, "background": min(parameters["background"], available) if used else 0}


def choose_background(parameters: Parameters, training: Tensor, seed: int) -> Tensor | None:
    """Return the images (m, C, H, W) that a sample brings along for its baselines; None if it needs none.

    `training` (N, C, H, W) are the training images. Which of them serve as "images" depends on the seed only.
    Raises ValueError for an unknown baseline, and for a file that does not hold images like those.
    """
    images = []
    for part in _parts(parameters["baseline"]) if "baseline" in parameters else []:
        if part == IMAGES:
            order = generator(seed, "background").permutation(len(training))
            images.append(training[order[: parameters["background"]]])
        elif part == MEAN:
            images.append(_mean(training))
        elif isinstance(part, Path):
            images.append(_read(part, tuple(training.shape[1:])))
    return torch.cat(images) if images else None


def make_baselines(image: Tensor, parameters: Parameters, background: Tensor | None) -> Tensor:
    """Return the baselines (m, C, H, W) of `image` (1, C, H, W); `background` comes with its sample.

    A smaller background than the parameters ask for is taken whole. Raises ValueError where there is none.
    """
    remaining = image[:0] if background is None else background.to(image)
    images = []
    for part in _parts(parameters["baseline"]):
        if isinstance(part, float):
            images.append(torch.full_like(image, part))
        elif part == BLUR:
            images.append(blur(image))
        elif len(remaining):
            size = _size(part, parameters)
            images.append(remaining[:size])
            remaining = remaining[size:]
        else:
            raise ValueError(
                f"baseline={parameters['baseline']} compares with other images, and there are none"
            )
    return torch.cat(images)


def blur(image: Tensor) -> Tensor:
    """Blur an image (1, C, H, W) by a Gaussian whose deviation is BLUR_SHARE of its shorter side."""
    sigma = BLUR_SHARE * min(image.shape[2:])
    smooth = gaussian_filter(image.double().cpu().numpy(), sigma=(0, 0, sigma, sigma), mode="nearest")
    return torch.from_numpy(smooth).to(image)


def _mean(images: Tensor) -> Tensor:
    """Average images (N, C, H, W) to (1, C, H, W), in an order that no setting changes; none to none."""
    if len(images) == 0:
        return images
    total = torch.zeros(1, *images.shape[1:], dtype=torch.float64)
    with execution.single_threaded():
        for batch in torch.split(images, MEAN_BATCH):
            total += batch.double().sum(dim=0, keepdim=True)
    return (total / len(images)).to(images.dtype)


def _parts(baseline: float | str) -> list[Part]:
    """Read what a parameter names. Raises ValueError with what is allowed."""
    if isinstance(baseline, (int, float)):
        return [float(baseline)]
    return [_part(word, baseline) for word in ([baseline] if _is_file(baseline) else baseline.split("+"))]


def _part(word: str, baseline: str) -> Part:
    if word in SOLID:
        return SOLID[word]
    if word in (MEAN, BLUR, IMAGES):
        return word
    if _is_file(word):
        return Path(word)
    try:
        return float(word)
    except ValueError:
        raise ValueError(
            f"baseline is {baseline!r}, but {word!r} is not a file; allowed: {ALLOWED}"
        ) from None


def _is_file(word: str) -> bool:
    return Path(word).is_file()


def _size(part: Part, parameters: Parameters) -> int:
    if part == IMAGES:
        return int(parameters["background"])
    return len(_array(part)) if isinstance(part, Path) else 1


def _read(path: Path, shape: tuple[int, ...]) -> Tensor:
    """Read the images (m, C, H, W) of a file. Raises ValueError unless each is of `shape` (C, H, W)."""
    images = _array(path, grey=shape[0] == 1)
    if images.shape[1:] != shape:
        raise ValueError(
            f"{path}: holds {images.shape[1:]} values (channels, height, width), but the images to explain "
            f"have {shape}; save it with that size"
        )
    if not (np.isfinite(images).all() and images.min() >= 0 and images.max() <= 1):
        raise ValueError(f"{path}: has values outside 0 to 1; scale them to that range")
    return torch.from_numpy(images)


def _array(path: Path, grey: bool = False) -> NDArray[np.float32]:
    """Read a picture, or an array (C, H, W) or (m, C, H, W), as images (m, C, H, W)."""
    try:
        if path.suffix == ".npy":
            array = np.load(path, allow_pickle=False).astype(np.float32)
            return np.asarray(array if array.ndim == 4 else array[None])
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("L" if grey else "RGB"), dtype=np.float32) / 255
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: cannot be read as a picture or a .npy array ({error})") from None
    return np.ascontiguousarray(pixels.reshape(1, *pixels.shape[:2], -1).transpose(0, 3, 1, 2))
