from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from explanations.attribution import local
from explanations.building import build as building
from explanations.building import plan as plan_module
from explanations.building.build import Plan
from explanations.datasets import labelled_images
from explanations.methods import registry
from explanations.models import classifiers


def slugs(loaded: plan_module.Inputs) -> tuple[str, ...]:
    return tuple(method.slug for method in loaded.methods)


def test_small_images_are_explained_by_the_methods_of_the_reference_study(plan: Plan) -> None:
    loaded = plan_module.load(replace(plan, methods=None, parameters={"*": {"images": 4}}))
    assert slugs(loaded) == ("normlime", "lime", "smoothgrad", "vargrad")


@pytest.mark.parametrize(
    ("single", "expected"),
    [
        ({}, {"normlime-superpixels", "lime-slic", "smoothgrad", "vargrad"}),
        ({"each_image": 1, "replicates": 1}, {"lime-slic", "kernelshap", "smoothgrad", "vargrad"}),
    ],
)
def test_larger_images_are_explained_on_superpixels(
    single: dict[str, int], expected: set[str], plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "LARGE", 63)
    loaded = plan_module.load(replace(plan, methods=None, parameters={"*": {"images": 4}}, **single))
    assert set(slugs(loaded)) == expected


def test_a_parameter_of_every_method_is_one_of_those_that_have_it(plan: Plan) -> None:
    one = replace(plan, methods=("lime", "gradient"), parameters={"*": {"images": 4, "samples": 9}})
    loaded = plan_module.load(one)
    assert loaded.parameters["lime"]["samples"] == 9
    assert loaded.parameters["gradient"] == {"images": 4, "output": "logit"}


@pytest.mark.parametrize(
    ("method", "change", "remedy"),
    [
        ("lime", {}, "the methods lime-slic and normlime-superpixels"),
        ("kernelshap", {"segmentation": "pixels"}, "kernelshap.segmentation=slic"),
    ],
)
def test_too_many_pixels_to_weigh_are_refused_before_the_network_is_asked(
    method: str, change: dict[str, str], remedy: str, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "MOST_PIXELS", 63)
    monkeypatch.setattr(classifiers, "accuracy", lambda *_: pytest.fail("the network was asked"))
    one = replace(plan, methods=(method,), parameters={method: {"images": 4, **change}})
    expected = (
        rf"^{method} weighs every pixel, and the images have 8 x 8 of them \(at most 63 .*with {remedy}$"
    )
    with pytest.raises(ValueError, match=expected):
        plan_module.load(one)


def test_superpixels_have_no_largest_size(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "MOST_PIXELS", 63)
    loaded = plan_module.load(replace(plan, methods=("kernelshap",), parameters={"*": {"images": 4}}))
    assert slugs(loaded) == ("kernelshap",)


def test_classes_without_an_image_are_left_out(plan: Plan, squares: Path, tmp_path: Path, small) -> None:
    """A network of three outputs, and data of a class that has no images."""
    labels = np.arange(60) % 2
    for stem in ("train", "t10k"):
        header = bytes([0, 0, 8, 1]) + np.array([60], dtype=">u4").tobytes()
        (squares / f"{stem}-labels-idx1-ubyte").write_bytes(header + labels.astype(np.uint8).tobytes())
    (squares / "classes.txt").write_text("cat\ndog\nunicorn\n")
    one = replace(plan, methods=("vargrad",), parameters={"vargrad": small["vargrad"]})
    assert building.build(tmp_path / "set", one).dataset.classes == ("cat", "dog")


def test_fewer_images_than_replicates_have_no_means(plan: Plan, squares: Path, tmp_path: Path) -> None:
    one = replace(
        plan, methods=("vargrad",), parameters={"vargrad": {"images": 1, "samples": 2}}, replicates=19
    )
    (squares / "train-labels-idx1-ubyte").write_bytes(
        bytes([0, 0, 8, 1]) + np.array([60], dtype=">u4").tobytes() + bytes([0, 1] * 21 + [2] * 18)
    )
    with pytest.raises(
        ValueError, match=r"^class '2' has 18 images to average \(train\), fewer than the 19 rep"
    ):
        building.build(tmp_path / "set", one)


