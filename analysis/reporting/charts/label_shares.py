"""Chart of each method's share for every label: a small panel for each method, labels from top to bottom.

Two panels are side by side and share one scale. A line in each panel marks the method's share over all
labels.
"""

import unicodedata
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from analysis import formatting as fmt
from analysis.estimation.label_shares import LabelShares
from analysis.numerics.arrays import Floats
from analysis.reporting.charts.canvas import ACCENT, FOOT, INK, MUTED, RULE, SIDE, WIDTH, Chart

MOST_NAMED = 24  # labels with a name and a row of text each
MOST_LABELS = 200
_HEAD, _ROW, _THIN, _RULER, _GAP = 30, 18, 6, 34, 16  # pixels
_FIRST, _LAST = 12, 10  # pixels: half of the labels of the first and the last tick
_UNIT = 7.2  # pixels of a letter
_NAME = 8  # units of a label's name at most
_LEFT, _RIGHT = -SIDE, WIDTH - SIDE  # of the drawing, in pixels of the axes


def label_chart(
    name: str, title: str, description: str, found: LabelShares, shares: Sequence[float], nouns: str
) -> Chart | None:
    """`shares` (methods,) are those over all labels, `nouns` what labels are, such as "classes".

    Above MOST_NAMED labels, rows have no names, and each panel is sorted by share. None above MOST_LABELS.
    """
    n, k = len(found.labels), len(found.methods)
    if n > MOST_LABELS:
        return None
    named = n <= MOST_NAMED
    row = _ROW if named else _THIN
    names = [_cut(label, _NAME) for label in found.labels] if named else []
    gutter = max((_units(label) for label in names), default=0) * _UNIT + _FIRST
    columns = min(k, 2)
    width = (_RIGHT - _LEFT - gutter - _LAST - _GAP * (columns - 1)) / columns
    panel = _HEAD + row * n + _RULER
    end = panel * -(-k // columns)
    bottom = end - _RULER + 8  # the last ruler and the note are in the foot
    highest = float(np.nanmax([*np.ravel(found.shares), *np.ravel(found.high), *shares]))
    ticks = _ticks(highest)
    reach = max(highest, ticks[-1])

    def draw(axes: Axes) -> None:
        axes.set_xlim(0, WIDTH - 2 * SIDE)
        axes.set_ylim(bottom, 0)
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
        for j, method in enumerate(found.methods):
            left = _LEFT + gutter + (j % columns) * (width + _GAP)
            top = (j // columns) * panel
            scale = _Scale(left, width / reach)
            _draw_head(axes, method, shares[j], left, width, top)
            _draw_frame(axes, scale, shares[j], ticks, reach, top + _HEAD, row * n)
            order = np.arange(n) if named else np.argsort(-found.shares[:, j], kind="stable")
            rows = np.asarray(top + _HEAD + (np.arange(n) + 0.5) * row, dtype=float)  # (labels,)
            if named and j % columns == 0:
                for y, label in zip(rows.tolist(), names, strict=True):
                    _write(axes, _LEFT, y + 4, label, MUTED)
            marks = np.stack([found.shares[order, j], found.low[order, j], found.high[order, j]])
            _draw_marks(axes, scale, marks, rows, named)
        text = f"{'' if named else 'Sorted by share. '}Line: share over all {nouns}."
        _write(axes, _LEFT, end + 14, text, MUTED)

    return Chart(name, title, description, bottom + FOOT, draw)


class _Scale:
    """Shares to pixels."""

    def __init__(self, left: float, per_share: float) -> None:
        self.left, self.per_share = left, per_share

    def __call__(self, share: float) -> float:
        return self.left + share * self.per_share

    def pixels(self, shares: Floats) -> Floats:
        """Many shares at once."""
        return np.asarray(self.left + shares * self.per_share)


def _draw_head(axes: Axes, method: str, share: float, left: float, width: float, top: float) -> None:
    value = fmt.percent(share)
    space = int(width / _UNIT) - len(value) - 1
    _write(axes, left, top + 18, _cut(method, space), INK)
    _write(axes, left + width, top + 18, value, MUTED, "right")


def _draw_frame(
    axes: Axes,
    scale: _Scale,
    share: float,
    ticks: Sequence[float],
    reach: float,
    top: float,
    height: float,
) -> None:
    """The ruler with its ticks, and the line at the share over all labels."""
    base = top + height + 4
    ends = (scale(0), scale(reach))
    axes.plot(ends, (base, base), color=RULE, linewidth=0.8, solid_capstyle="butt", clip_on=False)
    for tick in ticks:
        x = (scale(tick), scale(tick))
        axes.plot(x, (base, base + 4), color=RULE, linewidth=0.8, solid_capstyle="butt", clip_on=False)
        _write(axes, x[0], base + 17, f"{tick * 100:.0f}%", MUTED, "center")
    x = (scale(share), scale(share))
    axes.plot(x, (top, base), color=RULE, linewidth=1.2, solid_capstyle="butt", zorder=1, clip_on=False)


def _draw_marks(axes: Axes, scale: _Scale, marks: Floats, rows: Floats, large: bool) -> None:
    """Dots and intervals of one panel; Matplotlib draws no dot where a share is NaN.

    `marks` (3, labels) are shares, lower and upper ends, and `rows` (labels,) their heights.
    """
    shares, low, high = marks
    thick, size = (1.4, 5.5) if large else (0.8, 3)
    known = ~np.isnan(low) & ~np.isnan(high)
    ends = (scale.pixels(low[known]), scale.pixels(high[known]))
    axes.hlines(rows[known], *ends, color=ACCENT, linewidth=thick, zorder=2, clip_on=False)
    axes.plot(
        *(scale.pixels(shares), rows), marker="o", markersize=size, linestyle="none", color=ACCENT,
        markeredgewidth=0, zorder=3, clip_on=False,
    )  # fmt: skip


def _write(axes: Axes, x: float, y: float, text: str, colour: str, align: str = "left") -> None:
    axes.text(x, y, text, ha=align, va="baseline", color=colour, clip_on=False)


def _ticks(highest: float) -> list[float]:
    """Three or four ticks with a round step, from 0 to at most `highest`."""
    step = next((step for step in (0.05, 0.1, 0.2, 0.25, 0.5) if highest / step < 3.99), 0.5)
    return [i * step for i in range(int(highest / step + 1e-9) + 1)] if highest >= step else [0.0, step]


def _units(text: str) -> int:
    """The width of a text in letters; Chinese, Japanese and Korean characters are twice as wide."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def _cut(text: str, most: int) -> str:
    """The text, or as much of it as fits with an ellipsis into `most` letters."""
    if _units(text) <= most:
        return text
    while _units(text) > most - 1:
        text = text[:-1]
    return f"{text}…"
