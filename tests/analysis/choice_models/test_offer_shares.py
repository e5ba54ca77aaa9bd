"""Shares of offers, where methods were offered unequally often."""

import numpy as np
import pytest

from analysis.choice_models.offer_shares import count_offers
from analysis.estimation.shares import estimate_shares
from analysis.votes.offers import choice_data

ANSWERS = [("ABC", "A"), ("AB", "A"), ("AB", "B"), ("AC", "none")]


def test_shares_are_votes_divided_by_offers(build):
    found = {one.method: (one.offers, one.votes, one.share.value) for one in count_offers(build(ANSWERS))}
    assert found == {"A": (4, 2, 0.5), "B": (3, 1, pytest.approx(1 / 3)), "C": (2, 0, 0.0)}


def test_the_expected_share_is_that_of_equally_likely_methods(build):
    found = count_offers(build(ANSWERS))[0].expected
    assert found == pytest.approx((1 / 3 + 1 / 2 + 1 / 2) / 4)


def test_a_method_never_chosen_has_an_upper_bound_over_participants(build):
    share = count_offers(build([("AB", "A")] * 20, np.arange(20) // 2))[1].share
    assert (share.low, share.high) == (0.0, pytest.approx(0.3084971, abs=1e-7))  # R: binom.test(0, 10)


def test_weights_count_in_shares_and_not_in_votes(build):
    found = count_offers(build([("AB", "A"), ("AB", "B")], weights=[3, 1]))[0]
    assert (found.votes, found.share.value) == (1, 0.75)


def test_complete_offers_have_the_intervals_of_the_shares_of_answers(normlime_table, normlime_counts):
    found = count_offers(choice_data(normlime_table, normlime_counts))
    expected = estimate_shares(normlime_counts).shares
    assert [(one.share.value, one.share.low, one.share.high) for one in found] == [
        pytest.approx((one.share, one.low, one.high)) for one in expected
    ]
