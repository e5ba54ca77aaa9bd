"""Networks of the four shapes that users have, on colour images, from files to a finished set."""

import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from explanations import manifest
from explanations.__main__ import main
from explanations.models import factories

NETWORKS = Path(__file__).parent / "networks"
SHAPES = ("VGG", "ResNet", "DenseNet", "Inception")
SIDE = 16
SEED = 15  # of networks whose classes all have positive support in Grad-CAM
METHODS = ("lime", "vargrad", "guided-backprop", "grad-cam", "deeplift")


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(NETWORKS)
    monkeypatch.delitem(sys.modules, "four_shapes", raising=False)


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    """An .npz file of 30 images of 16 x 16 in three classes: a red, a green or a blue square on noise."""
    random = np.random.default_rng(11)
    labels = np.arange(30) % 3
    images = random.integers(0, 60, (30, SIDE, SIDE, 3), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        row, column = random.integers(0, 8, 2)
        image[row : row + 8, column : column + 8, label] += 180
    np.savez(
        tmp_path / "colours.npz", images=images, labels=labels, classes=np.array(["red", "green", "blue"])
    )
    return tmp_path / "colours.npz"


def fitted_weights(shape: str, colours: Path, folder: Path) -> Path:
    """Weights of a random network whose last layer is fitted to the classes by least squares."""
    torch.manual_seed(SEED)
    model = factories.read(f"four_shapes:{shape}").make().eval()
    with np.load(colours) as file:
        images = torch.from_numpy(file["images"]).permute(0, 3, 1, 2) / 255
        labels = torch.from_numpy(file["labels"])
    seen: list[torch.Tensor] = []
    model.head.register_forward_hook(lambda module, arguments, output: seen.append(arguments[0]))
    with torch.no_grad():
        model((images - 0.25) / 0.5)
        design = torch.cat([seen[0], torch.ones(len(images), 1)], dim=1)  # (30, features + 1)
        ridge = design.T @ design + 1e-6 * torch.eye(design.shape[1])
        solution = torch.linalg.solve(ridge, design.T @ (20.0 * torch.nn.functional.one_hot(labels)))
        model.head.weight.copy_(solution[:-1].T)
        model.head.bias.copy_(solution[-1])
    safetensors.torch.save_file(model.state_dict(), folder / f"{shape}.safetensors")
    return folder / f"{shape}.safetensors"


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_a_set_of_colour_images_is_built_for(shape: str, colours: Path, tmp_path: Path) -> None:
    weights = fitted_weights(shape, colours, tmp_path)
    subject = ["--model", f"four_shapes:{shape}", "--weights", str(weights), "--data", str(colours)]
    subject += ["--preprocessing", "mean=0.25", "std=0.5"]
    build = ["build", "--out", str(tmp_path / "set"), "--images", "2", "--samples", "150"]
    assert main([*build, *subject, "--set", "lime.features=40", "--methods", *METHODS]) == 0
    built = manifest.read(tmp_path / "set")
    assert built.dataset.classes == ("red", "green", "blue")
    assert built.classifier.test_accuracy > 0.9
    assert {array.shape for array in manifest.read_maps(tmp_path / "set").values()} == {(SIDE, SIDE)}
    assert main(["gallery", str(tmp_path / "set"), "--out", str(tmp_path / "sheet.svg"), *subject]) == 0
    assert ">red (" in (tmp_path / "sheet.svg").read_text()


def test_a_layer_is_named_as_its_owner_knows_it(
    colours: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = fitted_weights("VGG", colours, tmp_path)
    subject = ["--model", "four_shapes:VGG", "--weights", str(weights), "--data", str(colours)]
    build = [
        "build",
        "--images",
        "1",
        "--methods",
        "grad-cam",
        "--preprocessing",
        "mean=0.25",
        "std=0.5",
        *subject,
    ]
    assert main([*build, "--out", str(tmp_path / "set"), "--set", "grad-cam.layer=features.3"]) == 0
    assert main([*build, "--out", str(tmp_path / "other"), "--set", "grad-cam.layer=feature"]) == 2
    assert "the classifier has no layer 'feature'; its last layers are: " in capsys.readouterr().err


def test_images_of_five_bands_that_are_not_square_are_explained(tmp_path: Path) -> None:
    """Class k is bright in band k alone, and the network's weights are the mean images."""
    random = np.random.default_rng(13)
    labels = np.arange(20) % 5
    images = 0.2 * random.random((20, 6, 10, 5), dtype=np.float32)
    images[np.arange(20), :, :, labels] += 0.7
    np.savez(tmp_path / "bands.npz", images=images, labels=labels)
    means = np.stack([images[labels == k].mean(axis=0) for k in range(5)])  # (5, 6, 10, 5)
    rows = torch.from_numpy(means).permute(0, 3, 1, 2).reshape(5, -1).contiguous()
    safetensors.torch.save_file({"1.weight": rows, "1.bias": torch.zeros(5)}, tmp_path / "bands.safetensors")
    subject = [
        "--model",
        "bands:linear(5, 6, 10, classes=5)",
        "--weights",
        str(tmp_path / "bands.safetensors"),
    ]
    subject += ["--data", str(tmp_path / "bands.npz")]
    build = ["build", "--out", str(tmp_path / "set"), "--methods", "input-x-gradient", "--images", "2"]
    assert main([*build, *subject]) == 0
    built = manifest.read(tmp_path / "set")
    assert built.classifier.test_accuracy == 1
    assert {array.shape for array in manifest.read_maps(tmp_path / "set").values()} == {(6, 10)}
    assert main(["gallery", str(tmp_path / "set"), "--out", str(tmp_path / "sheet.png"), *subject]) == 0


@pytest.mark.slow
def test_the_network_of_pytorchs_mnist_example_is_explained_as_it_is_written(tmp_path: Path) -> None:
    """Dropout, max-pooling, `.view(-1, 320)` and a log-softmax at the end."""
    torch.manual_seed(0)
    network = factories.read("mnist_example:Net").make()
    safetensors.torch.save_model(network, str(tmp_path / "net.safetensors"))
    images = np.random.default_rng(4).integers(0, 256, (12, 28, 28), dtype=np.uint8)
    np.savez(tmp_path / "digits.npz", images=images, labels=np.arange(12) % 10)
    subject = ["--model", "mnist_example:Net", "--weights", str(tmp_path / "net.safetensors")]
    subject += ["--data", str(tmp_path / "digits.npz"), "--each-image", "--classes", "0", "1"]
    methods = ["gradient", "smoothgrad", "vargrad", "lime:mean", "deeplift", "lrp", "grad-cam", "occlusion"]
    build = ["build", "--out", str(tmp_path / "set"), "--samples", "60", "--set", "occlusion.positions=4"]
    assert main([*build, "--methods", *methods, *subject]) == 0
    assert manifest.read(tmp_path / "set").classifier.scores == "log-softmax"
