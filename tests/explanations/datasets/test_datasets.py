import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from explanations.datasets import labelled_images


def idx(array: np.ndarray) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, dtype=">u4").tobytes()
    return header + array.astype(np.uint8).tobytes()


def test_mnist_has_ten_thousand_test_images_in_the_unit_interval() -> None:
    test = labelled_images.mnist("test")
    assert test.images.shape == (10_000, 1, 28, 28)
    assert test.images.dtype == torch.float32
    assert (test.images.min(), test.images.max()) == (0, 1)
    assert test.labels.dtype == torch.int64


def test_mnist_has_the_published_numbers_of_each_digit() -> None:
    """Counts of the test labels as published with the data, 0 to 9."""
    counts = torch.bincount(labelled_images.mnist("test").labels).tolist()
    assert counts == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    for file in labelled_images.MNIST_FOLDER.glob("t10k*"):
        shutil.copy(file, tmp_path)
    labels = tmp_path / "t10k-labels-idx1-ubyte.gz"
    labels.write_bytes(gzip.compress(gzip.decompress(labels.read_bytes())[:-1] + b"\x03"))
    with pytest.raises(ValueError, match=r"^t10k-labels-idx1-ubyte: SHA-256 is \w{64}, not ff7bcfd4\w{56}; "):
        labelled_images.idx_folder(tmp_path, "test", sha256=labelled_images.MNIST_SHA256)


def test_a_folder_of_idx_files_is_read_plain_or_compressed(squares: Path) -> None:
    data = labelled_images.idx_folder(squares, "test")
    assert data.name == "squares"
    assert data.classes == ("0", "1", "2")
    assert data.images.shape == (60, 1, 8, 8)
    assert data.of_class("1").tolist() == list(range(1, 60, 3))


def test_classes_are_named_by_a_file(squares: Path) -> None:
    (squares / "classes.txt").write_text("T-shirt/top\nTrouser\nPullover\n")
    assert labelled_images.idx_folder(squares, "test").classes == ("T-shirt/top", "Trouser", "Pullover")


def test_images_in_colour_are_read(squares: Path) -> None:
    (squares / "t10k-images-idx3-ubyte.gz").unlink()
    (squares / "t10k-images-idx3-ubyte").write_bytes(idx(np.full((60, 3, 8, 8), 51)))
    images = labelled_images.idx_folder(squares, "test").images
    assert images.shape == (60, 3, 8, 8)
    torch.testing.assert_close(images, torch.full((60, 3, 8, 8), 0.2))


def test_too_few_names_of_classes_are_refused(squares: Path) -> None:
    (squares / "classes.txt").write_text("one\ntwo\n")
    with pytest.raises(ValueError, match=r"classes.txt: names 2 classes, but the labels go from 0 to 2$"):
        labelled_images.idx_folder(squares, "test")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        labelled_images.idx_folder(tmp_path, "train")
    assert str(caught.value) == (
        f"{tmp_path}: has neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz; "
        "put MNIST-like IDX files there"
    )


def test_a_file_cut_short_is_refused(squares: Path) -> None:
    (squares / "t10k-labels-idx1-ubyte").write_bytes(idx(np.zeros(60))[:-4])
    expected = r"^t10k-labels-idx1-ubyte: has 56 bytes of data where its header says \(60,\)$"
    with pytest.raises(ValueError, match=expected):
        labelled_images.idx_folder(squares, "test")


def test_a_file_of_another_kind_is_refused(squares: Path) -> None:
    (squares / "t10k-labels-idx1-ubyte").write_bytes(b"label\n3\n")
    expected = "^t10k-labels-idx1-ubyte: is not an IDX file of unsigned bytes with 1 dimensions$"
    with pytest.raises(ValueError, match=expected):
        labelled_images.idx_folder(squares, "test")


def test_a_damaged_compressed_file_is_refused(squares: Path) -> None:
    (squares / "t10k-images-idx3-ubyte.gz").write_bytes(b"\x1f\x8b\x08 not really")
    with pytest.raises(
        ValueError, match=r"t10k-images-idx3-ubyte.gz: cannot be uncompressed \(.+\); fetch it"
    ):
        labelled_images.idx_folder(squares, "test")


def test_more_labels_than_images_are_refused(squares: Path) -> None:
    (squares / "t10k-labels-idx1-ubyte").write_bytes(idx(np.zeros(61)))
    with pytest.raises(
        ValueError, match=r"t10k-images-idx3-ubyte has 60 images, t10k-labels-idx1-ubyte 61 lab"
    ):
        labelled_images.idx_folder(squares, "test")


def test_an_unknown_split_is_refused(squares: Path) -> None:
    with pytest.raises(ValueError, match=r"^there is no split 'validation'; allowed: train, test$"):
        labelled_images.idx_folder(squares, "validation")


def test_an_unknown_class_is_refused(squares: Path) -> None:
    with pytest.raises(ValueError, match=r"^squares has no class '9'; it has 0, 1, 2$"):
        labelled_images.idx_folder(squares, "test").of_class("9")
