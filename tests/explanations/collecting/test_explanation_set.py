"""From arrays that other libraries give to a set that a study imports."""

import re
from pathlib import Path
from typing import Any

import captum.attr
import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from explanations import manifest
from explanations.collecting.explanation_set import ExplanationSet

IMAGES = np.random.default_rng(6).random((3, 3, 12, 10)).astype(np.float32)  # (N, C, H, W)
MAPS = np.random.default_rng(7).normal(size=(3, 12, 10))


@pytest.fixture
def collected(tmp_path: Path) -> ExplanationSet:
    return ExplanationSet(tmp_path / "set", IMAGES)


def test_a_captum_array_becomes_a_set_in_four_lines(tmp_path: Path) -> None:
    model, images = nn.Sequential(nn.Flatten(), nn.Linear(360, 4)), torch.from_numpy(IMAGES)
    attributions = captum.attr.IntegratedGradients(model).attribute(images, target=1)
    ExplanationSet(tmp_path / "set", images).add("Integrated Gradients", attributions).save()
    assert len(manifest.read(tmp_path / "set").maps) == 6


def test_the_maps_are_those_that_were_given(collected: ExplanationSet) -> None:
    collected.add("IG", MAPS).save()
    saved = manifest.read_maps(collected.folder)
    np.testing.assert_array_equal(saved["ig/image-2/1"], MAPS[1].astype(np.float32))


def test_what_is_unknown_is_not_stated(collected: ExplanationSet) -> None:
    saved = collected.add("IG", MAPS).save()
    assert (
        saved.seed
        is saved.dataset.sha256
        is saved.classifier.factory
        is saved.classifier.test_accuracy
        is None
    )
    assert saved.methods[0].forward_passes is None
    assert {original.seen for original in saved.originals} == {None}


def test_the_classes_of_the_images_are_kept(tmp_path: Path) -> None:
    names = {"labels": ["a", "b", "c"], "targets": ["owl"] * 3, "predicted": ["owl", "cat", "owl"]}
    saved = ExplanationSet(tmp_path / "set", IMAGES, **names).add("IG", MAPS).save()
    assert saved.dataset.classes == ("a", "b", "c")
    assert [(one.seen, one.target) for one in saved.originals][1] == ("cat", "owl")


def test_maps_of_classes_need_no_images(tmp_path: Path) -> None:
    saved = ExplanationSet(tmp_path / "set", labels=["owl", "cat", "dog"]).add("IG", MAPS).save()
    assert not saved.originals
    assert {(record.label, record.target) for record in saved.maps} >= {("owl", "owl")}


def test_checks_show_the_edges_of_images_or_the_mean_of_the_methods(tmp_path: Path) -> None:
    of_images = ExplanationSet(tmp_path / "a", IMAGES).add("IG", MAPS).save()
    of_classes = ExplanationSet(tmp_path / "b", labels=["x", "y", "z"]).add("IG", MAPS).save()
    checks = [[m.slug for m in saved.methods if m.purpose == "check"] for saved in (of_images, of_classes)]
    assert checks == [["image-edges"], ["mean-of-methods"]]


def test_a_map_with_negative_values_is_signed(collected: ExplanationSet) -> None:
    saved = collected.add("IG", MAPS).add("CAM", np.abs(MAPS)).save()
    assert [method.signed for method in saved.methods][:2] == [True, False]


def test_coarse_maps_are_enlarged_and_that_is_said(collected: ExplanationSet) -> None:
    collected.add("CAM", np.abs(MAPS[:, ::2, ::2])).save()
    assert "CAM: maps of 5 x 6 were resized to 10 x 12" in collected.notes
    assert manifest.read_maps(collected.folder)["cam/image-1/1"].shape == (12, 10)


def test_images_of_several_sizes_are_fitted_into_a_square(tmp_path: Path) -> None:
    images = [IMAGES[0], IMAGES[1].transpose(0, 2, 1)]
    collected = ExplanationSet(tmp_path / "set", images)
    collected.add("CAM", {"image-1": MAPS[0], "image-2": MAPS[1].T}).save()
    assert collected.notes[-1] == "the images have 2 sizes; each was fitted into 224 x 224 pixels on white"
    assert manifest.read_maps(tmp_path / "set")["cam/image-1/1"].shape == (224, 224)


