import dataclasses
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from PIL import Image, PngImagePlugin

from explanations import manifest
from explanations.manifest import ManifestError
from explanations.manifest.records import Manifest


def change(folder: Path, *path: str | int, to: object) -> None:
    """Set one value in the set's manifest.json, or remove it where `to` is ...; the file is written back."""
    file = folder / "manifest.json"
    record = json.loads(file.read_text())
    place = record
    for key in path[:-1]:
        place = place[key]
    if to is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    file.write_text(json.dumps(record))


def refusal(folder: Path) -> str:
    """What `read` says of a set that it must refuse."""
    with pytest.raises(ManifestError) as caught:
        manifest.read(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def replace_picture(folder: Path, content: bytes) -> str:
    """Put `content` in the place of the first map's picture, checksum and all; its path."""
    record = json.loads((folder / "manifest.json").read_text())["maps"][0]
    (folder / record["image"]).write_bytes(content)
    change(folder, "maps", 0, "sha256", to=hashlib.sha256(content).hexdigest())
    return str(record["image"])


def test_what_is_written_is_read_back(small_set: Path, small_manifest: Manifest) -> None:
    manifest.write(small_set, small_manifest)
    assert manifest.read(small_set) == small_manifest


def test_a_set_has_one_digest_before_and_after_its_evaluation(
    small_set: Path, small_manifest: Manifest
) -> None:
    before = hashlib.sha256((small_set / "manifest.json").read_bytes()).hexdigest()
    manifest.name_metrics(small_set, ["metrics/metrics.csv"])
    assert manifest.digest(manifest.read(small_set)) == manifest.digest(small_manifest) == before


def test_writing_twice_gives_the_same_bytes_whatever_the_order(
    small_set: Path, small_manifest: Manifest
) -> None:
    before = (small_set / "manifest.json").read_bytes()
    reversed_maps = dataclasses.replace(small_manifest, maps=small_manifest.maps[::-1])
    manifest.write(small_set, reversed_maps)
    assert (small_set / "manifest.json").read_bytes() == before
    assert before.endswith(b"}\n")


def test_writing_leaves_no_draft_behind(small_set: Path) -> None:
    assert sorted(path.name for path in small_set.iterdir()) == [
        "images",
        "manifest.json",
        "maps.safetensors",
    ]


def test_a_folder_without_a_manifest_is_unfinished(tmp_path: Path) -> None:
    assert refusal(tmp_path) == (
        f"{tmp_path}: has no manifest.json, so it is not a finished explanation set; "
        f"finish it with: python -m explanations build --out {tmp_path}"
    )


def test_another_format_is_refused(small_set: Path) -> None:
    change(small_set, "format", to="beholder-explanation-set/9")
    assert refusal(small_set) == (
        'manifest.json: format is "beholder-explanation-set/9"; allowed: "beholder-explanation-set/1", '
        '"beholder-explanation-set/2"; build the set with this version'
    )


def test_text_that_is_not_json_is_refused(small_set: Path) -> None:
    (small_set / "manifest.json").write_text('{\n"format": }')
    expected = "manifest.json: not valid JSON: Expecting value at line 2, column 11; build the set again"
    assert refusal(small_set) == expected


def test_a_binary_file_is_refused(small_set: Path) -> None:
    (small_set / "manifest.json").write_bytes(b"\xff\xfe\x00")
    assert refusal(small_set) == "manifest.json: not UTF-8 text (byte 0); build the set again"


def test_deep_nesting_is_refused(small_set: Path) -> None:
    (small_set / "manifest.json").write_text("[" * 200_000)
    assert refusal(small_set) == "manifest.json: nested too deeply; build the set again"


def test_a_list_in_place_of_the_manifest_is_refused(small_set: Path) -> None:
    (small_set / "manifest.json").write_text("[]")
    assert refusal(small_set) == "manifest.json: the file is [], not an object"


def test_a_duplicate_key_is_refused(small_set: Path) -> None:
    (small_set / "manifest.json").write_text('{"seed": 1, "seed": 2}')
    assert refusal(small_set) == "manifest.json: duplicate key 'seed' in one object; keep one"


def test_a_number_that_is_not_finite_is_refused(small_set: Path) -> None:
    (small_set / "manifest.json").write_text('{"seed": NaN}')
    assert refusal(small_set) == "manifest.json: NaN is not a JSON number; use a finite one"


def test_an_unknown_key_is_refused(small_set: Path) -> None:
    change(small_set, "dataset", "licence", to="MIT")
    assert refusal(small_set) == (
        "manifest.json: dataset.licence is not a key of beholder-explanation-set/2; "
        "allowed: name, split, sha256, classes"
    )


@pytest.mark.parametrize(
    ("path", "to", "expected"),
    [
        (("name",), ..., "name is missing; it is required"),
        (("seed",), -1, "seed is -1; allowed: a whole number from 0, or null"),
        (("seed",), True, "seed is true; allowed: a whole number from 0, or null"),
        (("seed",), 1.0, "seed is 1.0; allowed: a whole number from 0, or null"),
        (("name",), " ", 'name is " "; allowed: text that is not empty'),
        (("dataset",), 3, "dataset is 3, not an object"),
        (
            ("dataset", "classes"),
            ["3", "3"],
            'dataset.classes is ["3", "3"]; allowed: a list of different texts',
        ),
        (
            ("dataset", "sha256"),
            "AB",
            'dataset.sha256 is "AB"; allowed: 64 hexadecimal digits in lower case, or null',
        ),
        (
            ("classifier", "test_accuracy"),
            99.05,
            "classifier.test_accuracy is 99.05; allowed: a number from 0 to 1, or null",
        ),
        (("methods",), [], "methods is []; allowed: a list that is not empty"),
        (
            ("methods", 0, "slug"),
            "LIME",
            "methods[0].slug is \"LIME\"; allowed: lower-case letters and digits, in words joined by '-'",
        ),
        (
            ("methods", 0, "purpose"),
            "decoy",
            'methods[0].purpose is "decoy"; allowed: comparison, check',
        ),
        (("methods", 0, "signed"), 0, "methods[0].signed is 0; allowed: true or false"),
        (("methods", 1, "slug"), "lime", "methods has the slug 'lime' twice; each method needs its own"),
        (("maps", 0, "replicate"), 0, "maps[0].replicate is 0; allowed: a whole number from 1"),
        (("maps", 0, "label"), "7", 'maps[0].label is "7"; allowed: 3, 8'),
        (("maps", 0, "method"), "shap", 'maps[0].method is "shap"; allowed: lime, vargrad, class-mean'),
        (("maps", 0, "array"), "lime/3/1", 'maps[0].array is "lime/3/1"; allowed: class-mean/3/1'),
    ],
)
def test_a_value_that_is_not_allowed_is_refused(
    small_set: Path, path: tuple[str | int, ...], to: object, expected: str
) -> None:
    change(small_set, *path, to=to)
    assert refusal(small_set) == f"manifest.json: {expected}"


@pytest.mark.parametrize(
    "path", ["../images/00112233.png", "/etc/00112233.png", "images/lime.png", "images/a"]
)
def test_an_image_path_that_leaves_the_folder_or_tells_a_method_is_refused(
    small_set: Path, path: str
) -> None:
    change(small_set, "maps", 0, "image", to=path)
    expected = f'manifest.json: maps[0].image is "{path}"; allowed: images/<8 to 64 hexadecimal digits>.png'
    assert refusal(small_set) == expected


def test_a_missing_map_is_named(small_set: Path) -> None:
    record = json.loads((small_set / "manifest.json").read_text())
    position = [entry["array"] for entry in record["maps"]].index("vargrad/3/2")
    change(small_set, "maps", position, to=...)
    assert refusal(small_set) == (
        "manifest.json: label '3' has no map for 'vargrad', replicate 2 (it has class-mean, lime); "
        "build the set again with: python -m explanations build --methods lime vargrad"
    )


def test_a_duplicate_map_is_refused(small_set: Path) -> None:
    record = json.loads((small_set / "manifest.json").read_text())
    change(small_set, "maps", to=[*record["maps"], record["maps"][0]])
    expected = "manifest.json: label '3' has two maps for 'class-mean', replicate 1; keep one"
    assert refusal(small_set) == expected


def test_a_picture_with_two_digests_is_refused(small_set: Path) -> None:
    image = json.loads((small_set / "manifest.json").read_text())["maps"][0]["image"]
    change(small_set, "maps", 1, "image", to=image)
    expected = "maps[1].sha256 differs from that of another map with the same image"
    assert refusal(small_set) == f"manifest.json: {expected}"


def test_a_missing_picture_is_named(small_set: Path, small_manifest: Manifest) -> None:
    image = small_manifest.maps[0].image
    (small_set / image).unlink()
    assert refusal(small_set) == f"{small_set}: has no {image}; build the set again"


def test_a_changed_picture_is_refused(small_set: Path, small_manifest: Manifest) -> None:
    first, second = small_manifest.maps[:2]
    (small_set / first.image).write_bytes((small_set / second.image).read_bytes())
    assert refusal(small_set) == (
        f"{first.image}: SHA-256 is {second.sha256}, but manifest.json says {first.sha256}; "
        "the file was changed: build the set again"
    )


def test_a_picture_behind_a_link_out_of_the_folder_is_refused(
    small_set: Path, small_manifest: Manifest
) -> None:
    image = small_set / small_manifest.maps[0].image
    outside = small_set.parent / "outside.png"
    image.rename(outside)
    os.symlink(outside, image)
    expected = "is a link to a file outside the set's folder; put the file itself there"
    assert refusal(small_set) == f"{small_manifest.maps[0].image}: {expected}"


def test_a_picture_that_is_no_png_is_refused(small_set: Path) -> None:
    image = replace_picture(small_set, b"GIF89a" + bytes(1500))
    assert refusal(small_set) == f"{image}: is not a PNG image; build the set again"


def test_a_picture_that_carries_text_is_refused(small_set: Path, small_manifest: Manifest) -> None:
    text, file = PngImagePlugin.PngInfo(), io.BytesIO()
    text.add_text("method", "lime")
    Image.open(small_set / small_manifest.maps[0].image).save(file, format="PNG", pnginfo=text)
    image = replace_picture(small_set, file.getvalue())
    assert refusal(small_set) == (
        f"{image}: has a PNG chunk 'tEXt'; allowed: IHDR, PLTE, IDAT, IEND, "
        "because metadata could reveal the method"
    )


def test_a_picture_with_bytes_after_its_end_is_refused(small_set: Path, small_manifest: Manifest) -> None:
    content = (small_set / small_manifest.maps[0].image).read_bytes()
    image = replace_picture(small_set, content + b"lime")
    assert refusal(small_set) == f"{image}: the PNG does not end where its file ends; build the set again"


def test_a_picture_of_another_size_is_refused(small_set: Path) -> None:
    file = io.BytesIO()
    Image.new("L", (9, 8)).save(file, format="PNG")
    image = replace_picture(small_set, file.getvalue())
    assert re.fullmatch(
        rf"images/\w+\.png: 8 x 8 pixels in \d+ bytes, but {image} has 9 x 8 in \d+; "
        "all pictures of a set have one size, or the size would reveal the method",
        refusal(small_set),
    )


def test_a_picture_of_more_bytes_is_refused(small_set: Path, small_manifest: Manifest) -> None:
    file = io.BytesIO()
    Image.new("L", (8, 8)).save(file, format="PNG")
    replace_picture(small_set, file.getvalue())
    assert f"has 8 x 8 in {len(file.getvalue())}; all pictures of a set have one size" in refusal(small_set)


def test_arrays_are_those_that_the_safetensors_library_reads(small_set: Path) -> None:
    ours = manifest.read_maps(small_set)
    theirs = safetensors.numpy.load((small_set / "maps.safetensors").read_bytes())
    assert ours.keys() == theirs.keys()
    for key, array in ours.items():
        np.testing.assert_array_equal(array, theirs[key])


def test_arrays_that_the_safetensors_library_writes_are_read(tmp_path: Path) -> None:
    maps = {"lime/3/1": np.eye(3, dtype=np.float32), "lime/8/1": np.ones((3, 3), dtype=np.float32)}
    safetensors.numpy.save_file(maps, tmp_path / "maps.safetensors", metadata={"any": "thing"})
    np.testing.assert_array_equal(manifest.read_maps(tmp_path)["lime/3/1"], np.eye(3))


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.eye(3), "'m' is \"F64\" [3, 3]; allowed: F32 of shape [height, width]"),
        (np.ones(3, np.float32), "'m' is \"F32\" [3]; allowed: F32 of shape [height, width]"),
        (np.full((2, 2), np.nan, np.float32), "'m' has values that are not finite; build the set again"),
    ],
)
def test_an_array_that_is_no_map_is_refused(tmp_path: Path, array: np.ndarray, expected: str) -> None:
    safetensors.numpy.save_file({"m": array}, tmp_path / "maps.safetensors")
    with pytest.raises(ManifestError, match=f"^{re.escape('maps.safetensors: ' + expected)}$"):
        manifest.read_maps(tmp_path)


