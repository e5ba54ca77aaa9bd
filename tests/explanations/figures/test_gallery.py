import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explanations import manifest
from explanations.__main__ import main
from explanations.figures import fonts, gallery
from explanations.figures.gallery import Example
from explanations.manifest.records import Classifier, Manifest, Original
from explanations.rendering import Rendering, colour, palettes

Draw = Callable[..., Path]


@pytest.fixture
def draw(small_set: Path, small_manifest: Manifest, tmp_path: Path) -> Draw:
    """Draws the small set with what a test asks for, and gives the file."""

    def drawn(name: str = "sheet.svg", replicates: tuple[int, ...] = (1, 2), **asked: object) -> Path:
        colours = colour(manifest.read_maps(small_set), gallery.SIGNED)
        gallery.draw(small_manifest, colours, tmp_path / name, replicates, **asked)  # type: ignore[arg-type]
        return tmp_path / name

    return drawn


def pictures(drawing: str) -> int:
    """How many maps and images are on an SVG sheet; the legend is one more."""
    return drawing.count("<image ") - 1


def examples(*labels: str) -> dict[str, Example]:
    return {label: Example(np.full((8, 8, 3), 0.4, dtype=np.float32), f"{label} (81%)") for label in labels}


def test_a_sheet_has_a_row_a_class_and_the_replicates_of_each_compared_method(draw: Draw) -> None:
    drawing = draw().read_text()
    assert pictures(drawing) == 2 * 2 * 2
    assert all(f">{text}<" in drawing for text in ("LIME", "VarGrad", "3", "8", "1", "2"))
    assert "Class mean" not in drawing


def test_images_stand_before_the_maps_with_their_predictions(draw: Draw) -> None:
    drawing = draw(examples=examples("3", "8")).read_text()
    assert pictures(drawing) == 2 * 2 * 2 + 2
    assert all(f">{text}<" in drawing for text in ("Example", "3 (81%)", "8 (81%)"))


def test_a_set_of_single_images_says_that_a_map_explains_one(small_manifest: Manifest) -> None:
    singles = tuple(Original(label, 0, "3", "originals/0.png", "0" * 64) for label in ("3", "8"))
    note = gallery.write_note(replace(small_manifest, originals=singles), list(small_manifest.methods))
    assert note[1] == "A map explains one image, for one class."


def test_replicates_methods_and_classes_may_be_chosen(draw: Draw) -> None:
    drawing = draw(replicates=(2,), classes=["8"], methods=["vargrad"]).read_text()
    assert pictures(drawing) == 1
    assert ">LIME<" not in drawing


def test_every_value_of_a_map_is_a_block_of_one_colour(
    draw: Draw, small_set: Path, small_manifest: Manifest
) -> None:
    """8 x 8 values in 168 x 168 pixels: blocks of 21 x 21, of the very colours of the palette."""
    with Image.open(draw("sheet.png", (1,), classes=["3"], methods=["lime"])) as image:
        sheet = np.asarray(image.convert("RGB"))
    colours = colour(manifest.read_maps(small_set), gallery.SIGNED)["lime/3/1"]
    blocks = np.kron(colours, np.ones((21, 21, 1), dtype=np.uint8))
    places = np.argwhere((sheet == blocks[0, 0]).all(axis=2))
    assert any(
        np.array_equal(sheet[row : row + 168, column : column + 168], blocks) for row, column in places
    )


def test_an_svg_enlarges_maps_without_smoothing_them(draw: Draw) -> None:
    assert draw().read_text().count("image-rendering:pixelated") == 2 * 2 * 2 + 1


def test_the_legend_has_two_sides_only_where_a_method_is_signed(draw: Draw, small_manifest: Manifest) -> None:
    assert "against the class" not in draw().read_text()
    object.__setattr__(small_manifest.methods[0], "signed", True)
    assert "against the class" in draw().read_text()


def test_the_note_says_what_is_explained_and_by_what(small_manifest: Manifest) -> None:
    note = gallery.write_note(small_manifest, list(small_manifest.methods))
    assert note[0] == "Images of MNIST, explained for package.module:make (99.00% accuracy)."
    assert note[1].startswith("A map explains 5 images that the model assigns to the class")


def test_the_note_leaves_out_what_is_not_stated(small_manifest: Manifest) -> None:
    note = gallery.write_note(replace(small_manifest, classifier=Classifier()), list(small_manifest.methods))
    assert note[0] == "Images of MNIST, explained for a classifier that is not stated."


def with_picks(described: Manifest) -> Manifest:
    """The manifest as of a set whose LIME picks images: two for class 3, three for class 8."""
    picks = {"3": (44, 7), "8": (1, 5, 2)}
    maps = [replace(r, picked=picks[r.label]) if r.method == "lime" else r for r in described.maps]
    return replace(described, maps=tuple(maps))


def test_the_images_that_were_picked_are_told(small_manifest: Manifest) -> None:
    assert gallery.list_picks(with_picks(small_manifest), [2], ["8"]) == [
        "lime, class 8, replicate 2: picked 1, 5, 2"
    ]
    assert gallery.list_picks(with_picks(small_manifest), [1, 2], methods=["vargrad"]) == []


def test_the_note_says_how_many_images_were_picked(
    small_manifest: Manifest, small_set: Path, tmp_path: Path
) -> None:
    gallery.draw(
        with_picks(small_manifest),
        colour(manifest.read_maps(small_set), gallery.SIGNED),
        tmp_path / "sheet.svg",
        [1],
        methods=["lime"],
    )
    assert "SP-LIME picked 2 to 3" in " ".join((tmp_path / "sheet.svg").read_text().split())


