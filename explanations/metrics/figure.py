"""All scores of an evaluation on one sheet: a panel a score, a dot a method, its interval beside it."""

import io
import math

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from explanations.metrics.results import Results
from explanations.metrics.subject import HIGHER, Score

COLUMNS = 3
PANEL = 3.4  # inches
ROW = 0.24  # inches a method
INK, MUTED, ACCENT = "#1c2333", "#6b7280", "#0b6e99"


def drawn(results: Results) -> str:
    """The text of an SVG; what stands in it is the same for the same results."""
    rows = math.ceil(len(results.scores) / COLUMNS)
    height = ROW * len(results.methods) + 0.95
    figure = Figure(figsize=(PANEL * COLUMNS, height * rows), layout="constrained")
    file = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "beholder", "svg.fonttype": "none"}):
        panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
        for axes, score in zip(panels, results.scores, strict=False):
            _panel(axes, results, score)
        for axes in panels[len(results.scores) :]:
            axes.set_axis_off()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


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
    arrow = "→" if score.better == HIGHER else "←"
    axes.set_title(f"{score.title}\n{score.better} is better {arrow}", size=9, color=INK, loc="left")
    axes.set_yticks(range(len(results.methods)), list(results.methods.values()), size=8)
    axes.set_ylim(len(results.methods) - 0.5, -0.5)
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="x", color="#e5e7eb", linewidth=0.6)
    axes.spines[["top", "right", "left"]].set_visible(False)