def test_arrays_of_two_shapes_are_refused(tmp_path: Path) -> None:
    manifest.write_maps(tmp_path, {"a": np.ones((2, 2), np.float32), "b": np.ones((2, 3), np.float32)})
    with pytest.raises(ManifestError) as caught:
        manifest.read_maps(tmp_path)
    assert str(caught.value) == (
        "maps.safetensors: 'b' has shape (2, 3), but 'a' has (2, 2); all maps of a set have one shape"
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "is not a safetensors file; build the set again"),
        (b"\xff" * 40, "is not a safetensors file; build the set again"),
        (b"\x02" + bytes(7) + b"{,", "its header is not valid JSON; build the set again"),
        (b"\x02" + bytes(7) + b"[]", "its header is not a JSON object; build the set again"),
    ],
)
def test_a_damaged_file_of_arrays_is_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    (tmp_path / "maps.safetensors").write_bytes(content)
    with pytest.raises(ManifestError, match=f"^maps.safetensors: {expected}$"):
        manifest.read_maps(tmp_path)


def test_an_array_cut_short_is_refused(small_set: Path) -> None:
    file = small_set / "maps.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    expected = "maps.safetensors: 'vargrad/8/2' does not lie within the file; build the set again"
    assert refusal(small_set) == expected


def test_a_promised_array_that_is_missing_is_named(small_set: Path) -> None:
    maps = manifest.read_maps(small_set)
    del maps["lime/8/1"]
    manifest.write_maps(small_set, maps)
    assert refusal(small_set) == (
        "maps.safetensors: has no array 'lime/8/1', which manifest.json names; build the set again"
    )


