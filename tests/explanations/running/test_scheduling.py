from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from torch import nn

from explanations.building import build as building
from explanations.building import plan as plan_module
from explanations.building import tasks
from explanations.building.build import Plan, Scheduling
from explanations.running import scheduling as running


def test_no_workers_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^--workers must be at least 1 \(got 0\)$"):
        Scheduling(0)


def test_a_scheduler_that_is_not_there_is_one_line(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(running, "CONNECTION_SECONDS", 0.2)
    expected = r"^--scheduler tcp://127.0.0.1:9: no Dask scheduler answers there \("
    with pytest.raises(ValueError, match=expected):
        building.build(tmp_path / "set", plan, scheduling=Scheduling(address="tcp://127.0.0.1:9"))


def test_a_cluster_with_other_libraries_is_refused(plan: Plan) -> None:
    [task, *_] = plan_module.load(plan).tasks()
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        running.perform_remotely(tasks.make_work(nn.Identity(), "cpu"), task, {"numpy": "0.1"})
    assert str(caught.value) == (
        f"a worker of the cluster has numpy {np.__version__}, but this process has 0.1; "
        "install the same version there"
    )


def test_a_cluster_with_other_code_of_the_method_is_refused(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    [task, *_] = plan_module.load(plan).tasks()
    required = tasks.requirements(task)
    monkeypatch.setattr(tasks, "code_version", lambda function: 64 * "0")
    expected = (
        r"^a worker of the cluster has lime of code 000000000000, but this process has [0-9a-f]{12}; install"
    )
    with pytest.raises(ValueError, match=expected):
        running.perform_remotely(tasks.make_work(nn.Identity(), "cpu"), task, required)


@pytest.mark.slow
def test_two_workers_and_one_give_the_same_bytes(plan: Plan, tmp_path: Path, content) -> None:
    building.build(tmp_path / "one", plan)
    building.build(tmp_path / "two", plan, scheduling=Scheduling(workers=2))
    assert content(tmp_path / "one") == content(tmp_path / "two")


@pytest.mark.slow
def test_a_workers_mistake_is_told_as_ones_own(plan: Plan, tmp_path: Path, small) -> None:
    plan = replace(plan, parameters={**small, "lime": {**small["lime"], "perturbation": "blur"}})
    with pytest.raises(ValueError, match=r"^lime.perturbation is 'blur'; allowed: masks, gaussian$"):
        building.build(tmp_path / "set", plan, scheduling=Scheduling(workers=2))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_cluster_gives_the_same_bytes(plan: Plan, tmp_path: Path, content) -> None:
    distributed = pytest.importorskip("distributed")
    building.build(tmp_path / "here", plan)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
    ) as cluster:
        scheduling = Scheduling(address=cluster.scheduler_address)
        building.build(tmp_path / "there", plan, scheduling=scheduling)
    assert content(tmp_path / "here") == content(tmp_path / "there")
