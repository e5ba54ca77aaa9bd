import dataclasses
import re
from pathlib import Path

import pytest
import torch
from torch import nn

from explanations.building import build as building
from explanations.building import plan as planning
from explanations.building.build import Plan
from explanations.datasets import labelled_images
from explanations.datasets.labelled_images import LabelledImages
from explanations.figures.examples import examples
from explanations.manifest.records import Manifest
from explanations.models import classifiers, loading

FAST = {"vargrad": {"images": 2, "samples": 2}}


@pytest.fixture
def plan(squares: Path, network) -> Plan:
    """A build of one map of two images for each class and replicate."""
    return Plan(("vargrad",), parameters=FAST, model=network.spec, data=squares)


@pytest.fixture
def built(plan: Plan, tmp_path: Path) -> Manifest:
    """The manifest of the set that `plan` makes."""
    return building.build(tmp_path / "set", plan)


@pytest.fixture
def subject(plan: Plan) -> tuple[nn.Module, LabelledImages]:
    """The classifier of the plan and its test images."""
    loaded, test = loading.load(plan.model, plan.data)
    return loaded.model, test


def test_an_example_is_the_first_image_that_the_maps_explain(
    plan: Plan, built: Manifest, subject: tuple[nn.Module, LabelledImages]
) -> None:
    model, test = subject
    predicted = classifiers.predict(model, test.images)
    samples = planning._samples(plan, predicted, test, ("0", "1", "2"), FAST)
    for replicate in (1, 2):
        found = examples(built, model, test, replicate)
        for sample in (sample for sample in samples if sample.replicate == replicate):
            assert torch.equal(torch.from_numpy(found[sample.label].image[..., 0]), sample.images[0, 0])


def test_the_example_of_a_method_that_picks_is_its_first_pick(
    built: Manifest, subject: tuple[nn.Module, LabelledImages]
) -> None:
    model, test = subject
    maps = [dataclasses.replace(r, picked=(11, 2)) if r.method == "vargrad" else r for r in built.maps]
    picking = dataclasses.replace(built, maps=tuple(maps))
    found = examples(picking, model, test, 1, ["vargrad"])["2"]
    assert torch.equal(torch.from_numpy(found.image[..., 0]), test.images[11, 0])
    plain = examples(picking, model, test, 1, ["lime"])["2"]
    assert plain.image.tobytes() == examples(built, model, test, 1)["2"].image.tobytes()


def test_a_prediction_names_the_class_and_its_share(
    built: Manifest, subject: tuple[nn.Module, LabelledImages]
) -> None:
    found = examples(built, *subject, replicate=1)
    assert re.fullmatch(r"2 \((>99|\d\d)%\)", found["2"].prediction)
    assert found["2"].image.shape == (8, 8, 3)


def test_other_data_than_those_of_the_set_are_refused(
    built: Manifest, subject: tuple[nn.Module, LabelledImages]
) -> None:
    with pytest.raises(
        ValueError, match=r"^MNIST is not what the set was made of, squares; name it by --data$"
    ):
        examples(built, subject[0], labelled_images.mnist("test"), 1)


def test_another_preprocessing_than_that_of_the_set_is_refused(
    built: Manifest, subject: tuple[nn.Module, LabelledImages]
) -> None:
    classifier = dataclasses.replace(built.classifier, preprocessing={"size": [9, 9]})
    other = dataclasses.replace(built, classifier=classifier)
    with pytest.raises(
        ValueError, match=r"^the set was made with the preprocessing \{'size': \[9, 9\]\}; give"
    ):
        examples(other, *subject, replicate=1)


def test_the_likeliest_classes_stand_a_line_each(
    built: Manifest, subject: tuple[nn.Module, LabelledImages]
) -> None:
    found = examples(built, *subject, replicate=1, predictions=2)
    assert re.fullmatch(r"2 \((>99|\d\d)%\)\n[01] \(\d+%\)", found["2"].prediction)
