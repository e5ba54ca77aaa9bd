"""From an explanation set's folder to rows, pictures, raw values, metrics; only door to
`explanations.manifest`.
"""

import hashlib
import re
import tempfile
from functools import lru_cache
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.text import slugify
from PIL import Image

from explanations import manifest as manifests

from .exporting import check_metrics
from .files.zip_reading import Limits, ZipRefused, unpack
from .models import ClassMap, ExplanationSet, Method, Original
from .set_metrics import METRIC_FORMATS, MetricsRefused, SetMetrics

SET_LIMITS = Limits(members=20_000, unpacked=1 << 30)
PREPROCESSING_KEYS = manifests.PREPROCESSING_KEYS
METRIC_FILES = {f"metrics_{extension}": f".{extension}" for extension in METRIC_FORMATS}
ARRAYS = (manifests.MAPS_FILE, manifests.SUPPORT_FILE)
SET_FILES = re.compile(
    rf"{'|'.join(map(re.escape, (manifests.MANIFEST_FILE, *ARRAYS)))}"
    rf"|({manifests.IMAGES_FOLDER}|{manifests.ORIGINALS_FOLDER})/[^/]+\.png"
    # what an evaluation wrote, the pieces from which it goes on, and how long the build took
    r"|[\w-]+/metrics\.(csv|json|svg)|[\w-]+/\.work/[0-9a-f]{64}\.json|timings\.json"
)


class ImportRefused(Exception):
    """The folder is not a valid explanation set; the message says what is wrong and where."""


@transaction.atomic
def import_set(folder, *, renews_metrics=True):
    """Import the explanation set of a folder, with its pictures, and return it.

    The same folder again gives the same set, also where its maps were evaluated in between. Metrics that the
    folder has are stored with it; those of a set that is there already are replaced, unless `renews_metrics`
    is false.
    """
    folder = Path(folder)
    try:
        manifest = manifests.read(folder)
    except manifests.ManifestError as error:
        raise ImportRefused(str(error)) from error
    text = (folder / manifests.MANIFEST_FILE).read_text(encoding="utf-8")
    digest = manifests.digest(manifest)
    # sets of before there was this digest are known by that of their file
    digests = [digest, hashlib.sha256(text.encode()).hexdigest()]
    explanation_set = ExplanationSet.objects.filter(digest__in=digests).order_by("imported_at").first()
    if explanation_set is None:
        explanation_set = _create_set(manifest, text, digest, folder)
        methods = {
            record.slug: Method(
                explanation_set=explanation_set,
                slug=record.slug,
                title=record.title,
                reference=record.reference,
                purpose=record.purpose,
            )
            for record in manifest.methods
        }
        _create(Method, methods.values())
        _create_maps(manifest, methods, folder)
        _create_originals(explanation_set, manifest, folder)
    elif not explanation_set.maps:
        explanation_set.maps = _store_maps(folder, explanation_set.digest)
        explanation_set.save(update_fields=["maps"])
    if renews_metrics or not explanation_set.metrics_json:
        _add_metrics(explanation_set, manifest, text, folder)
    return explanation_set


def _add_metrics(explanation_set, manifest, text, folder):
    """Stores the metrics that the manifest names, and the manifest that names them. Raises ImportRefused."""
    files = _metric_files(manifest, folder)
    if not files:
        return
    found = {column: path.read_bytes() for column, path in files.items()}
    names = {column: path.relative_to(folder).as_posix() for column, path in files.items()}
    slugs = [method.slug for method in manifest.methods if method.purpose == "comparison"]
    try:
        metrics = SetMetrics.read(found["metrics_json"], names["metrics_json"])
        metrics.check(
            names["metrics_json"],
            dataset=manifest.dataset.sha256,
            classifier=manifest.classifier.weights_sha256,
            methods=slugs,
        )
        check_metrics(found["metrics_csv"], names["metrics_csv"])
    except MetricsRefused as refusal:
        raise ImportRefused(str(refusal)) from None
    for column, content in found.items():
        kept = (
            f"sets/{explanation_set.digest}/{hashlib.sha256(content).hexdigest()[:20]}{METRIC_FILES[column]}"
        )
        setattr(explanation_set, column, _kept(kept, content))
    explanation_set.manifest = text
    explanation_set.save(update_fields=["manifest", *METRIC_FILES])


def _metric_files(manifest, folder):
    """The files of an evaluation by their column; {} where there are none, as in a set sent without them."""
    named = manifest.metrics.get("files", [])
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise ImportRefused(
            f"{manifests.MANIFEST_FILE}: metrics.files is {named!r}; allowed is a list of paths."
        )
    for name in named:
        if not (folder / name).resolve().is_relative_to(folder.resolve()):
            raise ImportRefused(f"{manifests.MANIFEST_FILE}: {name!r} leads out of the set's folder.")
    there = [name for name in named if (folder / name).is_file()]
    if not there:
        return {}
    if len(there) < len(named):
        missing = next(name for name in named if name not in there)
        raise ImportRefused(
            f"{manifests.MANIFEST_FILE}: names {missing}, which is not there; evaluate the set again."
        )
    if sorted(Path(name).suffix for name in named) != sorted(METRIC_FILES.values()):
        raise ImportRefused(
            f"{manifests.MANIFEST_FILE}: metrics.files is {named!r}; allowed is one file each of "
            f"{', '.join(METRIC_FILES.values())}; evaluate the set again."
        )
    return {
        column: folder / name for name in there for column, end in METRIC_FILES.items() if name.endswith(end)
    }


