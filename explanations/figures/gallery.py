"""The comparison figure of an explanation set: classes down, methods across, replicates side by side. No
PyTorch.

Maps are drawn as they are, of one pixel or a whole number of them a value, on one palette: blue speaks for
the class, orange against it. Beside a class stands an image that its maps explain, and its prediction.
"""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import TextPath
from numpy.typing import NDArray

from explanations.manifest import array_key
from explanations.manifest.arrays import Maps
from explanations.manifest.records import ClassMap, Manifest, Method
from explanations.rendering import Rendering, palettes, styles

# Everything is laid out in pixels of the PNG, so that every value of a map has as many as any other.
DPI = 200
POINT = DPI / 72
CELL = 168  # pixels of a cell's longer side, if the map goes into that a whole number of times
MARGIN = 36
GAP = 10  # between the replicates of a method
GROUP_GAP = 30  # between methods
ROW_GAP = 16
LINE = 1.3  # of text, in font sizes
BAR = (360, 22)  # width and height of the palette's legend
FRAME = 2  # width of the line around a picture

TITLE_SIZE, LABEL_SIZE, NOTE_SIZE = 10, 11, 7.5  # points
INK, NOTE_INK, FRAME_INK = "#1c2333", "#5b6478", "#d5dae4"


@dataclass(frozen=True)
class Example:
    """An image (H, W, 3) in [0, 1] as it went into the classifier, and its prediction: "cat, 40 %"."""

    image: NDArray[np.float32]
    prediction: str


def draw(
    manifest: Manifest,
    maps: Maps,
    out: Path,
    replicates: Sequence[int],
    examples: Mapping[str, Example] | None = None,
    classes: Sequence[str] | None = None,
    methods: Sequence[str] | None = None,
) -> None:
    """Draw `classes` by `methods` (None: all that are compared) to a PNG or SVG file.

    `maps` are the set's raw importances by key; `examples` by class, if there are any. Raises ValueError.
    """
    labels, shown = drawable(manifest, out, replicates, classes, methods)
    sheet = _Sheet(manifest, maps, labels, shown, list(replicates), examples or {})
    with matplotlib.rc_context({"svg.hashsalt": "beholder", "svg.fonttype": "none"}):
        metadata = {"Date": None} if out.suffix == ".svg" else {"Software": None}
        sheet.figure().savefig(out, dpi=DPI, metadata=metadata)


