import numpy as np

from explanations.rendering import palettes


def test_the_palette_has_equal_steps_and_darkens_all_the_way() -> None:
    colours = palettes.palette_oklab()
    steps = np.linalg.norm(np.diff(colours, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps.mean(), rtol=1e-3)
    assert (np.diff(colours[:, 0]) < 0).all()


def test_the_palette_has_one_hue_and_lies_within_srgb() -> None:
    colours = palettes.palette_oklab()
    hues = np.rad2deg(np.arctan2(colours[1:, 2], colours[1:, 1])) % 360
    np.testing.assert_allclose(hues, palettes.HUE)
    linear = ((colours @ palettes.CONES.T) ** 3) @ palettes.LINEAR_SRGB.T
    assert linear.min() > -1e-6
    assert linear.max() < 1 + 1e-6


def test_the_palette_is_as_ottosson_converts_it() -> None:
    """White is (1, 0, 0) in OKLab, by his definition; sRGB red is (0.627955, 0.224863, 0.125846)."""
    assert palettes.palette()[0].tolist() == [255, 255, 255]
    red = palettes._srgb(np.array([[0.627955, 0.224863, 0.125846]]))
    np.testing.assert_allclose(red, [[255, 0, 0]], atol=1)


def test_the_signed_palette_leads_from_the_darkest_orange_over_white_to_the_darkest_blue() -> None:
    colours = palettes.signed_palette()
    assert colours[[0, palettes.ZERO, -1]].tolist() == [
        palettes.palette(palettes.HUE_AGAINST)[-1].tolist(),
        [255, 255, 255],
        palettes.palette()[-1].tolist(),
    ]


def test_both_sides_of_the_signed_palette_are_equally_light() -> None:
    lightness = [palettes.palette_oklab(hue)[:, 0] for hue in (palettes.HUE, palettes.HUE_AGAINST)]
    np.testing.assert_allclose(*lightness)


def test_the_palette_over_images_darkens_all_the_way() -> None:
    """Luminance by ITU-R BT.709; rounding to bytes may keep two steps alike."""
    luminance = palettes.warm_palette() @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(luminance) < 0.5).all()
    assert luminance[0] - luminance[-1] > 200
