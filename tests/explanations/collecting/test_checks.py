"""Check maps, beside SciPy's Sobel operator."""

import numpy as np
from scipy import ndimage

from explanations.collecting.checks import edges, mean_map


def test_edges_are_sobels() -> None:
    image = np.random.default_rng(4).random((3, 9, 7))
    grey = image.mean(axis=0)
    expected = np.hypot(ndimage.sobel(grey, axis=0), ndimage.sobel(grey, axis=1))
    np.testing.assert_allclose(edges(image), expected, rtol=1e-6)


def test_a_plain_image_has_no_edges() -> None:
    assert not edges(np.full((1, 4, 4), 0.3)).any()


def test_every_map_counts_alike_in_the_mean() -> None:
    mean = mean_map([np.array([[2.0, -1.0]]), np.array([[0.0, 100.0]]), np.zeros((1, 2))])
    np.testing.assert_allclose(mean, [[1 / 3, 1 / 3]])
