import io
import struct
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image
from skimage import data

from explanations.rendering import Rendering, draw, find_blank, palettes, photograph, pictures
from explanations.rendering.png import Pixels

STYLES = ["heat", "signed", "overlay", "borders", "top:3"]
HEAT = Rendering()


def chunks(picture: bytes) -> list[tuple[str, int]]:
    """The names and lengths of a PNG's chunks, in order."""
    found, position = [], 8
    while position < len(picture):
        length, name = struct.unpack(">I4s", picture[position : position + 8])
        found.append((name.decode(), length))
        position += 12 + length
    return found


def opened(picture: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(picture))
    image.load()
    return image


def indices(importance: np.ndarray, rendering: Rendering = HEAT) -> np.ndarray:
    """What one map's picture holds."""
    return np.asarray(opened(draw({"map": importance}, rendering)["map"]))


@pytest.fixture(scope="module")
def photo() -> Pixels:
    """A cat, 60 x 90."""
    cat = Image.fromarray(data.chelsea()).resize((90, 60))
    return np.asarray(cat)


@pytest.fixture(scope="module")
def maps() -> dict[str, np.ndarray]:
    """Maps as different methods give them: smooth, noisy, a few areas, a single pixel."""
    random = np.random.default_rng(3)
    smooth = np.outer(np.hanning(60), np.hanning(90)) - 0.2
    areas = np.kron(random.standard_normal((4, 6)), np.ones((15, 15)))
    single = np.zeros((60, 90))
    single[30, 40] = 1
    return {"smooth": smooth, "noise": random.standard_normal((60, 90)), "areas": areas, "single": single}


@pytest.mark.parametrize("style", STYLES)
def test_all_pictures_of_a_set_have_the_same_length_chunks_and_palette(
    style: str, maps: dict[str, np.ndarray], photo: Pixels
) -> None:
    drawn = draw(maps, Rendering.choose(style), dict.fromkeys(maps, photo)).values()
    assert len({len(picture) for picture in drawn}) == 1
    assert len({tuple(chunks(picture)) for picture in drawn}) == 1
    assert len({picture.partition(b"IDAT")[0] for picture in drawn}) == 1


@pytest.mark.parametrize("style", STYLES)
def test_a_picture_has_no_metadata(style: str, maps: dict[str, np.ndarray], photo: Pixels) -> None:
    picture = draw(maps, Rendering.choose(style), dict.fromkeys(maps, photo))["smooth"]
    assert {name for name, _ in chunks(picture)} <= {"IHDR", "PLTE", "IDAT", "IEND"}


@settings(max_examples=30, deadline=None)
@given(arrays(np.float32, (8, 8), elements=st.floats(-10, 10, width=32)))
def test_any_map_has_a_picture_as_long_as_its_neighbour(importance: np.ndarray) -> None:
    importance[0, 0] = 1
    drawn = draw({"any": importance, "eye": np.eye(8)}, HEAT)
    assert len(drawn["any"]) == len(drawn["eye"])


# Heat


def test_the_picture_of_a_small_map_has_a_pixel_a_pixel_and_the_whole_palette() -> None:
    image = opened(draw({"map": np.ones((28, 20))}, HEAT)["map"])
    assert image.size == (20, 28)
    assert image.mode == "P"
    assert bytes(image.getpalette() or []) == palettes.palette().tobytes()


def test_what_is_not_positive_is_white_and_the_greatest_is_darkest() -> None:
    assert indices(np.array([[-5.0, 0.0, 1.0]])).tolist() == [[0, 0, 255]]
    assert palettes.palette()[0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("style", STYLES)
def test_a_picture_does_not_depend_on_the_scale_of_its_method(style: str, photo: Pixels) -> None:
    importance = np.random.default_rng(3).random((60, 90))
    drawn = draw({"a": importance, "b": 1e-6 * importance}, Rendering.choose(style), {"a": photo, "b": photo})
    assert drawn["a"] == drawn["b"]


def test_values_are_divided_by_the_97th_percentile_of_the_positive_ones_and_rooted() -> None:
    """Of the positive values 1 to 101 the 97th percentile is 98; 49 becomes sqrt(49 / 98), 99 is cut at 1."""
    shown = indices(np.r_[-1000.0, np.arange(1, 102)][None, :])[0]
    assert [shown[i] for i in (0, 49, 99)] == [0, round(255 * np.sqrt(0.5)), 255]


def test_a_linear_scale_takes_no_root() -> None:
    shown = indices(np.r_[-1000.0, np.arange(1, 102)][None, :], Rendering(scale="linear"))[0]
    assert shown[49] == round(255 * 0.5)


def test_the_hundredth_percentile_is_the_maximum() -> None:
    assert indices(np.array([[1.0, 2.0, 4.0]]), Rendering(scale="linear", percentile=100)).tolist() == [
        [64, 128, 255]
    ]


def test_the_map_of_a_photograph_is_averaged_to_the_size() -> None:
    smooth = np.outer(np.hanning(448), np.hanning(448))
    assert indices(smooth, Rendering(size=80)).shape == (80, 80)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((28, 28), (28, 28)), ((80, 20), (80, 20)), ((224, 448), (40, 80)), ((9, 900), (1, 80))],
)
def test_a_picture_keeps_its_proportions(shape: tuple[int, int], expected: tuple[int, int]) -> None:
    assert pictures.fit(shape, 80) == expected


