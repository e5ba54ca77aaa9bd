"""What format 2 adds: facts that are not stated, targets, predictions, equal maps, items left out."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explanations import manifest
from explanations.manifest import ManifestError, parsing, records, writing
from explanations.manifest.records import Classifier, Confusion, Dataset, LeftOut, Manifest, Original
from explanations.rendering import pictures

Write = Callable[..., Manifest]


@pytest.fixture
def write(small_set: Path, small_manifest: Manifest) -> Write:
    """Writes the small set's manifest with other values, and reads it back."""

    def written(**values: Any) -> Manifest:
        manifest.write(small_set, replace(small_manifest, **values))
        return manifest.read(small_set)

    return written


@pytest.fixture
def edit(small_set: Path) -> Callable[[Callable[[dict[str, Any]], Any]], str]:
    """Edits the small set's manifest.json, and gives the message with which it is refused."""

    def refusal(change: Callable[[dict[str, Any]], Any]) -> str:
        file = small_set / "manifest.json"
        record = json.loads(file.read_text())
        change(record)
        file.write_text(json.dumps(record))
        with pytest.raises(ManifestError) as caught:
            manifest.read(small_set)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return refusal


def originals(folder: Path, **values: Any) -> tuple[Original, ...]:
    """The one image that both labels of the small set explain, for two classes."""
    content = pictures.photograph(np.zeros((1, 8, 8)))
    digest = manifest.hashlib.sha256(content).hexdigest()
    image = f"originals/{digest[:20]}.png"
    (folder / "originals").mkdir(exist_ok=True)
    (folder / image).write_bytes(content)
    return tuple(
        replace(Original(label, None, None, image, digest, target), **values)
        for label, target in (("3", "lynx"), ("8", "tabby"))
    )


def test_everything_that_is_not_stated_is_null(small_set: Path, write: Write) -> None:
    manifest_without = write(
        seed=None, dataset=Dataset("Photos", None, None, ("3", "8")), classifier=Classifier()
    )
    record = json.loads((small_set / "manifest.json").read_text())
    assert (record["seed"], record["classifier"], record["dataset"]["sha256"]) == (None, None, None)
    assert manifest_without.classifier.test_accuracy is None


def test_a_key_that_may_be_null_may_be_missing(small_set: Path, write: Write) -> None:
    before = write(classifier=Classifier("package.module:make"))
    record = json.loads((small_set / "manifest.json").read_text())
    for key in ("weights_sha256", "test_accuracy", "preprocessing", "title", "outputs", "scores"):
        del record["classifier"][key]
    del record["confusion"], record["maps"][0]["target"]
    (small_set / "manifest.json").write_text(json.dumps(record))
    assert manifest.read(small_set) == before


def test_costs_need_not_be_stated(write: Write, small_manifest: Manifest) -> None:
    methods = tuple(
        replace(method, reference="", forward_passes=None, backward_passes=None)
        for method in small_manifest.methods
    )
    assert write(methods=methods).methods == methods


def test_a_classifier_states_its_title_its_output_and_its_scores(write: Write) -> None:
    classifier = Classifier("timm:resnet50", None, 0.8, {}, "ResNet50 IMAGENET1K_V2", 1, "log-softmax")
    assert write(classifier=classifier).classifier == classifier


def test_two_labels_share_an_image_that_is_explained_for_two_classes(small_set: Path, write: Write) -> None:
    top = (("lynx", 0.75), ("tabby", 0.2))
    read = write(originals=originals(small_set, seen="lynx", number=4, top=top))
    assert [(original.target, original.top) for original in read.originals] == [("lynx", top), ("tabby", top)]
    assert len({original.image for original in read.originals}) == 1
    assert [read.target("3"), read.target("8")] == ["lynx", "tabby"]


def test_the_target_of_a_class_is_the_class(small_manifest: Manifest) -> None:
    assert small_manifest.target("3") == "3"


def test_a_confusion_matrix_is_read_as_it_was_written(write: Write) -> None:
    confusion = Confusion(("cat", "lynx"), ((9, 1), (2, 8)))
    assert write(confusion=confusion).confusion == confusion


def test_items_left_out_are_read_as_they_were_written(write: Write) -> None:
    left_out = (LeftOut("9", "occlusion", "its map has no positive value"), LeftOut("7", None, "--leave-out"))
    assert write(left_out=left_out).left_out == left_out


def equal(folder: Path, described: Manifest) -> Manifest:
    """The manifest of the set with the same picture for its first two maps."""
    first, second, *others = described.maps
    (folder / second.image).unlink()
    second = replace(second, image=first.image, sha256=first.sha256)
    return replace(described, maps=(first, second, *others))


