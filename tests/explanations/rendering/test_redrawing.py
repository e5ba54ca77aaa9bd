import dataclasses
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from explanations import manifest
from explanations.__main__ import main
from explanations.manifest.records import FORMER_FORMAT, Manifest, Original
from explanations.rendering import Rendering, draw, photograph
from explanations.rendering.redrawing import read_images, redraw

Content = Callable[[Path], dict[str, bytes]]
OVERLAY = Rendering("overlay")


@pytest.fixture
def image_set(small_set: Path) -> Path:
    """The small set, as one of two images of 8 x 8 pixels."""
    (small_set / "originals").mkdir()
    cat = np.asarray(Image.fromarray(data.chelsea()).resize((8, 8)))
    originals = []
    for number, label in enumerate(("3", "8")):
        content = photograph(np.roll(cat, number, axis=0))
        sha256 = hashlib.sha256(content).hexdigest()
        path = f"originals/{sha256[:20]}.png"
        (small_set / path).write_bytes(content)
        originals.append(Original(label, number, label, path, sha256))
    manifest.write(small_set, dataclasses.replace(manifest.read(small_set), originals=tuple(originals)))
    return small_set


def test_a_set_is_drawn_over_its_images(image_set: Path, tmp_path: Path) -> None:
    drawn = redraw(image_set, OVERLAY, tmp_path / "new")
    expected = draw(manifest.read_maps(image_set), OVERLAY, read_images(image_set, drawn))
    for record in drawn.maps:
        assert (tmp_path / "new" / record.image).read_bytes() == expected[record.array]


def test_the_new_set_records_its_rendering(image_set: Path, tmp_path: Path) -> None:
    redraw(image_set, OVERLAY, tmp_path / "new")
    assert manifest.read(tmp_path / "new").rendering == OVERLAY.record()


def test_all_else_of_the_set_stays(image_set: Path, tmp_path: Path, content: Content) -> None:
    (image_set / "metrics").mkdir()
    (image_set / "metrics" / "metrics.csv").write_text("a,b")
    redraw(image_set, OVERLAY, tmp_path / "new")
    former, new = content(image_set), content(tmp_path / "new")
    for name in former:
        if not name.startswith("images/") and name != "manifest.json":
            assert new[name] == former[name]
    assert manifest.read(tmp_path / "new").methods == manifest.read(image_set).methods


def test_the_set_itself_stays_as_it_is(image_set: Path, tmp_path: Path, content: Content) -> None:
    before = content(image_set)
    redraw(image_set, OVERLAY, tmp_path / "new")
    assert content(image_set) == before


def test_the_rendering_that_a_set_has_gives_the_same_bytes(
    small_set: Path, tmp_path: Path, content: Content
) -> None:
    redraw(small_set, Rendering(), tmp_path / "new")
    assert content(tmp_path / "new") == content(small_set)


def test_a_set_of_format_1_stays_one(small_set: Path, small_manifest: Manifest, tmp_path: Path) -> None:
    manifest.write(small_set, dataclasses.replace(small_manifest, format=FORMER_FORMAT, equal=()))
    redraw(small_set, Rendering("signed"), tmp_path / "new")
    assert manifest.read(tmp_path / "new").format == FORMER_FORMAT


def test_a_failure_leaves_nothing_behind(
    small_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(folder: Path, described: Manifest) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(manifest, "write", fail)
    with pytest.raises(OSError, match="no space"):
        redraw(small_set, Rendering("signed"), tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_maps_of_classes_have_no_image_to_draw_over(small_set: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"the style overlay needs the image that a map explains, and there is none"
    ):
        redraw(small_set, OVERLAY, tmp_path / "new")


def test_a_folder_that_holds_something_is_refused(small_set: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "thesis.txt").touch()
    with pytest.raises(ValueError, match=r"new: is there already; choose another --out, or remove it$"):
        redraw(small_set, Rendering(), tmp_path / "new")


@pytest.mark.parametrize("name", [".", "images", "new"])
def test_a_set_is_not_drawn_into_itself(small_set: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"lies in the set that is drawn again; choose another --out$"):
        redraw(small_set, Rendering(), small_set / name)


def test_the_command_draws_a_set_again(
    image_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new"
    options = [
        "--style",
        "overlay",
        "--opacity",
        "0.3",
        "--scale",
        "sqrt",
        "--percentile",
        "99",
        "--size",
        "16",
    ]
    assert main(["render", str(image_set), "--out", str(out), *options]) == 0
    assert capsys.readouterr().out == f"{out}: 12 pictures of 0.3 kB\n"
    record = json.loads((out / "manifest.json").read_text())["rendering"]
    assert record == {"style": "overlay", "scale": "sqrt", "percentile": 99.0, "opacity": 0.3, "size": 16}


def test_the_command_refuses_a_value_in_one_line(
    small_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["render", str(small_set), "--out", str(tmp_path / "new"), "--style", "jet"]) == 2
    assert capsys.readouterr().err == (
        "python -m explanations render: --style must be one of heat, signed, overlay, borders, top or "
        "top:NUMBER (got 'jet')\n"
    )


def test_drawing_again_imports_no_pytorch(small_set: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from explanations.__main__ import main; "
        f"main(['render', {str(small_set)!r}, '--out', {str(tmp_path / 'new')!r}, '--style', 'signed']); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
