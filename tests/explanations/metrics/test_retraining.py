"""A class that one planted pixel tells: with it a network learns, without it, it can't."""

import pytest
import torch
from torch import nn

from explanations.metrics import retraining
from explanations.metrics.retraining import Recipe, Split

QUICK = Recipe(epochs=4, batch=32, rate=3e-2)


def make() -> nn.Module:
    """A small network with dropout, untrained."""
    layers = nn.Flatten(), nn.Linear(16, 12), nn.ReLU(), nn.Dropout(0.2), nn.Linear(12, 2)
    return nn.Sequential(*layers)


def planted(seed: int, count: int) -> Split:
    """Noise of 4 x 4 pixels; the first is bright for class 1 and dark for class 0."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(count, 1, 4, 4, generator=generator)
    labels = torch.arange(count) % 2
    images[:, 0, 0, 0] = labels.float()
    return Split(images, labels)


@pytest.fixture
def training() -> Split:
    return planted(0, 160)


@pytest.fixture
def test() -> Split:
    return planted(1, 100)


@pytest.fixture
def places() -> torch.Tensor:
    """The order of the features when the planted pixel is the most important."""
    return torch.arange(16)


def kept(places: torch.Tensor, share: float, keep: bool) -> torch.Tensor:
    return retraining.kept_by(places, share, keep).reshape(1, 1, 4, 4)


def test_a_network_that_keeps_the_planted_pixel_learns_and_one_without_it_guesses(training, test, places):
    masks = torch.cat([kept(places, 0.9, keep=True), kept(places, 0.1, keep=False)])
    with_it, without_it = retraining.errors(make, training, test, masks, 0, QUICK)
    assert with_it == 0
    assert 0.3 < without_it < 0.7


def test_keeping_removes_the_least_important_and_removing_the_most(places):
    assert retraining.kept_by(places, 0.25, keep=True).tolist() == [True] * 12 + [False] * 4
    assert retraining.kept_by(places, 0.25, keep=False).tolist() == [False] * 4 + [True] * 12


def test_a_network_has_the_error_that_it_has_alone_whatever_trains_beside_it(training, test, places):
    masks = torch.cat([kept(places, share, keep=False) for share in (0.1, 0.5, 0.8)])
    together = retraining.errors(make, training, test, masks, 3, QUICK)
    alone = [retraining.errors(make, training, test, mask[None], 3, QUICK)[0] for mask in masks]
    assert together == pytest.approx(alone, abs=0.01)


def test_the_same_seed_gives_the_same_error_and_leaves_the_random_numbers_of_others(training, test, places):
    torch.manual_seed(9)
    expected = torch.rand(1)
    torch.manual_seed(9)
    found = [retraining.errors(make, training, test, kept(places, 0.5, False), 1, QUICK) for _ in range(2)]
    assert found[0] == found[1]
    assert torch.rand(1) == expected


def test_shares_are_percents_in_their_order_each_once():
    assert retraining.shares("90 10,50 10") == [0.1, 0.5, 0.9]


def test_every_batch_is_told_of(training, test, places):
    steps = []
    retraining.errors(
        make, training, test, kept(places, 0.5, True), 0, QUICK, lambda *step: steps.append(step)
    )
    assert steps[-1] == (20, 20)
    assert len(steps) == 20
