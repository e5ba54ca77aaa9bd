import dataclasses
import json
import os
import re
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
from explanations import classifiers, datasets, forecast, lock, manifest, methods, schedulers, tasks
from explanations import plan as plan_module
from explanations.attribution import lime
from explanations.build import Plan, Scheduling
from explanations.preprocessing import Preprocessing

SMALL = {
    "lime": {"images": 3, "samples": 60, "features": 10},
    "smoothgrad": {"images": 2, "samples": 5},
    "vargrad": {"images": 2, "samples": 5},
}


@pytest.fixture(name="plan")
def small_plan(squares: Path, network) -> Plan:
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
    assert names == ["images", "manifest.json", "maps.safetensors", "support.safetensors", "timings.json"]
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


def done_tasks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list that fills with the digests of the tasks that are done from now on."""
    done: list[str] = []

    def spy(model: Any, task: tasks.Task, *rest: Any) -> tasks.Outcome:
        done.append(task.digest)
        return tasks.perform(model, task, *rest)

    monkeypatch.setattr(schedulers, "perform", spy)
    return done


def kept(folder: Path) -> set[str]:
    """The digests of the results in an unfinished set."""
    return {file.stem for file in (folder / ".work").glob("*.npy")}


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
    finished = kept(tmp_path / "set")
    done = done_tasks(monkeypatch)
    building.build(tmp_path / "set", plan)
    assert finished
    assert not finished & set(done)
    assert len(done) == 18 - len(finished)  # 3 classes x 2 replicates x 3 local functions


def test_a_changed_parameter_recomputes_what_it_changes(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    building.build(tmp_path / "set", plan, cache=cache)
    other = changed(plan, parameters={**SMALL, "vargrad": {"images": 2, "samples": 6}})
    done = done_tasks(monkeypatch)
    building.build(tmp_path / "other", other, cache=cache)
    assert len(done) == 6  # VarGrad of 3 classes x 2 replicates
    building.build(tmp_path / "fresh", other)
    assert content(tmp_path / "other") == content(tmp_path / "fresh")


def test_another_preprocessing_recomputes_everything(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache, one = (
        tmp_path / "cache",
        changed(plan, methods=("vargrad",), parameters={"vargrad": SMALL["vargrad"]}),
    )
    building.build(tmp_path / "set", one, cache=cache)
    done = done_tasks(monkeypatch)
    other = changed(one, preprocessing=Preprocessing(mean=(0.1,), std=(0.9,)))
    building.build(tmp_path / "other", other, cache=cache)
    assert len(done) == 6


def test_classes_without_an_image_are_left_out(plan: Plan, squares: Path, tmp_path: Path) -> None:
    """A network of three outputs, and data of a class that has no images."""
    labels = np.arange(60) % 2
    for stem in ("train", "t10k"):
        header = bytes([0, 0, 8, 1]) + np.array([60], dtype=">u4").tobytes()
        (squares / f"{stem}-labels-idx1-ubyte").write_bytes(header + labels.astype(np.uint8).tobytes())
    (squares / "classes.txt").write_text("cat\ndog\nunicorn\n")
    one = changed(plan, methods=("vargrad",), parameters={"vargrad": SMALL["vargrad"]})
    assert building.build(tmp_path / "set", one).dataset.classes == ("cat", "dog")


def test_fewer_images_than_replicates_have_no_means(plan: Plan, squares: Path, tmp_path: Path) -> None:
    one = changed(
        plan, methods=("vargrad",), parameters={"vargrad": {"images": 1, "samples": 2}}, replicates=19
    )
    (squares / "train-labels-idx1-ubyte").write_bytes(
        bytes([0, 0, 8, 1]) + np.array([60], dtype=">u4").tobytes() + bytes([0, 1] * 21 + [2] * 18)
    )
    with pytest.raises(
        ValueError, match=r"^class '2' has 18 images to average \(train\), fewer than the 19 rep"
    ):
        building.build(tmp_path / "set", one)


def test_more_images_keep_the_shards_that_are_whole(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "SHARD_IMAGES", 2)
    cache, one = tmp_path / "cache", changed(plan, methods=("vargrad",))
    building.build(tmp_path / "set", changed(one, parameters={"vargrad": {"images": 4}}), cache=cache)
    done = done_tasks(monkeypatch)
    building.build(tmp_path / "more", changed(one, parameters={"vargrad": {"images": 6}}), cache=cache)
    assert len(done) == 6


@pytest.mark.parametrize("damage", [b"", b"no array", None])
def test_a_damaged_result_is_computed_again(plan: Plan, tmp_path: Path, damage: bytes | None) -> None:
    cache = tmp_path / "cache"
    building.build(tmp_path / "set", plan, cache=cache)
    file = sorted(cache.glob("*.npy"))[0]
    file.write_bytes(file.read_bytes()[:-8] if damage is None else damage)
    building.build(tmp_path / "again", plan, cache=cache)
    assert content(tmp_path / "set") == content(tmp_path / "again")


def test_the_size_of_shards_changes_no_byte(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = changed(plan, parameters={**SMALL, "lime": {**SMALL["lime"], "images": 5, "shared_by": 2}})
    building.build(tmp_path / "one", plan)
    monkeypatch.setattr(tasks, "SHARD_IMAGES", 2)
    building.build(tmp_path / "several", plan)
    assert content(tmp_path / "one") == content(tmp_path / "several")


def test_two_builds_in_one_folder_are_refused(plan: Plan, tmp_path: Path) -> None:
    work = tmp_path / "set" / ".work"
    work.mkdir(parents=True)
    with lock.held(work / "lock", "set"), pytest.raises(ValueError) as caught:  # noqa: PT011
        building.build(tmp_path / "set", plan)
    assert re.fullmatch(
        rf"{tmp_path / 'set'}: process {os.getpid()} on \S+ is building here; "
        "wait until it is done, or choose another --out",
        str(caught.value),
    )
    assert len(building.build(tmp_path / "set", plan).maps) == 30


def test_a_lock_that_was_deleted_meanwhile_is_not_taken_for_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The build before deletes its work folder with the lock that the next one has just opened."""
    path = tmp_path / "lock"
    flock = lock.fcntl.flock
    monkeypatch.setattr(lock.fcntl, "flock", lambda *rest: (flock(*rest), path.unlink()))
    with (
        pytest.raises(ValueError, match=r"^set: another build has just ended here; try again$"),
        lock.held(path, "set"),
    ):
        pass


