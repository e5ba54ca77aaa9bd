"""Charts of estimates with their intervals: shares, differences and correlations, a row for each.

A significant difference has a filled dot and any other a hollow one, so that nothing depends on colour.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from analysis import formatting as fmt
from analysis.reporting.charts.canvas import ACCENT, BAR, FOOT, INK, MUTED, RULE, SIDE, WIDTH, Chart

_LEAD = 18  # pixels from one line of text to the next
_LINE = 15  # pixels from the last line of a row's text to its drawing
_FITS = 48  # characters in a line


@dataclass(frozen=True)
class Mark:
    """One row: a label, a value ready to print, and the estimate with its interval, None where undefined."""

    label: str
    value: str
    estimate: float
    low: float | None
    high: float | None
    filled: bool = True


def describe(marks: Sequence[Mark]) -> str:
    """ "A 56.1% (51 to 61), B 43.9% (39 to 49)", for a chart's description."""
    return "; ".join(f"{mark.label} {mark.value}" for mark in marks)


def share_chart(
    name: str, title: str, description: str, marks: Sequence[Mark], chance: float | None = None
) -> Chart:
    """Bars of shares in [0, 1] from 0%, with a line at `chance`, by default 1 / number of rows."""
    highest = max(mark.high if mark.high is not None else mark.estimate for mark in marks)
    by_chance = 1 / len(marks) if chance is None else chance

    def scale(axes: Axes) -> None:
        axes.set_xlim(0, min(1.0, max(highest * 1.06, by_chance * 1.55)))
        for line, mark in zip(axes.get_yticks(), marks, strict=True):
            axes.barh(line, mark.estimate, height=14, color=BAR, zorder=0)
        _draw_reference_line(axes, by_chance, f"chance {fmt.percent(by_chance)}")
        axes.xaxis.set_major_formatter(lambda x, _: f"{x * 100:.0f}%")

    return _chart(name, title, description, marks, scale)


def difference_chart(name: str, title: str, description: str, marks: Sequence[Mark]) -> Chart:
    """Differences of shares in [-1, 1], "no difference" in the middle."""
    ends = [abs(end) for mark in marks for end in (mark.estimate, mark.low, mark.high) if end is not None]
    reach = (max(ends) or 0.1) * 1.05

    def scale(axes: Axes) -> None:
        axes.set_xlim(-reach, reach)
        _draw_reference_line(axes, 0.0, "no difference")
        axes.xaxis.set_major_formatter(lambda x, _: fmt.points(round(x, 9)).removesuffix(".0"))

    return _chart(name, title, description, marks, scale)


def correlation_chart(name: str, title: str, description: str, marks: Sequence[Mark]) -> Chart:
    """Correlations in [-1, 1], with a line at none."""

    def scale(axes: Axes) -> None:
        axes.set_xlim(-1.05, 1.05)
        _draw_reference_line(axes, 0.0, "no agreement")
        axes.xaxis.set_major_formatter(lambda x, _: fmt.decimal(x, 1))

    return _chart(name, title, description, marks, scale)


def _chart(
    name: str, title: str, description: str, marks: Sequence[Mark], scale: Callable[[Axes], None]
) -> Chart:
    # If a label and its value do not fit on one line in some row, each gets its own line in every row.
    lines = 1 if all(len(mark.label) + len(mark.value) <= _FITS for mark in marks) else 2
    row = lines * _LEAD + _LINE + 13

    def draw(axes: Axes) -> None:
        axes.set_ylim(row * len(marks), 0)
        axes.set_yticks([i * row + lines * _LEAD + _LINE for i in range(len(marks))])
        scale(axes)
        _draw_rows(axes, marks, lines)

    return Chart(name, title, description, row * len(marks) + FOOT, draw)


def _draw_reference_line(axes: Axes, at: float, label: str) -> None:
    """A line through the drawings, but not through the text above them."""
    for height in axes.get_yticks()[:-1]:
        axes.plot(
            (at, at), (height - 9, height + 9), color=RULE, linewidth=1.2, solid_capstyle="butt", zorder=1
        )
    bottom = axes.get_ylim()[0]
    axes.plot((at, at), (bottom - 22, bottom), color=RULE, linewidth=1.2, solid_capstyle="butt", zorder=1)
    left, right = axes.get_xlim()
    fraction = (at - left) / (right - left)
    side = "left" if fraction < 0.15 else "right" if fraction > 0.85 else "center"
    axes.annotate(
        *(label, (at, 0)), xycoords=("data", "axes fraction"), xytext=(0, -30), textcoords="offset pixels",
        ha=side, va="top", color=MUTED, annotation_clip=False,
    )  # fmt: skip


def _draw_rows(axes: Axes, marks: Sequence[Mark], lines: int) -> None:
    """Draw each row: its lines of text, then the dot and its interval."""
    across = axes.get_yaxis_transform()  # x in fractions of the width, y in pixels
    edge = SIDE / (WIDTH - 2 * SIDE)  # of the axes' width
    left, right = axes.get_xlim()
    radius = 4.5 * (right - left) / (WIDTH - 2 * SIDE)  # of a dot
    for line, mark in zip(axes.get_yticks(), marks, strict=True):
        base = line - _LINE
        label = mark.label if len(mark.label) <= _FITS else mark.label[: _FITS - 1] + "…"
        above = base if lines == 1 else base - _LEAD
        axes.text(-edge, above, label, transform=across, ha="left", va="baseline", color=INK)
        x, side = (1 + edge, "right") if lines == 1 else (-edge, "left")
        axes.text(x, base, mark.value, transform=across, ha=side, va="baseline", color=MUTED)
        for end in (mark.low, mark.high):
            if end is not None and abs(end - mark.estimate) > radius:
                _draw_whisker(axes, mark.estimate + (radius if end > mark.estimate else -radius), end, line)
        axes.plot(
            *(mark.estimate, line), marker="o", markersize=6.5,
            markerfacecolor=ACCENT if mark.filled else "none",
            markeredgecolor=ACCENT, markeredgewidth=1.6, linestyle="none", zorder=3, clip_on=False,
        )  # fmt: skip


def _draw_whisker(axes: Axes, start: float, end: float, y: float) -> None:
    """A line from the rim of the dot to the end of the interval, and a bar across it."""
    for x in ((start, end), (end, end)):
        bar = (y, y) if x[0] != x[1] else (y - 4, y + 4)
        axes.plot(x, bar, color=ACCENT, linewidth=1.6, solid_capstyle="butt", zorder=2, clip_on=False)