def test_replicates_explain_disjoint_images_that_the_model_assigns_to_the_class(
    plan: Plan, squares: Path
) -> None:
    """The labels of the file play no part: here they are all wrong."""
    data = labelled_images.idx_folder(squares, "test")
    relabelled = replace(data, labels=(data.labels + 1) % 3)
    model = classifiers.load(plan.model).model
    predicted = classifiers.predict(model, data.images)
    samples = plan_module._samples(plan, predicted, relabelled, ("1",), {"lime": {"images": 10}})
    first, second = (set(sample.numbers) for sample in samples)
    assert len(first) == len(second) == 10
    assert not first & second
    for sample in samples:
        assert classifiers.predict(model, sample.images).tolist() == [1] * 10
        assert torch.equal(sample.images, data.images[list(sample.numbers)])


def test_a_class_without_images_is_to_be_left_out(plan: Plan) -> None:
    data = labelled_images.load(plan.data, "test")
    none = data.labels[data.labels != 0]
    with pytest.raises(ValueError, match=r"replicates of 1 take 2; leave the class out with --classes$"):
        plan_module._samples(plan, none, data, ("0",), {"lime": {"images": 1}})


def test_too_few_images_are_refused(plan: Plan, tmp_path: Path, small) -> None:
    greedy = replace(plan, parameters={**small, "lime": {"images": 11}})
    with pytest.raises(
        ValueError,
        match=r"^the model assigns 20 test images to class '0', but 2 replicates of 11 take 22; "
        r"ask for 10 or fewer with --images$",
    ):
        building.build(tmp_path / "set", greedy)


def test_some_methods_and_classes_may_be_chosen(plan: Plan, tmp_path: Path, small) -> None:
    chosen = replace(plan, methods=("vargrad",), classes=("2", "0"), parameters={"vargrad": small["vargrad"]})
    built = building.build(tmp_path / "set", chosen)
    assert built.dataset.classes == ("0", "2")
    assert {record.method for record in built.maps} == {"vargrad", "class-mean"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"methods": ("shap",)},
            f"there is no method 'shap'; allowed: {', '.join(registry.METHODS)}; or an import path, as in "
            "./file.py:function or package.module:function",
        ),
        ({"methods": ()}, "a set has at least one method; name some with --methods"),
        ({"seed": -1}, "--seed must be at least 0 (got -1)"),
        ({"minimum_support": 0}, "--minimum-support must be at least 1 image (got 0)"),
        ({"replicates": 0}, "--replicates must be at least 1 (got 0)"),
        ({"for_top": 2}, "--for-top explains single images; add --each-image"),
        ({"leave_out": ("7",)}, "--leave-out has no item '7' to leave out; allowed: 0, 1, 2"),
        ({"leave_out": ("0", "1", "2")}, "--leave-out leaves no item to explain; name fewer"),
        ({"classes": ("7",)}, "squares has no class '7'; allowed: 0, 1, 2"),
        (
            {"parameters": {"vargrad": {"noise": 1}}},
            "vargrad has no parameter 'noise'; allowed: images, samples, sigma, output",
        ),
        ({"parameters": {"lime": {"samples": 0}}}, "lime.samples is 0; allowed: from 1"),
        ({"parameters": {"lime": {"samples": "9"}}}, "lime.samples is '9'; expected a whole number"),
        (
            {"methods": ("lime",), "parameters": {"vargrad": {}}},
            "there are no parameters of 'vargrad' here; allowed: lime",
        ),
    ],
)
def test_a_plan_that_cannot_be_is_refused(
    plan: Plan, tmp_path: Path, changes: dict[str, Any], expected: str
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        building.build(tmp_path / "set", replace(plan, **changes))
    assert str(caught.value) == expected
    assert not (tmp_path / "set").exists()
