import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from explanations.datasets import labelled_images
from explanations.datasets.preprocessing import Preprocessing

random = np.random.default_rng(3)
GREY = random.integers(0, 256, (6, 5, 4), dtype=np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 2])


def saved(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "data.npz", **arrays)
    return folder / "data.npz"


@pytest.mark.parametrize("names", [("x_{}", "y_{}"), ("{}_images", "{}_labels")])
def test_the_names_of_keras_and_of_medmnist_are_read(tmp_path: Path, names: tuple[str, str]) -> None:
    arrays = {
        name.format(split): a
        for split in ("train", "test")
        for name, a in zip(names, (GREY, LABELS), strict=True)
    }
    test = labelled_images.load(saved(tmp_path, **arrays), "test")
    assert (test.name, test.split, test.classes) == ("data", "test", ("0", "1", "2"))
    torch.testing.assert_close(test.images, torch.from_numpy(GREY[:, None] / np.float32(255)))
    assert test.labels.tolist() == LABELS.tolist()


def test_data_that_are_not_split_serve_to_train_and_to_test(tmp_path: Path) -> None:
    path = saved(tmp_path, images=GREY, labels=LABELS[:, None])
    train, test = labelled_images.load(path, "train"), labelled_images.load(path, "test")
    assert train.split == test.split == "all"
    assert torch.equal(train.images, test.images)


@pytest.mark.parametrize("channels", [3, 2])
def test_channels_may_come_last_or_first(tmp_path: Path, channels: int) -> None:
    images = random.random((6, 5, 4, channels), dtype=np.float32)
    last = labelled_images.load(saved(tmp_path, images=images, labels=LABELS), "test").images
    first = labelled_images.load(
        saved(tmp_path, images=np.moveaxis(images, 3, 1), labels=LABELS), "test"
    ).images
    assert last.shape == (6, channels, 5, 4)
    assert torch.equal(first, last)


def test_images_are_brought_to_the_size_and_channels_that_are_declared(tmp_path: Path) -> None:
    path = saved(tmp_path, images=GREY, labels=LABELS)
    assert labelled_images.load(path, "test", Preprocessing((8, 8), channels=3)).images.shape == (6, 3, 8, 8)


def test_classes_are_named_by_an_array_or_by_a_file(tmp_path: Path) -> None:
    path = saved(tmp_path, images=GREY, labels=LABELS)
    (tmp_path / "classes.txt").write_text("a\nb\nc\n")
    assert labelled_images.load(path, "test").classes == ("a", "b", "c")
    path = saved(tmp_path, images=GREY, labels=LABELS, classes=np.array(["cat", "dog", "fox", "owl"]))
    data = labelled_images.load(path, "test")
    assert data.classes == ("cat", "dog", "fox", "owl")
    assert data.present == ("cat", "dog", "fox")


def both(images: Any = GREY, labels: Any = LABELS, **more: Any) -> dict[str, Any]:
    return {"images": images, "labels": labels, **more}


@pytest.mark.parametrize(
    ("arrays", "expected"),
    [
        ({"x": GREY}, "has no test images; wanted: arrays x_train and y_train, x_test and y_test"),
        ({"x_train": GREY, "y_train": LABELS}, "has no test images; it has train; wanted: arrays x_train"),
        (both(labels=LABELS[:5]), "images has 6 images, labels 5 labels"),
        (both(GREY[:0], LABELS[:0]), "images has 0 images, labels 0 labels"),
        (both(GREY.astype(np.int64)), "images is int64; allowed: uint8, or floats from 0 to 1"),
        (both(GREY * 1.0), "its floating-point images go from 0 to 255; allowed: from 0 to 1"),
        (both(GREY * np.nan), "its floating-point images go from nan to nan; allowed: from 0 to 1"),
        (both(GREY[0]), "images has shape (5, 4); allowed: (N, H, W), (N, H, W, C) or (N, C, H, W)"),
        (both(np.zeros((6, 3, 3, 3))), "images has shape (6, 3, 3, 3); allowed: (N, H, W), (N, H, W, C) or"),
        (both(labels=LABELS / 2), "labels is float64 (6); allowed: whole numbers, one an image"),
        (both(labels=np.eye(6, dtype=int)), "labels is int64 (6, 6); allowed: whole numbers, one an image"),
        (both(labels=LABELS - 1), "labels go from -1 to 1; allowed: from 0"),
        (both(classes=LABELS), "classes is int64 (6); allowed: texts in one row"),
        (both(classes=np.array(["a"])), "names 1 classes, but the labels go from 0 to 2"),
    ],
)
def test_wrong_arrays_are_one_line(tmp_path: Path, arrays: dict[str, Any], expected: str) -> None:
    path = saved(tmp_path, **arrays)
    with pytest.raises(ValueError, match=re.escape(expected)) as caught:
        labelled_images.load(path, "test")
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    path = saved(tmp_path, images=GREY, labels=LABELS)
    content = bytearray(path.read_bytes())
    content[200:220] = b"x" * 20
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"data.npz: images is damaged \(.+\); write the file again$"):
        labelled_images.load(path, "test")