def test_an_array_that_nothing_promises_is_named(small_set: Path) -> None:
    maps = manifest.read_maps(small_set)
    manifest.write_maps(small_set, maps | {"lime/9/1": maps["lime/8/1"]})
    expected = "maps.safetensors: has an array 'lime/9/1', which manifest.json does not name"
    assert refusal(small_set) == expected


def test_importing_the_manifest_imports_neither_torch_nor_pillow() -> None:
    program = "import sys, explanations.manifest; print({'torch', 'PIL', 'captum'} & set(sys.modules))"
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert finished.stdout == "set()\n"


def test_a_manifest_from_before_preprocessing_was_kept_is_read(small_set: Path) -> None:
    record = json.loads((small_set / "manifest.json").read_text())
    del record["classifier"]["preprocessing"]
    (small_set / "manifest.json").write_text(json.dumps(record))
    assert manifest.read(small_set).classifier.preprocessing == {}


def with_support(folder: Path, key: str, counts: np.ndarray) -> Path:
    """The set with counts for one of its maps."""
    manifest.write_support(folder, {key: counts.astype(np.float32)})
    return folder


def test_a_set_without_counts_is_read(small_set: Path) -> None:
    assert manifest.read_support(small_set) == {}


def test_counts_are_read_as_they_were_written(small_set: Path) -> None:
    counts = np.arange(64).reshape(8, 8) % 6
    with_support(small_set, "lime/8/1", counts)
    manifest.read(small_set)
    np.testing.assert_array_equal(manifest.read_support(small_set)["lime/8/1"], counts)


