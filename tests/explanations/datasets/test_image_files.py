"""Pictures as a phone, a microscope or a designer saves them."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from explanations.datasets.image_files import is_grey, picture_files, picture_size, read_picture


def test_a_photo_is_turned_as_its_orientation_says(tmp_path: Path) -> None:
    image = Image.new("RGB", (6, 4), "white")
    image.putpixel((0, 0), (0, 0, 0))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # the camera was turned by 90 degrees: the first row is on the right
    image.save(tmp_path / "phone.png", exif=exif)
    pixels = read_picture(tmp_path / "phone.png", 3)
    assert pixels.shape == (3, 6, 4)
    assert picture_size(tmp_path / "phone.png") == (6, 4)
    assert np.argwhere(pixels[0] == 0).tolist() == [[0, 3]]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_shows_white(tmp_path: Path, mode: str) -> None:
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 255))
    image.putpixel((1, 0), (0, 0, 0, 0))
    image.convert(mode).save(tmp_path / "logo.png")
    assert read_picture(tmp_path / "logo.png", 3)[:, 0].T.tolist() == [[0, 0, 0], [1, 1, 1]]


def test_half_transparent_black_is_grey(tmp_path: Path) -> None:
    Image.new("RGBA", (1, 1), (0, 0, 0, 128)).save(tmp_path / "logo.png")
    assert read_picture(tmp_path / "logo.png", 1).item() == pytest.approx(127 / 255, abs=1e-3)


@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_are_scaled(tmp_path: Path, channels: int) -> None:
    Image.fromarray(np.array([[0, 65535, 13107]], dtype=np.uint16)).save(tmp_path / "scan.png")
    pixels = read_picture(tmp_path / "scan.png", channels)
    assert pixels.shape == (channels, 1, 3)
    np.testing.assert_allclose(pixels[-1, 0], [0, 1, 0.2])
    assert is_grey(tmp_path / "scan.png")


def test_floating_point_outside_of_0_to_1_is_refused(tmp_path: Path) -> None:
    Image.fromarray(np.array([[-1, 2]], dtype=np.float32)).save(tmp_path / "ct.tiff")
    expected = "ct.tiff: its values go from -1 to 2; allowed: 0 to 1; scale them, or save it with 8 bits"
    with pytest.raises(ValueError, match=re.escape(expected)):
        read_picture(tmp_path / "ct.tiff", 1)


def test_a_picture_without_a_suffix_counts_and_other_files_do_not(tmp_path: Path) -> None:
    Image.new("L", (1, 1)).save(tmp_path / "b.png")
    (tmp_path / "a").write_bytes((tmp_path / "b.png").read_bytes())
    (tmp_path / "notes.txt").write_text("of owls")
    (tmp_path / "LICENSE").write_text("free")
    assert [path.name for path in picture_files(tmp_path)] == ["a", "b.png"]


def test_a_picture_of_a_kind_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "IMG_1.HEIC").write_bytes(b"\0")
    with pytest.raises(ValueError, match=r"IMG_1.HEIC: pictures of this kind cannot be read; save it as PNG"):
        picture_files(tmp_path)
