import hashlib
import json
import os
from pathlib import Path

import pytest

from explanations import manifest
from explanations.manifest import ManifestError


def test_a_picture_has_a_name_of_its_content(tmp_path: Path) -> None:
    files = manifest.write_pictures(tmp_path, {"lime/3/1": b"content"})
    sha256 = hashlib.sha256(b"content").hexdigest()
    assert files["lime/3/1"].path == f"images/{sha256[:20]}.png"
    assert files["lime/3/1"].sha256 == sha256
    assert (tmp_path / files["lime/3/1"].path).read_bytes() == b"content"


def test_pictures_that_look_the_same_have_files_of_their_own(tmp_path: Path) -> None:
    files = manifest.write_pictures(tmp_path, dict.fromkeys("abc", b"content"))
    assert len({file.path for file in files.values()}) == 3
    assert len({file.sha256 for file in files.values()}) == 1


def test_all_pictures_have_one_modification_time(tmp_path: Path) -> None:
    files = manifest.write_pictures(tmp_path, {"a": b"1", "b": b"2"})
    times = {os.stat(tmp_path / file.path).st_mtime for file in files.values()}
    assert times == {946_728_000}


def test_former_pictures_are_removed(tmp_path: Path) -> None:
    manifest.write_pictures(tmp_path, {"a": b"1", "b": b"2"})
    manifest.write_pictures(tmp_path, {"a": b"3"})
    assert len(list((tmp_path / "images").iterdir())) == 1


def test_a_picture_with_another_palette_is_refused(small_set: Path) -> None:
    record = json.loads((small_set / "manifest.json").read_text())
    last = record["maps"][-1]
    content = bytearray((small_set / last["image"]).read_bytes())
    content[content.index(b"PLTE") + 4] ^= 1
    (small_set / last["image"]).write_bytes(content)
    last["sha256"] = hashlib.sha256(content).hexdigest()
    (small_set / "manifest.json").write_text(json.dumps(record))
    with pytest.raises(ManifestError, match=r"has other colours or another palette than images/.*\.png; all"):
        manifest.read(small_set)