@pytest.mark.parametrize("name", ["sheet.png", "sheet.svg", "sheet.pdf"])
def test_drawing_twice_gives_the_same_bytes(draw: Draw, name: str) -> None:
    first = draw(name, examples=examples("3", "8")).read_bytes()
    assert draw(name, examples=examples("3", "8")).read_bytes() == first


def test_large_maps_are_drawn_pixel_by_pixel(small_manifest: Manifest, tmp_path: Path) -> None:
    checks = (np.indices((224, 300)).sum(axis=0) % 2).astype(np.float32)
    maps = {record.array: checks for record in small_manifest.maps}
    colours = colour(maps, gallery.SIGNED)
    gallery.draw(small_manifest, colours, tmp_path / "sheet.png", [1], classes=["3"], methods=["lime"])
    with Image.open(tmp_path / "sheet.png") as image:
        dark = (np.asarray(image.convert("RGB")) == palettes.palette()[-1]).all(axis=2)
    assert 224 * 300 // 2 <= dark.sum() < 224 * 300 // 2 + 100  # a few more are of the legend


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"replicates": (3,)}, "there is no replicate 3; allowed: 1 to 2"),
        ({"name": "sheet.jpg"}, "sheet.jpg: the figure is drawn as .png, .svg or .pdf"),
        ({"classes": ["9"]}, "the set has no class '9'; allowed: 3, 8"),
        ({"methods": ["class-mean"]}, "the set has no method 'class-mean'; allowed: lime, vargrad"),
    ],
)
def test_what_is_not_there_is_refused(draw: Draw, asked: dict[str, object], expected: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        draw(**asked)
    assert str(caught.value).endswith(expected)


# Renderings


def test_a_map_of_zeros_is_white() -> None:
    assert (colour({"a": np.zeros((3, 3))}, gallery.SIGNED)["a"] == 255).all()


def test_a_sheet_of_heat_has_no_side_against_the_class(draw: Draw, small_manifest: Manifest) -> None:
    object.__setattr__(small_manifest.methods[0], "signed", True)
    assert "against the class" not in draw(rendering=Rendering("heat")).read_text()


def test_a_sheet_of_visible_superpixels_has_no_legend_of_colours(draw: Draw) -> None:
    drawing = draw(rendering=Rendering("top", top=7)).read_text()
    assert drawing.count("<image ") == 2 * 2 * 2
    assert "for the class" not in drawing
    assert "The 7 most important of about 50 superpixels are visible." in drawing


@pytest.mark.parametrize(
    ("rendering", "words"),
    [
        (Rendering("overlay"), "Colours are values over their 97th percentile."),
        (
            Rendering("signed", percentile=99),
            "Colours are square roots of values over their 99th percentile.",
        ),
        (Rendering("borders"), "Colours are values of superpixels over their 97th percentile."),
    ],
)
def test_the_note_says_how_maps_are_drawn(small_manifest: Manifest, rendering: Rendering, words: str) -> None:
    assert gallery.write_note(small_manifest, list(small_manifest.methods), rendering)[-1] == words


def test_the_note_can_be_left_out(draw: Draw) -> None:
    assert "percentile" not in draw(with_note=False).read_text()


def test_pictures_are_those_that_participants_see(small_set: Path, small_manifest: Manifest) -> None:
    pictures = gallery.read_pictures(small_set, small_manifest)
    assert np.array_equal(
        pictures["lime/3/1"], colour(manifest.read_maps(small_set), Rendering())["lime/3/1"]
    )


def test_images_of_the_set_come_with_the_likeliest_classes(small_set: Path, small_manifest: Manifest) -> None:
    image = small_manifest.maps[0].image
    top = (("lynx", 0.998), ("cat", 0.0012))
    cat = Original("3", 0, "lynx", image, "0" * 64, "lynx", top)
    described = replace(small_manifest, originals=(cat, replace(cat, label="8", top=())))
    found = gallery.read_examples(small_set, described, 5)
    assert found["3"].prediction == "lynx (>99%)\ncat (0%)"
    assert found["8"].prediction == "lynx"


def test_a_label_may_have_dollars(draw: Draw) -> None:
    dollars = {"3": Example(np.zeros((8, 8, 3), dtype=np.float32), "$5 or $6")}
    assert "$5 or $6" in draw(examples=dollars).read_text()


# The command


def run(small_set: Path, out: Path, *options: str) -> int:
    return main(["gallery", str(small_set), "--out", str(out), *options])


def test_the_command_draws_the_pictures_of_the_set(small_set: Path, tmp_path: Path) -> None:
    assert run(small_set, tmp_path / "sheet.pdf", "--style", "set", "--no-note") == 0
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--style", "overlay"], "the style overlay needs the image that a map explains"),
        (["--style", "jet"], "--style must be one of heat, signed, overlay, borders, top or top:NUMBER"),
        (["--predictions", "6"], "--predictions must be from 1 to 5 (got 6)"),
    ],
)
def test_the_command_refuses_what_it_cannot_draw_in_one_line(
    small_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    assert run(small_set, tmp_path / "sheet.png", *options) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_labels_that_no_font_has_are_named_in_one_line(
    small_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "find_families", lambda characters: (["DejaVu Sans"], frozenset("\u732b")))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert run(small_set, tmp_path / "sheet.png") == 0
    assert "no font here has \u732b, drawn as boxes; install a font that has them" in capsys.readouterr().err
