"""The imputation knows linear images: a missing pixel is the mean of its neighbours."""

import numpy as np
import pytest
import torch

from explanations.metrics.measures import road
from explanations.metrics.subject import unwatched

EXACT = {"images": 1, "noise": 0.0, "output": "logit"}


def silence(images: torch.Tensor, removed: np.ndarray) -> np.ndarray:
    return np.zeros((*images.shape[:2], int(removed.sum())))


def test_removed_pixels_inside_a_linear_slope_come_back_exactly():
    rows, columns = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    slope = (0.03 * rows + 0.05 * columns).expand(2, 3, 8, 8)
    removed = np.zeros((8, 8), dtype=bool)
    removed[2:6, 3:6] = True
    found = road.imputed(
        torch.where(torch.from_numpy(removed), -1.0, slope), removed, silence(slope, removed)
    )
    assert torch.allclose(found, slope, atol=1e-6)


def test_a_flat_image_comes_back_from_a_single_pixel():
    flat = torch.full((1, 1, 8, 8), 0.4)
    removed = np.ones((8, 8), dtype=bool)
    removed[0, 0] = False
    assert torch.allclose(road.imputed(flat, removed, silence(flat, removed)), flat, atol=1e-6)


def test_a_pixel_beside_a_bright_one_takes_a_sixth_of_it_and_across_a_twelfth():
    images = torch.zeros(1, 1, 5, 5)
    images[0, 0, 2, 1], removed = 1, np.zeros((5, 5), dtype=bool)
    removed[2, 2] = True
    assert road.imputed(images, removed, silence(images, removed))[0, 0, 2, 2] == pytest.approx(1 / 6)
    images = torch.zeros(1, 1, 5, 5)
    images[0, 0, 1, 1] = 1
    assert road.imputed(images, removed, silence(images, removed))[0, 0, 2, 2] == pytest.approx(1 / 12)


def test_nothing_left_to_impute_from_is_refused():
    with pytest.raises(ValueError, match=r"^every pixel is removed; one at least must be left"):
        road.imputed(torch.zeros(1, 1, 4, 4), np.ones((4, 4), dtype=bool), np.zeros((1, 1, 16)))


def test_what_is_kept_is_not_touched(bright_images):
    removed = np.random.default_rng(0).random((8, 8)) < 0.5
    found = road.imputed(bright_images, removed, silence(bright_images, removed))
    assert torch.equal(found[..., ~torch.from_numpy(removed)], bright_images[..., ~torch.from_numpy(removed)])


def test_a_reversed_map_changes_the_sign_of_the_combined_score(linear_subject):
    there = road.measure(linear_subject(), EXACT, unwatched)
    back = road.measure(linear_subject(importance=-linear_subject().importance), EXACT, unwatched)
    assert there["road"] == pytest.approx(-back["road"])
    assert there["road"] > 0
    assert there["road-morf"] == pytest.approx(back["road-lerf"])


def test_the_same_seed_gives_the_same_noise(linear_subject):
    noisy = {**EXACT, "noise": 0.1}
    first, again = (road.measure(linear_subject(), noisy, unwatched) for _ in range(2))
    other = road.measure(linear_subject(address=(1, "test")), noisy, unwatched)
    assert first["road"] == again["road"]
    assert first["road"] != other["road"]
