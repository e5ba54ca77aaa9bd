"""Chart of the participants one by one: each one's share for each method."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from analysis.numerics.arrays import Floats
from analysis.reporting.charts.canvas import ACCENT, FOOT, INK, RULE, SIDE, WIDTH, Chart

MOST_DOTS = 400  # participants; above, bars are drawn
_EDGE = SIDE / (WIDTH - 2 * SIDE)
_BINS = 60
_STACK = 46  # pixels of the highest stack
_POINT = 72 / 100  # of a pixel


def participant_chart(
    name: str, title: str, description: str, methods: Sequence[str], shares: ArrayLike
) -> Chart:
    """Stacks of equal shares, (methods, participants): one mark a participant.

    Above MOST_DOTS participants each stack is a bar.
    """
    stacks = [_stack(of_method) for of_method in np.asarray(shares)]
    most = max(max(stack.values()) for stack in stacks)
    row, step = 84, min(4.0, _STACK / most)

    def draw(axes: Axes) -> None:
        across = axes.get_yaxis_transform()
        axes.set_xlim(-0.02, 1.06)  # leaves room for all of "100%"
        axes.set_ylim(row * len(methods), 0)
        axes.xaxis.set_major_formatter(lambda x, _: f"{x * 100:.0f}%")
        for i, (method, stack) in enumerate(zip(methods, stacks, strict=True)):
            base = (i + 1) * row - 10
            axes.text(
                -_EDGE, i * row + 16, method[:48], transform=across, ha="left", va="baseline", color=INK
            )
            axes.plot((0, 1), (base + 3, base + 3), color=RULE, linewidth=0.8, zorder=1)
            if sum(stack.values()) > MOST_DOTS:
                tops = [base - _STACK * times / most for times in stack.values()]
                places = [bin_ / _BINS for bin_ in stack]
                axes.vlines(places, base + 3, tops, color=ACCENT, linewidth=3.2, zorder=2, clip_on=False)
                continue
            xs = [bin_ / _BINS for bin_, times in stack.items() for _ in range(times)]
            ys = [base - j * step for times in stack.values() for j in range(times)]
            # A flat mark: round ones of this height would be invisible. Marks do not touch.
            axes.plot(
                *(xs, ys), marker="_", markersize=5 * _POINT, markeredgecolor=ACCENT,
                markeredgewidth=0.65 * step * _POINT, linestyle="none", zorder=2, clip_on=False,
            )  # fmt: skip

    return Chart(name, title, description, row * len(methods) + FOOT, draw)


def _stack(shares: Floats) -> dict[int, int]:
    """Count participants by their share in 60ths, the lowest share first."""
    bins, times = np.unique(np.rint(shares * _BINS).astype(int), return_counts=True)
    return dict(zip(bins.tolist(), times.tolist(), strict=True))
