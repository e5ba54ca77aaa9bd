"""Sets whose network is not at hand, as of maps that were computed elsewhere."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from explanations import manifest
from explanations.__main__ import main
from explanations.manifest.records import Classifier
from explanations.metrics import evaluation, registry
from explanations.metrics.context import Source
from explanations.metrics.measures import sparsity


@pytest.fixture
def foreign(small_set: Path) -> Path:
    """A set of which neither network nor data are stated."""
    known = manifest.read(small_set)
    dataset = replace(known.dataset, split=None, sha256=None)
    manifest.write(small_set, replace(known, seed=None, dataset=dataset, classifier=Classifier()))
    return small_set


def test_a_metric_of_the_map_alone_needs_no_network(foreign: Path, tmp_path: Path) -> None:
    plan = evaluation.Plan(metrics=("sparsity",))
    results = evaluation.evaluate(Source(foreign, None), tmp_path / "metrics", plan)
    values = {(v.method, v.label, v.replicate): v.value for v in results.values if v.score == "gini"}
    expected = sparsity.gini(np.asarray(manifest.read_maps(foreign)["lime/3/1"], dtype=np.float64))
    assert values["lime", "3", 1] == pytest.approx(expected)


def test_replicates_are_compared_without_a_network(foreign: Path, tmp_path: Path) -> None:
    plan = evaluation.Plan(metrics=("stability",))
    results = evaluation.evaluate(Source(foreign, None), tmp_path / "metrics", plan)
    assert all(value.value is not None for value in results.values)


@pytest.mark.parametrize("metric", ["curves", "kar"])
def test_a_metric_that_needs_the_network_says_so(foreign: Path, tmp_path: Path, metric: str) -> None:
    plan = evaluation.Plan(metrics=("sparsity", metric))
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        evaluation.evaluate(Source(foreign, None), tmp_path / "metrics", plan)
    assert str(caught.value) == (
        f"{metric} needs the network that {foreign} explains; name it with --model, --weights and --data, or "
        "choose metrics of the maps alone: sparsity, stability"
    )
    assert not (tmp_path / "metrics").exists()


def test_the_command_measures_what_it_can_and_says_so(
    foreign: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(foreign), "--workers", "1"]) == 0
    shown = capsys.readouterr()
    assert "only metrics of the maps alone (sparsity, stability)" in shown.err
    assert "metrics.csv" in shown.out
    assert manifest.read(foreign).metrics["files"][0] == "metrics/metrics.csv"


def test_the_metrics_of_maps_alone_are_some_of_the_default() -> None:
    assert set(registry.OF_MAPS_ALONE) <= set(registry.DEFAULT)
