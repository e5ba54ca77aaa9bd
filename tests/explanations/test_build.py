import dataclasses
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from explanations import build as building
from explanations import classifiers, datasets, manifest, methods
from explanations.build import Plan

SMALL = {
    "lime": {"images": 3, "samples": 60, "features": 10},
    "smoothgrad": {"images": 2, "samples": 5},
    "vargrad": {"images": 2, "samples": 5},
}


@pytest.fixture
def plan(squares: Path, network) -> Plan:
    """A build of three classes by four methods that takes a fraction of a second."""
    return Plan(parameters=SMALL, factory=network.factory, weights=network.weights, data=squares)


def changed(plan: Plan, **changes: Any) -> Plan:
    return dataclasses.replace(plan, **changes)


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a set but the timings."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in files if p.name != "timings.json"}


def test_a_set_has_every_class_by_every_method_twice_and_the_class_means(plan: Plan, tmp_path: Path) -> None:
    built = building.build(tmp_path / "set", plan)
    found = {(record.method, record.label, record.replicate) for record in built.maps}
    slugs = ["normlime", "lime", "smoothgrad", "vargrad", "class-mean"]
    assert found == {(s, label, replicate) for s in slugs for label in "012" for replicate in (1, 2)}
    assert built == manifest.read(tmp_path / "set")


def test_a_finished_folder_holds_the_set_and_nothing_else(plan: Plan, tmp_path: Path) -> None:
    building.build(tmp_path / "set", plan)
    names = sorted(path.name for path in (tmp_path / "set").iterdir())
    assert names == ["images", "manifest.json", "maps.safetensors", "timings.json"]
    assert len(list((tmp_path / "set" / "images").iterdir())) == 30


def test_building_twice_gives_the_same_bytes(plan: Plan, tmp_path: Path) -> None:
    building.build(tmp_path / "first", plan)
    building.build(tmp_path / "second", plan)
    assert content(tmp_path / "first") == content(tmp_path / "second")


def test_another_seed_gives_other_maps(plan: Plan, tmp_path: Path) -> None:
    building.build(tmp_path / "first", plan)
    building.build(tmp_path / "second", changed(plan, seed=1))
    first, second = manifest.read_maps(tmp_path / "first"), manifest.read_maps(tmp_path / "second")
    assert all((first[key] != second[key]).any() for key in first)