def drawable(
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
    if out.suffix not in (".png", ".svg"):
        raise ValueError(f"{out}: the figure is drawn as .png or .svg")
    compared = {method.slug: method for method in manifest.methods if method.purpose == "comparison"}
    labels = _chosen("class", classes, list(manifest.dataset.classes))
    return labels, [compared[slug] for slug in _chosen("method", methods, list(compared))]


def picks(
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


def _chosen(what: str, wanted: Sequence[str] | None, there: list[str]) -> list[str]:
    for name in wanted or ():
        if name not in there:
            raise ValueError(f"the set has no {what} {name!r}; allowed: {', '.join(there)}")
    return [name for name in there if wanted is None or name in wanted]


@dataclass
class _Sheet:
    """Where everything stands, in pixels from the left and from the top."""

    manifest: Manifest
    maps: Maps
    labels: list[str]
    methods: list[Method]
    replicates: list[int]
    examples: Mapping[str, Example]

    def __post_init__(self) -> None:
        height, width = next(iter(self.maps.values())).shape
        scale = max(1, CELL // max(height, width))
        self.cell = (height * scale, width * scale)
        group = len(self.replicates) * (self.cell[1] + GAP) - GAP
        self.titles = [_wrapped(method.title, group + GAP, TITLE_SIZE) for method in self.methods]
        self.captions = {
            label: _wrapped(example.prediction, self.cell[1] + GROUP_GAP, NOTE_SIZE)
            for label, example in self.examples.items()
        }
        self.names = [_wrapped(label, CELL * 2, LABEL_SIZE) for label in self.labels]
        self.note = _note(self.manifest, self.methods)

        names = max(_width(line, LABEL_SIZE) for name in self.names for line in name)
        self.first = MARGIN + names + GROUP_GAP // 2  # the left of the first picture
        self.groups = self.first + bool(self.examples) * (self.cell[1] + GROUP_GAP)
        self.step = group + GROUP_GAP
        head = max(len(title) for title in self.titles) * _line(TITLE_SIZE)
        self.numbers: int = _line(NOTE_SIZE) if len(self.replicates) > 1 else 0
        self.top = MARGIN + head + self.numbers + GAP // 2
        lines = max((len(caption) for caption in self.captions.values()), default=0)
        self.row = self.cell[0] + ROW_GAP + lines * _line(NOTE_SIZE) + bool(lines) * GAP // 2
        self.bottom = self.top + len(self.labels) * self.row
        self.width: int = max(
            self.groups + len(self.methods) * self.step - GROUP_GAP + MARGIN, self.first + 2 * BAR[0]
        )
        beside = self.first + BAR[0] + 2 * GROUP_GAP
        room = [self.width - MARGIN - left for left in (self.first, beside)]
        self.is_beside = room[1] >= max(_width(line, NOTE_SIZE) for line in self.note)
        self.note = [piece for line in self.note for piece in _wrapped(line, room[self.is_beside], NOTE_SIZE)]
        self.legend = BAR[1] + GAP + 2 * _line(NOTE_SIZE)
        lines = len(self.note) * _line(NOTE_SIZE)
        foot = max(self.legend, lines) if self.is_beside else self.legend + lines
        self.height = self.bottom + ROW_GAP + foot + MARGIN

    def figure(self) -> Figure:
        self.drawing = Figure(figsize=(self.width / DPI, self.height / DPI), facecolor="white")
        self._heads()
        for row, label in enumerate(self.labels):
            self._row(self.top + row * self.row, label, self.names[row])
        self._legend(self.bottom + ROW_GAP)
        return self.drawing

    def _heads(self) -> None:
        base = self.top - GAP - self.numbers - GAP // 2
        if self.examples:
            alone = len(self.replicates) == 1 and all(record.images == 1 for record in self._records())
            self._text(self.first + self.cell[1] / 2, base, "Image" if alone else "Example", TITLE_SIZE)
        for place, lines in enumerate(self.titles):
            left = self.groups + place * self.step
            self._text(left + (self.step - GROUP_GAP) / 2, base, "\n".join(lines), TITLE_SIZE)
            for i, replicate in enumerate(self.replicates if self.numbers else ()):
                middle = left + i * (self.cell[1] + GAP) + self.cell[1] / 2
                self._text(middle, self.top - GAP / 2, str(replicate), NOTE_SIZE, color=NOTE_INK)

    def _records(self) -> list[ClassMap]:
        slugs = {method.slug for method in self.methods}
        return [record for record in self.manifest.maps if record.method in slugs]

    def _row(self, top: int, label: str, name: list[str]) -> None:
        middle = top + self.cell[0] / 2
        self._text(self.first - GROUP_GAP // 2, middle, "\n".join(name), LABEL_SIZE, ha="right", va="center")
        if label in self.examples:
            self._picture(self.first, top, self.examples[label].image)
            below = top + self.cell[0] + GAP // 2
            caption = "\n".join(self.captions[label])
            self._text(self.first + self.cell[1] / 2, below, caption, NOTE_SIZE, va="top", color=NOTE_INK)
        for place, method in enumerate(self.methods):
            for i, replicate in enumerate(self.replicates):
                left = self.groups + place * self.step + i * (self.cell[1] + GAP)
                colours = styles.colour(
                    self.maps[array_key(method.slug, label, replicate)], Rendering("signed")
                )
                self._picture(left, top, colours)

    def _legend(self, top: int) -> None:
        """The palette, and in words what its ends mean; beside it the note."""
        signed = any(method.signed for method in self.methods)
        colours = (palettes.signed_palette() if signed else palettes.palette())[None]  # (1, n, 3)
        self._picture(self.first, top, colours, (BAR[1], BAR[0]))
        below = top + BAR[1] + _line(NOTE_SIZE)
        ends = [(0.0, "left", "against the class" if signed else "none"), (1.0, "right", "for the class")]
        for share, side, words in ends:
            left = self.first + share * BAR[0]
            self._text(left, below, words, NOTE_SIZE, ha=side, color=NOTE_INK)
        left = self.first + self.is_beside * (BAR[0] + 2 * GROUP_GAP)
        top += (not self.is_beside) * self.legend
        self._text(left, top, "\n".join(self.note), NOTE_SIZE, ha="left", va="top", color=NOTE_INK)

    def _picture(
        self, left: int, top: int, colours: NDArray[np.generic], size: tuple[int, int] | None = None
    ) -> None:
        height, width = size or self.cell
        outer = (left - FRAME, self.height - top - height - FRAME, width + 2 * FRAME, height + 2 * FRAME)
        x, y, w, h = (
            outer[0] / self.width,
            outer[1] / self.height,
            outer[2] / self.width,
            outer[3] / self.height,
        )
        self.drawing.add_artist(Rectangle((x, y), w, h, color=FRAME_INK, linewidth=0, zorder=-1))
        place = (
            left / self.width,
            1 - (top + height) / self.height,
            width / self.width,
            height / self.height,
        )
        axes = self.drawing.add_axes(place)
        axes.imshow(colours, interpolation="none", aspect="auto")
        axes.set_axis_off()

    def _text(self, left: float, top: float, text: str, size: float, **style: Any) -> None:
        style = {"ha": "center", "va": "baseline", "color": INK} | style
        x, y = left / self.width, 1 - top / self.height
        self.drawing.text(x, y, text, size=size, linespacing=LINE, **style)


def _note(manifest: Manifest, methods: list[Method]) -> list[str]:
    """What the maps are of, in lines."""
    records = [record for record in manifest.maps if record.method in {m.slug for m in methods}]
    classifier, accuracy = manifest.classifier, manifest.classifier.test_accuracy
    network = classifier.title or classifier.factory or "a classifier that is not stated"
    share = "" if accuracy is None else f" ({accuracy:.2%} accuracy)"
    return [
        f"Images of {manifest.dataset.name}, explained for {network}{share}.",
        _subject_note(manifest, records),
        *_pick_note(records),
        f"Colours are square roots of values over their {Rendering().percentile:g}th percentile.",
    ]


def _subject_note(manifest: Manifest, records: list[ClassMap]) -> str:
    """Which images a map explains."""
    if manifest.originals:
        return "A map explains one image, for one class."
    counts = sorted({record.images for record in records if record.images is not None})
    if not counts:
        return "A map explains a class."
    images = " or ".join(map(str, counts)) + (" image" if counts == [1] else " images")
    others = ", another replicate others" if manifest.replicates > 1 else ""
    return f"A map explains {images} that the model assigns to the class{others}."


def _pick_note(records: list[ClassMap]) -> list[str]:
    """How many images were picked, if any were."""
    counts = sorted({len(record.picked) for record in records if record.picked})
    words = " to ".join(map(str, sorted({counts[0], counts[-1]}))) if counts else ""
    return [f"Of these SP-LIME picked {words}."] if counts else []


def _wrapped(text: str, width: float, size: float) -> list[str]:
    """The text in lines that are about as wide as `width` pixels at most."""
    characters = max(4, int(len(text) * width / max(1, _width(text, size))))
    return textwrap.wrap(text, characters, break_long_words=False) or [text]


def _width(text: str, size: float) -> int:
    return int(TextPath((0, 0), text, prop=FontProperties(size=size)).get_extents().width * POINT) + 1


def _line(size: float) -> int:
    """The height of a line in pixels."""
    return int(size * LINE * POINT) + 1
