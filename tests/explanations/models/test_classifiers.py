import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import safetensors
import torch
from torch import Tensor, nn

from explanations.datasets import labelled_images
from explanations.datasets.preprocessing import AS_IT_IS, Preprocessing
from explanations.models import classifiers, loading, paper_cnn
from explanations.models.spec import PAPER_WEIGHTS, ModelSpec

CONFIGURED = """
def configured():
    model = make()
    model.pretrained_cfg = {"input_size": (1, 8, 8), "crop_pct": 0.8, "interpolation": "bilinear",
                            "mean": (0.5,), "std": (0.25,)}
    return model
"""


@pytest.fixture
def digits() -> tuple[Tensor, Tensor]:
    """The first 256 test images of MNIST and their labels."""
    test = labelled_images.mnist("test")
    return test.images[:256], test.labels[:256]


@pytest.mark.slow
def test_the_shipped_weights_are_right_on_9905_of_the_10000_test_images() -> None:
    test = labelled_images.mnist("test")
    model = classifiers.load(ModelSpec()).model
    assert len(test.images) == 10_000
    assert classifiers.accuracy(model, test.images, test.labels) >= 0.9905


def test_the_shipped_weights_are_under_two_megabytes_and_say_how_they_were_made() -> None:
    assert PAPER_WEIGHTS.stat().st_size < 2_000_000
    with safetensors.safe_open(PAPER_WEIGHTS, "pt") as file:
        training = json.loads(file.metadata()["training"])
    assert training["command"] == "python -m explanations train --seed 0 --epochs 15"


def test_the_network_is_that_of_the_paper() -> None:
    layers = list(paper_cnn.PaperCNN())
    assert sum(isinstance(layer, nn.Conv2d) for layer in layers) == 2
    assert sum(isinstance(layer, nn.MaxPool2d) for layer in layers) == 2
    assert sum(isinstance(layer, nn.Dropout) for layer in layers) == 2
    assert [layer.out_features for layer in layers if isinstance(layer, nn.Linear)] == [128, 128, 10]


def test_training_twice_with_one_seed_gives_the_same_bytes(
    digits: tuple[Tensor, Tensor], tmp_path: Path
) -> None:
    for name in ("first", "second"):
        model = paper_cnn.train(*digits, seed=3, epochs=1)
        classifiers.save(model, tmp_path / name, {"seed": 3, "epochs": 1, "command": "train"})
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_training_with_another_seed_gives_other_weights(digits: tuple[Tensor, Tensor]) -> None:
    first = paper_cnn.train(*digits, seed=3, epochs=1).state_dict()["0.weight"]
    assert not torch.equal(first, paper_cnn.train(*digits, seed=4, epochs=1).state_dict()["0.weight"])


def test_training_leaves_the_settings_of_the_caller(digits: tuple[Tensor, Tensor]) -> None:
    before = torch.get_rng_state(), torch.get_num_threads()
    paper_cnn.train(*digits, seed=3, epochs=1)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert torch.get_num_threads() == before[1]
    assert not torch.are_deterministic_algorithms_enabled()


def test_training_reports_every_batch(digits: tuple[Tensor, Tensor]) -> None:
    steps: list[tuple[int, int]] = []
    paper_cnn.train(*digits, seed=3, epochs=2, on_step=lambda done, total: steps.append((done, total)))
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_images_are_shifted_whole_by_up_to_two_pixels() -> None:
    torch.manual_seed(0)
    image = torch.zeros(1, 1, 28, 28)
    image[0, 0, 13:15, 13:15] = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    moved = paper_cnn.shift(image.repeat(500, 1, 1, 1))
    places = {tuple(torch.nonzero(picture[0] == 1)[0].tolist()) for picture in moved}
    assert places == {(row, column) for row in range(11, 16) for column in range(11, 16)}
    assert moved.flatten(1).sum(dim=1).eq(10).all()