def computed_files(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """A list that fills with the files of the local explanations that are computed from now on."""
    computed: list[Path] = []
    compute = building._compute

    def spy(file: Path, *rest: Any) -> None:
        computed.append(file)
        compute(file, *rest)

    monkeypatch.setattr(building, "_compute", spy)
    return computed


class Interrupted(Exception):
    pass


def interrupt_after(count: int) -> Any:
    """A step function that raises when it is called for the `count`-th time."""
    calls = []

    def step(done: float, total: float, doing: str) -> None:
        calls.append(doing)
        if len(calls) == count:
            raise Interrupted

    return step


def test_an_interrupted_build_is_no_set_and_continues_to_the_same_bytes(plan: Plan, tmp_path: Path) -> None:
    building.build(tmp_path / "whole", plan)
    with pytest.raises(Interrupted):
        building.build(tmp_path / "broken", plan, interrupt_after(8))
    assert not (tmp_path / "broken" / "manifest.json").exists()
    building.build(tmp_path / "broken", plan)
    assert content(tmp_path / "whole") == content(tmp_path / "broken")


def test_finished_work_is_not_repeated(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Interrupted):
        building.build(tmp_path / "set", plan, interrupt_after(8))
    kept = len(list((tmp_path / "set" / ".work").glob("*.npy")))
    computed = computed_files(monkeypatch)
    building.build(tmp_path / "set", plan)
    assert kept > 0
    assert len(computed) == 18 - kept  # 3 classes x 2 replicates x 3 local functions


def test_a_changed_parameter_recomputes_what_it_changes(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Interrupted):
        building.build(tmp_path / "set", plan, interrupt_after(40))
    kept = set((tmp_path / "set" / ".work").glob("*.npy"))
    other = {**SMALL, "vargrad": {"images": 2, "samples": 6}}
    computed = computed_files(monkeypatch)
    building.build(tmp_path / "set", changed(plan, parameters=other))
    assert not kept & set(computed)
    building.build(tmp_path / "fresh", changed(plan, parameters=other))
    assert content(tmp_path / "set") == content(tmp_path / "fresh")


def test_a_finished_set_is_left_as_it_is(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = building.build(tmp_path / "set", plan)
    monkeypatch.setattr(building, "_compute", None)
    assert building.build(tmp_path / "set", plan) == first


def test_a_finished_set_of_another_seed_is_refused(plan: Plan, tmp_path: Path) -> None:
    building.build(tmp_path / "set", plan)
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        building.build(tmp_path / "set", changed(plan, seed=1))
    assert str(caught.value) == (
        f"{tmp_path / 'set'}: holds a finished set whose seed differs from what you ask for; "
        "choose another --out, or remove the folder"
    )


def test_a_folder_of_other_files_is_left_alone(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "thesis.txt").write_text("mine")
    expected = r"set: holds other files and no unfinished set; choose an empty folder for --out$"
    with pytest.raises(ValueError, match=expected):
        building.build(tmp_path / "set", plan)
    assert content(tmp_path / "set") == {"thesis.txt": b"mine"}


def test_replicates_explain_disjoint_images_that_the_model_assigns_to_the_class(
    plan: Plan, squares: Path
) -> None:
    """The labels of the file play no part: here they are all wrong."""
    data = datasets.idx_folder(squares, "test")
    relabelled = dataclasses.replace(data, labels=(data.labels + 1) % 3)
    model = classifiers.load(plan.factory, plan.weights)
    samples = building._samples(plan, model, relabelled, data, ("1",), {"lime": {"images": 10}})
    first, second = (set(sample.numbers) for sample in samples)
    assert len(first) == len(second) == 10
    assert not first & second
    for sample in samples:
        assert classifiers.predicted(model, sample.images).tolist() == [1] * 10
        assert torch.equal(sample.images, data.images[list(sample.numbers)])


def test_too_few_images_are_refused(plan: Plan, tmp_path: Path) -> None:
    greedy = changed(plan, parameters={**SMALL, "lime": {"images": 11}})
    with pytest.raises(
        ValueError,
        match=r"^the model assigns 20 test images to class '0', but 2 replicates of 11 take 22; "
        r"ask for fewer with --images$",
    ):
        building.build(tmp_path / "set", greedy)


def test_class_means_come_from_disjoint_halves_of_the_training_images(plan: Plan, tmp_path: Path) -> None:
    """Equal halves: the mean of the two means is the mean of all 20 training images of the class."""
    building.build(tmp_path / "set", plan)
    training = datasets.idx_folder(plan.data, "train")  # type: ignore[arg-type]
    maps = manifest.read_maps(tmp_path / "set")
    halves = [maps[f"class-mean/2/{replicate}"] for replicate in (1, 2)]
    whole = training.images[training.of_class("2")].mean(dim=(0, 1)).numpy()
    np.testing.assert_allclose(np.mean(halves, axis=0), whole, rtol=1e-5)
    assert (halves[0] != halves[1]).any()


def test_normlime_and_lime_aggregate_the_same_weights(plan: Plan, tmp_path: Path) -> None:
    """SP-LIME's map is positive wherever some weight is; where NormLIME's is positive, so is SP-LIME's."""
    building.build(tmp_path / "set", plan)
    maps = manifest.read_maps(tmp_path / "set")
    assert (maps["lime/1/1"][maps["normlime/1/1"] > 0] > 0).all()


def test_the_manifest_tells_parameters_and_passes(plan: Plan, tmp_path: Path) -> None:
    """3 classes x 2 replicates: x 3 images x 60 samples = 1,080 of LIME; x 2 x 5 = 60 of VarGrad."""
    built = {method.slug: method for method in building.build(tmp_path / "set", plan).methods}
    assert built["normlime"].parameters["samples"] == 60
    assert built["normlime"].parameters["skip_black"] is True
    assert (built["normlime"].forward_passes, built["normlime"].backward_passes) == (1080, 0)
    assert (built["vargrad"].forward_passes, built["vargrad"].backward_passes) == (60, 60)
    assert built["class-mean"].purpose == "check"


def test_the_pictures_tell_nothing_but_the_map(plan: Plan, tmp_path: Path) -> None:
    built = building.build(tmp_path / "set", plan)
    files = list((tmp_path / "set" / "images").iterdir())
    assert len({file.stat().st_size for file in files}) == 1
    assert all(record.image == f"images/{record.sha256[:20]}.png" for record in built.maps)


def test_some_methods_and_classes_may_be_chosen(plan: Plan, tmp_path: Path) -> None:
    chosen = changed(plan, methods=("vargrad",), classes=("2", "0"), parameters={"vargrad": SMALL["vargrad"]})
    built = building.build(tmp_path / "set", chosen)
    assert built.dataset.classes == ("0", "2")
    assert {record.method for record in built.maps} == {"vargrad", "class-mean"}


def test_progress_ends_at_the_whole(plan: Plan, tmp_path: Path) -> None:
    steps: list[tuple[float, float]] = []
    building.build(tmp_path / "set", plan, lambda done, total, doing: steps.append((done, total)))
    done = [step[0] for step in steps]
    assert done == sorted(done)
    assert done[-1] == steps[-1][1]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"methods": ("shap",)}, f"there is no method 'shap'; allowed: {', '.join(methods.METHODS)}"),
        ({"methods": ()}, "a set has at least one method and one replicate, and its seed is not negative"),
        ({"replicates": 0}, "a set has at least one method and one replicate, and its seed is not negative"),
        ({"classes": ("7",)}, "squares has no class '7'; allowed: 0, 1, 2"),
        (
            {"parameters": {"vargrad": {"noise": 1}}},
            "vargrad has no parameter 'noise'; allowed: images, samples, sigma, target",
        ),
        ({"parameters": {"lime": {"samples": 0}}}, "lime.samples is 0; allowed: from 1"),
        ({"parameters": {"lime": {"samples": "9"}}}, "lime.samples is '9'; a int is wanted"),
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
        building.build(tmp_path / "set", changed(plan, **changes))
    assert str(caught.value) == expected
    assert not (tmp_path / "set").exists()


def test_a_map_that_is_not_finite_is_stopped(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(methods.lime, "explain", lambda *_, **__: np.full((3, 64), np.nan))
    with pytest.raises(
        ValueError, match=r"^lime gives values that are not finite for class '0'; does the class"
    ):
        building.build(tmp_path / "set", plan)


@pytest.mark.slow
def test_a_killed_build_continues_to_the_same_bytes(plan: Plan, tmp_path: Path, network) -> None:
    command = [sys.executable, "-m", "explanations", "build", "--data", str(plan.data), "--images", "3"]
    command += ["--model", plan.factory, "--weights", str(plan.weights), "--samples", "500", "--out"]
    # one thread, for threads that wait for a busy processor make small networks very slow
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join([str(network.folder), *sys.path])
    broken = tmp_path / "broken"
    with subprocess.Popen([*command, str(broken)], env=environment, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not list((broken / ".work").glob("*.npy")):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert not (broken / "manifest.json").exists()
    for folder in (broken, tmp_path / "whole"):
        subprocess.run([*command, str(folder)], env=environment, check=True, capture_output=True)
    assert content(broken) == content(tmp_path / "whole")