def test_an_image_without_a_map_can_be_left_out_for_all_methods(tmp_path: Path) -> None:
    collected = ExplanationSet(tmp_path / "set", IMAGES, leave_out=True)
    saved = collected.add("IG", MAPS).add("CAM", {"image-1": MAPS[0], "image-3": MAPS[2]}).save()
    assert saved.dataset.classes == ("image-1", "image-3")
    assert [(item.label, item.method, item.reason) for item in saved.left_out] == [
        ("image-2", "cam", "has no map")
    ]


def test_finished_pictures_become_a_set_without_maps(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for i, image in enumerate(IMAGES):
            pixels = np.uint8(255 * image.transpose(1, 2, 0) * (0.5 if name == "b" else 1))
            Image.fromarray(pixels).save(tmp_path / name / f"image-{i + 1}.png")
    collected = ExplanationSet(tmp_path / "set", IMAGES)
    saved = collected.add_pictures("CAM", tmp_path / "a").add_pictures("Mine", tmp_path / "b").save()
    assert {record.array for record in saved.maps} == {None}
    assert not (tmp_path / "set" / manifest.MAPS_FILE).exists()
    assert [method.slug for method in saved.methods] == ["cam", "mine", "image-edges"]
    with Image.open(tmp_path / "set" / saved.maps[0].image) as picture:
        np.testing.assert_array_equal(np.asarray(picture), np.uint8(255 * IMAGES[0].transpose(1, 2, 0)))


def refusal(collected: ExplanationSet) -> str:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        collected.save()
    assert list(collected.folder.parent.iterdir()) in ([], [collected.folder])
    return str(caught.value)


def test_an_image_without_a_map_is_named(collected: ExplanationSet) -> None:
    collected.add("CAM", {"image-1": MAPS[0], "image-3": MAPS[2]})
    assert refusal(collected) == (
        "cam: 'image-2' has no map; "
        "add it, or leave out such images for all methods with --leave-out (1 of 3)"
    )


def test_a_map_of_other_proportions_is_refused(collected: ExplanationSet) -> None:
    collected.add("CAM", np.ones((3, 7, 7)))
    assert refusal(collected) == (
        "CAM: the map of 'image-1' is 7 x 7, but its image is 10 x 12; "
        "give the images as the network was given them, resized and cropped"
    )


def test_maps_beside_finished_pictures_are_refused(collected: ExplanationSet) -> None:
    collected.add("IG", MAPS).add_pictures("CAM", IMAGES)
    assert refusal(collected).startswith("some methods have maps and others finished pictures")


def test_a_set_without_methods_is_refused(collected: ExplanationSet) -> None:
    assert refusal(collected) == "a set has at least one method; add its maps"


def test_a_folder_that_holds_something_is_left_alone(collected: ExplanationSet) -> None:
    collected.folder.mkdir()
    (collected.folder / "thesis.tex").write_text("precious")
    assert re.search("is not empty; choose a new folder$", refusal(collected.add("IG", MAPS)))
    assert (collected.folder / "thesis.tex").read_text() == "precious"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"labels": ["a", "b"]}, "labels has 2 names for 3 images; expected one each"),
        ({"labels": ["a", "b", "a"]}, "labels must be different and not empty (got 'a' 2 times)"),
        ({"targets": ["a"]}, "targets has 1 classes for 3 images; expected one each"),
    ],
)
def test_names_that_do_not_fit_are_refused(tmp_path: Path, change: Any, expected: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        ExplanationSet(tmp_path / "set", IMAGES, **change)


def test_two_methods_of_one_name_are_refused(collected: ExplanationSet) -> None:
    with pytest.raises(ValueError, match=r"^there are two methods called 'ig'; give one another title$"):
        collected.add("IG", MAPS).add("ig", MAPS)
