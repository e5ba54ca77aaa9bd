from pathlib import Path

from explanations import gallery
from explanations.manifest import Manifest


def test_a_sheet_has_a_row_a_compared_method_and_a_column_a_class(
    small_set: Path, small_manifest: Manifest, tmp_path: Path
) -> None:
    gallery.draw(small_set, small_manifest, 1, tmp_path / "sheet.svg")
    drawing = (tmp_path / "sheet.svg").read_text()
    assert drawing.count("<image ") == 4
    assert all(text in drawing for text in ("LIME", "VarGrad", ">3<", ">8<"))
    assert "Class mean" not in drawing


def test_drawing_twice_gives_the_same_bytes(
    small_set: Path, small_manifest: Manifest, tmp_path: Path
) -> None:
    for name in ("first.png", "second.png"):
        gallery.draw(small_set, small_manifest, 2, tmp_path / name)
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()
