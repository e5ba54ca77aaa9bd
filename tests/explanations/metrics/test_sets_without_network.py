"""Sets whose network is not at hand, as of maps that were computed elsewhere."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explanations import manifest
from explanations.__main__ import main
from explanations.building import build as building
from explanations.building.build import Plan
from explanations.manifest.records import Classifier
from explanations.metrics import context, evaluation, registry
from explanations.metrics.context import Source
from explanations.metrics.measures import sparsity
from explanations.models import classifiers


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


@pytest.fixture
def photos(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A set of images that are in no data set, explained for a network that names its classes."""
    folder = tmp_path / "photos"
    parameters = {"vargrad": {"samples": 3}}
    built = building.build(
        folder,
        replace(plan, methods=("vargrad",), parameters=parameters, replicates=1, each_image=1, for_top=2),
    )
    stated = [replace(original, number=None) for original in built.originals]
    manifest.write(
        folder, replace(built, originals=tuple(stated), dataset=replace(built.dataset, sha256=None))
    )
    load = classifiers.load
    monkeypatch.setattr(classifiers, "load", lambda spec: replace(load(spec), categories=("0", "1", "2")))
    return folder


def test_the_images_of_a_set_stand_in_for_its_data_where_a_network_is_named(photos: Path, plan: Plan) -> None:
    loaded = context.load(Source(photos, plan.model))
    for original in manifest.read(photos).originals:
        subject = loaded.subject("vargrad", original.label, 1, 50, 0)
        with Image.open(photos / original.image) as image:
            np.testing.assert_allclose(subject.images[0, 0].numpy() * 255, np.asarray(image), atol=1e-4)
        assert loaded.test.classes[subject.target] == original.target


def test_metrics_that_need_a_network_measure_such_a_set(photos: Path, plan: Plan, tmp_path: Path) -> None:
    measured = evaluation.Plan(metrics=("curves",), parameters={"curves": {"images": 1, "steps": 4}})
    results = evaluation.evaluate(Source(photos, plan.model), tmp_path / "metrics", measured)
    assert {value.n for value in results.values} == {1}


def test_a_network_that_does_not_name_its_classes_needs_data(
    photos: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = classifiers.load
    monkeypatch.setattr(classifiers, "load", lambda spec: replace(load(spec), categories=()))
    with pytest.raises(ValueError, match=r"does not name its classes; name data that do, .* with --data$"):
        context.load(Source(photos, plan.model))


def test_maps_of_another_size_than_the_images_are_refused(photos: Path, plan: Plan) -> None:
    maps = manifest.read_maps(photos)
    manifest.write_maps(photos, {key: values[:4, :4] for key, values in maps.items()})
    manifest.write_support(photos, {})
    (photos / "support.safetensors").unlink()
    with pytest.raises(ValueError, match=r"are 4 x 4, but square_network:make is given images of 8 x 8"):
        context.load(Source(photos, plan.model))
