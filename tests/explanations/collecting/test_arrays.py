"""Attributions as other libraries return them."""

import re

import numpy as np
import pytest
import torch

from explanations.collecting.arrays import to_map, to_maps

COLOUR = np.arange(2 * 3 * 5 * 6, dtype=float).reshape(2, 3, 5, 6)  # (N, C, H, W)


def test_a_map_an_image_is_taken_as_it_is() -> None:
    maps, channels = to_maps(COLOUR[:, 0], "mine")
    assert np.array_equal(maps, COLOUR[:, 0])
    assert channels == 1


@pytest.mark.parametrize("axis", [1, 3])
def test_channels_are_summed_wherever_they_are(axis: int) -> None:
    maps, channels = to_maps(np.moveaxis(COLOUR, 1, axis), "mine")
    assert np.array_equal(maps, COLOUR.sum(axis=1))
    assert channels == 3


def test_a_tensor_that_requires_gradients_is_taken() -> None:
    maps, _ = to_maps(torch.from_numpy(COLOUR).requires_grad_(), "mine")
    assert np.array_equal(maps, COLOUR.sum(axis=1))


def test_a_list_of_maps_is_taken() -> None:
    assert to_maps(list(COLOUR), "mine")[0].shape == (2, 5, 6)


def test_the_map_of_one_image_may_have_channels_and_a_batch() -> None:
    for values in (COLOUR[0], COLOUR[0].transpose(1, 2, 0), COLOUR[:1]):
        assert np.array_equal(to_map(values, "mine")[0], COLOUR[0].sum(axis=0))
    assert np.array_equal(to_map(COLOUR[0, 0], "mine")[0], COLOUR[0, 0])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.zeros(5), "mine: has shape (5,); allowed: (N, H, W), (N, C, H, W) or (N, H, W, C)"),
        (
            np.zeros((1, 4, 4, 3, 10)),
            "mine: has shape (1, 4, 4, 3, 10), with an axis for the outputs of the model; "
            "choose one output of each image, as in values[..., k]",
        ),
        (np.full((1, 4, 4), np.nan), "mine: has values that are not finite; replace them first"),
        ([], "mine: has shape (0,); allowed: (N, H, W), (N, C, H, W) or (N, H, W, C)"),
    ],
)
def test_other_arrays_are_refused(values: object, expected: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        to_maps(values, "mine")


@pytest.mark.parametrize("values", [np.array([["a"]]), [np.zeros((2, 2)), np.zeros((3, 3))], [None]])
def test_what_is_not_numbers_of_one_shape_is_refused(values: object) -> None:
    with pytest.raises(TypeError, match=r"^mine: "):
        to_maps(values, "mine")