def test_a_saved_classifier_is_loaded_frozen_and_in_evaluation_mode(tmp_path: Path) -> None:
    model = paper_cnn.PaperCNN().eval()
    classifiers.save(model, tmp_path / "weights", {})
    loaded = classifiers.load(ModelSpec(weights=tmp_path / "weights")).model
    images = torch.rand(3, 1, 28, 28)
    torch.testing.assert_close(loaded(images), model(images))
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())


def test_convolutions_of_a_loaded_classifier_have_their_channels_innermost() -> None:
    model = loading.load(ModelSpec(), None)[0].model
    strides = [layer.weight.stride() for layer in model if isinstance(layer, nn.Conv2d)]
    assert strides == [(25, 1, 5, 1), (400, 1, 80, 16)]


def test_anyones_own_classifier_is_loaded(network) -> None:
    model = classifiers.load(network.spec).model
    assert model(torch.zeros(2, 1, 8, 8)).shape == (2, 3)


@pytest.mark.parametrize(
    ("factory", "expected"),
    [
        (
            "PaperCNN",
            "'PaperCNN' is not a factory; write package.module:name, as in "
            "explanations.models.paper_cnn:PaperCNN, or with arguments that are plain values: "
            "package.module:name(classes=10)",
        ),
        (
            "nowhere.at_all:make",
            "nowhere.at_all:make: nowhere.at_all cannot be imported (No module named 'nowhere'); "
            "install it first",
        ),
        ("square_network:other", "square_network:other: square_network has no 'other'"),
        (
            "square_network:not_a_module",
            "square_network:not_a_module: returned a value of type int; it must return a "
            "torch.nn.Module, or a function from images to scores",
        ),
    ],
)
def test_a_factory_that_makes_no_classifier_is_refused(network, factory: str, expected: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        classifiers.load(ModelSpec(factory, network.weights))


def test_weights_that_do_not_fit_are_refused(network) -> None:
    expected = (
        r"squares.safetensors: does not fit explanations.models.paper_cnn:PaperCNN; "
        r"missing: 0.weight, 0.bias, 7.weight and \d more; unknown to the network: 1.bias, 1.weight; "
        r"of another shape: 3.bias is 3 where the network has 32, 3.weight is 3 x 12 where"
    )
    with pytest.raises(ValueError, match=expected):
        classifiers.load(ModelSpec(weights=network.weights))


def test_weights_that_are_no_safetensors_are_refused(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"0.weight = 3")
    with pytest.raises(ValueError, match=r"weights: is not a safetensors file \(.+\)$"):
        classifiers.load(ModelSpec(weights=tmp_path / "weights"))


def test_a_declared_mean_and_deviation_are_the_first_layer(network) -> None:
    wanted = Preprocessing(mean=(0.1,), std=(2.0,))
    bare, model = (classifiers.load(replace(network.spec, preprocessing=p)).model for p in (None, wanted))
    images = torch.rand(2, 1, 8, 8)
    torch.testing.assert_close(model(images), bare((images - 0.1) / 2))
    assert classifiers.preprocessing_of(model) == wanted
    assert classifiers.preprocessing_of(bare) == AS_IT_IS


def test_what_the_model_itself_declares_counts_where_nothing_else_does(network) -> None:
    with (network.folder / "square_network.py").open("a") as module:
        module.write(CONFIGURED)
    own = classifiers.load(ModelSpec("square_network:configured", network.weights)).model
    assert classifiers.preprocessing_of(own) == Preprocessing(
        (8, 8), 10, "bilinear", channels=1, mean=(0.5,), std=(0.25,)
    )
    told = classifiers.load(ModelSpec("square_network:configured", network.weights, AS_IT_IS)).model
    assert classifiers.preprocessing_of(told) == AS_IT_IS


def test_predictions_do_not_depend_on_how_many_images_fit_in_a_batch(
    curved_model: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = torch.rand(7, 1, 8, 8)
    whole = classifiers.predict(curved_model, images)
    monkeypatch.setattr(classifiers, "EVALUATION_PIXELS", 100)
    assert torch.equal(classifiers.predict(curved_model, images), whole)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"none: cannot be read \(No such file or directory\); name a safetensors"
    ):
        classifiers.load(ModelSpec(weights=tmp_path / "none"))
