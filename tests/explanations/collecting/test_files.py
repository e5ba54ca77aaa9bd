"""Arrays from the files that researchers have."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import torch
from PIL import Image

from explanations.collecting.files import read_values

VALUES = np.linspace(-1, 1, 2 * 4 * 5).reshape(2, 4, 5).astype(np.float32)


def save_npy(path: Path) -> None:
    np.save(path, VALUES)


def save_npz(path: Path) -> None:
    np.savez_compressed(path, attributions=VALUES)


def save_safetensors(path: Path) -> None:
    safetensors.numpy.save_file({"maps": VALUES}, path)


def save_pt(path: Path) -> None:
    torch.save(torch.from_numpy(VALUES).requires_grad_(), path)


@pytest.mark.parametrize("save", [save_npy, save_npz, save_safetensors, save_pt])
def test_an_array_is_read_from_every_kind_of_file(tmp_path: Path, save: Callable[[Path], None]) -> None:
    path = tmp_path / f"maps.{save.__name__.removeprefix('save_')}"
    save(path)
    np.testing.assert_array_equal(read_values(path), VALUES)


@pytest.mark.parametrize("dtype", [np.float16, np.float64, np.int8, np.uint16, bool])
def test_safetensors_of_every_type_are_read(tmp_path: Path, dtype: type) -> None:
    expected = {"cat": np.array([[1, 0]], dtype=dtype), "owl": np.array([[0]], dtype=dtype)}
    safetensors.numpy.save_file(expected, tmp_path / "maps.safetensors")
    values = read_values(tmp_path / "maps.safetensors")
    assert isinstance(values, dict)
    for name, array in expected.items():
        np.testing.assert_array_equal(values[name], array)


def test_a_folder_has_an_array_a_file_in_the_order_people_count(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        np.save(tmp_path / f"img{number}.npy", VALUES[0] * number)
    values = read_values(tmp_path)
    assert list(values) == ["img1", "img2", "img10"]


def test_a_pattern_chooses_files(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        Image.new("L", (5, 4), 51).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("mine")
    values = read_values(f"{tmp_path}/*.png")
    assert list(values) == ["a", "b"]
    np.testing.assert_allclose(values["a"], np.full((4, 5), 0.2), rtol=1e-6)


def test_a_picture_of_one_colour_gives_its_opacity(tmp_path: Path) -> None:
    image = Image.new("RGBA", (2, 1), (255, 0, 0, 0))
    image.putpixel((1, 0), (255, 0, 0, 255))
    image.save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_values(tmp_path / "a.png"), [[0, 1]])


def refusal(path: Path | str) -> str:
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        read_values(path)
    return re.sub(r"/\S*/", "", str(caught.value))


def test_a_picture_in_colour_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (2, 1), (255, 0, 0)).save(tmp_path / "jet.png")
    assert refusal(tmp_path / "jet.png") == (
        "jet.png: is in colour; save the values as a grey picture or an array, "
        "or name it a finished picture with --pictures"
    )


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([object()]), allow_pickle=True)
    assert refusal(tmp_path / "a.npy") == (
        "a.npy: cannot be read (it holds Python objects); save it as an array of numbers"
    )
    torch.save({"model": torch.nn.Linear(1, 1)}, tmp_path / "a.pt")
    assert refusal(tmp_path / "a.pt").startswith("a.pt: cannot be read as tensors alone (")


def test_other_files_and_places_without_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("mine")
    assert refusal(tmp_path / "a.txt") == (
        "a.txt: is not an array or a picture; allowed: .npy, .npz, .safetensors, .pt, .pth and pictures"
    )
    assert refusal(f"{tmp_path}/*.npy") == "*.npy: there are no such files"


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", VALUES[0])
    Image.new("L", (5, 4)).save(tmp_path / "a.png")
    assert refusal(tmp_path).endswith(": has two files called 'a'; keep one")


def test_reading_arrays_needs_no_pytorch() -> None:
    program = "import sys, explanations.collecting.files; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