def import_zip(file, name="the zip file"):
    """The ExplanationSet of a zipped folder (a path or a binary file). Raises ImportRefused.

    The set may lie at the top of the zip or in its one folder; nothing else may be in it. Nothing in a zip is
    run or unpickled.
    """
    with tempfile.TemporaryDirectory() as unpacked:
        try:
            names = unpack(file, unpacked, SET_LIMITS, name)
        except ZipRefused as refusal:
            raise ImportRefused(str(refusal)) from None
        roots = [Path(path).parent for path in names if Path(path).name == manifests.MANIFEST_FILE]
        if len(roots) != 1 or len(roots[0].parts) > 1:
            raise ImportRefused(
                f"{name}: {len(roots)} files named {manifests.MANIFEST_FILE} that it could begin with; "
                "allowed is one, at the top or in the zip's one folder."
            )
        for path in map(Path, names):
            inside = path.relative_to(roots[0]).as_posix() if path.is_relative_to(roots[0]) else ""
            if not SET_FILES.fullmatch(inside):
                raise ImportRefused(
                    f"{name}: {str(path)!r} is no part of an explanation set; allowed are "
                    f"{manifests.MANIFEST_FILE}, {', '.join(ARRAYS)}, {manifests.IMAGES_FOLDER}/*.png, "
                    f"{manifests.ORIGINALS_FOLDER}/*.png and what an evaluation wrote into metrics/."
                )
        return import_set(Path(unpacked) / roots[0])


def _create_set(manifest, text, digest, folder):
    slug = slugify(manifest.name)[:60] or "set"
    is_taken = ExplanationSet.objects.filter(slug=slug).exists()
    with Image.open(folder / manifest.maps[0].image) as picture:
        width, height = picture.size
    original_width = original_height = None
    if manifest.originals:
        with Image.open(folder / manifest.originals[0].image) as original:
            original_width, original_height = original.size
    created = ExplanationSet(
        slug=f"{slug}-{digest[:8]}" if is_taken else slug,
        digest=digest,
        manifest=text,
        seed=manifest.seed,
        dataset=manifest.dataset.name,
        dataset_split=manifest.dataset.split or "",
        dataset_sha256=manifest.dataset.sha256 or "",
        classifier=manifest.classifier.title or manifest.classifier.factory or "",
        weights_sha256=manifest.classifier.weights_sha256 or "",
        test_accuracy=manifest.classifier.test_accuracy,
        maps=_store_maps(folder, digest),
        picture_width=width,
        picture_height=height,
        original_width=original_width,
        original_height=original_height,
    )
    _check_lengths(created)
    created.save()
    return created


def _create(model, rows):
    """Creates the rows, after checking that their texts fit. Raises ImportRefused."""
    rows = list(rows)
    for row in rows:
        _check_lengths(row)
    model.objects.bulk_create(rows)


def _check_lengths(row):
    """Raises ImportRefused for a text that is longer than its column."""
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if field.max_length and isinstance(value, str) and len(value) > field.max_length:
            raise ImportRefused(
                f"{manifests.MANIFEST_FILE}: the {field.name} {value[:40]!r}… has {len(value)} characters; "
                f"at most {field.max_length} are allowed."
            )


def _create_maps(manifest, methods, folder):
    labels, slugs = list(manifest.dataset.classes), list(methods)
    records = sorted(
        manifest.maps,
        key=lambda record: (labels.index(record.label), record.replicate, slugs.index(record.method)),
    )
    _create(
        ClassMap,
        (
            ClassMap(
                method=methods[record.method],
                label=record.label,
                replicate=record.replicate,
                image=_store(folder / record.image),
            )
            for record in records
        ),
    )


def _create_originals(explanation_set, manifest, folder):
    _create(
        Original,
        (
            Original(
                explanation_set=explanation_set,
                label=record.label,
                seen=record.seen or "",
                target=record.target or "",
                top=record.top,
                image=_store(folder / record.image, "originals"),
            )
            for record in manifest.originals
        ),
    )


def _store_maps(folder, digest):
    """Stores the raw values under the set's digest, once, and returns that name; "" for finished pictures."""
    if not (folder / manifests.MAPS_FILE).exists():
        return ""
    return _kept(f"sets/{digest}/{manifests.MAPS_FILE}", (folder / manifests.MAPS_FILE).read_bytes())


def raw_values(class_map):
    """The raw importances of a class map, float32 (H, W); None if its set came without them."""
    maps = class_map.method.explanation_set.maps
    return _maps(maps.path)[manifests.array_key(*class_map.key())] if maps else None


@lru_cache(maxsize=4)  # a page of a hundred maps reads their file once
def _maps(path):
    return manifests.read_maps(Path(path).parent)


def _store(path, room="maps"):
    """Stores a picture under its content's name, once, and returns that name."""
    content = path.read_bytes()
    return _kept(f"{room}/{hashlib.sha256(content).hexdigest()[:20]}.png", content)


def _kept(name, content):
    return name if default_storage.exists(name) else default_storage.save(name, ContentFile(content))
