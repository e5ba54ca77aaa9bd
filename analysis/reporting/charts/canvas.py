"""Charts drawn with Matplotlib: SVG for pages, PDF for papers; the same drawing gives the same bytes.

In SVG, text stays text in the reader's system font, so that names in any script are shown. Colours, font and
size fit light and dark pages from 360 pixels of width.
"""

import html
import io
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from threading import Lock
from typing import Any

from matplotlib import font_manager, style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

WIDTH, SIDE, FOOT = 400, 12, 62  # pixels: the chart, its margins left and right, the axis at the bottom
INK, MUTED, ACCENT, RULE, BAR = "#17191d", "#5f656e", "#173878", "#858a91", "#aec5ee"
_DARK = {INK: "#e9ebee", MUTED: "#9ba1aa", ACCENT: "#c3d5f8", RULE: "#767d86", BAR: "#34508c"}
_SYSTEM_FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'DejaVu Sans', sans-serif"
# Fonts for scripts that DejaVu Sans lacks; only the PDF needs glyphs, and uses those that are installed.
_FALLBACK_FONTS = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "WenQuanYi Zen Hei", "Noto Sans Devanagari", "Noto Sans Thai"),
    *("Noto Sans Hebrew", "Noto Sans Arabic", "Arial Unicode MS", "PingFang SC", "Microsoft YaHei"),
)
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "beholder",
    "pdf.fonttype": 42,  # TrueType: journals refuse Type 3
    "font.family": "DejaVu Sans",
    "font.size": 13 * 0.72,  # 13 pixels at 100 dots per inch
    "text.usetex": False,
    "text.parse_math": False,  # a method may be called $x$
    "path.simplify": False,
}
# Matplotlib reads its settings while it draws, from one place for all threads of a web server.
_drawing = Lock()


@dataclass(frozen=True)
class Chart:
    """A chart with its title, and a description for readers who cannot see it.

    `name` is unique in a report and names the chart's file. `draw` sets the limits of the axes and draws on
    them; the whole chart is WIDTH by `height` pixels, of which FOOT are for the axis at the bottom.
    """

    name: str
    title: str
    description: str
    height: int
    draw: Callable[[Axes], None]

    @cached_property
    def svg(self) -> str:
        """The text of an SVG file that follows the reader's light or dark colour scheme."""
        metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        with _drawn(self, "DejaVu Sans") as figure:
            out = io.StringIO()
            figure.savefig(out, format="svg", metadata=metadata)
        return _accessible(out.getvalue(), self)

    @property
    def pdf(self) -> bytes:
        """The bytes of a PDF file, for a paper."""
        installed = {font.name for font in font_manager.fontManager.ttflist}
        fonts = ["DejaVu Sans", *(name for name in _FALLBACK_FONTS if name in installed)]
        metadata = {"Title": self.title, "Creator": None, "Producer": None, "CreationDate": None}
        with _drawn(self, fonts) as figure:
            out = io.BytesIO()
            figure.savefig(out, format="pdf", metadata=metadata)
        return out.getvalue()


@contextmanager
def _drawn(chart: Chart, fonts: str | list[str]) -> Iterator[Figure]:
    with _drawing, style.context(["default", _SETTINGS, {"font.family": fonts}]), warnings.catch_warnings():
        # Matplotlib measures text with its own font; browsers show the text in theirs.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        figure = Figure(figsize=(WIDTH / 100, chart.height / 100), dpi=100)
        side = SIDE / WIDTH
        axes = figure.add_axes((side, FOOT / chart.height, 1 - 2 * side, 1 - FOOT / chart.height))
        chart.draw(axes)
        _leave_only_an_axis_below(axes)
        yield figure


def _leave_only_an_axis_below(axes: Axes) -> None:
    axes.patch.set_visible(False)
    axes.figure.patch.set_visible(False)
    axes.yaxis.set_visible(False)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(RULE)
    axes.xaxis.get_major_locator().set_params(nbins=5, steps=[1, 2, 5, 10])  # type: ignore[call-arg]
    axes.tick_params(axis="x", length=4, width=1, color=RULE, labelcolor=MUTED, pad=4)


def _accessible(svg: str, chart: Chart) -> str:
    """Matplotlib's SVG with title, description, role, system fonts and colours for dark pages."""
    name = chart.name

    def adapt(tag: re.Match[str]) -> str:
        text = re.sub(r'( id="|href="#|url\(#)', rf"\1{name}-", tag[0])  # two charts on a page share no id
        return text.replace("'DejaVu Sans'", _SYSTEM_FONTS)

    body = re.sub("<[^<>]+>", adapt, svg[svg.index("<g id=") :])
    body = re.sub(r'(<defs>\s*<path[^>]*?) style="[^"]*"', r"\1", body)  # a mark has the colours of its use
    rules = [
        f'.beholder-chart [style*="{part}: {light}"] {{ {part}: {dark} !important }}'
        for light, dark in _DARK.items()
        for part in ("fill", "stroke")
    ]
    alone = ":root.beholder-chart { color-scheme: light dark }"  # or a browser puts dark colours on white
    css = "\n".join([alone, "@media (prefers-color-scheme: dark) {", *rules, "}"])
    box = f"0 0 {WIDTH * 0.72:g} {chart.height * 0.72:g}"  # Matplotlib has 72 units an inch
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        f' class="beholder-chart" viewBox="{box}" width="{WIDTH}" height="{chart.height}" role="img"'
        f' aria-labelledby="{name}-title {name}-desc">\n'
        f'<title id="{name}-title">{html.escape(chart.title)}</title>\n'
        f'<desc id="{name}-desc">{html.escape(chart.description)}</desc>\n'
        f"<style>\n{css}\n</style>\n{body}"
    )
