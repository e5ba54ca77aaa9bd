"""Items without a map by some method, items that nobody wants, and maps that look the same."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from explanations import manifest
from explanations.__main__ import main
from explanations.attribution.local import Local, Sample
from explanations.building import build as building
from explanations.building import predictions
from explanations.building.build import Plan
from explanations.manifest.records import Confusion, LeftOut
from explanations.methods.registry import ExplanationMethod
from explanations.models.spec import ModelSpec


@pytest.fixture(name="plan")
def plan_of_images(plan: Plan) -> Plan:
    """One image of each of three classes, by two methods that take a moment."""
    parameters: dict[str, Any] = {"smoothgrad": {"samples": 3}, "vargrad": {"samples": 3}}
    return replace(plan, methods=("smoothgrad", "vargrad"), replicates=1, parameters=parameters, each_image=1)


@pytest.fixture
def blank(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes VarGrad give these values, everywhere, for these labels."""

    def be_blank(*labels: str, value: float = -1.0) -> None:
        whole = ExplanationMethod.class_map

        def class_map(self: ExplanationMethod, weights: Any, label: str, *rest: Any) -> Any:
            importance, support = whole(self, weights, label, *rest)
            if self.slug == "vargrad" and label in labels:
                importance = np.where(np.arange(len(importance)) % 2, value, 2 * value)
            return importance, support

        monkeypatch.setattr(ExplanationMethod, "class_map", class_map)

    return be_blank


NOTHING = "the map has no positive value, so its picture would be empty"


def test_an_item_without_a_picture_by_one_method_is_left_out_for_all(
    plan: Plan, tmp_path: Path, blank: Callable[..., None]
) -> None:
    blank("1")
    built = building.build(tmp_path / "set", plan)
    assert built.dataset.classes == ("0", "2")
    assert {record.label for record in built.maps} == {"0", "2"}
    assert [original.label for original in built.originals] == ["0", "2"]
    assert built.left_out == (LeftOut("1", "vargrad", NOTHING),)


def test_nothing_of_an_item_that_is_left_out_stays_in_the_folder(
    plan: Plan, tmp_path: Path, blank: Callable[..., None]
) -> None:
    blank("1")
    built = building.build(tmp_path / "set", plan)
    files = {path.name for path in (tmp_path / "set").glob("*/*.png")}
    assert files == {Path(record.image).name for record in (*built.maps, *built.originals)}
    assert not any("/1/" in key for key in manifest.read_support(tmp_path / "set"))


