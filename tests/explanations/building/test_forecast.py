from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from explanations.building import build as building
from explanations.building import forecast, tasks
from explanations.building.build import Plan, Scheduling


def test_a_dry_run_counts_the_passes_that_the_build_then_takes(plan: Plan, tmp_path: Path) -> None:
    predicted = {line.local: line for line in forecast.of_build(tmp_path / "set", plan, Scheduling()).lines}
    built = {method.slug: method for method in building.build(tmp_path / "set", plan).methods}
    for slug, line in predicted.items():
        assert (line.forward_passes, line.backward_passes) == (
            built[slug].forward_passes,
            built[slug].backward_passes,
        )


def test_a_dry_run_leaves_out_what_is_done_and_writes_nothing(
    plan: Plan, tmp_path: Path, content, kept, interrupted
) -> None:
    interrupted(tmp_path / "set", plan)
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
    one = replace(plan, methods=("vargrad",), parameters={"vargrad": {"images": 2, "samples": 500}})
    assert forecast.of_build(tmp_path / "set", one, Scheduling()).lines[0].seconds == pytest.approx(26)


def test_a_quick_method_is_tried_on_several_tasks(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shards of two images take 1.8 s and 0.2 s in turns: the mean of four is 1 s, that of the first not."""
    turns = iter([0.01, 0.01, 0.01] + [1.8, 0.2] * 3)
    monkeypatch.setattr(forecast, "_timed", lambda loaded, task: next(turns))
    one = replace(plan, methods=("vargrad",), parameters={"vargrad": {"images": 2, "samples": 50}})
    [line] = forecast.of_build(tmp_path / "set", one, Scheduling()).lines
    assert line.seconds == pytest.approx(6 * (1.8 + 0.2 + 1.8) / 3)


def test_a_slow_network_is_tried_with_fewer_samples(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pass of 0.1 s, and 5,000 of each of 12 images: 6,000 s, told after some 40 passes."""
    passes = []

    def timed(loaded: Any, task: tasks.Task) -> float:
        passes.append(task.forward_passes)
        return 0.1 * task.forward_passes

    monkeypatch.setattr(forecast, "_timed", timed)
    one = replace(plan, methods=("vargrad",), parameters={"vargrad": {"images": 2, "samples": 5000}})
    assert forecast.of_build(tmp_path / "set", one, Scheduling()).seconds == pytest.approx(6000, rel=0.01)
    assert sum(passes) < 140


@pytest.mark.parametrize(("workers", "share"), [(1, 1), (2, 1), (3, 4 / 3), (4, 1), (8, 1)])
def test_processes_share_the_processors(workers: int, share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """One process uses all four processors already; three, with a thread each, use three of them."""
    monkeypatch.setattr(forecast.processes, "processors", lambda: 4)
    assert forecast._share(Scheduling(workers)) == pytest.approx(share)
