import numpy as np
import pytest

from explanations.metrics.measures import localisation
from explanations.metrics.subject import NotMeasurableError, unwatched


@pytest.fixture
def planted():
    """A mask of 3 x 3 pixels, and a map that is greatest there."""
    mask = np.zeros((8, 8), dtype=bool)
    mask[2:5, 3:6] = True
    return mask, mask + 0.1 * np.random.default_rng(0).random((8, 8))


def measured(subject):
    return localisation.measure(subject, {"images": 1}, unwatched)


def test_a_planted_subject_is_found(linear_subject, planted):
    mask, importance = planted
    found = measured(linear_subject(importance=importance, masks=mask[None]))
    assert (found["iou"], found["pointing"]) == ([1], [1])


def test_a_map_that_misses_the_subject_scores_nothing(linear_subject, planted):
    mask, importance = planted
    found = measured(linear_subject(importance=-importance, masks=mask[None]))
    assert (found["iou"], found["pointing"]) == ([0], [0])


def test_three_of_nine_pixels_shared_are_three_of_fifteen(linear_subject, planted):
    mask, importance = planted
    found = measured(linear_subject(importance=np.roll(importance, 2, axis=1), masks=mask[None]))
    assert found["iou"] == pytest.approx([3 / 15])


def test_an_empty_mask_has_no_value(linear_subject, planted):
    found = measured(linear_subject(masks=np.zeros((1, 8, 8), dtype=bool)))
    assert np.isnan(found["iou"]).all()
    assert np.isnan(found["pointing"]).all()


def test_without_masks_nothing_is_measured(linear_subject):
    with pytest.raises(NotMeasurableError, match="by --masks"):
        measured(linear_subject())
