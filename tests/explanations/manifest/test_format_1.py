"""Sets of format 1, as an older version wrote them: format_1/classes and format_1/images."""

import shutil
from pathlib import Path

import pytest

from explanations import manifest
from explanations.manifest import ManifestError
from explanations.manifest.records import ClassMap, Manifest, Original

FORMAT_1 = Path(__file__).parent / "format_1"

# As the version that wrote them gave them.
DIGESTS = {
    "classes": "36aa5e737fc81059b8bfb3b1dc57c6dea19838f87da3ec07c5e2dc64a18114ab",
    "images": "1501b5b756426adf725188726a0152d13265ec03bc4b8c086304f6a0ead6a23f",
}


@pytest.mark.parametrize("kind", DIGESTS)
def test_a_set_of_format_1_keeps_its_digest(kind: str) -> None:
    assert manifest.digest(manifest.read(FORMAT_1 / kind)) == DIGESTS[kind]


@pytest.mark.parametrize("kind", DIGESTS)
def test_a_manifest_of_format_1_is_written_with_the_same_bytes(kind: str, tmp_path: Path) -> None:
    manifest.write(tmp_path, manifest.read(FORMAT_1 / kind))
    assert (tmp_path / "manifest.json").read_bytes() == (FORMAT_1 / kind / "manifest.json").read_bytes()


def test_an_image_of_format_1_is_explained_for_the_class_that_it_is_assigned_to() -> None:
    read: Manifest = manifest.read(FORMAT_1 / "images")
    assert read.originals[0] == Original(
        label="3",
        number=3,
        seen="9",
        image=read.originals[0].image,
        sha256=read.originals[0].sha256,
        target="9",
        top=(),
    )


def test_a_map_of_format_1_states_no_target() -> None:
    record: ClassMap = manifest.read(FORMAT_1 / "classes").maps[-1]
    assert (record.array, record.images, record.picked, record.target) == (
        "sp-lime-pick/8/1",
        5,
        (4, 2),
        None,
    )


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('"seed": 3', '"seed": null', "seed is null; allowed: a whole number from 0"),
        (' "seed": 3,\n', "", "seed is missing; it is required"),
        ('"seed": 3', '"seed": 3, "confusion": null', "confusion is not a key of beholder-explanation-set/1"),
    ],
)
def test_what_only_format_2_allows_is_refused(before: str, after: str, sentence: str, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    shutil.copytree(FORMAT_1 / "classes", folder)
    text = (folder / "manifest.json").read_text()
    assert before in text
    (folder / "manifest.json").write_text(text.replace(before, after))
    with pytest.raises(ManifestError, match=f"^manifest.json: {sentence}"):
        manifest.read(folder)
