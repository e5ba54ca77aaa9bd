"""Inputs on which earlier versions counted the wrong thing, with the values counted by hand in the files."""

import pytest

from analysis.estimation.shares import estimate_shares
from analysis.votes.table import VoteTable


@pytest.fixture
def counts_of(request):
    folder = request.path.parent.parent / "cases" / "counting"
    return lambda name: VoteTable.read(folder / f"{name}.csv").counts()


def test_40_participants_chose_none_of_the_pictures_in_640_of_800_answers(counts_of):
    counts = counts_of("mostly_none")
    assert (len(counts.participants), counts.n_answers, counts.none.sum()) == (40, 800, 640)
    assert counts.n_unanswered == 0
    assert counts.votes == {"A": 58, "B": 43, "C": 39, "D": 20}


def test_a_has_7_percent_of_the_answers_and_none_has_80(counts_of):
    counts = counts_of("mostly_none")
    assert counts.shares.mean(axis=0)[0] == pytest.approx(58 / 800)
    none = estimate_shares(counts.none_counts).shares[0]
    assert (none.votes, none.share) == (640, 0.8)
    assert 0 < none.low < 0.8 < none.high < 1


def test_the_participant_who_always_chose_none_is_included(counts_of):
    counts = counts_of("mostly_none")
    assert counts.shares[counts.participants.index("p27")].tolist() == [0, 0, 0, 0]


def test_16_of_20_participants_finished_by_their_status_on_prolific(counts_of):
    counts = counts_of("prolific_status")
    assert len(counts.participants) == 16
    assert counts.excluded == {"timed out": 1, "returned": 1, "rejected": 1, "preview": 1}
    assert counts.votes == {"NormLIME": 67, "LIME": 55, "SmoothGrad": 21, "VarGrad": 17}


def test_offers_of_3_of_5_methods_are_counted_for_each(counts_of):
    counts = counts_of("unequal_offers")
    assert counts.offers == {"A": 240, "C": 138, "D": 153, "B": 149, "E": 40}
    assert counts.votes == {"A": 82, "C": 54, "D": 48, "B": 41, "E": 15}
    assert not counts.complete_offers
