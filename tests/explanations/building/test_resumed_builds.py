import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from explanations.building import build as building
from explanations.building import plan as plan_module
from explanations.building import tasks
from explanations.building.build import Plan
from explanations.datasets.preprocessing import Preprocessing
from explanations.methods.registry import METHODS
from explanations.running import lock
from explanations.running.code_version import code_version


def done_tasks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list that fills with the digests of the tasks that are done from now on."""
    done: list[str] = []

    def spy(model: Any, task: tasks.Task, *rest: Any) -> tasks.Outcome:
        done.append(task.digest)
        return perform(model, task, *rest)

    perform = tasks.perform
    monkeypatch.setattr(tasks, "perform", spy)
    return done


def test_an_interrupted_build_is_no_set_and_continues_to_the_same_bytes(
    plan: Plan, tmp_path: Path, content, interrupted
) -> None:
    building.build(tmp_path / "whole", plan)
    interrupted(tmp_path / "broken", plan)
    assert not (tmp_path / "broken" / "manifest.json").exists()
    building.build(tmp_path / "broken", plan)
    assert content(tmp_path / "whole") == content(tmp_path / "broken")


def test_finished_work_is_not_repeated(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept, interrupted
) -> None:
    interrupted(tmp_path / "set", plan)
    finished = kept(tmp_path / "set")
    done = done_tasks(monkeypatch)
    building.build(tmp_path / "set", plan)
    assert finished
    assert not finished & set(done)
    assert len(done) == 18 - len(finished)  # 3 classes x 2 replicates x 3 local functions


def test_a_changed_parameter_recomputes_what_it_changes(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content, small
) -> None:
    cache = tmp_path / "cache"
    building.build(tmp_path / "set", plan, cache=cache)
    other = replace(plan, parameters={**small, "vargrad": {"images": 2, "samples": 6}})
    done = done_tasks(monkeypatch)
    building.build(tmp_path / "other", other, cache=cache)
    assert len(done) == 6  # VarGrad of 3 classes x 2 replicates
    building.build(tmp_path / "fresh", other)
    assert content(tmp_path / "other") == content(tmp_path / "fresh")


def test_another_preprocessing_recomputes_everything(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small
) -> None:
    cache, one = (
        tmp_path / "cache",
        replace(plan, methods=("vargrad",), parameters={"vargrad": small["vargrad"]}),
    )
    building.build(tmp_path / "set", one, cache=cache)
    done = done_tasks(monkeypatch)
    wanted = Preprocessing(mean=(0.1,), std=(0.9,))
    other = replace(one, model=replace(one.model, preprocessing=wanted))
    building.build(tmp_path / "other", other, cache=cache)
    assert len(done) == 6


def test_another_code_of_a_method_recomputes_its_results_alone(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    building.build(tmp_path / "set", plan, cache=cache)
    lime = METHODS["lime"].local.explain
    monkeypatch.setattr(tasks, "code_version", lambda it: "new" if it is lime else code_version(it))
    done = done_tasks(monkeypatch)
    building.build(tmp_path / "again", plan, cache=cache)
    assert len(done) == 6  # LIME of 3 classes x 2 replicates


def test_another_code_of_the_network_recomputes_everything(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    building.build(tmp_path / "set", plan, cache=cache)
    monkeypatch.setattr(plan_module, "network_version", lambda model: "new")
    done = done_tasks(monkeypatch)
    building.build(tmp_path / "again", plan, cache=cache)
    assert len(done) == 18


def test_more_images_keep_the_shards_that_are_whole(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "SHARD_IMAGES", 2)
    cache, one = tmp_path / "cache", replace(plan, methods=("vargrad",))
    building.build(tmp_path / "set", replace(one, parameters={"vargrad": {"images": 4}}), cache=cache)
    done = done_tasks(monkeypatch)
    building.build(tmp_path / "more", replace(one, parameters={"vargrad": {"images": 6}}), cache=cache)
    assert len(done) == 6


@pytest.mark.parametrize("damage", [b"", b"no array", None])
def test_a_damaged_result_is_computed_again(
    plan: Plan, tmp_path: Path, damage: bytes | None, content
) -> None:
    cache = tmp_path / "cache"
    building.build(tmp_path / "set", plan, cache=cache)
    file = sorted(cache.glob("*.npz"))[0]
    file.write_bytes(file.read_bytes()[:-8] if damage is None else damage)
    building.build(tmp_path / "again", plan, cache=cache)
    assert content(tmp_path / "set") == content(tmp_path / "again")


def test_the_size_of_shards_changes_no_byte(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content, small
) -> None:
    plan = replace(plan, parameters={**small, "lime": {**small["lime"], "images": 5, "shared_by": 2}})
    building.build(tmp_path / "one", plan)
    monkeypatch.setattr(tasks, "SHARD_IMAGES", 2)
    building.build(tmp_path / "several", plan)
    assert content(tmp_path / "one") == content(tmp_path / "several")


def test_two_builds_in_one_folder_are_refused(plan: Plan, tmp_path: Path) -> None:
    work = tmp_path / "set" / ".work"
    work.mkdir(parents=True)
    with lock.hold(work / "lock", "set"), pytest.raises(ValueError) as caught:  # noqa: PT011
        building.build(tmp_path / "set", plan)
    assert re.fullmatch(
        rf"{tmp_path / 'set'}: process {os.getpid()} on \S+ is working here; "
        "wait until it ends, or choose another --out",
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
        pytest.raises(ValueError, match=r"^set: another process has just finished here; try again$"),
        lock.hold(path, "set"),
    ):
        pass


def test_a_finished_set_is_left_as_it_is(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = building.build(tmp_path / "set", plan)
    monkeypatch.setattr(tasks, "perform", None)
    assert building.build(tmp_path / "set", plan) == first


def test_a_finished_set_of_another_seed_is_refused(plan: Plan, tmp_path: Path) -> None:
    building.build(tmp_path / "set", plan)
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        building.build(tmp_path / "set", replace(plan, seed=1))
    assert str(caught.value) == (
        f"{tmp_path / 'set'}: holds a finished set whose seed differs from what you ask for; "
        "choose another --out, or remove the folder"
    )


def test_a_folder_of_other_files_is_left_alone(plan: Plan, tmp_path: Path, content) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "thesis.txt").write_text("mine")
    expected = r"set: holds other files and no unfinished set; choose an empty folder for --out$"
    with pytest.raises(ValueError, match=expected):
        building.build(tmp_path / "set", plan)
    assert content(tmp_path / "set") == {"thesis.txt": b"mine"}
