"""Two figures as SVG: the shares of votes with their intervals, and the differences of all pairs.

Rows with their labels come in, the text of an SVG goes out, the same bytes for the same rows. Text stays text;
a significant pair has a filled dot and another a hollow one, so that grey print and colour-blind eyes lose nothing.
Colours, font and size fit light and dark pages, from 360 pixels of width.
"""

import html
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from analysis import formatting as fmt

WIDTH, SIDE, ROW, FOOT = 400, 12, 46, 62  # pixels; a row is a line of text above a line of drawing
_LONGEST = 34  # characters of a label that fit beside its value
INK, MUTED, ACCENT, RULE = "#1f2328", "#59636e", "#0b6e99", "#8c959f"
_DARK = {INK: "#e6edf3", MUTED: "#9da7b1", ACCENT: "#5db7e0", RULE: "#7d8590"}
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"
_SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "beholder",
    "font.family": "DejaVu Sans",
    "font.size": 13 * 0.72,  # 13 pixels at 100 dots per inch
    "text.usetex": False,
    "text.parse_math": False,  # a method may be called $x$
    "path.simplify": False,
}
# Matplotlib reads its settings while it draws, from one place for all threads of a web server.
_drawing = Lock()


@dataclass(frozen=True)
class Mark:
    """One row of a figure: a label, a value ready to print, and where its dot and interval stand."""

    label: str
    value: str
    at: float
    low: float | None
    high: float | None
    filled: bool = True


def shares(marks: Sequence[Mark], description: str, title: str = "Shares of votes") -> str:
    """A dot plot of shares in [0, 1] from 0 % on, with the share that chance alone would give as a dashed line."""
    highest = max(mark.high if mark.high is not None else mark.at for mark in marks)
    chance = 1 / len(marks)

    def scale(axes: Axes) -> None:
        axes.set_xlim(0, min(1.0, max(highest * 1.06, chance * 1.6)))
        _reference_line(axes, chance, f"chance {fmt.percent(chance)}")
        axes.xaxis.set_major_formatter(lambda x, _: f"{x * 100:.0f} %")

    return _figure(marks, scale, "shares", title, description)


def pairs(marks: Sequence[Mark], description: str, title: str = "Differences between methods") -> str:
    """A forest plot of differences of shares in [-1, 1], with no difference as a dashed line."""
    ends = [end for mark in marks for end in (mark.at, mark.low, mark.high, 0.0) if end is not None]
    margin = (max(ends) - min(ends)) * 0.05 or 0.1

    def scale(axes: Axes) -> None:
        axes.set_xlim(min(ends) - margin, max(ends) + margin)
        _reference_line(axes, 0.0, "no difference")
        axes.xaxis.set_major_formatter(lambda x, _: fmt.points(round(x, 9)).removesuffix(".0"))

    return _figure(marks, scale, "pairs", title, description)


def _reference_line(axes: Axes, at: float, label: str) -> None:
    axes.axvline(at, color=RULE, linewidth=1.2, linestyle=(0, (3, 3)), zorder=1)
    left, right = axes.get_xlim()
    place = (at - left) / (right - left)
    side = "left" if place < 0.15 else "right" if place > 0.85 else "center"
    axes.annotate(
        *(label, (at, 0)), xycoords=("data", "axes fraction"), xytext=(0, -30), textcoords="offset pixels",
        ha=side, va="top", color=MUTED, annotation_clip=False,
    )  # fmt: skip


def _figure(marks: Sequence[Mark], scale: Callable[[Axes], None], name: str, title: str, description: str) -> str:
    height = ROW * len(marks) + FOOT
    with _drawing, mpl.rc_context(_SETTINGS):
        figure = Figure(figsize=(WIDTH / 100, height / 100), dpi=100)
        canvas = FigureCanvasSVG(figure)
        side = SIDE / WIDTH
        axes = figure.add_axes((side, FOOT / height, 1 - 2 * side, 1 - FOOT / height))
        axes.set_ylim(ROW * len(marks), 0)
        scale(axes)
        _draw(axes, marks)
        _quiet(axes)
        out = io.StringIO()
        metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        canvas.print_svg(out, metadata=metadata)
    return _accessible(out.getvalue(), name, title, description, height)


def _draw(axes: Axes, marks: Sequence[Mark]) -> None:
    across = axes.get_yaxis_transform()  # x in fractions of the width, y in pixels
    left, right = axes.get_xlim()
    radius = 4.5 * (right - left) / (WIDTH - 2 * SIDE)  # of a dot
    for row, mark in enumerate(marks):
        text, line = row * ROW + 18, row * ROW + 33
        label = mark.label if len(mark.label) <= _LONGEST else mark.label[: _LONGEST - 1] + "…"
        axes.text(0, text, label, transform=across, ha="left", va="baseline", color=INK)
        axes.text(1, text, mark.value, transform=across, ha="right", va="baseline", color=MUTED)
        for end in (mark.low, mark.high):
            if end is not None and abs(end - mark.at) > radius:
                _whisker(axes, mark.at + (radius if end > mark.at else -radius), end, line)
        axes.plot(
            *(mark.at, line), marker="o", markersize=6.5, markerfacecolor=ACCENT if mark.filled else "none",
            markeredgecolor=ACCENT, markeredgewidth=1.6, linestyle="none", zorder=3, clip_on=False,
        )  # fmt: skip


def _whisker(axes: Axes, start: float, end: float, y: float) -> None:
    """A line from the rim of the dot to the end of the interval, and a bar across it."""
    for x in ((start, end), (end, end)):
        bar = (y, y) if x[0] != x[1] else (y - 4, y + 4)
        axes.plot(x, bar, color=ACCENT, linewidth=1.6, solid_capstyle="butt", zorder=2, clip_on=False)


def _quiet(axes: Axes) -> None:
    """Nothing but a ruler below."""
    axes.patch.set_visible(False)
    axes.figure.patch.set_visible(False)
    axes.yaxis.set_visible(False)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(RULE)
    axes.xaxis.get_major_locator().set_params(nbins=5, steps=[1, 2, 5, 10])  # type: ignore[call-arg]
    axes.tick_params(axis="x", length=4, width=1, color=RULE, labelcolor=MUTED, pad=4)


def _accessible(svg: str, name: str, title: str, description: str, height: int) -> str:
    """The SVG by Matplotlib with a title, a description, a role, the page's own font and colours for dark pages."""
    body = svg[svg.index("<g id=") :]
    body = re.sub(r'( id="|href="#|url\(#)', rf"\1{name}-", body)  # two figures on one page share no id
    body = body.replace("'DejaVu Sans'", _FONT)
    style = ["@media (prefers-color-scheme: dark) {"]
    for light, dark in _DARK.items():
        for part in ("fill", "stroke"):
            style.append(f'.beholder-chart [style*="{part}: {light}"] {{ {part}: {dark} !important }}')
    lines = "\n".join([*style, "}"])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" class="beholder-chart"'
        f' viewBox="0 0 {WIDTH * 0.72:g} {height * 0.72:g}" width="{WIDTH}" height="{height}" role="img"'
        f' aria-labelledby="{name}-title {name}-desc">\n'
        f'<title id="{name}-title">{html.escape(title)}</title>\n'
        f'<desc id="{name}-desc">{html.escape(description)}</desc>\n'
        f"<style>\n{lines}\n</style>\n{body}"
    )
