"""Two figures as SVG: the shares of votes with their intervals, and the differences of all pairs.

Rows with their labels come in, the text of an SVG goes out, the same bytes for the same rows. Text
stays text; a significant pair has a filled dot and another a hollow one, so that nothing is lost in grey.
Colours, font and size fit light and dark pages, from 360 pixels of width.
"""

import html
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis import formatting as fmt

WIDTH, SIDE, FOOT = 400, 12, 62  # pixels
_LEAD = 18  # from one line of text to the next
_LINE = 15  # from the last line of a row's text to its drawing
_FITS = 48  # characters in a line
INK, MUTED, ACCENT, RULE = "#1f2328", "#59636e", "#0b6e99", "#8c959f"
_DARK = {INK: "#e6edf3", MUTED: "#9da7b1", ACCENT: "#5db7e0", RULE: "#7d8590"}
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"
_SETTINGS: dict[Any, Any] = {
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


def shares(
    marks: Sequence[Mark],
    description: str,
    title: str = "Shares of votes",
    name: str = "shares",
    chance: float | None = None,
) -> str:
    """A dot plot of shares in [0, 1] from 0 % on, with a line at the share that chance would give.

    That is one in as many as there are rows, unless `chance` says otherwise.
    """
    highest = max(mark.high if mark.high is not None else mark.at for mark in marks)
    by_chance = 1 / len(marks) if chance is None else chance

    def scale(axes: Axes) -> None:
        axes.set_xlim(0, min(1.0, max(highest * 1.06, by_chance * 1.55)))
        _reference_line(axes, by_chance, f"chance {fmt.percent(by_chance)}")
        axes.xaxis.set_major_formatter(lambda x, _: f"{x * 100:.0f} %")

    return _figure(marks, scale, name, title, description)


def pairs(
    marks: Sequence[Mark], description: str, title: str = "Differences between methods", name: str = "pairs"
) -> str:
    """A forest plot of differences of shares in [-1, 1], with a line at no difference."""
    ends = [end for mark in marks for end in (mark.at, mark.low, mark.high, 0.0) if end is not None]
    margin = (max(ends) - min(ends)) * 0.05 or 0.1

    def scale(axes: Axes) -> None:
        axes.set_xlim(min(ends) - margin, max(ends) + margin)
        _reference_line(axes, 0.0, "no difference")
        axes.xaxis.set_major_formatter(lambda x, _: fmt.points(round(x, 9)).removesuffix(".0"))

    return _figure(marks, scale, name, title, description)


def correlations(marks: Sequence[Mark], description: str, title: str, name: str) -> str:
    """A forest plot of correlations in [-1, 1], with a line at none."""

    def scale(axes: Axes) -> None:
        axes.set_xlim(-1.05, 1.05)
        _reference_line(axes, 0.0, "no agreement")
        axes.xaxis.set_major_formatter(lambda x, _: fmt.decimal(x, 1))

    return _figure(marks, scale, name, title, description)


def _reference_line(axes: Axes, at: float, label: str) -> None:
    """A line through the drawings, but not through the text above them."""
    for height in axes.get_yticks()[:-1]:
        axes.plot(
            (at, at), (height - 9, height + 9), color=RULE, linewidth=1.2, solid_capstyle="butt", zorder=1
        )
    bottom = axes.get_ylim()[0]
    axes.plot((at, at), (bottom - 22, bottom), color=RULE, linewidth=1.2, solid_capstyle="butt", zorder=1)
    left, right = axes.get_xlim()
    place = (at - left) / (right - left)
    side = "left" if place < 0.15 else "right" if place > 0.85 else "center"
    axes.annotate(
        *(label, (at, 0)), xycoords=("data", "axes fraction"), xytext=(0, -30), textcoords="offset pixels",
        ha=side, va="top", color=MUTED, annotation_clip=False,
    )  # fmt: skip


def _figure(
    marks: Sequence[Mark], scale: Callable[[Axes], None], name: str, title: str, description: str
) -> str:
    # Where a label and its value do not fit into one line, each gets its own, in every row.
    lines = 1 if all(len(mark.label) + len(mark.value) <= _FITS for mark in marks) else 2
    row = lines * _LEAD + _LINE + 13
    height = row * len(marks) + FOOT

    def draw(axes: Axes) -> None:
        axes.set_ylim(row * len(marks), 0)
        axes.set_yticks([i * row + lines * _LEAD + _LINE for i in range(len(marks))])
        scale(axes)
        _draw(axes, marks, lines)

    return framed(height, draw, name, title, description)


@dataclass(frozen=True)
class Chart:
    """A figure with its title and a description for those who do not see it.

    `name` is unique in a report and names the chart's file. `draw` draws on axes of `height` pixels in all.
    """

    name: str
    title: str
    description: str
    height: int
    draw: Callable[[Axes], None]

    @cached_property
    def svg(self) -> str:
        return framed(self.height, self.draw, self.name, self.title, self.description)


def framed(height: int, draw: Callable[[Axes], None], name: str, title: str, description: str) -> str:
    """A figure of WIDTH by `height` pixels, in which `draw` sets the limits; FOOT is for the ruler."""
    with _drawing, style.context(["default", _SETTINGS]):
        figure = Figure(figsize=(WIDTH / 100, height / 100), dpi=100)
        side = SIDE / WIDTH
        axes = figure.add_axes((side, FOOT / height, 1 - 2 * side, 1 - FOOT / height))
        draw(axes)
        _quiet(axes)
        out = io.StringIO()
        metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(out, format="svg", metadata=metadata)
    return _accessible(out.getvalue(), name, title, description, height)


def _draw(axes: Axes, marks: Sequence[Mark], lines: int) -> None:
    """Each row: its text in so many lines, and below it the dot and its interval."""
    across = axes.get_yaxis_transform()  # x in fractions of the width, y in pixels
    edge = SIDE / (WIDTH - 2 * SIDE)  # of the picture
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
    """Matplotlib's SVG with title, description and role, in the page's font, with colours for dark pages."""

    def adapted(tag: re.Match[str]) -> str:
        text = re.sub(r'( id="|href="#|url\(#)', rf"\1{name}-", tag[0])  # two figures on a page share no id
        return text.replace("'DejaVu Sans'", _FONT)

    body = re.sub("<[^<>]+>", adapted, svg[svg.index("<g id=") :])
    body = re.sub(r'(<defs>\s*<path[^>]*?) style="[^"]*"', r"\1", body)  # a dot has the colours of its use
    rules = [
        f'.beholder-chart [style*="{part}: {light}"] {{ {part}: {dark} !important }}'
        for light, dark in _DARK.items()
        for part in ("fill", "stroke")
    ]
    alone = ":root.beholder-chart { color-scheme: light dark }"  # or a browser puts dark colours on white
    css = "\n".join([alone, "@media (prefers-color-scheme: dark) {", *rules, "}"])
    box = f"0 0 {WIDTH * 0.72:g} {height * 0.72:g}"  # Matplotlib has 72 units an inch
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        f' class="beholder-chart" viewBox="{box}" width="{WIDTH}" height="{height}" role="img"'
        f' aria-labelledby="{name}-title {name}-desc">\n'
        f'<title id="{name}-title">{html.escape(title)}</title>\n'
        f'<desc id="{name}-desc">{html.escape(description)}</desc>\n'
        f"<style>\n{css}\n</style>\n{body}"
    )
