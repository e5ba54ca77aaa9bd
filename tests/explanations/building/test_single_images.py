"""Sets of single images: each image has maps of its own, and its picture belongs to the set."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from explanations import manifest
from explanations.__main__ import main
from explanations.building import build as building
from explanations.building.build import Plan
from explanations.collecting.checks import edges
from explanations.datasets import labelled_images
from explanations.figures import examples
from explanations.manifest import ManifestError
from explanations.methods import registry
from explanations.metrics import evaluation
from explanations.metrics.context import Source, load
from explanations.models import loading
from explanations.rendering import Rendering, photograph
from explanations.rendering.redrawing import redraw


@pytest.fixture(name="plan")
def plan_of_images(squares: Path, network: Any) -> Plan:
    """Two images of each of three classes, by two methods that take a moment."""
    parameters: dict[str, Any] = {"lime": {"samples": 60, "features": 10}, "vargrad": {"samples": 5}}
    return Plan(
        methods=("lime", "vargrad"),
        replicates=1,
        parameters=parameters,
        model=network.spec,
        data=squares,
        each_image=2,
    )


@pytest.fixture
def of_images(plan: Plan, tmp_path: Path) -> Path:
    building.build(tmp_path / "set", plan)
    return tmp_path / "set"


def refusal(folder: Path) -> str:
    with pytest.raises(ManifestError) as caught:
        manifest.read(folder)
    return str(caught.value)


def changed(folder: Path, edit: Any) -> Path:
    record = json.loads((folder / "manifest.json").read_text())
    edit(record)
    (folder / "manifest.json").write_text(json.dumps(record))
    return folder


def test_every_image_has_a_map_by_every_method_and_its_edges_for_checks(of_images: Path) -> None:
    built = manifest.read(of_images)
    labels = ("0-1", "0-2", "1-1", "1-2", "2-1", "2-2")
    assert built.dataset.classes == labels
    found = {(record.method, record.label, record.replicate, record.images) for record in built.maps}
    assert found == {(slug, label, 1, 1) for slug in ("lime", "vargrad", "image-edges") for label in labels}


def test_the_original_is_the_image_of_its_number_as_the_network_was_given_it(
    of_images: Path, squares: Path
) -> None:
    images = labelled_images.load(squares, "test").images
    for original in manifest.read(of_images).originals:
        shown = np.asarray(Image.open(of_images / original.image))
        np.testing.assert_array_equal(shown, np.rint(255 * images[original.number, 0].numpy()))


def test_an_image_is_explained_for_the_class_that_the_network_sees(plan: Plan, of_images: Path) -> None:
    """The map is that of VarGrad on this one image, asked about the predicted class."""
    loaded_model, test = loading.load(plan.model, plan.data)
    model = loaded_model.model
    for original in manifest.read(of_images).originals:
        seen = int(model(test.images[[original.number]]).argmax())
        assert original.seen == test.classes[seen]
        sample = registry.Sample(
            0, original.label, seen, 1, (original.number,), test.images[[original.number]]
        )
        parameters = {**registry.LOCALS["vargrad"].defaults, "samples": 5, "images": 1}
        expected = registry.LOCALS["vargrad"].attribute(model, sample, parameters, lambda count: None)
        found = manifest.read_maps(of_images)[f"vargrad/{original.label}/1"]
        np.testing.assert_allclose(found.ravel(), expected[0], rtol=1e-6)


def test_the_same_build_again_is_the_set_and_of_other_images_another(plan: Plan, of_images: Path) -> None:
    assert building.build(of_images, plan) == manifest.read(of_images)
    with pytest.raises(ValueError, match=r"holds a finished set whose (dataset|originals) differs"):
        building.build(of_images, replace(plan, each_image=1))


def test_one_image_of_a_class_is_called_as_the_class(plan: Plan, tmp_path: Path) -> None:
    assert building.build(tmp_path / "one", replace(plan, each_image=1)).dataset.classes == ("0", "1", "2")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"replicates": 2},
            r"--replicates must be 1 with --each-image, because an image has one map by each method "
            r"\(got 2\)",
        ),
        ({"each_image": 0}, r"--each-image must be at least 1 \(got 0\)"),
        ({"each_image": 21}, "class '0' has 20 images, but 21 are to be explained"),
    ],
)
def test_what_can_not_be_built_is_said_in_a_line(
    plan: Plan, tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        building.build(tmp_path / "set", replace(plan, **changes))


def test_a_class_that_the_network_sees_in_the_image_can_not_be_asked_why_not(plan: Plan) -> None:
    sample = registry.Sample(0, "0-1", 0, 1, (3,), torch.zeros(1, 1, 8, 8), ("0", "1"))
    with pytest.raises(ValueError, match="cannot be contrasted with class '0' itself"):
        sample.retarget("0")


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda r: r["originals"].pop(), "originals has no image '2-2'; build the set again"),
        (lambda r: r["originals"].append(r["originals"][0]), "originals has '0-1' twice"),
        (lambda r: r["originals"][0].update(label="9"), 'originals.label is "9"; allowed: 0-1, 0-2'),
        (lambda r: r["originals"][0].update(image="images/0123456789.png"), "originals[0].image is"),
        (lambda r: r["originals"][0].update(number=-1), "originals[0].number is -1; allowed: a whole number"),
        (lambda r: r["originals"][0].pop("sha256"), "originals[0].sha256 is missing"),
        (lambda r: r["originals"][0].update(sha256="0" * 64), "SHA-256 is"),
    ],
)
def test_originals_that_break_the_contract_are_refused(of_images: Path, edit: Any, sentence: str) -> None:
    assert sentence in refusal(changed(of_images, edit))


def test_originals_of_two_sizes_are_refused(of_images: Path) -> None:
    original = manifest.read(of_images).originals[1]
    content = photograph(np.zeros((3, 9, 9)))
    (of_images / original.image).write_bytes(content)
    digest = manifest.hashlib.sha256(content).hexdigest()
    changed(of_images, lambda record: record["originals"][1].update(sha256=digest))
    assert f"{original.image}: 9 x 9 pixels, but" in refusal(of_images)


def test_a_set_of_classes_is_written_as_before_there_were_originals(small_set: Path) -> None:
    assert "originals" not in json.loads((small_set / "manifest.json").read_text())
    assert manifest.read(small_set).originals == ()


def test_a_photograph_is_shown_in_its_colours_without_metadata() -> None:
    image = np.zeros((3, 2, 4))
    image[0] = 1
    picture = Image.open(io.BytesIO(photograph(image)))
    assert (picture.size, picture.mode, picture.info) == ((4, 2), "RGB", {})
    assert picture.getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize("style", ["overlay", "top:2"])
def test_a_set_built_in_a_style_is_the_set_drawn_again_in_it(
    plan: Plan, of_images: Path, tmp_path: Path, style: str
) -> None:
    rendering = Rendering.choose(style)
    built = building.build(tmp_path / "built", replace(plan, rendering=rendering))
    assert built == redraw(of_images, rendering, tmp_path / "drawn")


def test_maps_of_classes_can_not_be_built_over_an_image(plan: Plan, tmp_path: Path) -> None:
    classes = replace(plan, each_image=None, rendering=Rendering("overlay"))
    with pytest.raises(
        ValueError, match=r"^the style overlay shows the image .* add --each-image, or choose"
    ):
        building.build(tmp_path / "classes", classes)


def test_edges_stand_where_the_image_changes() -> None:
    image = torch.zeros(3, 8, 8)
    image[:, :, 4:] = 1
    assert np.flatnonzero(edges(image.numpy())[3]).tolist() == [3, 4]


def test_the_figure_shows_the_very_image_of_each_row(of_images: Path, plan: Plan) -> None:
    loaded_model, test = loading.load(plan.model, plan.data)
    model = loaded_model.model
    described = manifest.read(of_images)
    for label, example in examples.examples(described, model, test, 1).items():
        original = described.original(label)
        assert original is not None
        np.testing.assert_array_equal(example.image[..., 0], test.images[original.number, 0])


def test_metrics_ask_of_each_map_its_own_image_and_class(of_images: Path, plan: Plan) -> None:
    material = load(Source(of_images, plan.model, plan.data))
    for original in material.manifest.originals:
        subject = material.subject("lime", original.label, 1, 50, 0)
        np.testing.assert_array_equal(subject.images, material.test.images[[original.number]])
        assert material.test.classes[subject.target] == original.seen
    source = Source(of_images, plan.model, plan.data)
    found = evaluation.evaluate(source, of_images / "metrics", evaluation.Plan(metrics=("curves",)))
    assert found is not None
    assert {value.n for value in found.values} == {1}


def test_networks_are_not_trained_by_maps_of_single_images(of_images: Path, plan: Plan) -> None:
    source = Source(of_images, plan.model, plan.data)
    with pytest.raises(ValueError, match="kar trains by maps of classes"):
        evaluation.evaluate(source, of_images / "metrics", evaluation.Plan(metrics=("kar",)))


def test_the_command_builds_one_map_of_an_image_of_each_class(
    network: Any, squares: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subject = ["--model", network.factory, "--weights", str(network.weights), "--data", str(squares)]
    options = ["--methods", "vargrad", "--samples", "3", "--each-image", "--out", str(tmp_path / "set")]
    assert main(["build", *options, *subject]) == 0
    assert "6 pictures of 3 images" in capsys.readouterr().out


@pytest.fixture
def for_two(plan: Plan, tmp_path: Path) -> Path:
    building.build(
        tmp_path / "set", replace(plan, methods=("vargrad",), parameters={}, each_image=1, for_top=2)
    )
    return tmp_path / "set"


def test_an_image_is_explained_for_its_likeliest_classes(plan: Plan, for_two: Path) -> None:
    classifier, test = loading.load(plan.model, plan.data)
    for original in manifest.read(for_two).originals:
        assert original.number is not None
        order = classifier.model(test.images[[original.number]])[0].argsort(descending=True)
        first, second = (test.classes[int(target)] for target in order[:2])
        assert original.label in (f"{first}-as-{first}", f"{first}-as-{second}")
        assert (original.seen, original.target) == (first, original.label.split("-as-")[1])


def test_the_map_of_an_image_for_a_class_asks_about_that_class(plan: Plan, for_two: Path) -> None:
    classifier, test = loading.load(plan.model, plan.data)
    for original in manifest.read(for_two).originals:
        assert original.number is not None
        assert original.target is not None
        images = test.images[[original.number]]
        target = test.classes.index(original.target)
        sample = registry.Sample(0, original.label, target, 1, (original.number,), images)
        parameters = {**registry.LOCALS["vargrad"].defaults, "images": 1}
        expected = registry.LOCALS["vargrad"].attribute(
            classifier.model, sample, parameters, lambda count: None
        )
        values = manifest.read_maps(for_two)[f"vargrad/{original.label}/1"]
        np.testing.assert_allclose(values.ravel(), expected[0], rtol=1e-6)


def test_labels_of_one_image_share_its_file_and_its_picture_for_checks(for_two: Path) -> None:
    built = manifest.read(for_two)
    assert len(built.dataset.classes) == 6
    assert len({original.image for original in built.originals}) == 3
    assert all(key.startswith("image-edges/") for group in built.equal for key in group)
    assert len(built.equal) == 3


def test_a_map_names_the_class_that_it_explains(for_two: Path) -> None:
    built = manifest.read(for_two)
    targets = {record.label: record.target for record in built.maps if record.method == "vargrad"}
    assert targets == {original.label: original.target for original in built.originals}


def test_an_image_states_its_likeliest_classes_and_their_probabilities(plan: Plan, for_two: Path) -> None:
    classifier, test = loading.load(plan.model, plan.data)
    original = manifest.read(for_two).originals[0]
    assert original.number is not None
    probabilities = classifier.model(test.images[[original.number]]).softmax(dim=1)[0]
    expected = sorted(zip(test.classes, probabilities.tolist(), strict=True), key=lambda pair: -pair[1])
    assert [name for name, _ in original.top] == [name for name, _ in expected]
    np.testing.assert_allclose(
        [probability for _, probability in original.top], [p for _, p in expected], atol=1e-6
    )


def test_more_targets_than_classes_are_refused(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"--for-top must be at most 3, the classes of the model \(got 4\)"):
        building.build(tmp_path / "set", replace(plan, for_top=4))


def test_metrics_ask_of_each_map_the_class_that_it_explains(for_two: Path, plan: Plan) -> None:
    material = load(Source(for_two, plan.model, plan.data))
    for original in material.manifest.originals:
        subject = material.subject("vargrad", original.label, 1, 50, 0)
        assert material.test.classes[subject.target] == original.target
