"""Images as people have them."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from explanations.collecting.images import read_images

COLOUR = np.random.default_rng(3).integers(0, 256, (2, 5, 6, 3), dtype=np.uint8)  # (N, H, W, C)


@pytest.mark.parametrize(
    "images",
    [
        COLOUR,
        torch.from_numpy(COLOUR).permute(0, 3, 1, 2),
        COLOUR / 255,
        list(COLOUR),
        [Image.fromarray(image) for image in COLOUR],
    ],
)
def test_arrays_tensors_and_lists_are_read(images: object) -> None:
    items = read_images(images)
    assert [item.label for item in items] == ["image-1", "image-2"]
    np.testing.assert_allclose(items[1].pixels, COLOUR[1].transpose(2, 0, 1) / 255, rtol=1e-6)


def test_images_of_a_list_may_have_several_sizes() -> None:
    items = read_images([COLOUR[0], COLOUR[1, :4]])
    assert [item.pixels.shape for item in items] == [(3, 5, 6), (3, 4, 6)]


def test_a_folder_names_its_images_and_counts_as_people_do(tmp_path: Path) -> None:
    for name in ("photo10.png", "photo2.png"):
        Image.fromarray(COLOUR[0]).save(tmp_path / name)
    assert [item.label for item in read_images(tmp_path)] == ["photo2", "photo10"]
    assert [item.label for item in read_images([tmp_path / "photo10.png"])] == ["photo10"]


def test_grey_pictures_stay_grey(tmp_path: Path) -> None:
    Image.new("L", (6, 5)).save(tmp_path / "a.png")
    assert read_images(tmp_path)[0].pixels.shape == (1, 5, 6)


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (np.zeros((1, 2, 9, 9)), "images: has 2 channels; allowed: 1 or 3"),
        (np.full((1, 4, 4), -2.0), "images: values go from -2 to -2; allowed: (N, H, W), "),
        (np.zeros(4), "images: has shape (4,); allowed: "),
    ],
)
def test_other_arrays_are_refused(images: object, expected: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}"):
        read_images(images)


def test_two_images_of_one_name_and_a_folder_without_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"has no pictures$"):
        read_images(tmp_path)
    for name in ("a.png", "a.bmp"):
        Image.new("L", (6, 5)).save(tmp_path / name)
    with pytest.raises(ValueError, match=r"^two images are called 'a'; rename one of the files$"):
        read_images(tmp_path)
