import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from explanations.rendering import pictures


def chunks(picture: bytes) -> list[str]:
    """The names of a PNG's chunks, in order."""
    names, position = [], 8
    while position < len(picture):
        length, name = struct.unpack(">I4s", picture[position : position + 8])
        names.append(name.decode())
        position += 12 + length
    return names


@settings(max_examples=30)
@given(arrays(np.float32, (8, 8), elements=st.floats(-10, 10, width=32)))
def test_every_picture_has_the_same_bytes_in_number_and_no_metadata(importance: np.ndarray) -> None:
    importance[0, 0] = 1
    picture = pictures.picture(importance)
    assert len(picture) == len(pictures.picture(np.eye(8)))
    assert chunks(picture) == ["IHDR", "PLTE", "IDAT", "IEND"]


def test_a_picture_has_a_pixel_a_pixel_and_the_whole_palette() -> None:
    with Image.open(io.BytesIO(pictures.picture(np.ones((28, 20))))) as image:
        assert image.size == (20, 28)
        assert image.mode == "P"
        assert bytes(image.getpalette() or []) == pictures.palette().tobytes()


def test_what_is_not_positive_is_white_and_the_greatest_is_darkest() -> None:
    picture = pictures.picture(np.array([[-5.0, 0.0, 1.0]]))
    with Image.open(io.BytesIO(picture)) as image:
        assert list(image.tobytes()) == [0, 0, 255]
        assert image.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_a_picture_does_not_depend_on_the_scale_of_its_method() -> None:
    importance = np.random.default_rng(3).random((8, 8))
    assert pictures.picture(importance) == pictures.picture(1e-6 * importance)


def test_values_are_divided_by_the_97th_percentile_of_the_positive_ones_and_rooted() -> None:
    """Of the positive values 1 to 101 the 97th percentile is 98; 49 becomes sqrt(49 / 98), 99 is cut at 1."""
    values = np.r_[-1000.0, np.arange(1, 102)][None, :]
    normalised = pictures.normalised(values)[0]
    assert normalised[0] == 0
    np.testing.assert_allclose(normalised[49], np.sqrt(0.5))
    assert normalised[99] == 1


def test_a_map_with_nothing_positive_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^the map has no positive value, so its picture would be empty$"):
        pictures.picture(-np.ones((8, 8)))


def test_the_palette_has_equal_steps_and_darkens_all_the_way() -> None:
    colours = pictures.palette_oklab()
    steps = np.linalg.norm(np.diff(colours, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps.mean(), rtol=1e-3)
    assert (np.diff(colours[:, 0]) < 0).all()


def test_the_palette_has_one_hue_and_lies_within_srgb() -> None:
    colours = pictures.palette_oklab()
    hues = np.rad2deg(np.arctan2(colours[1:, 2], colours[1:, 1])) % 360
    np.testing.assert_allclose(hues, pictures.HUE)
    linear = ((colours @ pictures.CONES.T) ** 3) @ pictures.LINEAR_SRGB.T
    assert linear.min() > -1e-6
    assert linear.max() < 1 + 1e-6


def test_the_palette_is_as_ottosson_converts_it() -> None:
    """White is (1, 0, 0) in OKLab, by his definition; sRGB red is (0.627955, 0.224863, 0.125846)."""
    assert pictures.palette()[0].tolist() == [255, 255, 255]
    red = pictures._srgb(np.array([[0.627955, 0.224863, 0.125846]]))
    np.testing.assert_allclose(red, [[1, 0, 0]], atol=2e-3)


def test_the_map_of_a_photograph_is_averaged_so_that_four_pictures_take_30_kilobytes() -> None:
    random = np.random.default_rng(5)
    noise = random.standard_normal((224, 224))
    smooth = np.outer(np.hanning(224), np.hanning(224))
    lengths = {len(pictures.picture(importance)) for importance in (noise, smooth)}
    assert len(lengths) == 1
    assert 4 * lengths.pop() <= 30_000
    with Image.open(io.BytesIO(pictures.picture(smooth))) as image:
        assert image.size == (80, 80)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((28, 28), (28, 28)), ((80, 20), (80, 20)), ((224, 448), (40, 80)), ((9, 900), (1, 80))],
)
def test_a_picture_keeps_its_proportions(shape: tuple[int, int], expected: tuple[int, int]) -> None:
    assert pictures.size(*shape) == expected
    assert (pictures.settings(*shape)["height"], pictures.settings(*shape)["width"]) == expected


def test_what_is_averaged_is_the_positive_support() -> None:
    """Areas of 2 x 2: one positive value of 4 is a quarter of four, and negative ones do not cancel it."""
    importance = np.zeros((160, 160))
    importance[:2, :2] = 4
    importance[:2, 2:4] = [[4, -9], [-9, -9]]
    averaged = pictures._averaged(importance, 80, 80)
    assert averaged[0, :3].tolist() == [4, 1, 0]


def test_signed_colours_are_blue_for_orange_against_and_equally_light() -> None:
    colours = pictures.signed_colours(np.array([[-1.0, 0.0, 1.0]]))[0]
    assert colours.tolist() == [
        pictures.palette(pictures.HUE_AGAINST)[-1].tolist(),
        [255, 255, 255],
        pictures.palette()[-1].tolist(),
    ]
    lightness = [pictures.palette_oklab(hue)[:, 0] for hue in (pictures.HUE, pictures.HUE_AGAINST)]
    np.testing.assert_allclose(*lightness)


def test_a_map_of_zeros_has_white_colours() -> None:
    assert (pictures.signed_colours(np.zeros((3, 3))) == 255).all()