def test_an_item_that_a_method_has_no_map_of_is_left_out(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ExplanationMethod.class_map

    def class_map(self: ExplanationMethod, weights: Any, label: str, *rest: Any) -> Any:
        if label == "2":
            raise ValueError(f"{self.slug} gives nothing but zeros")
        return whole(self, weights, label, *rest)

    monkeypatch.setattr(ExplanationMethod, "class_map", class_map)
    built = building.build(tmp_path / "set", plan)
    assert built.left_out == (LeftOut("2", "smoothgrad", "smoothgrad gives nothing but zeros"),)


def test_a_class_is_left_out_with_all_its_replicates(
    plan: Plan, tmp_path: Path, blank: Callable[..., None]
) -> None:
    blank("1")
    of_classes = replace(
        plan,
        each_image=None,
        replicates=2,
        parameters={"smoothgrad": {"images": 2}, "vargrad": {"images": 2, "samples": 3}},
    )
    built = building.build(tmp_path / "set", of_classes)
    assert built.dataset.classes == ("0", "2")
    assert len(built.maps) == 2 * 2 * 3


def test_an_image_of_one_colour_has_no_edges_and_is_left_out(
    plan: Plan, tmp_path: Path, squares: Path
) -> None:
    numbers = [original.number for original in building.build(tmp_path / "all", plan).originals]
    file = squares / "t10k-images-idx3-ubyte.gz"
    content = bytearray(gzip.decompress(file.read_bytes()))
    assert numbers[0] is not None
    content[16 + 64 * numbers[0] : 16 + 64 * (numbers[0] + 1)] = bytes([9]) * 64
    file.write_bytes(gzip.compress(bytes(content)))
    [left_out] = building.build(tmp_path / "set", plan).left_out
    assert left_out.method == "image-edges"


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes VarGrad refuse images of these labels."""

    def fail(*labels: str) -> None:
        attribute = Local.attribute

        def refuse(self: Local, model: Any, sample: Sample, *rest: Any) -> Any:
            if self.slug == "vargrad" and sample.label in labels:
                raise ValueError(f"vargrad, image {sample.numbers[0]}: an image of one colour has no regions")
            return attribute(self, model, sample, *rest)

        monkeypatch.setattr(Local, "attribute", refuse)

    return fail


def test_an_image_that_a_method_refuses_is_left_out(
    plan: Plan, tmp_path: Path, failing: Callable[..., None]
) -> None:
    failing("1")
    built = building.build(tmp_path / "set", plan)
    assert built.dataset.classes == ("0", "2")
    [left_out] = built.left_out
    assert left_out.reason.endswith("an image of one colour has no regions")


def test_a_reason_is_not_kept_in_the_cache(plan: Plan, tmp_path: Path, failing: Callable[..., None]) -> None:
    failing("1")
    building.build(tmp_path / "set", plan, cache=tmp_path / "cache")
    assert len(list((tmp_path / "cache").glob("*.npz"))) == 5


@pytest.mark.parametrize("each_image", [1, 2])
def test_a_method_that_refuses_the_first_items_ends_the_build(
    plan: Plan, tmp_path: Path, failing: Callable[..., None], each_image: int
) -> None:
    failing("0", "1", "2", "0-1", "1-1", "2-1", "0-2", "1-2", "2-2")
    with pytest.raises(ValueError, match=r"^vargrad, image \d+: an image of one colour has no regions$"):
        building.build(tmp_path / "set", replace(plan, each_image=each_image))
    assert len(list((tmp_path / "set/.work").glob("*.npz"))) <= 3 * each_image


def test_where_nothing_is_left_one_line_says_why(
    plan: Plan, tmp_path: Path, blank: Callable[..., None]
) -> None:
    blank("0", "1", "2")
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        building.build(tmp_path / "set", plan)
    assert str(caught.value) == (
        f"no item has a map by every method; the first, '0', has none by vargrad: {NOTHING}"
    )
    assert not (tmp_path / "set" / "manifest.json").exists()


def test_a_finished_set_that_leaves_an_item_out_is_left_as_it_is(
    plan: Plan, tmp_path: Path, blank: Callable[..., None]
) -> None:
    blank("1")
    built = building.build(tmp_path / "set", plan)
    assert building.build(tmp_path / "set", plan) == built


def test_an_item_may_be_left_out_by_hand(plan: Plan, tmp_path: Path) -> None:
    built = building.build(tmp_path / "set", replace(plan, leave_out=("1",)))
    assert built.dataset.classes == ("0", "2")
    assert built.left_out == (LeftOut("1", None, "left out by --leave-out"),)


def test_leaving_an_item_out_changes_no_other_map(plan: Plan, tmp_path: Path) -> None:
    building.build(tmp_path / "all", plan)
    building.build(tmp_path / "some", replace(plan, leave_out=("1",)))
    every = manifest.read_maps(tmp_path / "all")
    for key, values in manifest.read_maps(tmp_path / "some").items():
        np.testing.assert_array_equal(values, every[key])


def test_an_item_left_out_by_hand_takes_no_passes(plan: Plan, tmp_path: Path) -> None:
    every = building.build(tmp_path / "all", plan)
    some = building.build(tmp_path / "some", replace(plan, leave_out=("1",)))
    assert some.methods[0].forward_passes == 2 * every.methods[0].forward_passes // 3  # type: ignore[operator]


def test_a_finished_set_that_leaves_out_something_else_is_refused(plan: Plan, tmp_path: Path) -> None:
    building.build(tmp_path / "set", plan)
    with pytest.raises(ValueError, match="holds a finished set whose dataset differs"):
        building.build(tmp_path / "set", replace(plan, leave_out=("1",)))


@pytest.fixture
def linear(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """Softmax regression: its gradient is the same for every image."""
    (tmp_path / "softmax_regression.py").write_text(
        "from torch import nn\ndef make():\n    return nn.Sequential(nn.Flatten(), nn.Linear(64, 3))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    generator = torch.Generator().manual_seed(1)
    templates = torch.randn(3, 64, generator=generator)
    weights = tmp_path / "softmax.safetensors"
    safetensors.torch.save_file({"1.weight": templates, "1.bias": torch.zeros(3)}, weights)
    return replace(plan, model=ModelSpec("softmax_regression:make", weights))


def test_equal_maps_of_a_linear_model_are_named_and_not_refused(linear: Plan, tmp_path: Path) -> None:
    of_classes = replace(
        linear,
        methods=("gradient",),
        replicates=2,
        each_image=None,
        parameters={"gradient": {"images": 2}},
    )
    built = building.build(tmp_path / "set", of_classes)
    assert built.equal == tuple((f"gradient/{label}/1", f"gradient/{label}/2") for label in "012")


def test_methods_that_give_equal_maps_of_an_image_are_named(linear: Plan, tmp_path: Path) -> None:
    methods = ("input-x-gradient", "integrated-gradients")
    built = building.build(
        tmp_path / "set",
        replace(linear, methods=methods, parameters={"integrated-gradients": {"steps": 20}}),
    )
    assert ("input-x-gradient/0/1", "integrated-gradients/0/1") in built.equal


def test_the_command_says_what_is_left_out_and_what_looks_the_same(
    linear: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subject = ["--model", linear.model.factory, "--weights", str(linear.model.weights)]
    subject += ["--data", str(linear.data), "--images", "2", "--methods", "gradient"]
    assert main(["build", *subject, "--leave-out", "1", "--out", str(tmp_path / "set")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path / 'set'}: 8 pictures of 2 classes",
        "left out: 1 (left out by --leave-out)",
        "look the same: gradient/0/1, gradient/0/2",
        "look the same: gradient/2/1, gradient/2/2",
    ]


def test_the_set_states_the_confusion_matrix_of_the_test_images(plan: Plan, tmp_path: Path) -> None:
    built = building.build(tmp_path / "set", plan)
    assert built.confusion == Confusion(("0", "1", "2"), ((20, 0, 0), (0, 20, 0), (0, 0, 20)))


def test_a_confusion_matrix_has_rows_of_true_classes() -> None:
    predicted, labels = torch.tensor([1, 1, 0, 3]), torch.tensor([0, 1, 0, 0])
    confusion = predictions.confuse(predicted, labels, ("cat", "lynx"))
    assert confusion == Confusion(("cat", "lynx", "output 3"), ((1, 1, 1), (0, 1, 0), (0, 0, 0)))


def test_a_confusion_matrix_of_too_many_classes_is_not_stated() -> None:
    labels = torch.arange(201)
    assert predictions.confuse(labels, labels, tuple(map(str, range(201)))) is None
