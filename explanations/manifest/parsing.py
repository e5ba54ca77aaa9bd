"""From manifest.json to its records: every value of its type, no key missing and none too many."""

import dataclasses
import re
from pathlib import Path
from typing import Any

from explanations.manifest.files import IMAGES_FOLDER, MANIFEST_FILE, ORIGINALS_FOLDER, ManifestError
from explanations.manifest.json_objects import JsonObject, is_text, load, shown
from explanations.manifest.records import (
    FORMAT,
    PURPOSES,
    Classifier,
    ClassMap,
    Dataset,
    Manifest,
    Method,
    Original,
)

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
PICTURE = r"[0-9a-f]{8,64}\.png"


def parse(folder: Path) -> Manifest:
    """What manifest.json in `folder` says. Raises ManifestError."""
    value = load(folder)
    if isinstance(value, dict) and value.get("format") != FORMAT:
        found = shown(value.get("format"))
        raise ManifestError(
            f"{MANIFEST_FILE}: format is {found}; allowed: {shown(FORMAT)}; build the set with this version"
        )
    record = JsonObject(value, "", _names(Manifest), {"metrics": {}, "originals": []})
    return Manifest(
        format=FORMAT,
        name=record.text("name"),
        seed=record.whole("seed", 0),
        dataset=_dataset(JsonObject(record.value["dataset"], "dataset", _names(Dataset))),
        classifier=_classifier(
            JsonObject(record.value["classifier"], "classifier", _names(Classifier), {"preprocessing": {}})
        ),
        rendering=record.table("rendering"),
        versions=record.table("versions"),
        methods=tuple(
            _method(JsonObject(row, f"methods[{i}]", _names(Method)))
            for i, row in enumerate(record.rows("methods"))
        ),
        maps=tuple(
            _class_map(JsonObject(row, f"maps[{i}]", _names(ClassMap), {"picked": []}))
            for i, row in enumerate(record.rows("maps"))
        ),
        metrics=record.table("metrics"),
        originals=tuple(
            _original(JsonObject(row, f"originals[{i}]", _names(Original)))
            for i, row in enumerate(record.rows("originals") if record.value["originals"] else ())
        ),
    )


def _names(record: type) -> list[str]:
    return [field.name for field in dataclasses.fields(record)]


def _dataset(record: JsonObject) -> Dataset:
    classes = record.take("classes", "a list of different texts", _are_different_texts)
    return Dataset(record.text("name"), record.text("split"), record.sha256("sha256"), tuple(classes))


def _are_different_texts(value: Any) -> bool:
    is_list = isinstance(value, list) and len(value) > 0
    return is_list and all(map(is_text, value)) and len(set(value)) == len(value)


def _classifier(record: JsonObject) -> Classifier:
    return Classifier(
        record.text("factory"),
        record.sha256("weights_sha256"),
        record.share("test_accuracy"),
        record.table("preprocessing"),
    )


def _method(record: JsonObject) -> Method:
    return Method(
        slug=record.match("slug", SLUG, "lower-case letters and digits, in words joined by '-'"),
        title=record.text("title"),
        reference=record.text("reference"),
        purpose=str(record.take("purpose", ", ".join(PURPOSES), lambda v: v in PURPOSES)),
        signed=record.truth("signed"),
        parameters=record.table("parameters"),
        forward_passes=record.whole("forward_passes", 0),
        backward_passes=record.whole("backward_passes", 0),
    )


def _class_map(record: JsonObject) -> ClassMap:
    return ClassMap(
        label=record.text("label"),
        method=record.text("method"),
        replicate=record.whole("replicate", 1),
        array=record.text("array"),
        image=_picture(record, IMAGES_FOLDER),
        sha256=record.sha256("sha256"),
        images=record.whole("images", 1),
        picked=record.different("picked", record.whole("images", 1)),
    )


def _original(record: JsonObject) -> Original:
    return Original(
        label=record.text("label"),
        number=record.whole("number", 0),
        seen=record.text("seen"),
        image=_picture(record, ORIGINALS_FOLDER),
        sha256=record.sha256("sha256"),
    )


def _picture(record: JsonObject, folder: str) -> str:
    """The path of a picture in `folder`, whose name tells nothing."""
    pattern = re.compile(f"{folder}/{PICTURE}")
    return record.match("image", pattern, f"{folder}/<8 to 64 hexadecimal digits>.png")
