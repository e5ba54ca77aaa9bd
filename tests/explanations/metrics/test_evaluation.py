"""A set of squares, built and measured in a second: what is kept, resumed, spread and written."""

import csv
import json
import multiprocessing
from dataclasses import replace
from multiprocessing.connection import wait
from pathlib import Path

import pytest
import safetensors.torch
from torch import nn

from explanations import manifest
from explanations.__main__ import main
from explanations.building import build as building
from explanations.metrics import context, evaluation, tasks
from explanations.metrics.context import Source, load
from explanations.metrics.evaluation import Plan
from explanations.metrics.measures import sparsity
from explanations.metrics.registry import RETRAININGS
from explanations.metrics.subject import NotMeasurableError
from explanations.running.code_version import code_version
from explanations.running.scheduling import Scheduling

KAR = {**RETRAININGS["kar"].defaults, "seeds": 1, "epochs": 1}
QUICK = ("confidence", "sparsity")
FEW = {"confidence": {"images": 3}}


@pytest.fixture
def source(squares: Path, network, tmp_path: Path) -> Source:
    """A finished set of two classes by one method, two replicates each."""
    plan = building.Plan(
        methods=("vargrad",),
        classes=("0", "2"),
        parameters={"vargrad": {"images": 2, "samples": 5}},
        model=network.spec,
        data=squares,
    )
    building.build(tmp_path / "set", plan)
    return Source(tmp_path / "set", network.spec, squares)


@pytest.fixture
def plan() -> Plan:
    return Plan(metrics=QUICK, parameters=FEW)


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def content(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in evaluation.FILES}


def test_every_map_of_every_method_and_of_the_control_has_every_score(source: Source, plan: Plan) -> None:
    out = source.folder / "metrics"
    evaluation.evaluate(source, out, plan)
    found = {(row["method"], row["label"], row["replicate"], row["metric"]) for row in rows(out)}
    assert len(found) == len(rows(out)) == 2 * 2 * 2 * 6
    assert {row["title"] for row in rows(out)} == {"VarGrad", "Random order"}
    assert ("gini", "Gini index") in {(row["metric"], row["metric_title"]) for row in rows(out)}


def test_the_manifest_names_the_files_and_the_set_stays_whole(source: Source, plan: Plan) -> None:
    before = manifest.read(source.folder)
    evaluation.evaluate(source, source.folder / "metrics", plan)
    after = manifest.read(source.folder)
    assert after.metrics == {"files": ["metrics/metrics.csv", "metrics/metrics.json", "metrics/metrics.svg"]}
    assert replace(after, metrics={}) == before


def test_files_elsewhere_are_not_named(source: Source, plan: Plan, tmp_path: Path) -> None:
    evaluation.evaluate(source, tmp_path / "elsewhere", plan)
    assert manifest.read(source.folder).metrics == {}


