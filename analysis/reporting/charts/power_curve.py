"""Chart of power by number of participants, from results of `analysis.planning.power`."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from analysis import formatting as fmt
from analysis.planning.power import Power
from analysis.reporting.charts.canvas import ACCENT, FOOT, INK, MUTED, RULE, Chart

_HEIGHT = 190  # pixels of the drawing itself
_TOP = 66  # pixels for the key


def power_curve(powers: Sequence[Power], target: float, title: str) -> Chart:
    """Draw both probabilities of `powers`, with a line at the `target` power.

    Any difference is a dashed line with hollow dots, so that the lines differ in greyscale too.
    """
    sizes = [power.n for power in powers]
    lines = (
        ("best ahead of every other method", [power.claim for power in powers], "-", ACCENT),
        ("any difference", [power.omnibus for power in powers], "--", "none"),
    )
    values = ", ".join(f"{power.n} participants {fmt.percent(power.claim)}" for power in powers)
    description = f"Probability that the best method is found ahead of every other: {values}."

    def draw(axes: Axes) -> None:
        axes.set_xlim(0, max(sizes) * 1.02)
        axes.set_ylim(0, 1 + _TOP / _HEIGHT)
        for level in (0, 0.5, 1):
            axes.axhline(level, color=RULE, linewidth=0.5, zorder=1)
            if level:  # at 0 the label would cover the curve of few participants
                axes.text(0, level + 0.02, f"{level:.0%}", ha="left", va="bottom", color=MUTED)
        axes.axhline(target, color=INK, linewidth=0.9, linestyle=":", zorder=1)
        axes.annotate(
            *("participants", (1, 0)), xycoords="axes fraction", xytext=(0, -30), textcoords="offset pixels",
            ha="right", va="top", color=MUTED, annotation_clip=False,
        )  # fmt: skip
        for row, (label, chances, style, fill) in enumerate(lines):
            axes.plot(
                *(sizes, chances), color=ACCENT, linestyle=style, linewidth=1.6, marker="o", markersize=4.5,
                markerfacecolor=fill, markeredgecolor=ACCENT, zorder=3, clip_on=False,
            )  # fmt: skip
            y = 1 + (_TOP - 12 - 19 * row) / _HEIGHT
            axes.plot(
                *((0, max(sizes) * 0.06), (y, y)), color=ACCENT, linestyle=style, linewidth=1.6, marker="o",
                markersize=4.5, markerfacecolor=fill, markeredgecolor=ACCENT, clip_on=False,
            )  # fmt: skip
            axes.text(max(sizes) * 0.09, y, label, ha="left", va="center", color=INK)

    return Chart("power", title, description, _HEIGHT + _TOP + FOOT, draw)
