"""Figure of all scores: one panel per score, one dot and interval per method.

Below are curves over the share of features removed, for the scores that have them.
"""

import io
import math
import textwrap

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from explanations.metrics.results import Results
from explanations.metrics.subject import HIGHER, Score

COLUMNS = 3
PANEL = 3.4  # inches
ROW = 0.24  # inches a method
CURVES = 3.4  # inches of height
MARKERS = "osD^vPX"  # beside the colours, for print in grey
TITLE_LINE = 0.15  # inches
TITLE_CHARACTERS = 25
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")  # Okabe and Ito
SHIFT = 0.5  # percent between the methods' marks at one share, so that intervals don't cover each other
LINEAR = 0.5  # points of error up to which the axis is linear, and beyond which it is logarithmic
TICKS = (-50, -20, -10, -5, -2, -1, -0.5, -0.2, 0, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
INK, MUTED, ACCENT = "#1c2333", "#6b7280", "#0b6e99"


def draw(results: Results) -> str:
    """The text of an SVG, which is the same for the same results."""
    curved = [score for score in results.scores if any(c.metric == score.slug for c in results.curves)]
    columns = min(COLUMNS, max(len(results.scores), 2 * len(curved)))
    rows = math.ceil(len(results.scores) / columns)
    lines = max(len(_heading(score.title)) for score in results.scores)
    panel = ROW * len(results.methods) + 0.8 + TITLE_LINE * lines
    heights = [rows * panel, *[CURVES] * bool(curved)]
    figure = Figure(figsize=(PANEL * columns, sum(heights)), layout="constrained")
    file = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "beholder", "svg.fonttype": "none"}):
        parts = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False).ravel()
        panels = parts[0].subplots(rows, columns, squeeze=False).ravel()
        for axes, score in zip(panels, results.scores, strict=False):
            _panel(axes, results, score)
        for axes in panels[len(results.scores) :]:
            axes.set_axis_off()
        for axes, score in zip(_row(parts[-1], len(curved)), curved, strict=True):
            _curves(axes, results, score)
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def _row(part: SubFigure, count: int) -> list[Axes]:
    return list(part.subplots(1, count, squeeze=False).ravel()) if count else []


def _heading(title: str) -> list[str]:
    """The title in lines that are no wider than the axes beside the longest names of methods."""
    return textwrap.wrap(title, TITLE_CHARACTERS, break_on_hyphens=False)


def _panel(axes: Axes, results: Results, score: Score) -> None:
    best = results.best(score)
    for row, method in enumerate(results.methods):
        found = results.summary(method, score.slug)
        if found.mean is None:
            continue
        if found.low is not None and found.high is not None:
            axes.plot([found.low, found.high], [row, row], color=MUTED, linewidth=1.2)
        fill = ACCENT if method in best else "white"
        axes.plot([found.mean], [row], "o", markersize=6, markerfacecolor=fill, markeredgecolor=ACCENT)
    if results.reasons(score):
        axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, size=8, color=MUTED, ha="center")
    arrow = "→" if score.better == HIGHER else "←"
    heading = "\n".join([*_heading(score.title), f"{score.better} is better {arrow}"])
    axes.set_title(heading, size=9, color=INK, loc="left")
    axes.set_yticks(range(len(results.methods)), list(results.methods.values()), size=8)
    axes.set_ylim(len(results.methods) - 0.5, -0.5)
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="x", color="#e5e7eb", linewidth=0.6)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _curves(axes: Axes, results: Results, score: Score) -> None:
    """The error gained by each method's networks over the share removed, with its interval over seeds."""
    listed = [curve for curve in results.curves if curve.metric == score.slug]
    shares = [point.share for point in listed[0].points if point.share > 0]
    by_share = [results.gained(score, share) for share in shares]
    for number, method in enumerate(by_share[0]):
        found = [at[method] for at in by_share]
        colour = COLOURS[number % len(COLOURS)]
        means = [math.nan if gain.mean is None else gain.mean for gain in found]
        percents = [100 * share + SHIFT * (number - (len(by_share[0]) - 1) / 2) for share in shares]
        marker, label = MARKERS[number % len(MARKERS)], results.methods[method]
        axes.plot(percents, means, marker=marker, color=colour, markersize=4, linewidth=1, label=label)
        for percent, gain in zip(percents, found, strict=True):
            if gain.low is not None and gain.high is not None:
                axes.plot([percent, percent], [gain.low, gain.high], color=colour, linewidth=0.8)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.set_title(f"{score.title}: points gained", size=9, color=INK, loc="left")
    axes.set_xlabel("removed, %", size=8, color=INK)
    axes.set_yscale("symlog", linthresh=LINEAR)
    axes.yaxis.set_major_locator(FixedLocator(TICKS))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.margins(y=0.1)
    axes.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    axes.tick_params(labelsize=8)
    axes.grid(axis="y", color="#e5e7eb", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
