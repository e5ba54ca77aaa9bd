import json
import re
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from explanations.datasets.preprocessing import (
    AS_IT_IS,
    Normalised,
    Preprocessing,
    of_config,
    of_processor,
    parse_preprocessing,
    shaped,
)
from explanations.manifest import PREPROCESSING_KEYS

TIMM = {
    "input_size": [3, 224, 224],
    "interpolation": "bicubic",
    "crop_pct": 0.875,
    "crop_mode": "center",
    "mean": [0.485, 0.456, 0.406],
    "std": [0.229, 0.224, 0.225],
    "num_classes": 1000,
}
OF_TIMM = Preprocessing((224, 224), 256, "bicubic", "center", 3, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def test_it_is_declared_in_words() -> None:
    words = ["size=224", "resize=256", "mean=127/255", "std=128/255,0.5,1", "interpolation=bilinear"]
    assert parse_preprocessing(words) == Preprocessing(
        (224, 224), 256, "bilinear", mean=(127 / 255,), std=(128 / 255, 0.5, 1.0)
    )


def test_the_words_that_the_manifest_names_are_those_that_it_takes() -> None:
    assert tuple(field.name for field in fields(Preprocessing)) == PREPROCESSING_KEYS


def test_sizes_may_differ_each_way() -> None:
    assert parse_preprocessing(["size=224x320"]).size == (224, 320)


def test_a_json_file_declares_it_and_a_word_changes_it(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"size": 64, "mean": 0.5, "std": [0.5, 0.4, 0.3]}')
    wanted = Preprocessing((64, 64), mean=(0.1,), std=(0.5, 0.4, 0.3))
    assert parse_preprocessing([str(tmp_path / "p.json"), "mean=0.1"]) == wanted


@pytest.mark.parametrize("within", [True, False])
def test_the_config_of_a_timm_model_declares_it(tmp_path: Path, within: bool) -> None:
    """timm resizes the shorter side to floor(224 / 0.875) = 256."""
    config = {"architecture": "resnet18", "pretrained_cfg": TIMM} if within else TIMM
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert parse_preprocessing([str(tmp_path / "config.json")]) == OF_TIMM
    assert of_config(TIMM) == OF_TIMM


def test_a_record_is_plain_and_empty_where_nothing_is_declared() -> None:
    assert AS_IT_IS.record() == {}
    record = OF_TIMM.record()
    assert record == json.loads(json.dumps(record))
    assert (record["size"], record["resize"], record["mean"]) == ([224, 224], 256, [0.485, 0.456, 0.406])


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            ["side=224"],
            "preprocessing: there is no 'side'; allowed: size, resize, interpolation, crop, channels",
        ),
        (
            ["size=big"],
            "preprocessing: size=big; write numbers, as in size=224, size=224x320 or mean=0.5,127/255",
        ),
        (["size=22.5"], "preprocessing: size is [22.5]; allowed: whole numbers"),
        (["size=0"], "preprocessing: size is (0, 0); allowed: from 1 to 10,000 pixels each way"),
        (
            ["size=9999999"],
            "preprocessing: size is (9999999, 9999999); allowed: from 1 to 10,000 pixels each way",
        ),
        (["size=8", "resize=9999999"], "preprocessing: resize is 9999999; allowed: to 10,000"),
        (["size=1x2x3"], "preprocessing: size is [1, 2, 3]; allowed: pixels, or [height, width]"),
        (
            ["size=224", "resize=200"],
            "preprocessing: resize is 200; allowed: from 224, or the crop has no room",
        ),
        (["resize=200"], "preprocessing: resize is 200; allowed: only beside a size"),
        (["mean=0.5"], "preprocessing: mean and std belong together; declare both"),
        (["mean=0.5", "std=0"], "preprocessing: std is (0.0,); allowed: numbers above 0"),
        (["mean=1/0", "std=1"], "preprocessing: mean=1/0; write numbers"),
        (
            ["interpolation=cubic"],
            "preprocessing: interpolation is 'cubic'; allowed: nearest, bilinear, bicubic",
        ),
        (["crop=border"], "preprocessing: crop is 'border'; allowed: center, squash"),
        (["channels=0"], "preprocessing: channels is 0; allowed: from 1"),
        (
            ["channels=4", "mean=0.5,0.4,0.3", "std=1"],
            "preprocessing: 3 values of mean, 1 of std and 4 channels do not fit; give one value, or one",
        ),
        (
            ["none.json"],
            "none.json: cannot be read (No such file or directory); --preprocessing takes a JSON file",
        ),
    ],
)
def test_a_wrong_declaration_is_one_line(words: list[str], expected: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}") as caught:
        parse_preprocessing(words)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("size: 224", "is not JSON"),
        ("[224]", "holds no JSON object with the keys size, resize"),
        ('{"sizes": 224}', "there is no 'sizes'; allowed: size, resize"),
        ('{"mean": "0.5", "std": 1}', "mean is '0.5'; allowed: numbers"),
        ('{"channels": [1, 2]}', "channels is [1, 2]; allowed: one whole number"),
        ('{"input_size": 224}', "input_size is 224; allowed: [channels, height, width]"),
    ],
)
def test_a_wrong_file_is_one_line(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "p.json").write_text(text)
    with pytest.raises(ValueError, match=re.escape(f"p.json: {expected}")):
        parse_preprocessing([str(tmp_path / "p.json")])


