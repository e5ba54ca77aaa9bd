"""Maps find their images by name or by order, and the notes say which."""

import re

import numpy as np
import pytest

from explanations.collecting.matching import match_maps

LABELS = ("cat", "birds/owl.jpg")
ONE, TWO = np.eye(2), 1 - np.eye(2)


def test_an_array_is_matched_by_order() -> None:
    maps, notes = match_maps("mine", LABELS, np.stack([ONE, TWO]))
    assert np.array_equal(maps["birds/owl.jpg"], TWO)
    assert notes == ["mine: 2 maps, matched by order"]


@pytest.mark.parametrize("name", ["owl", "birds/owl.jpg", "owl.npy"])
def test_names_count_with_and_without_a_suffix(name: str) -> None:
    maps, notes = match_maps("mine", LABELS, {name: TWO, "cat": ONE})
    assert np.array_equal(maps["birds/owl.jpg"], TWO)
    assert notes == ["mine: 2 maps, matched by name"]


def test_other_names_are_matched_by_order_and_that_is_said() -> None:
    maps, notes = match_maps("mine", LABELS, {"0": ONE, "1": TWO})
    assert np.array_equal(maps["cat"], ONE)
    assert notes == ["mine: 2 maps, matched by order, for their names are not those of the images"]


def test_an_image_may_lack_a_map() -> None:
    assert list(match_maps("mine", LABELS, {"cat": ONE})[0]) == ["cat"]


def test_summed_channels_are_said() -> None:
    _, notes = match_maps("mine", LABELS, {"cat": np.stack([ONE] * 3), "owl": ONE})
    assert notes[-1] == "mine: summed over 3 channels"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.stack([ONE] * 3), "mine: has 3 maps for 2 images; expected one each"),
        (
            {"cat": ONE, "dog": TWO},
            "mine: there is no image called 'dog'; allowed: 'cat', 'birds/owl.jpg'; "
            "remove the map, or add its image",
        ),
        (
            {"dog": ONE},
            "mine: its maps are called 'dog', the images 'cat', 'birds/owl.jpg'; "
            "call them alike, or give as many maps as images",
        ),
        (
            {"owl": ONE, "birds/owl.jpg": ONE},
            "mine: has two maps of the image 'birds/owl.jpg'; keep one",
        ),
    ],
)
def test_a_map_without_an_image_is_refused(values: object, expected: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        match_maps("mine", LABELS, values)
