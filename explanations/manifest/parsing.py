"""Parser of manifest.json: checks types, and refuses missing required keys and unknown keys.

Format 1 is read into the records of format 2. It requires its keys and allows no null; in format 2 a key
that may be null may also be missing.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from explanations.manifest.files import IMAGES_FOLDER, MANIFEST_FILE, ORIGINALS_FOLDER, ManifestError
from explanations.manifest.json_objects import JsonObject, are_counts, as_json, load
from explanations.manifest.records import (
    FORMAT,
    FORMATS,
    FORMER_FORMAT,
    PURPOSES,
    TOP_CLASSES,
    Classifier,
    ClassMap,
    Confusion,
    Dataset,
    LeftOut,
    Manifest,
    Method,
    Original,
    keys,
)

SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
PICTURE = r"[0-9a-f]{8,64}\.png"

# Keys that may be missing, and those that may also be null, or missing, in format 2.
OPTIONAL = {"preprocessing", "picked", "metrics", "originals", "left_out", "equal", "top"}
NULLABLE: dict[type, set[str]] = {
    Manifest: {"seed", "classifier", "confusion"},
    Dataset: {"split", "sha256"},
    Classifier: {"factory", "weights_sha256", "test_accuracy", "title", "outputs", "scores"},
    Method: {"forward_passes", "backward_passes"},
    ClassMap: {"array", "images", "target"},
    Original: {"number", "seen", "target"},
    LeftOut: {"method"},
}


def parse(folder: Path) -> Manifest:
    """The records of manifest.json in `folder`. Raises ManifestError."""
    value = load(folder)
    format = value.get("format") if isinstance(value, dict) else FORMAT
    if format not in FORMATS:
        raise ManifestError(
            f"{MANIFEST_FILE}: format is {as_json(format)}; allowed: {', '.join(map(as_json, FORMATS))}; "
            "build the set with this version"
        )
    return _Parser(str(format)).manifest(value)


class _Parser:
    """The records of a manifest of one format."""

    def __init__(self, format: str) -> None:
        self._format = format

    def manifest(self, value: Any) -> Manifest:
        record = self._object(Manifest, value, "")
        return Manifest(
            format=self._format,
            name=record.text("name"),
            seed=record.optional("seed", JsonObject.whole),
            dataset=self._dataset(record.value["dataset"]),
            classifier=self._classifier(record.value.get("classifier")),
            rendering=record.table("rendering"),
            versions=record.table("versions"),
            methods=tuple(map(_method, self._rows(Method, record, "methods"))),
            maps=tuple(map(_class_map, self._rows(ClassMap, record, "maps"))),
            metrics=record.optional("metrics", JsonObject.table) or {},
            originals=tuple(map(_original, self._rows(Original, record, "originals", may_be_empty=True))),
            confusion=self._confusion(record.value.get("confusion")),
            left_out=tuple(map(_left_out, self._rows(LeftOut, record, "left_out", may_be_empty=True))),
            equal=record.groups("equal"),
        )

    def _object(self, kind: type, value: Any, where: str) -> JsonObject:
        nullable = NULLABLE.get(kind, set()) if self._format == FORMAT else set()
        return JsonObject(value, where, keys(kind, self._format), self._format, OPTIONAL | nullable, nullable)

    def _rows(
        self, kind: type, record: JsonObject, key: str, *, may_be_empty: bool = False
    ) -> Iterable[JsonObject]:
        rows = record.rows(key, may_be_empty=may_be_empty)
        return (self._object(kind, row, f"{key}[{i}]") for i, row in enumerate(rows))

    def _dataset(self, value: Any) -> Dataset:
        record = self._object(Dataset, value, "dataset")
        return Dataset(
            record.text("name"),
            record.optional("split", JsonObject.text),
            record.optional("sha256", JsonObject.sha256),
            record.different_texts("classes"),
        )

    def _classifier(self, value: Any) -> Classifier:
        if value is None and self._format == FORMAT:
            return Classifier()
        record = self._object(Classifier, value, "classifier")
        return Classifier(
            factory=record.optional("factory", JsonObject.text),
            weights_sha256=record.optional("weights_sha256", JsonObject.sha256),
            test_accuracy=record.optional("test_accuracy", JsonObject.share),
            preprocessing=record.optional("preprocessing", JsonObject.table) or {},
            title=record.optional("title", JsonObject.text),
            outputs=record.optional("outputs", JsonObject.text_or_index),
            scores=record.optional("scores", JsonObject.text),
        )

    def _confusion(self, value: Any) -> Confusion | None:
        if value is None:
            return None
        record = self._object(Confusion, value, "confusion")
        classes = record.different_texts("classes")
        count = len(classes)
        counts = record.take(
            "counts",
            f"{count} lists of {count} whole numbers from 0, one for each class",
            lambda rows: (
                isinstance(rows, list)
                and len(rows) == count
                and all(are_counts(row) and len(row) == count for row in rows)
            ),
        )
        return Confusion(classes, tuple(map(tuple, counts)))


def _method(record: JsonObject) -> Method:
    return Method(
        slug=record.match("slug", SLUG, "lower-case letters and digits, in words joined by '-'"),
        title=record.text("title"),
        reference=str(record.take("reference", "text", lambda v: isinstance(v, str))),
        purpose=str(record.take("purpose", ", ".join(PURPOSES), lambda v: v in PURPOSES)),
        signed=record.truth("signed"),
        parameters=record.table("parameters"),
        forward_passes=record.optional("forward_passes", JsonObject.whole),
        backward_passes=record.optional("backward_passes", JsonObject.whole),
    )


def _class_map(record: JsonObject) -> ClassMap:
    images = record.optional("images", JsonObject.positive)
    return ClassMap(
        label=record.text("label"),
        method=record.text("method"),
        replicate=record.positive("replicate"),
        array=record.optional("array", JsonObject.text),
        image=_picture(record, IMAGES_FOLDER),
        sha256=record.sha256("sha256"),
        images=images,
        picked=record.different("picked", images),
        target=record.optional("target", JsonObject.text),
    )


def _original(record: JsonObject) -> Original:
    seen = record.optional("seen", JsonObject.text)
    return Original(
        label=record.text("label"),
        number=record.optional("number", JsonObject.whole),
        seen=seen,
        image=_picture(record, ORIGINALS_FOLDER),
        sha256=record.sha256("sha256"),
        # in format 1 an image is explained for the class that it is assigned to
        target=seen if record.format == FORMER_FORMAT else record.optional("target", JsonObject.text),
        top=record.shares("top", TOP_CLASSES),
    )


def _left_out(record: JsonObject) -> LeftOut:
    return LeftOut(record.text("label"), record.optional("method", JsonObject.text), record.text("reason"))


def _picture(record: JsonObject, folder: str) -> str:
    """The path of a picture in `folder`, under a name that says nothing about its content."""
    pattern = re.compile(f"{folder}/{PICTURE}")
    return record.match("image", pattern, f"{folder}/<8 to 64 hexadecimal digits>.png")
