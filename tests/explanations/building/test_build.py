from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from explanations import manifest
from explanations.attribution.perturbation import lime
from explanations.building import build as building
from explanations.building import plan as plan_module
from explanations.building import tasks
from explanations.building.build import Plan
from explanations.datasets import labelled_images


def test_a_set_has_every_class_by_every_method_twice_and_the_class_means(plan: Plan, tmp_path: Path) -> None:
    built = building.build(tmp_path / "set", plan)
    found = {(record.method, record.label, record.replicate) for record in built.maps}
    slugs = ["normlime", "lime", "smoothgrad", "vargrad", "class-mean"]
    assert found == {(s, label, replicate) for s in slugs for label in "012" for replicate in (1, 2)}
    assert built == manifest.read(tmp_path / "set")


def test_a_finished_folder_holds_the_set_and_nothing_else(plan: Plan, tmp_path: Path) -> None:
    building.build(tmp_path / "set", plan)
    names = sorted(path.name for path in (tmp_path / "set").iterdir())
    assert names == ["images", "manifest.json", "maps.safetensors", "support.safetensors", "timings.json"]
    assert len(list((tmp_path / "set" / "images").iterdir())) == 30


def test_building_twice_gives_the_same_bytes(plan: Plan, tmp_path: Path, content) -> None:
    building.build(tmp_path / "first", plan)
    building.build(tmp_path / "second", plan)
    assert content(tmp_path / "first") == content(tmp_path / "second")


def test_another_seed_gives_other_maps(plan: Plan, tmp_path: Path) -> None:
    building.build(tmp_path / "first", plan)
    building.build(tmp_path / "second", replace(plan, seed=1))
    first, second = manifest.read_maps(tmp_path / "first"), manifest.read_maps(tmp_path / "second")
    assert all((first[key] != second[key]).any() for key in first)


def test_class_means_come_from_disjoint_halves_of_the_training_images(plan: Plan, tmp_path: Path) -> None:
    """Equal halves: the mean of the two means is the mean of all 20 training images of the class."""
    building.build(tmp_path / "set", plan)
    training = labelled_images.idx_folder(plan.data, "train")  # type: ignore[arg-type]
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


def test_the_support_of_every_pixel_is_kept_beside_the_map(plan: Plan, tmp_path: Path) -> None:
    """LIME chooses 10 pixels of each of 3 images."""
    building.build(tmp_path / "set", plan)
    support = manifest.read_support(tmp_path / "set")
    maps = manifest.read_maps(tmp_path / "set")
    assert support["normlime/1/1"].sum() == pytest.approx(30, abs=3)
    assert (maps["normlime/1/1"][support["normlime/1/1"] == 0] == 0).all()
    assert support.keys() == {key for key in maps if not key.startswith("class-mean")}


def test_pixels_with_less_than_the_wanted_support_are_left_out(plan: Plan, tmp_path: Path, small) -> None:
    """Each of three images chooses four of the nine pixels of its square."""
    normlime = replace(plan, methods=("normlime",), parameters={"lime": {**small["lime"], "features": 4}})
    building.build(tmp_path / "all", normlime)
    built = building.build(tmp_path / "some", replace(normlime, minimum_support=3))
    support = manifest.read_support(tmp_path / "some")["normlime/1/1"]
    every, some = (manifest.read_maps(tmp_path / name)["normlime/1/1"] for name in ("all", "some"))
    np.testing.assert_array_equal(some, np.where(support >= 3, every, 0))
    assert (every != some).any()
    assert built.methods[0].parameters["minimum_support"] == 3


def test_the_pictures_tell_nothing_but_the_map(plan: Plan, tmp_path: Path) -> None:
    built = building.build(tmp_path / "set", plan)
    files = list((tmp_path / "set" / "images").iterdir())
    assert len({file.stat().st_size for file in files}) == 1
    assert all(record.image == f"images/{record.sha256[:20]}.png" for record in built.maps)


def test_progress_ends_at_the_whole(plan: Plan, tmp_path: Path) -> None:
    steps: list[tuple[float, float]] = []
    building.build(tmp_path / "set", plan, lambda done, total, doing: steps.append((done, total)))
    done = [step[0] for step in steps]
    assert done == sorted(done)
    assert done[-1] == steps[-1][1]


def test_a_map_that_is_not_finite_is_stopped(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lime, "explain", lambda *_, **__: np.full((3, 64), np.nan))
    with pytest.raises(
        ValueError,
        match=r"^lime gives values that are not finite for class '0': "
        r"outputs for changed images are not finite$",
    ):
        building.build(tmp_path / "set", plan)


def test_the_images_that_sp_lime_picked_are_kept_and_the_map_is_their_mean(
    plan: Plan, tmp_path: Path, small
) -> None:
    one = replace(plan, methods=("sp-lime-pick",), parameters={"lime": small["lime"]})
    built, loaded = building.build(tmp_path / "set", one), plan_module.load(one)
    [task] = [task for task in loaded.tasks() if (task.sample.label, task.sample.replicate) == ("1", 2)]
    weights = dict(zip(task.sample.numbers, tasks.perform(loaded.model, task).weights, strict=True))
    [record] = [r for r in built.maps if (r.method, r.label, r.replicate) == ("sp-lime-pick", "1", 2)]
    assert record.picked
    expected = np.mean([weights[number] for number in record.picked], axis=0)
    np.testing.assert_allclose(
        manifest.read_maps(tmp_path / "set")[record.array].ravel(), expected, rtol=1e-6
    )


def test_maps_of_all_images_are_written_without_picks(plan: Plan, tmp_path: Path) -> None:
    building.build(tmp_path / "set", plan)
    assert "picked" not in (tmp_path / "set" / "manifest.json").read_text()


@pytest.mark.parametrize(
    ("baseline", "background"), [("mean", 0), ("blur", 0), ("images", 60), ("black+images", 60), (0.5, 0)]
)
def test_a_set_records_what_its_images_are_compared_with(
    baseline: str | float, background: int, plan: Plan, tmp_path: Path
) -> None:
    """The network's 60 training images are fewer than the background that is asked for."""
    asked = {"deeplift": {"images": 1, "baseline": baseline, "background": 100}}
    single = replace(plan, methods=("deeplift",), replicates=1, parameters=asked)
    [record, _] = building.build(tmp_path / "set", single).methods
    assert record.parameters["baseline"] == baseline
    assert record.parameters["background"] == background


def test_an_unknown_baseline_is_refused_before_work(plan: Plan, tmp_path: Path) -> None:
    asked = replace(plan, methods=("deeplift",), parameters={"deeplift": {"baseline": "blak"}})
    with pytest.raises(ValueError, match=r"^deeplift\.baseline is 'blak', but 'blak' is not a file"):
        building.build(tmp_path / "set", asked)
    assert not (tmp_path / "set").exists()