def test_what_is_averaged_is_the_positive_support() -> None:
    """Areas of 2 x 2: one positive value of 4 is a quarter of four, and negative ones do not cancel it."""
    importance = np.zeros((160, 160))
    importance[:2, :2] = 4
    importance[:2, 2:4] = [[4, -9], [-9, -9]]
    shown = indices(importance, Rendering(size=80, scale="linear", percentile=100))
    assert shown[0, :3].tolist() == [255, 64, 0]


# Signed


def test_signed_pictures_are_orange_white_and_blue() -> None:
    signed = Rendering("signed", scale="linear", percentile=100)
    assert indices(np.array([[-2.0, -1.0, 0.0, 2.0]]), signed).tolist() == [[0, 64, 127, 254]]


def test_both_signs_are_divided_by_one_number() -> None:
    """The 97th percentile of the magnitudes 1 and 4 is 3.91."""
    shown = indices(np.array([[-1.0, 4.0]]), Rendering("signed", scale="linear"))
    assert shown.tolist() == [[round(127 * (1 - 1 / 3.91)), 254]]


# Styles that show the image


def test_an_overlay_blends_colours_over_the_image_in_grey() -> None:
    """Zero is white: at an opacity of 0.4, grey 100 becomes 0.6 * 100 + 0.4 * 255."""
    importance = np.array([[0.0, 1.0]])
    image = np.full((1, 2, 3), 100, dtype=np.uint8)
    shown = indices_of(importance, Rendering("overlay", opacity=0.4), image)
    assert shown[0, 0].tolist() == [162, 162, 162]
    np.testing.assert_allclose(shown[0, 1], 60 + 0.4 * palettes.warm_palette()[-1], atol=1)


def test_an_overlay_has_the_size_of_the_image() -> None:
    image = np.zeros((100, 300, 3), dtype=np.uint8)
    assert indices_of(np.ones((7, 7)), Rendering("overlay", size=150), image).shape == (50, 150, 3)


def test_borders_show_the_mean_of_each_superpixel() -> None:
    segments = np.repeat([[0, 0, 0, 1, 1]], 3, axis=0)
    image = np.full((3, 5, 3), 255, dtype=np.uint8)
    importance = np.array([[4.0, 0, 2, 0, 0]] * 3)
    drawn = draw({"a": importance}, Rendering("borders", opacity=1), {"a": image}, {"a": segments})["a"]
    shown = np.asarray(opened(drawn))
    assert shown[0, 0].tolist() == palettes.warm_palette()[-1].tolist()
    assert shown[0, 4].tolist() == [255, 255, 255]


def shown_by_top(importance: list[float], top: int) -> list[bool]:
    """Whether the middle of each of some superpixels, 3 x 3 pixels in a row, is shown."""
    segments = np.kron(np.arange(len(importance)), np.ones((3, 3), dtype=int))
    values = np.kron(np.array(importance), np.ones((3, 3)))
    image = np.full((*segments.shape, 3), 9, dtype=np.uint8)
    drawn = draw({"a": values}, Rendering("top", top=top), {"a": image}, {"a": segments})["a"]
    return [bool((pixel == 9).all()) for pixel in np.asarray(opened(drawn))[1, 1::3]]


def test_top_hides_all_but_the_most_important_superpixels() -> None:
    assert shown_by_top([5, 1, 3, 2], top=2) == [True, False, True, False]


def test_top_shows_no_superpixel_without_importance() -> None:
    assert shown_by_top([5, -1, 0], top=2) == [True, False, False]


def test_top_outlines_what_it_shows() -> None:
    """White parts of an image are told from what is hidden."""
    segments = np.repeat([[0, 0, 0, 1, 1]], 2, axis=0)
    image = np.full((2, 5, 3), 255, dtype=np.uint8)
    importance = (segments == 0).astype(float)
    drawn = draw({"a": importance}, Rendering("top", top=1), {"a": image}, {"a": segments})["a"]
    assert np.asarray(opened(drawn))[0, :, 0].tolist() == [255, 255, 96, 236, 236]


def test_superpixels_are_one_image_s_for_all_methods(maps: dict[str, np.ndarray], photo: Pixels) -> None:
    """All methods have the same lines."""
    drawn = draw(maps, Rendering("borders"), dict.fromkeys(maps, photo))
    shown = [np.asarray(opened(picture)) for picture in drawn.values()]
    lines = pictures.superpixels.borders(pictures.superpixels.segment(photo, 50))
    assert all((image[lines] == 255).all() for image in shown)


