"""A sheet of pictures in rows and columns, with titles, labels, captions, a legend and a note.

Everything is laid out in pixels of the PNG, so that all values of a map get equally many.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from explanations.figures.fonts import DPI, LINE, line_height, measure_width, visible, wrap
from explanations.manifest import array_key
from explanations.manifest.records import ClassMap, Manifest, Method
from explanations.rendering import Rendering, palettes, styles
from explanations.rendering.png import Pixels

CELL = 168  # pixels of a cell's longer side, if the map goes into that a whole number of times
MARGIN = 36
GAP = 10  # between the replicates of a method
GROUP_GAP = 30  # between methods
ROW_GAP = 16
BAR = (360, 22)  # width and height of the palette's legend
FRAME = 2  # width of the line around a picture

TITLE_SIZE, LABEL_SIZE, NOTE_SIZE = 10, 11, 7.5  # points
INK, NOTE_INK, FRAME_INK = "#1c2333", "#5b6478", "#d5dae4"


@dataclass(frozen=True)
class Example:
    """An image (H, W, 3) in [0, 1] as it went into the classifier, and its prediction: "cat (40%)"."""

    image: NDArray[np.float32]
    prediction: str


@dataclass
class Sheet:
    """Where everything is, in pixels from the left and from the top."""

    manifest: Manifest
    colours: Mapping[str, Pixels]
    labels: list[str]
    methods: list[Method]
    replicates: list[int]
    examples: Mapping[str, Example]
    rendering: Rendering
    note: list[str]

    def __post_init__(self) -> None:
        height, width = next(iter(self.colours.values())).shape[:2]
        scale = max(1, CELL // max(height, width))
        self.cell = (height * scale, width * scale)
        group = len(self.replicates) * (self.cell[1] + GAP) - GAP
        self.titles = [wrap(method.title, group + GAP, TITLE_SIZE) for method in self.methods]
        self.captions = {
            label: wrap(example.prediction, self.cell[1] + GROUP_GAP, NOTE_SIZE)
            for label, example in self.examples.items()
        }
        self.names = [wrap(label, CELL * 2, LABEL_SIZE) for label in self.labels]

        names = max(measure_width(line, LABEL_SIZE) for name in self.names for line in name)
        self.first = MARGIN + names + GROUP_GAP // 2  # the left of the first picture
        self.groups = self.first + bool(self.examples) * (self.cell[1] + GROUP_GAP)
        self.step = group + GROUP_GAP
        head = max(len(title) for title in self.titles) * line_height(TITLE_SIZE)
        self.numbers: int = line_height(NOTE_SIZE) if len(self.replicates) > 1 else 0
        self.top = MARGIN + head + self.numbers + GAP // 2
        lines = max((len(caption) for caption in self.captions.values()), default=0)
        self.row = self.cell[0] + ROW_GAP + lines * line_height(NOTE_SIZE) + bool(lines) * GAP // 2
        self.bottom = self.top + len(self.labels) * self.row
        self.width: int = max(
            self.groups + len(self.methods) * self.step - GROUP_GAP + MARGIN, self.first + 2 * BAR[0]
        )
        self._lay_out_foot()

    def _lay_out_foot(self) -> None:
        """The legend, the note to its right where there is room, else below, and the sheet's height."""
        self.scale = self._scale()
        beside = self.first + BAR[0] + 2 * GROUP_GAP
        room = [self.width - MARGIN - left for left in (self.first, beside)]
        widest = max((measure_width(line, NOTE_SIZE) for line in self.note), default=0)
        self.is_beside = self.scale is not None and room[1] >= widest
        self.note = [piece for line in self.note for piece in wrap(line, room[self.is_beside], NOTE_SIZE)]
        self.legend = 0 if self.scale is None else BAR[1] + GAP + 2 * line_height(NOTE_SIZE)
        lines = len(self.note) * line_height(NOTE_SIZE)
        foot = max(self.legend, lines) if self.is_beside else self.legend + lines
        self.height = self.bottom + bool(foot) * (ROW_GAP + foot) + MARGIN

    def _scale(self) -> Pixels | None:
        """The colours (n, 3) of the legend; None of a style without. One side where no method is signed."""
        if self.rendering.style == "signed" and not any(method.signed for method in self.methods):
            return palettes.palette()
        return styles.legend(self.rendering)

    def figure(self) -> Figure:
        """Draw everything."""
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
                self._picture(left, top, self.colours[array_key(method.slug, label, replicate)])

    def _legend(self, top: int) -> None:
        """The palette, and in words what its ends mean; beside it the note."""
        if self.scale is not None:
            self._picture(self.first, top, self.scale[None], (BAR[1], BAR[0]))
            below = top + BAR[1] + line_height(NOTE_SIZE)
            lowest = "against the class" if len(self.scale) < palettes.STEPS else "none"
            for left, side, words in (
                (self.first, "left", lowest),
                (self.first + BAR[0], "right", "for the class"),
            ):
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
        text = visible(text)
        self.drawing.text(x, y, text, size=size, linespacing=LINE, parse_math=False, **style)
