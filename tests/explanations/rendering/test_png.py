import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from explanations.rendering import png


def decoded(content: bytes) -> np.ndarray:
    """What Pillow reads: indices of a palette, or colours."""
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image)


def data(content: bytes) -> bytes:
    """The compressed data of a PNG of one IDAT chunk."""
    start = content.index(b"IDAT")
    [length] = struct.unpack(">I", content[start - 4 : start])
    return content[start + 4 : start + 4 + length]


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (20, 30, 3), dtype=np.uint8)


@pytest.mark.parametrize("shape", [(20, 30, 3), (1, 1, 3), (3, 1, 3), (1, 5, 3)])
def test_colours_are_read_as_they_were_written(shape: tuple[int, ...]) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, shape, dtype=np.uint8)
    np.testing.assert_array_equal(decoded(png.encode([("a", pixels)])["a"]), pixels)


def test_indices_are_read_as_they_were_written() -> None:
    indices = np.arange(250, dtype=np.uint8).reshape(10, 25)
    palette = np.arange(765, dtype=np.uint8).reshape(255, 3)
    content = png.encode([("a", indices)], palette)["a"]
    np.testing.assert_array_equal(decoded(content), indices)
    with Image.open(io.BytesIO(content)) as image:
        assert bytes(image.getpalette() or []) == palette.tobytes()


def test_smooth_pictures_are_as_long_as_noise(noise: np.ndarray) -> None:
    files = png.encode([("noise", noise), ("smooth", np.zeros_like(noise))])
    assert len(files["noise"]) == len(files["smooth"])


def test_padding_lies_within_the_compressed_data(noise: np.ndarray) -> None:
    """Nothing follows the stream, and the stream holds the picture's lines and no byte more."""
    smooth = png.encode([("noise", noise), ("smooth", np.zeros_like(noise))])["smooth"]
    stream = zlib.decompressobj()
    assert len(stream.decompress(data(smooth))) == 20 * (1 + 30 * 3)
    assert stream.eof
    assert stream.unused_data == b""


@settings(deadline=None)
@given(st.integers(png.ROOM, 400))
def test_padding_has_any_length_from_twenty_bytes(length: int) -> None:
    assert len(png._padding(length)) == length


def test_a_length_can_be_asked_for(noise: np.ndarray) -> None:
    content = png.encode([("a", noise)], length=5000)["a"]
    assert len(content) == 5000
    np.testing.assert_array_equal(decoded(content), noise)


def test_a_picture_that_is_too_long_is_named(noise: np.ndarray) -> None:
    with pytest.raises(png.TooLong, match=r"^noise: takes 19\d\d bytes, more than 500$"):
        png.encode([("noise", noise)], longest=500)


def test_pictures_of_two_shapes_are_refused(noise: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"^b: its picture has the shape \(19, 30, 3\), others have \(20"):
        png.encode([("a", noise), ("b", noise[1:])])
