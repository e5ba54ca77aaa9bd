"""The comparison figure of an explanation set: classes down, methods across, replicates side by side.

Maps are drawn in any rendering, with a whole number of pixels per value. Beside the maps of a class
are an image that they explain and its prediction. No PyTorch.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from PIL import Image

from explanations.figures import fonts
from explanations.figures.sheet import Example, Sheet
from explanations.manifest.records import ClassMap, Manifest, Method, Original
from explanations.rendering import Rendering
from explanations.rendering.png import Pixels

__all__ = ["SIGNED", "Example", "check", "draw", "list_picks", "read_examples", "read_pictures"]

SIGNED = Rendering("signed", size=1024)  # maps as they are: blue for the class, orange against it
METADATA = {".png": {"Software": None}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}


def draw(
    manifest: Manifest,
    colours: Mapping[str, Pixels],
    out: Path,
    replicates: Sequence[int],
    examples: Mapping[str, Example] | None = None,
    classes: Sequence[str] | None = None,
    methods: Sequence[str] | None = None,
    rendering: Rendering = SIGNED,
    with_note: bool = True,
) -> list[str]:
    """Draw `classes` by `methods` (None: all that are compared) to a PNG, SVG or PDF file.

    `colours` (H, W, 3) are the set's maps in this `rendering`, by key; `examples` by class, if there are any.
    Returns the characters, if any, that no installed font has. Raises ValueError.
    """
    labels, compared = check(manifest, out, replicates, classes, methods)
    note = write_note(manifest, compared, rendering) if with_note else []
    examples = examples or {}
    texts = [*labels, *note, *(one.title for one in compared), *(one.prediction for one in examples.values())]
    embedding: dict[Any, Any] = {"svg.hashsalt": "beholder", "svg.fonttype": "none", "pdf.fonttype": 42}
    with matplotlib.rc_context(embedding), fonts.covering(texts) as missing:
        sheet = Sheet(manifest, colours, labels, compared, list(replicates), examples, rendering, note)
        sheet.figure().savefig(out, dpi=fonts.DPI, metadata=METADATA[out.suffix])
    return missing


def check(
    manifest: Manifest,
    out: Path,
    replicates: Sequence[int],
    classes: Sequence[str] | None = None,
    methods: Sequence[str] | None = None,
) -> tuple[list[str], list[Method]]:
    """The figure's labels and methods, in the set's order. Raises ValueError where it cannot be drawn."""
    for replicate in replicates:
        if not 1 <= replicate <= manifest.replicates:
            raise ValueError(f"there is no replicate {replicate}; allowed: 1 to {manifest.replicates}")
    if out.suffix not in METADATA:
        raise ValueError(f"{out}: the figure is drawn as .png, .svg or .pdf")
    compared = {method.slug: method for method in manifest.methods if method.purpose == "comparison"}
    labels = _choose("class", classes, list(manifest.dataset.classes))
    return labels, [compared[slug] for slug in _choose("method", methods, list(compared))]


def list_picks(
    manifest: Manifest,
    replicates: Sequence[int],
    classes: Sequence[str] | None = None,
    methods: Sequence[str] | None = None,
) -> list[str]:
    """A line for each drawn map of a method that picks images: which ones, by number, best first."""
    return [
        f"{record.method}, class {record.label}, replicate {record.replicate}: picked "
        + ", ".join(map(str, record.picked))
        for record in manifest.maps
        if record.picked
        and record.replicate in replicates
        and record.label in (classes or manifest.dataset.classes)
        and (methods is None or record.method in methods)
    ]


def read_pictures(folder: Path, manifest: Manifest) -> dict[str, Pixels]:
    """The pictures (H, W, 3) that participants see, by the keys of their maps."""
    return {record.key: _read(folder / record.image) for record in manifest.maps}


def read_examples(folder: Path, manifest: Manifest, predictions: int = 1) -> dict[str, Example]:
    """The single images of a set, by label, with as many of the likeliest classes as the set states."""
    return {
        original.label: Example(
            (_read(folder / original.image) / 255).astype(np.float32), _predictions(original, predictions)
        )
        for original in manifest.originals
    }


def write_percent(share: float) -> str:
    """A probability as in "38%"; ">99%" where it would round to all."""
    return ">99%" if share > 0.995 else f"{share:.0%}"


def write_note(manifest: Manifest, methods: list[Method], rendering: Rendering = SIGNED) -> list[str]:
    """Lines that describe the subjects of the maps and their rendering."""
    records = [record for record in manifest.maps if record.method in {m.slug for m in methods}]
    classifier, accuracy = manifest.classifier, manifest.classifier.test_accuracy
    network = classifier.title or classifier.factory or "a classifier that is not stated"
    share = "" if accuracy is None else f" ({accuracy:.2%} accuracy)"
    return [
        f"Images of {manifest.dataset.name}, explained for {network}{share}.",
        _subject_note(manifest, records),
        *_pick_note(records),
        *_rendering_note(rendering),
    ]


def _subject_note(manifest: Manifest, records: list[ClassMap]) -> str:
    """A sentence on the images that a map explains."""
    if manifest.originals:
        return "A map explains one image, for one class."
    counts = sorted({record.images for record in records if record.images is not None})
    if not counts:
        return "A map explains a class."
    images = " or ".join(map(str, counts)) + (" image" if counts == [1] else " images")
    others = ", another replicate others" if manifest.replicates > 1 else ""
    return f"A map explains {images} that the model assigns to the class{others}."


def _pick_note(records: list[ClassMap]) -> list[str]:
    """A line on the number of picked images, if any were picked."""
    counts = sorted({len(record.picked) for record in records if record.picked})
    words = " to ".join(map(str, sorted({counts[0], counts[-1]}))) if counts else ""
    return [f"Of these SP-LIME picked {words}."] if counts else []


def _rendering_note(rendering: Rendering) -> list[str]:
    """Lines on the colours or the visible parts; none for pictures made elsewhere."""
    if rendering.style == "top":
        return [
            f"The {rendering.top} most important of about {rendering.superpixels} superpixels are visible."
        ]
    if rendering.style == "pictures":
        return []
    values = "square roots of values" if rendering.scale == "sqrt" else "values"
    if rendering.style == "borders":
        values += " of superpixels"
    return [f"Colours are {values} over their {rendering.percentile:g}th percentile."]


def _predictions(original: Original, count: int) -> str:
    """The likeliest classes, a line each; the class that the network sees where no shares are stated."""
    if not original.top:
        return original.seen or ""
    return "\n".join(f"{name} ({write_percent(share)})" for name, share in original.top[:count])


def _read(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def _choose(what: str, names: Sequence[str] | None, known: list[str]) -> list[str]:
    for name in names or ():
        if name not in known:
            raise ValueError(f"the set has no {what} {name!r}; allowed: {', '.join(known)}")
    return [name for name in known if names is None or name in names]