@pytest.mark.parametrize(
    ("key", "counts", "expected"),
    [
        ("lime/9/1", np.ones((8, 8)), "has an array 'lime/9/1', which manifest.json does not name"),
        ("lime/8/1", np.ones((4, 4)), "'lime/8/1' has shape (4, 4), its map has (8, 8)"),
        (
            "lime/8/1",
            np.full((8, 8), 6),
            "'lime/8/1' has values that are not counts; "
            "allowed: whole numbers from 0 to 5, the images of its map",
        ),
        (
            "lime/8/1",
            np.full((8, 8), 0.5),
            "'lime/8/1' has values that are not counts; "
            "allowed: whole numbers from 0 to 5, the images of its map",
        ),
    ],
)
def test_counts_that_do_not_fit_are_refused(
    key: str, counts: np.ndarray, expected: str, small_set: Path
) -> None:
    assert refusal(with_support(small_set, key, counts)) == f"support.safetensors: {expected}"


def test_picks_are_read_as_they_were_written(small_set: Path, small_manifest: Manifest) -> None:
    first = dataclasses.replace(small_manifest.maps[0], picked=(44, 7))
    manifest.write(small_set, dataclasses.replace(small_manifest, maps=(first, *small_manifest.maps[1:])))
    assert [record.picked for record in manifest.read(small_set).maps[:2]] == [(44, 7), ()]


@pytest.mark.parametrize("picked", [[3, 3], [-1], [1.5], ["3"], [True], [1, 2, 3, 4, 5, 6], "3"])
def test_picks_that_cannot_be_are_refused(picked: object, small_set: Path) -> None:
    change(small_set, "maps", 0, "picked", to=picked)
    assert refusal(small_set) == (
        f"manifest.json: maps[0].picked is {json.dumps(picked)}; "
        "allowed: a list of at most 5 different whole numbers from 0"
    )
