"""Two figures of many dots: the participants one by one, and the classes by method. Rows in, SVG out.

Methods differ by the shape of their mark and not by colour alone, so that nothing is lost in grey.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike, NDArray

from analysis import formatting as fmt
from analysis.reporting.charts import ACCENT, FOOT, INK, MUTED, RULE, SIDE, WIDTH, framed

_INSIDE = WIDTH - 2 * SIDE
_EDGE = SIDE / _INSIDE
_SHAPES = ("o", "s", "^", "D", "v", "P", "X", "*")
_BINS = 60
_PILE = 46  # pixels of the highest pile
_POINT = 72 / 100  # of a pixel
MOST_DOTS = 400  # participants


def participants(methods: Sequence[str], shares: ArrayLike, description: str, title: str) -> str:
    """Each participant's share of votes for each method, shape (methods, participants).

    Equal ones are piled up: as marks, one a participant, or as a bar where there are more than MOST_DOTS
    participants.
    """
    stacks = [_stack(of_method) for of_method in np.asarray(shares)]
    most = max(max(stack.values()) for stack in stacks)
    row, step = 84, min(4.0, _PILE / most)

    def draw(axes: Axes) -> None:
        across = axes.get_yaxis_transform()
        axes.set_xlim(-0.02, 1.06)  # with room for all of "100 %"
        axes.set_ylim(row * len(methods), 0)
        axes.xaxis.set_major_formatter(lambda x, _: f"{x * 100:.0f} %")
        for i, (method, stack) in enumerate(zip(methods, stacks, strict=True)):
            base = (i + 1) * row - 10
            axes.text(
                -_EDGE, i * row + 16, method[:48], transform=across, ha="left", va="baseline", color=INK
            )
            axes.plot((0, 1), (base + 3, base + 3), color=RULE, linewidth=0.8, zorder=1)
            if sum(stack.values()) > MOST_DOTS:
                tops = [base - _PILE * times / most for times in stack.values()]
                places = [at / _BINS for at in stack]
                axes.vlines(places, base + 3, tops, color=ACCENT, linewidth=3.2, zorder=2, clip_on=False)
                continue
            xs = [at / _BINS for at, times in stack.items() for _ in range(times)]
            ys = [base - j * step for times in stack.values() for j in range(times)]
            # A flat mark, for of a round one so low nothing would be seen; marks do not touch.
            axes.plot(
                *(xs, ys), marker="_", markersize=5 * _POINT, markeredgecolor=ACCENT,
                markeredgewidth=0.65 * step * _POINT, linestyle="none", zorder=2, clip_on=False,
            )  # fmt: skip

    return framed(row * len(methods) + FOOT, draw, "participants", title, description)


def _stack(shares: NDArray[np.float64]) -> dict[int, int]:
    """How many participants have a share of so many 60ths, the lowest share first."""
    at, times = np.unique(np.rint(shares * _BINS).astype(int), return_counts=True)
    return dict(zip(at.tolist(), times.tolist(), strict=True))


def classes(
    labels: Sequence[str],
    methods: Sequence[str],
    shares: Sequence[Sequence[float]],
    description: str,
    title: str,
) -> str:
    """Each class's share of votes for each method: a row a class, a shape a method, named above."""
    row, key = 26, 20 * ((len(methods) + 1) // 2) + 14
    highest = max(max(of_class) for of_class in shares)

    def draw(axes: Axes) -> None:
        across = axes.get_yaxis_transform()
        axes.set_xlim(-0.1 * highest, highest * 1.05)
        axes.set_ylim(key + row * len(labels), 0)
        axes.xaxis.set_major_formatter(lambda x, _: f"{x * 100:.0f} %" if x >= 0 else "")
        for j, method in enumerate(methods):
            x, y = (j % 2) * 0.5 - _EDGE + 0.02, 14 + 20 * (j // 2)
            _shape(axes, j, x, y - 4, transform=across)
            axes.text(x + 0.03, y, method[:24], transform=across, ha="left", va="baseline", color=INK)
        for i, (label, of_class) in enumerate(zip(labels, shares, strict=True)):
            at = key + (i + 0.5) * row
            axes.text(-_EDGE, at + 4, label[:8], transform=across, ha="left", va="baseline", color=MUTED)
            axes.plot((0, highest * 1.05), (at, at), color=RULE, linewidth=0.6, zorder=1)
            for j, share in enumerate(of_class):
                _shape(axes, j, share, at)

    return framed(key + row * len(labels) + FOOT, draw, "classes", title, description)


def _shape(axes: Axes, j: int, x: float, y: float, **options: Any) -> None:
    """The mark of method `j`: every second one is hollow."""
    axes.plot(
        *([x], [y]), marker=_SHAPES[j % len(_SHAPES)], markersize=6, linestyle="none",
        markerfacecolor=ACCENT if j % 2 == 0 else "none", markeredgecolor=ACCENT, markeredgewidth=1.4,
        zorder=3, clip_on=False, **options,
    )  # fmt: skip


def told(names: Sequence[str], shares: Sequence[float]) -> str:
    """ "A 56.6 %, B 43.4 %", for a description."""
    return ", ".join(f"{name} {fmt.percent(share)}" for name, share in zip(names, shares, strict=True))
