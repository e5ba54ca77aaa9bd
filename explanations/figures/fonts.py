"""Fonts of figures, for labels in any script: families that have the characters, widths and lines of text."""

import textwrap
import unicodedata
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import matplotlib
from matplotlib import font_manager
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

DPI = 200
POINT = DPI / 72  # pixels
LINE = 1.3  # of text, in font sizes
INVISIBLE = {"\u200d", "\ufe0e", "\ufe0f"}  # join emoji and choose their form; no font draws them
REMEDY = "install a font that has them, such as Noto Sans CJK or Noto Emoji, or draw an SVG file"


@contextmanager
def covering(texts: Iterable[str]) -> Iterator[list[str]]:
    """Draw in fonts that have the characters of `texts`; give those, sorted, that no installed font has.

    Those are drawn as boxes, without a warning.
    """
    characters = {one for text in texts for one in text if not one.isspace()} - INVISIBLE
    families, missing = find_families(frozenset(characters))
    with matplotlib.rc_context({"font.family": families}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph .* missing from")
        yield sorted(missing)


@lru_cache(maxsize=8)
def find_families(characters: frozenset[str]) -> tuple[list[str], frozenset[str]]:
    """Matplotlib's own family, then others that have what it lacks; and the characters that none has."""
    own = Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    families, missing = ["DejaVu Sans"], characters - _find_characters(str(own))
    for entry in sorted(font_manager.fontManager.ttflist, key=_preference) if missing else ():
        if entry.name.replace(" ", "").startswith("LastResort"):
            continue  # it has a box for every character there is
        added = missing & _find_characters(entry.fname)
        if added:
            families.append(entry.name)
            missing -= added
        if not missing:
            break
    return families, missing


def visible(text: str) -> str:
    """The text without characters that only choose the form of others, composed as fonts have it."""
    return unicodedata.normalize("NFC", "".join(one for one in text if one not in INVISIBLE))


def wrap(text: str, width: float, size: float) -> list[str]:
    """The text in lines that are about as wide as `width` pixels at most; its own line breaks stay."""
    lines = []
    for line in visible(text).split("\n"):
        characters = max(4, int(len(line) * width / max(1, measure_width(line, size))))
        lines += textwrap.wrap(line, characters, break_long_words=False) or [line]
    return lines


def measure_width(text: str, size: float) -> int:
    """The width of a line in pixels, at a font size in points."""
    return int(TextPath((0, 0), text, prop=FontProperties(size=size)).get_extents().width * POINT) + 1


def line_height(size: float) -> int:
    """The height of a line in pixels."""
    return int(size * LINE * POINT) + 1


def _preference(entry: font_manager.FontEntry) -> tuple[bool, bool, str]:
    """Upright fonts of normal weight first."""
    return entry.style != "normal", entry.weight not in (400, "normal", "regular"), entry.name


def _find_characters(path: str) -> frozenset[str]:
    """The characters that a font has; none where Matplotlib cannot scale it, as with bitmaps of emoji."""
    try:
        font = font_manager.get_font(path)
    except (OSError, RuntimeError):
        return frozenset()
    return frozenset(map(chr, font.get_charmap())) if font.scalable else frozenset()
