"""Fashion-MNIST (Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747), a folder of IDX files: Debian's package
dataset-fashion-mnist, or wherever FASHION_MNIST says."""

import os
from pathlib import Path

import pytest
import torch

from explanations import manifest
from explanations.__main__ import main
from explanations.datasets import labelled_images
from explanations.models import classifiers, paper_cnn

FOLDER = Path(os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist"))
NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not FOLDER.is_dir() and "BEHOLDER_SKIP_NOTHING" not in os.environ,
        reason="Fashion-MNIST is not here: apt-get install dataset-fashion-mnist",
    ),
]


@pytest.fixture
def fashion(tmp_path: Path) -> Path:
    """The folder with the names of the classes beside it."""
    folder = tmp_path / "fashion"
    folder.mkdir()
    for file in FOLDER.iterdir():
        (folder / file.name).symlink_to(file)
    (folder / "classes.txt").write_text("\n".join(NAMES))
    return folder


def test_fashion_is_read_whole(fashion: Path) -> None:
    """Fashion-MNIST has 6,000 training and 1,000 test images of each of its ten classes."""
    for split, number in (("train", 6000), ("test", 1000)):
        data = labelled_images.load(fashion, split)
        assert data.images.shape == (10 * number, 1, 28, 28)
        assert torch.bincount(data.labels).tolist() == [number] * 10
        assert data.classes == NAMES


def test_a_network_is_trained_on_fashion_and_explained(
    fashion: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    training, test = labelled_images.load(fashion, "train"), labelled_images.load(fashion, "test")
    model = paper_cnn.train(training.images[:6000], training.labels[:6000], seed=0, epochs=2)
    assert classifiers.accuracy(model, test.images, test.labels) > 0.6
    classifiers.save(model, tmp_path / "fashion.safetensors", {})
    subject = ["--weights", str(tmp_path / "fashion.safetensors"), "--data", str(fashion)]
    build = ["build", "--out", str(tmp_path / "set"), "--images", "2", "--samples", "100"]
    assert main([*build, "--methods", "lime", "--classes", "Bag", "Sneaker", *subject]) == 0
    assert manifest.read(tmp_path / "set").dataset.classes == ("Sneaker", "Bag")
    assert main(["gallery", str(tmp_path / "set"), "--out", str(tmp_path / "sheet.svg"), *subject]) == 0
    assert ">Sneaker (" in (tmp_path / "sheet.svg").read_text()


def test_a_sandal_is_asked_why_it_is_no_sneaker(fashion: Path, tmp_path: Path) -> None:
    """The contrast of two shoes: beside what speaks for the sandal stands what speaks for a sneaker."""
    training = labelled_images.load(fashion, "train")
    model = paper_cnn.train(training.images[:6000], training.labels[:6000], seed=0, epochs=2)
    classifiers.save(model, tmp_path / "fashion.safetensors", {})
    subject = ["--weights", str(tmp_path / "fashion.safetensors"), "--data", str(fashion)]
    build = ["build", "--out", str(tmp_path / "set"), "--images", "2", "--samples", "60", "--replicates", "1"]
    assert main([*build, "--methods", "lime", "lime@Sneaker", "--classes", "Sandal", *subject]) == 0
    maps = manifest.read_maps(tmp_path / "set")
    sandal, sneaker = maps["lime/Sandal/1"], maps["lime-for-sneaker/Sandal/1"]
    assert (sandal != sneaker).mean() > 0.05
    assert main(["gallery", str(tmp_path / "set"), "--out", str(tmp_path / "sheet.svg"), *subject]) == 0
    assert "Sneaker" in (tmp_path / "sheet.svg").read_text()
