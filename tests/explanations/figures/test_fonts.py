import warnings
from pathlib import Path

import pytest
from matplotlib import font_manager
from matplotlib.figure import Figure

from explanations.figures import fonts

CAT = "\u732b"


@pytest.fixture(autouse=True)
def _forget_families(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "find_families", fonts.find_families.__wrapped__)


def test_latin_text_is_in_one_family() -> None:
    assert fonts.find_families(frozenset("Größe 9, naïve")) == (["DejaVu Sans"], frozenset())


def test_a_font_that_has_what_is_missing_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = font_manager.FontEntry(fname="cjk.ttf", name="Noto Sans CJK SC", style="normal", weight=400)
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [entry])
    monkeypatch.setattr(fonts, "_find_characters", lambda path: frozenset(CAT if path == "cjk.ttf" else "ab"))
    assert fonts.find_families(frozenset("a" + CAT)) == (["DejaVu Sans", "Noto Sans CJK SC"], frozenset())


def test_a_font_of_boxes_for_every_character_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = font_manager.FontEntry(fname="boxes.ttf", name="Last Resort High-Efficiency")
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [boxes])
    monkeypatch.setattr(
        fonts, "_find_characters", lambda path: frozenset(CAT if path == "boxes.ttf" else "ab")
    )
    assert fonts.find_families(frozenset("a" + CAT)) == (["DejaVu Sans"], frozenset(CAT))


@pytest.fixture
def without_cat(monkeypatch: pytest.MonkeyPatch) -> None:
    """No font has the cat."""
    monkeypatch.setattr(fonts, "find_families", lambda characters: (["DejaVu Sans"], characters & {CAT}))


@pytest.mark.usefixtures("without_cat")
def test_characters_that_no_font_has_are_given() -> None:
    with fonts.covering(["a cat", f"a {CAT}"]) as missing:
        assert missing == [CAT]


@pytest.mark.usefixtures("without_cat")
def test_boxes_are_drawn_without_a_warning(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with fonts.covering([CAT]):
            figure = Figure()
            figure.text(0.5, 0.5, CAT)
            figure.savefig(tmp_path / "figure.png")


def test_a_file_that_is_no_font_has_no_characters(tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    assert fonts._find_characters(str(tmp_path / "broken.ttf")) == frozenset()


def test_forms_of_emoji_are_not_drawn() -> None:
    assert fonts.visible("\u2764\ufe0f a\u200db") == "\u2764 ab"


def test_line_breaks_of_a_text_stay() -> None:
    assert fonts.wrap("lynx (90%)\ncat (5%)", 1000, 7.5) == ["lynx (90%)", "cat (5%)"]