def test_a_finished_set_is_left_as_it_is(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = building.build(tmp_path / "set", plan)
    monkeypatch.setattr(schedulers, "perform", None)
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
    samples = plan_module._samples(plan, model, relabelled, ("1",), {"lime": {"images": 10}})
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


def test_the_support_of_every_pixel_is_kept_beside_the_map(plan: Plan, tmp_path: Path) -> None:
    """LIME chooses 10 pixels of each of 3 images."""
    building.build(tmp_path / "set", plan)
    support = manifest.read_support(tmp_path / "set")
    maps = manifest.read_maps(tmp_path / "set")
    assert support["normlime/1/1"].sum() == pytest.approx(30, abs=3)
    assert (maps["normlime/1/1"][support["normlime/1/1"] == 0] == 0).all()
    assert support.keys() == {key for key in maps if not key.startswith("class-mean")}


def test_pixels_with_less_than_the_wanted_support_are_left_out(plan: Plan, tmp_path: Path) -> None:
    """Each of three images chooses four of the nine pixels of its square."""
    normlime = changed(plan, methods=("normlime",), parameters={"lime": {**SMALL["lime"], "features": 4}})
    building.build(tmp_path / "all", normlime)
    built = building.build(tmp_path / "some", changed(normlime, minimum_support=3))
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
        ({"minimum_support": 0}, "the minimum support is 0; allowed: from 1 image"),
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
    monkeypatch.setattr(lime, "explain", lambda *_, **__: np.full((3, 64), np.nan))
    with pytest.raises(
        ValueError, match=r"^lime gives values that are not finite for class '0'; does the class"
    ):
        building.build(tmp_path / "set", plan)


def test_a_dry_run_counts_the_passes_that_the_build_then_takes(plan: Plan, tmp_path: Path) -> None:
    predicted = {line.local: line for line in forecast.of_build(tmp_path / "set", plan, Scheduling()).lines}
    built = {method.slug: method for method in building.build(tmp_path / "set", plan).methods}
    for slug, line in predicted.items():
        assert (line.forward_passes, line.backward_passes) == (
            built[slug].forward_passes,
            built[slug].backward_passes,
        )


def test_a_dry_run_leaves_out_what_is_done_and_writes_nothing(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        building.build(tmp_path / "set", plan, interrupt_after(8))
    before = content(tmp_path / "set")
    predicted = forecast.of_build(tmp_path / "set", plan, Scheduling())
    assert sum(line.cached for line in predicted.lines) == len(kept(tmp_path / "set"))
    assert content(tmp_path / "set") == before


def test_the_seconds_of_a_dry_run_are_those_of_a_shard_times_the_shards(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """12 images take 2 s each, and the first of each of 2 replicates 1 s more, for what all classes share."""
    tried: list[tasks.Task] = []

    def timed(loaded: Any, task: tasks.Task) -> float:
        tried.append(task)
        if task.parameters["samples"] < 500:
            return 0.2 * len(task.sample.numbers)
        return 2.0 * len(task.sample.numbers) + (len(tried) == 3)

    monkeypatch.setattr(forecast, "_timed", timed)
    one = changed(plan, methods=("vargrad",), parameters={"vargrad": {"images": 2, "samples": 500}})
    assert forecast.of_build(tmp_path / "set", one, Scheduling()).lines[0].seconds == pytest.approx(26)


def test_a_slow_network_is_tried_with_fewer_samples(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pass of 0.1 s, and 5,000 of each of 12 images: 6,000 s, told after some 40 passes."""
    passes = []

    def timed(loaded: Any, task: tasks.Task) -> float:
        passes.append(task.forward_passes)
        return 0.1 * task.forward_passes

    monkeypatch.setattr(forecast, "_timed", timed)
    one = changed(plan, methods=("vargrad",), parameters={"vargrad": {"images": 2, "samples": 5000}})
    assert forecast.of_build(tmp_path / "set", one, Scheduling()).seconds == pytest.approx(6000, rel=0.01)
    assert sum(passes) < 140


@pytest.mark.parametrize(("workers", "share"), [(1, 1), (2, 1), (3, 4 / 3), (4, 1), (8, 1)])
def test_processes_share_the_processors(workers: int, share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """One process uses all four processors already; three, with a thread each, use three of them."""
    monkeypatch.setattr(forecast.execution, "processors", lambda: 4)
    assert forecast._share(Scheduling(workers)) == pytest.approx(share)


def test_no_workers_are_refused(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^0 workers can do nothing; allowed: from 1$"):
        building.build(tmp_path / "set", plan, scheduling=Scheduling(0))


def test_a_scheduler_that_is_not_there_is_one_line(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(schedulers, "CONNECTION_SECONDS", 0.2)
    expected = r"^--scheduler tcp://127.0.0.1:9: no Dask scheduler answers there \("
    with pytest.raises(ValueError, match=expected):
        building.build(tmp_path / "set", plan, scheduling=Scheduling(address="tcp://127.0.0.1:9"))


def test_a_cluster_with_other_libraries_is_refused(plan: Plan) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        schedulers.perform_remotely(None, None, {"numpy": "0.1"}, "cpu")  # type: ignore[arg-type]
    assert str(caught.value) == (
        f"a worker of the cluster has numpy {np.__version__}, but the build has 0.1; "
        "install the same version there"
    )


@pytest.mark.slow
def test_two_workers_and_one_give_the_same_bytes(plan: Plan, tmp_path: Path) -> None:
    building.build(tmp_path / "one", plan)
    building.build(tmp_path / "two", plan, scheduling=Scheduling(workers=2))
    assert content(tmp_path / "one") == content(tmp_path / "two")


@pytest.mark.slow
def test_a_workers_mistake_is_told_as_ones_own(plan: Plan, tmp_path: Path) -> None:
    plan = changed(plan, parameters={**SMALL, "lime": {**SMALL["lime"], "perturbation": "blur"}})
    with pytest.raises(ValueError, match=r"^lime.perturbation is 'blur'; allowed: masks, gaussian$"):
        building.build(tmp_path / "set", plan, scheduling=Scheduling(workers=2))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_cluster_gives_the_same_bytes(plan: Plan, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    building.build(tmp_path / "here", plan)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
    ) as cluster:
        scheduling = Scheduling(address=cluster.scheduler_address)
        building.build(tmp_path / "there", plan, scheduling=scheduling)
    assert content(tmp_path / "here") == content(tmp_path / "there")


def command(plan: Plan, network: Any, *more: str) -> tuple[list[str], dict[str, str]]:
    """A build of the squares that takes some seconds, as a command, and its environment."""
    line = [sys.executable, "-m", "explanations", "build", "--data", str(plan.data), "--images", "3"]
    line += ["--model", plan.factory, "--weights", str(plan.weights), "--samples", "500", *more]
    path = os.pathsep.join([str(network.folder), *sys.path])
    return line, {**os.environ, "PYTHONPATH": path}


def ends_within(seconds: float, group: int) -> bool:
    """Whether all processes of a group end in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_terminated_build_keeps_what_is_finished_and_leaves_no_process(
    workers: str, plan: Plan, tmp_path: Path, network
) -> None:
    folder = tmp_path / "set"
    line, environment = command(
        plan, network, "--progress", "json", "--workers", workers, "--out", str(folder)
    )
    with subprocess.Popen(
        [*line, "--set", "lime.samples=20000"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        while process.poll() is None and not kept(folder):
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        out, error = process.communicate(timeout=60)
    assert process.returncode == 143
    assert error.splitlines()[-1] == "python -m explanations build: terminated; run it again to go on"
    assert json.loads(out.splitlines()[-1]) == {
        "state": "cancelled",
        "message": "terminated; run it again to go on",
    }
    assert kept(folder)
    assert ends_within(30, process.pid)


@pytest.mark.slow
def test_a_killed_build_continues_to_the_same_bytes(plan: Plan, tmp_path: Path, network) -> None:
    line, environment = command(plan, network, "--out")
    broken = tmp_path / "broken"
    with subprocess.Popen([*line, str(broken)], env=environment, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None and not kept(broken):
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert not (broken / "manifest.json").exists()
    for folder in (broken, tmp_path / "whole"):
        subprocess.run([*line, str(folder)], env=environment, check=True, capture_output=True)
    assert content(broken) == content(tmp_path / "whole")