def test_maps_with_the_same_picture_are_named(
    small_set: Path, write: Write, small_manifest: Manifest
) -> None:
    maps = equal(small_set, small_manifest).maps
    keys = (maps[0].array, maps[1].array)
    assert write(maps=maps, equal=(keys,)).equal == (keys,)


def test_maps_with_the_same_picture_that_are_not_named_are_refused(
    small_set: Path, small_manifest: Manifest
) -> None:
    manifest.write(small_set, equal(small_set, small_manifest))
    with pytest.raises(ManifestError, match=r"equal is \[\], but the maps with the same picture are \[\["):
        manifest.read(small_set)


def test_maps_with_different_pictures_are_not_called_equal(edit: Callable[..., str]) -> None:
    message = edit(lambda record: record.update(equal=[["lime/3/1", "lime/8/1"]]))
    assert message == (
        'manifest.json: equal is [["lime/3/1", "lime/8/1"]], but the maps with the same picture are []; '
        "write these"
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            lambda r: r.update(confusion={"classes": ["3", "8"], "counts": [[1, 2]]}),
            "confusion.counts is [[1, 2]]; allowed: 2 lists of 2 whole numbers from 0, one for each class",
        ),
        (
            lambda r: r.update(left_out=[{"label": "3", "method": None, "reason": "blank"}]),
            'left_out[0].label is "3", which dataset.classes has, too; '
            "an item is either part of the set or left out",
        ),
        (lambda r: r.update(equal=[["lime/3/1"]]), 'equal is [["lime/3/1"]]; allowed: lists of two or more'),
        (
            lambda r: r["maps"][0].update(images=0),
            "maps[0].images is 0; allowed: a whole number from 1, or null",
        ),
        (
            lambda r: r["maps"][0].update(target=3),
            "maps[0].target is 3; allowed: text that is not empty, or null",
        ),
        (lambda r: r["classifier"].update(outputs=-1), "classifier.outputs is -1; allowed: text that is not"),
    ],
)
def test_a_value_that_format_2_does_not_allow_is_refused(
    edit: Callable[..., str], change: Callable[[dict[str, Any]], Any], sentence: str
) -> None:
    assert edit(change).startswith(f"manifest.json: {sentence}")


@pytest.mark.parametrize(
    "top",
    [
        [["lynx", 1.2]],
        [["lynx"]],
        [["lynx", 0.2], ["tabby", 0.7]],
        [["a", 0.2], ["b", 0.2], ["c", 0.2], ["d", 0.1], ["e", 0.1], ["f", 0.1]],
    ],
)
def test_probabilities_are_at_most_five_shares_in_falling_order(
    small_set: Path, write: Write, edit: Callable[..., str], top: list[Any]
) -> None:
    write(originals=originals(small_set))
    message = edit(lambda record: record["originals"][0].update(top=top))
    assert message.endswith("allowed: at most 5 pairs of a class and its probability, the likeliest first")


def test_counts_of_a_map_of_unknown_images_are_whole_numbers(
    small_set: Path, write: Write, small_manifest: Manifest
) -> None:
    maps = tuple(replace(record, images=None) for record in small_manifest.maps)
    manifest.write_support(small_set, {"lime/3/1": np.full((8, 8), 900, np.float32)})
    assert write(maps=maps).maps[0].images is None


PAGE = (Path(__file__).parents[3] / "docs/explanation-set.md").read_text(encoding="utf-8")


def described(heading: str) -> list[str]:
    """The keys in the table under a heading of docs/explanation-set.md."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")]


@pytest.mark.parametrize(
    ("heading", "record"),
    [
        ("The manifest", records.Manifest),
        ("`dataset`", records.Dataset),
        ("`classifier`", records.Classifier),
        ("`methods`", records.Method),
        ("`maps`", records.ClassMap),
        ("`originals`", records.Original),
        ("`confusion`", records.Confusion),
        ("`left_out`", records.LeftOut),
    ],
)
def test_the_docs_describe_every_key_once(heading: str, record: type) -> None:
    assert sorted(described(heading)) == sorted(records.keys(record, records.FORMAT))


def test_the_example_of_the_docs_is_what_would_be_written(tmp_path: Path) -> None:
    example = PAGE.split("```json\n")[1].split("```")[0]
    (tmp_path / "manifest.json").write_text(example)
    assert json.loads(writing.text(parsing.parse(tmp_path))) == json.loads(example)