@pytest.mark.slow
def test_an_interrupted_evaluation_goes_on_where_it_stopped(
    source: Source, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluation.evaluate(source, tmp_path / "whole", plan)
    done: list[str] = []
    run = tasks.MapTask.run

    def interrupted(self, *arguments):
        if len(done) == 7:
            raise KeyboardInterrupt
        done.append(str(self))
        return run(self, *arguments)

    monkeypatch.setattr(tasks.MapTask, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        evaluation.evaluate(source, tmp_path / "cut", plan)
    counted: list[str] = []
    monkeypatch.setattr(
        tasks.MapTask, "run", lambda self, *given: (counted.append(str(self)), run(self, *given))[1]
    )
    evaluation.evaluate(source, tmp_path / "cut", plan)
    assert set(done).isdisjoint(counted)
    assert len(done) + len(counted) == 16
    assert content(tmp_path / "cut") == content(tmp_path / "whole")


@pytest.mark.slow
def test_two_processes_write_the_same_bytes_as_one(source: Source, plan: Plan, tmp_path: Path) -> None:
    evaluation.evaluate(source, tmp_path / "one", plan)
    evaluation.evaluate(source, tmp_path / "two", plan, scheduling=Scheduling(workers=2))
    assert content(tmp_path / "two") == content(tmp_path / "one")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_cluster_writes_the_same_bytes(source: Source, plan: Plan, tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    evaluation.evaluate(source, tmp_path / "here", plan)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
    ) as cluster:
        scheduling = Scheduling(address=cluster.scheduler_address)
        evaluation.evaluate(source, tmp_path / "there", plan, scheduling=scheduling)
    assert content(tmp_path / "there") == content(tmp_path / "here")


@pytest.mark.slow
def test_who_interrupts_several_processes_does_not_wait_for_their_pieces(
    source: Source, tmp_path: Path
) -> None:
    endless = Plan(metrics=("sparsity", "kar"), parameters={"kar": {"epochs": 10**6}})

    def interrupt(done: float, total: float, doing: str) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluation.evaluate(source, tmp_path / "out", endless, interrupt, Scheduling(workers=2))
    for child in multiprocessing.active_children():
        assert wait([child.sentinel], timeout=20), "it is still at work"


def test_another_seed_measures_other_images(source: Source, plan: Plan, tmp_path: Path) -> None:
    for seed in (0, 1):
        evaluation.evaluate(source, tmp_path / str(seed), replace(plan, seed=seed))
    assert content(tmp_path / "0") != content(tmp_path / "1")


def test_progress_never_runs_back_and_ends_at_the_whole(source: Source, plan: Plan, tmp_path: Path) -> None:
    steps: list[tuple[float, float]] = []
    evaluation.evaluate(source, tmp_path / "out", plan, lambda done, total, _: steps.append((done, total)))
    assert steps == sorted(steps)
    assert steps[-1][0] == steps[-1][1]


@pytest.mark.parametrize("changed", ["sparsity", "network"])
def test_what_other_code_measured_is_not_taken(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str
) -> None:
    plan, done, run = Plan(metrics=("sparsity", "sanity")), list[str](), tasks.MapTask.run
    evaluation.evaluate(source, tmp_path / "out", plan)
    monkeypatch.setattr(
        tasks.MapTask, "run", lambda self, *given: (done.append(self.metric), run(self, *given))[1]
    )
    evaluation.evaluate(source, tmp_path / "out", plan)
    assert done == []
    if changed == "network":
        monkeypatch.setattr(context, "network_version", lambda model: "new")
    else:
        other = {sparsity.measure: "new"}
        monkeypatch.setattr(tasks, "code_version", lambda it: other.get(it) or code_version(it))
    evaluation.evaluate(source, tmp_path / "out", plan)
    assert set(done) == ({"sparsity", "sanity"} if changed == "network" else {"sparsity"})


def test_what_can_not_be_measured_is_empty_and_says_why(
    source: Source, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(importance):
        raise NotMeasurableError("the map is 0 everywhere, so that it has no sparsity")

    monkeypatch.setattr(sparsity, "gini", refuse)
    evaluation.evaluate(source, tmp_path / "out", replace(plan, metrics=("sparsity",), parameters={}))
    [first, *_] = rows(tmp_path / "out")
    assert (first["value"], first["note"]) == ("", "the map is 0 everywhere, so that it has no sparsity")
    record = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert record["methods"][0]["scores"]["gini"] == {"mean": None, "low": None, "high": None, "n": 0}


@pytest.mark.slow
def test_methods_that_are_asked_again_answer_as_they_did(source: Source, tmp_path: Path) -> None:
    chosen = ("rotation", "sanity", "completeness", "invariance")
    few = {slug: {"images": 1} for slug in chosen}
    results = evaluation.evaluate(source, tmp_path / "out", Plan(metrics=chosen, parameters=few))
    assert results.summary("vargrad", "variance").mean < 1e-4
    assert results.summary("vargrad", "cascading").mean < 0.9
    notes = {value.note for value in results.values if value.score == "incompleteness"}
    assert notes == {"a method that promises completeness", "a method that can explain other images; "
                     "a random order can't"}  # fmt: skip


@pytest.mark.slow
def test_networks_trained_again_are_a_score_of_the_method(source: Source, tmp_path: Path) -> None:
    settings = {slug: {"seeds": 2, "epochs": 1, "shares": "90 20"} for slug in ("kar", "roar")}
    plan = Plan(metrics=("kar", "roar"), parameters=settings)
    results = evaluation.evaluate(source, tmp_path / "out", plan)
    found = [row for row in rows(tmp_path / "out") if row["metric"] == "kar"]
    assert [(row["method"], row["label"], row["replicate"], row["n"]) for row in found] == [
        (method, "", "1", "2") for method in ("vargrad", "random")
    ]
    [curve, *_] = results.curves
    assert [point.share for point in curve.points] == [0, 0.2, 0.9]
    assert all(len(point.errors) == 2 for point in curve.points)
    assert curve.points[0].gained == (0, 0)


def test_units_have_no_neighbours_to_measure_by(units: Source, tmp_path: Path) -> None:
    plan = Plan(metrics=("road", "sparsity"), parameters={"road": {"images": 1}})
    results = evaluation.evaluate(units, tmp_path / "out", plan)
    notes = {value.score: value.note for value in results.values}
    assert notes["road"] == "pixels; the units of a layer have no neighbours"
    assert notes["gini"] == ""


def test_networks_trained_again_see_what_the_order_leaves(source: Source) -> None:
    [group, *_] = tasks.list_retrain_tasks(RETRAININGS["kar"], {**KAR, "shares": "75"}, load(source), 0)
    kept = [tasks._kept_pixels(load(source), "kar", order, 0).sum() for order in group.orders]
    assert kept == [64, 16, 16]  # nothing removed, VarGrad, the control


def test_networks_without_convolutions_train_together_and_others_alone(source: Source) -> None:
    loaded = load(source)
    convolved = replace(loaded, model=nn.Sequential(nn.Conv2d(1, 1, 3)))
    groups = [len(tasks.list_retrain_tasks(RETRAININGS["kar"], KAR, m, 0)) for m in (loaded, convolved)]
    assert groups == [3, 19]  # 19 networks, by eights and by ones


@pytest.fixture
def units(source: Source, tmp_path: Path) -> Source:
    """A finished set of the units of a layer, which are 12 numbers, by one method."""
    plan = building.Plan(
        methods=("vargrad",),
        parameters={"vargrad": {"images": 2, "samples": 5}},
        model=source.model,
        data=source.data,
        layer="1",
    )
    building.build(tmp_path / "units", plan)
    return replace(source, folder=tmp_path / "units")


def test_a_set_of_units_trains_what_follows_the_layer(units: Source) -> None:
    loaded = load(units)
    assert loaded.importance("vargrad", "0", 1, 0).shape == (12, 1)
    assert [type(module).__name__ for module in loaded.make()] == ["Units", "Softplus", "Linear"]
    assert loaded.manifest.dataset.name == "squares, layer 1"
    assert loaded.manifest.classifier.preprocessing["layer"] == "1"


def test_an_order_for_retraining_is_one_for_all_classes(source: Source) -> None:
    loaded = load(source)
    importance = tasks.overall(loaded, "vargrad", 1, 0)
    assert importance.shape == (8, 8)
    assert importance.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"metrics": ("luck",)}, "there is no metric 'luck'; allowed: curves, road, "),
        ({"parameters": {"curves": {}}}, "there are no parameters of 'curves' here; allowed: confidence, "),
        ({"parameters": {"confidence": {"size": 1}}}, "confidence has no parameter 'size'; allowed: images"),
        ({"parameters": {"confidence": {"images": 0}}}, "confidence.images is 0; allowed: from 1"),
        (
            {"parameters": {"confidence": {"images": 2.0}}},
            "confidence.images is 2.0; expected a whole number",
        ),
        (
            {"metrics": ("kar",), "parameters": {"kar": {"shares": "0 50"}}},
            "the shares are '0 50'; allowed: percents from 1 to 99, as in '10 50 90'",
        ),
        ({"parameters": {"confidence": {"images": 50}}}, "the model assigns 20 test images to class '0', "),
    ],
)
def test_what_is_out_of_bounds_is_refused_in_one_line(
    source: Source, plan: Plan, tmp_path: Path, change: dict, expected: str
) -> None:
    with pytest.raises(ValueError, match="^" + expected.replace(".", r"\.")):
        evaluation.evaluate(source, tmp_path / "out", replace(plan, **change))


