"""The rendering of a set's maps as pictures: the same for all methods, kept in the manifest."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from explanations.rendering.strength import SCALES

# What a style shows, in the words of the command line
STYLES = {
    "heat": "importance for the class, from white to dark blue",
    "signed": "blue for the class, orange against it",
    "overlay": "importance in colours over the image",
    "borders": "superpixels of the image, outlined, in the colours of their mean importance",
    "top": "the most important superpixels of the image; the others are hidden",
}
FINISHED = "pictures"  # the style of pictures that were made elsewhere

ON_IMAGES = ("overlay", "borders", "top")
WITH_SUPERPIXELS = ("borders", "top")

OPTIONS = {  # of each style, beside its size
    "heat": ("scale", "percentile"),
    "signed": ("scale", "percentile"),
    "overlay": ("scale", "percentile", "opacity"),
    "borders": ("scale", "percentile", "opacity", "superpixels"),
    "top": ("superpixels", "top"),
    FINISHED: (),
}


@dataclass(frozen=True)
class Rendering:
    """One way to draw all maps of a set. Raises ValueError for values that are not allowed.

    `percentile` of a map's values gets the strongest colour; `scale` is "sqrt", the default, or "linear", the
    default of styles that show the image; `opacity`, up to 1, is that of colours over the image; `size` is
    the longer side of pictures in pixels, at most; an image has about as many `superpixels`, of which the
    style "top" shows `top`. Options of other styles are ignored.
    """

    style: str = "heat"
    scale: str = ""
    percentile: float = 97.0
    opacity: float = 0.5
    superpixels: int = 50
    top: int = 10
    size: int = 224

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        _check("style", self.style, ", ".join(STYLES), self.style in OPTIONS)
        if not self.scale:
            object.__setattr__(self, "scale", "linear" if self.is_on_images else "sqrt")
        _check("scale", self.scale, " or ".join(SCALES), self.scale in SCALES)
        _check("percentile", self.percentile, "above 0 and at most 100", _is_within(self.percentile, 0, 100))
        _check("opacity", self.opacity, "above 0 and at most 1", _is_within(self.opacity, 0, 1))
        _check("superpixels", self.superpixels, "from 2 to 1000", _is_whole(self.superpixels, 2, 1000))
        _check("top", self.top, "from 1 to 1000", _is_whole(self.top, 1, 1000))
        _check("size", self.size, "from 16 to 1024", _is_whole(self.size, 16, 1024))

    @classmethod
    def choose(cls, style: str = "heat", **options: Any) -> "Rendering":
        """The rendering of a style, as in "top:10", with those of its options that are not None.

        Raises ValueError for an option that the style does not have.
        """
        name, colon, count = style.partition(":")
        given = {key: value for key, value in options.items() if value is not None}
        if colon:
            if name != "top" or not count.isdecimal():
                raise ValueError(f"style must be one of {', '.join(STYLES)} or top:NUMBER (got {style!r})")
            given["top"] = int(count)
        _check("style", name, f"one of {', '.join(STYLES)} or top:NUMBER", name in STYLES)
        for key in given:
            if key not in (*OPTIONS[name], "size"):
                styles = [other for other in STYLES if key in OPTIONS[other]]
                raise ValueError(
                    f"{key} does not apply to the style {name}; it applies to {', '.join(styles)}"
                )
        return cls(style=name, **given)

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> "Rendering":
        """The rendering that a manifest records, of format 1 or 2. Raises ValueError."""
        if "style" not in record:
            return _read_format_1(record)
        style = record["style"]
        _check("rendering.style", style, ", ".join(OPTIONS), isinstance(style, str) and style in OPTIONS)
        known = ("style", *OPTIONS[style], "size")
        for key in record:
            if key not in known:
                raise ValueError(
                    f"rendering.{key} is not a key of the style {style}; allowed: {', '.join(known)}"
                )
        return cls(**record)

    def record(self) -> dict[str, Any]:
        """The manifest's record of the rendering: the style, its options and the size."""
        values = dataclasses.asdict(self)
        return {key: values[key] for key in ("style", *OPTIONS[self.style], "size")}

    @property
    def is_on_images(self) -> bool:
        """Return True if pictures show the image that is explained."""
        return self.style in ON_IMAGES


def _read_format_1(record: Mapping[str, Any]) -> Rendering:
    """Format 1 knew one style: positive values in blue, rooted, at most 80 pixels a side."""
    scale = "linear" if record.get("exponent") == SCALES["linear"] else "sqrt"
    return Rendering(scale=scale, percentile=record.get("percentile", 97.0), size=80)


def _check(name: str, value: Any, allowed: str, is_allowed: bool) -> None:
    if not is_allowed:
        raise ValueError(f"{name} must be {allowed} (got {value!r})")


def _is_within(value: Any, low: float, high: float) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and low < value <= high


def _is_whole(value: Any, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high
