import re

import pytest

from explanations.rendering import Rendering

STYLES = "heat, signed, overlay, borders, top"


def test_a_rendering_is_read_as_it_was_recorded() -> None:
    for style in ("heat", "signed", "overlay", "borders", "top:7"):
        rendering = Rendering.choose(style, size=100)
        assert Rendering.read(rendering.record()) == rendering


def test_the_record_has_what_the_style_uses() -> None:
    assert Rendering.choose("top:7").record() == {"style": "top", "superpixels": 50, "top": 7, "size": 224}


def test_pictures_of_format_1_are_heat_of_80_pixels() -> None:
    record = {"support": "positive", "percentile": 97.0, "exponent": 0.5, "height": 28, "width": 28}
    assert Rendering.read(record) == Rendering("heat", scale="sqrt", percentile=97.0, size=80)


def test_styles_that_show_the_image_are_linear_where_nothing_is_said() -> None:
    assert [Rendering(style).scale for style in ("heat", "overlay")] == ["sqrt", "linear"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"style": "jet"}, f"style must be one of {STYLES} or top:NUMBER (got 'jet')"),
        ({"style": "top:x"}, f"style must be one of {STYLES} or top:NUMBER (got 'top:x')"),
        ({"style": "heat:3"}, f"style must be one of {STYLES} or top:NUMBER (got 'heat:3')"),
        ({"style": "top:0"}, "top must be from 1 to 1000 (got 0)"),
        ({"opacity": 0.0, "style": "overlay"}, "opacity must be above 0 and at most 1 (got 0.0)"),
        ({"opacity": 0.5}, "opacity does not apply to the style heat; it applies to overlay, borders"),
        ({"percentile": float("nan")}, "percentile must be above 0 and at most 100 (got nan)"),
        ({"scale": "log"}, "scale must be sqrt or linear (got 'log')"),
        ({"size": 8}, "size must be from 16 to 1024 (got 8)"),
        ({"superpixels": 1, "style": "borders"}, "superpixels must be from 2 to 1000 (got 1)"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Rendering.choose(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"style": "jet"}, f"rendering.style must be {STYLES}, pictures (got 'jet')"),
        (
            {"style": "heat", "top": 1},
            "rendering.top is not a key of the style heat; allowed: style, scale, percentile, size",
        ),
    ],
)
def test_a_record_that_cannot_be_is_refused(record: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Rendering.read(record)