def test_another_network_than_the_sets_is_refused(source: Source, plan: Plan, tmp_path: Path) -> None:
    other = tmp_path / "other.safetensors"
    tensors = safetensors.torch.load_file(source.model.weights)
    safetensors.torch.save_file(tensors, other, {"training": "another one"})
    wrong = replace(source, model=replace(source.model, weights=other))
    with pytest.raises(ValueError, match=r"these are not the weights that .* explains; name those"):
        evaluation.evaluate(wrong, tmp_path / "out", plan)


def test_other_images_than_the_sets_are_refused(source: Source, plan: Plan, tmp_path: Path) -> None:
    described = manifest.read(source.folder)
    manifest.write(source.folder, replace(described, dataset=replace(described.dataset, sha256="ab" * 32)))
    with pytest.raises(ValueError, match=r"^squares: are not the images of squares that .* name those with"):
        evaluation.evaluate(source, tmp_path / "out", plan)


def test_the_command_prints_a_table_and_names_the_files(
    source: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    network = ["--model", source.model.factory, "--weights", str(source.model.weights)]
    network += ["--data", str(source.data)]
    asked = ["--metrics", "sparsity", "stability", "--set", "stability.share=0.2", "--workers", "1"]
    assert main(["evaluate", str(source.folder), *asked, *network]) == 0
    printed = capsys.readouterr().out
    assert "(higher is" in printed
    assert printed.count("*") >= 5
    assert printed.endswith(f"{source.folder}/metrics: metrics.csv, metrics.json, metrics.svg\n")


def test_the_command_tells_a_program_how_far_it_is(
    source: Source, capsys: pytest.CaptureFixture[str]
) -> None:
    network = ["--model", source.model.factory, "--weights", str(source.model.weights)]
    network += ["--data", str(source.data)]
    asked = ["--metrics", "sparsity", "--progress", "json", "--processes", "1"]
    assert main(["evaluate", str(source.folder), *asked, *network]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["state"] for line in lines[:-1]} == {"running"}
    assert lines[-2]["share"] == 1
    assert lines[-1]["state"] == "finished"


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        (["--set", "sparsity.size=2"], "--set sparsity.size=2: write name=value; names: sparsity.images"),
        (["--set", "sparsity.images=x"], "--set sparsity.images=x: 'x' is not a whole number"),
        (["--workers", "0"], "--workers must be at least 1 (got 0)"),
        (
            ["--masks", "nowhere.npz"],
            "nowhere.npz: is not an .npz file with an array 'masks' of shape (60, 8, 8)",
        ),
    ],
)
def test_the_command_refuses_in_one_line(
    source: Source, extra: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    network = ["--model", source.model.factory, "--weights", str(source.model.weights)]
    network += ["--data", str(source.data)]
    assert main(["evaluate", str(source.folder), "--metrics", "sparsity", *network, *extra]) == 2
    assert capsys.readouterr().err == f"python -m explanations evaluate: {expected}\n"


@pytest.mark.parametrize(("slug", "baseline"), [("deeplift", "mean"), ("deepshap", "images")])
def test_completeness_is_asked_against_the_baseline_that_a_set_records(
    slug: str, baseline: str, squares: Path, network, tmp_path: Path
) -> None:
    parameters = {slug: {"images": 1, "baseline": baseline, "background": 3}}
    built = building.Plan((slug,), ("0",), 1, parameters=parameters, model=network.spec, data=squares)
    building.build(tmp_path / "set", built)
    plan = Plan(metrics=("completeness",), parameters={"completeness": {"images": 2}})
    results = evaluation.evaluate(Source(tmp_path / "set", network.spec, squares), tmp_path / "out", plan)
    assert results.summary(slug, "incompleteness").mean < 1e-3