def test_images_may_be_tensors_of_numbers(photo: Pixels) -> None:
    importance = np.random.default_rng(4).random((60, 90))
    numbers = (photo / 255).astype(np.float32).transpose(2, 0, 1)
    drawn = draw({"a": importance, "b": importance}, Rendering("overlay"), {"a": photo, "b": numbers})
    assert drawn["a"] == drawn["b"]


def test_a_style_on_images_needs_them() -> None:
    with pytest.raises(ValueError, match=r"^lime/3/1: the style overlay needs the image that a map explains"):
        draw({"lime/3/1": np.ones((8, 8))}, Rendering("overlay"))


# What cannot be drawn


@pytest.mark.parametrize("style", ["heat", "overlay", "borders", "top:3"])
def test_a_map_with_nothing_positive_is_refused(style: str, photo: Pixels) -> None:
    with pytest.raises(
        ValueError, match=r"^a: the map has no positive value, so its picture would be empty$"
    ):
        draw({"a": -np.ones((60, 90))}, Rendering.choose(style), {"a": photo})


def test_a_signed_picture_of_zeros_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a: the map has only zeros, so its picture would be empty$"):
        draw({"a": np.zeros((8, 8))}, Rendering("signed"))


@pytest.mark.parametrize("style", STYLES)
def test_blank_maps_are_found_before_they_are_drawn(style: str) -> None:
    found = find_blank({"a": np.ones((3, 3)), "b": np.zeros((3, 3))}, Rendering.choose(style))
    assert list(found) == ["b"]


def test_a_negative_map_is_blank_in_heat_only() -> None:
    negative = {"a": -np.ones((3, 3))}
    assert find_blank(negative, HEAT)
    assert not find_blank(negative, Rendering("signed"))


def test_opposite_values_that_cancel_at_a_picture_s_size_are_white() -> None:
    checks = np.indices((64, 64)).sum(axis=0) % 2 * 2.0 - 1
    assert (indices(checks, Rendering("signed", size=32)) == palettes.ZERO).all()


@pytest.mark.parametrize("scale", [1e-44, 1e300])
def test_maps_beyond_32_bits_are_drawn(scale: float) -> None:
    ramp = np.linspace(0, 1, 64 * 64).reshape(64, 64)
    np.testing.assert_array_equal(
        indices(ramp * scale, Rendering(size=32)), indices(ramp, Rendering(size=32))
    )


def test_a_grey_image_is_drawn_over(photo: Pixels) -> None:
    importance = np.random.default_rng(4).random((60, 90))
    grey = photo[..., 0]
    drawn = draw(
        {"a": importance, "b": importance}, Rendering("overlay"), {"a": grey, "b": np.dstack([grey] * 3)}
    )
    assert drawn["a"] == drawn["b"]


# The limit of a picture's length


def noisy(side: int) -> Pixels:
    return np.random.default_rng(6).integers(0, 256, (side, side, 3), dtype=np.uint8)


def test_a_set_of_noise_gets_fewer_colours_so_that_no_picture_is_too_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pictures, "LONGEST", 8000)
    image = noisy(64)  # 12 kB
    drawn = draw({"a": np.ones((64, 64)), "b": np.eye(64)}, Rendering("overlay"), {"a": image, "b": image})
    assert max(map(len, drawn.values())) <= 8000
    assert {opened(picture).size for picture in drawn.values()} == {(64, 64)}


def test_where_that_is_not_enough_all_get_fewer_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "LONGEST", 4000)
    image = noisy(64)
    drawn = draw({"a": np.ones((64, 64)), "b": np.eye(64)}, Rendering("overlay"), {"a": image, "b": image})
    assert max(map(len, drawn.values())) <= 4000
    [size] = {opened(picture).size for picture in drawn.values()}
    assert 16 <= size[0] < 64


def indices_of(importance: np.ndarray, rendering: Rendering, image: Pixels) -> np.ndarray:
    return np.asarray(opened(draw({"a": importance}, rendering, {"a": image})["a"]))


# Photographs


def test_a_photograph_keeps_its_pixels(photo: Pixels) -> None:
    numbers = (photo / 255).astype(np.float32).transpose(2, 0, 1)
    np.testing.assert_array_equal(np.asarray(opened(photograph(numbers))), photo)


# What it takes


def test_drawing_heat_and_overlays_takes_numpy_and_pillow_only() -> None:
    code = (
        "import sys, numpy as np; from explanations.rendering import *; "
        "image = {'a': np.zeros((8, 8, 3), np.uint8)}; "
        "[draw({'a': np.eye(8)}, Rendering(s), image) for s in ('heat', 'signed', 'overlay')]; "
        "sys.exit(bool({'torch', 'skimage', 'scipy', 'matplotlib'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_superpixels_without_scikit_image_are_refused_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, photo: Pixels
) -> None:
    monkeypatch.setitem(sys.modules, "skimage.segmentation", None)
    with pytest.raises(
        ValueError, match=r"^superpixels need scikit-image; install it with: pip install 'beholder"
    ):
        draw({"a": np.ones((60, 90))}, Rendering("borders"), {"a": photo})