def photograph(height: int = 300, width: int = 451) -> torch.Tensor:
    """A smooth picture (1, 3, H, W) with edges in it."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    waves = torch.stack([torch.sin(rows / 9), torch.cos(columns / 7), torch.sin((rows + columns) / 30)])
    return ((waves[None] > 0) * 0.7 + 0.3 * waves[None].abs()).float()


def test_a_photograph_is_resized_and_cut_as_pillow_does_it() -> None:
    """The steps of the ImageNet models: shorter side 256 bicubic, centre 224. Pillow rounds to bytes."""
    image = photograph()
    ours = shaped(image, Preprocessing((224, 224), 256))[0]
    pixels = np.rint(255 * image[0].permute(1, 2, 0).numpy()).astype(np.uint8)
    picture = Image.fromarray(pixels).resize((int(451 * 256 / 300), 256), Image.Resampling.BICUBIC)
    left, top = round((picture.width - 224) / 2), round((picture.height - 224) / 2)
    theirs = np.asarray(picture.crop((left, top, left + 224, top + 224)), dtype=np.float32) / 255
    difference = np.abs(ours.permute(1, 2, 0).numpy() - theirs)
    assert ours.shape == (3, 224, 224)
    assert difference.mean() < 1 / 255
    assert difference.max() < 10 / 255


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic"])
def test_what_is_shaped_stays_in_the_unit_interval(interpolation: str) -> None:
    image = shaped(photograph(), Preprocessing((40, 64), interpolation=interpolation))
    assert image.shape == (1, 3, 40, 64)
    assert image.min() >= 0
    assert image.max() <= 1


def test_without_a_resize_the_crop_takes_as_much_as_it_can() -> None:
    image = torch.zeros(1, 1, 20, 40)
    image[..., 10:30] = 1  # the middle square of 20 x 20
    assert (shaped(image, Preprocessing((10, 10)))[..., 1:-1] == 1).all()


def test_squash_keeps_all_of_the_picture() -> None:
    image = torch.zeros(1, 1, 20, 40)
    image[..., :20] = 1
    assert shaped(image, Preprocessing((10, 10), crop="squash"))[0, 0, 0, [0, 9]].round().tolist() == [1, 0]


def test_a_picture_of_the_right_size_is_left_alone() -> None:
    image = photograph(32, 32)
    assert shaped(image, Preprocessing((32, 32))) is image


def test_grey_pictures_are_repeated_to_the_channels_that_are_declared() -> None:
    image = torch.rand(2, 1, 4, 4)
    repeated = shaped(image, Preprocessing(mean=(0.1, 0.2, 0.3), std=(1.0,)))
    assert torch.equal(repeated, image.expand(2, 3, 4, 4))


def test_channels_that_do_not_fit_are_refused() -> None:
    with pytest.raises(
        ValueError, match=r"^preprocessing: 3 channels are declared, but the pictures have 4$"
    ):
        shaped(torch.rand(1, 4, 5, 5), Preprocessing(channels=3))


def test_layers_keep_their_names_behind_mean_and_deviation() -> None:
    layers = nn.Sequential(nn.Identity(), nn.Sequential(nn.ReLU()))
    model = Normalised(layers, Preprocessing(mean=(0.5,), std=(0.5,)))
    assert model.get_submodule("1.0") is layers[1][0]
    assert model.get_submodule("model.1.0") is layers[1][0]
    with pytest.raises(AttributeError):
        model.get_submodule("2")


def test_mean_and_deviation_are_the_first_layer() -> None:
    model = Normalised(nn.Identity(), Preprocessing(mean=(0.5, 0.25), std=(0.5, 2.0)))
    out = model(torch.ones(1, 2, 1, 1))
    assert out.flatten().tolist() == [1, 0.375]


VIT = {
    "do_resize": True, "size": {"height": 224, "width": 224}, "resample": 2, "do_rescale": True,
    "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": [0.5], "image_std": [0.5],
}  # fmt: skip
HALF = {"mean": (0.5,), "std": (0.5,)}
SQUASHED = Preprocessing((224, 224), interpolation="bilinear", crop="squash", **HALF)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Preprocessing((224, 224), interpolation="bilinear", crop="squash", **HALF)),
        (
            {"size": 224, "resample": 3},
            Preprocessing((224, 224), interpolation="bicubic", crop="squash", **HALF),
        ),
        (
            {
                "size": {"shortest_edge": 256},
                "do_center_crop": True,
                "crop_size": {"height": 224, "width": 224},
            },
            Preprocessing((224, 224), 256, "bilinear", **HALF),
        ),
        (
            {"size": {"shortest_edge": 224}, "crop_pct": 0.875},
            Preprocessing((224, 224), 256, "bilinear", **HALF),
        ),
        (
            {"size": {"shortest_edge": 384}, "crop_pct": 0.875},
            Preprocessing((384, 384), None, "bilinear", "squash", **HALF),
        ),
        ({"do_normalize": False}, replace(SQUASHED, mean=(), std=())),
        (
            {"do_normalize": False, "rescale_factor": 2 / 255, "rescale_offset": True},
            Preprocessing((224, 224), interpolation="bilinear", crop="squash", mean=(0.5,), std=(0.5,)),
        ),
    ],
)
def test_image_processors_of_hugging_face_are_understood(changes: dict, expected: Preprocessing) -> None:
    assert of_processor(VIT | changes) == expected


def test_an_image_processor_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(VIT))
    assert parse_preprocessing([str(tmp_path / "preprocessor_config.json")]) == of_processor(VIT)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"resample": 1}, r"^here: resample is 1; allowed: 0 \(nearest\), 2 \(bilinear\), 3 \(bicubic\)$"),
        ({"do_flip_channel_order": True}, r"^here: do_flip_channel_order is set, but channels are RGB here"),
    ],
)
def test_what_an_image_processor_cannot_have_done_here_is_refused(changes: dict, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        of_processor(VIT | changes, "here")
