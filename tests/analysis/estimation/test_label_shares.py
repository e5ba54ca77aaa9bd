"""Shares of each label and method, with intervals over participants."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

from analysis.estimation.label_shares import label_shares
from analysis.votes.offers import ChoiceData
from benchmarks.levels_stimuli import EQUAL, RARE, Setting, label_coverage, study


def answers(labels: list[str], chosen: list[int], participant: list[int] | None = None) -> ChoiceData:
    """Answers of two methods with label names; by default every answer is another participant's."""
    names = tuple(sorted(set(labels) - {""}))
    n = len(labels)
    return ChoiceData(
        methods=("A", "B"),
        participant=np.array(range(n) if participant is None else participant),
        question=None,
        labels=np.array([names.index(label) if label else -1 for label in labels]),
        label_names=names,
        offered=np.ones((n, 2), dtype=bool),
        chosen=np.array(chosen),
        worst=np.full(n, -1),
        position=np.zeros((n, 2), dtype=np.int64),
        weights=np.ones(n),
    )


def test_labels_are_in_natural_order() -> None:
    found = label_shares(answers(["10", "2", "2", "10", "", "1"], [0, 0, 1, 0, 0, 1]))
    assert found is not None
    assert found.labels == ("1", "2", "10")
    assert found.shares[:, 0].tolist() == [0, 0.5, 1]
    assert found.answers.tolist() == [1, 2, 2]


def test_one_answer_for_each_participant_has_the_interval_of_clopper_and_pearson() -> None:
    """3 of 10 with 10 - 1 effective answers, a little wider than SciPy's binomtest with 10."""
    found = label_shares(answers(["a"] * 10 + ["b"] * 10, ([0] * 3 + [1] * 7) * 2))
    assert found is not None
    low = stats.beta.ppf(0.025, 0.3 * 9, 9 - 0.3 * 9 + 1)
    high = stats.beta.ppf(0.975, 0.3 * 9 + 1, 9 - 0.3 * 9)
    exact = stats.binomtest(3, 10).proportion_ci()
    assert (found.low[0, 0], found.high[0, 0]) == pytest.approx((low, high))
    assert found.low[0, 0] < exact.low < exact.high < found.high[0, 0]


def test_repeated_answers_of_a_participant_do_not_make_the_interval_narrower() -> None:
    """Each of 10 participants gives the same answer three times."""
    chosen = [0] * 4 + [1] * 6
    once = label_shares(answers(["a"] * 10 + ["b"] * 10, chosen * 2, [*range(10)] * 2))
    thrice = label_shares(answers((["a"] * 10 + ["b"] * 10) * 3, chosen * 6, [*range(10)] * 6))
    assert once is not None
    assert thrice is not None
    assert thrice.low[0, 0] <= once.low[0, 0]


def test_a_share_of_0_has_the_upper_bound_of_its_participants() -> None:
    """1 - 0.025^(1 / 10)."""
    found = label_shares(answers(["a"] * 10 + ["b"] * 10, [1] * 20))
    assert found is not None
    assert (found.low[0, 0], found.high[0, 0]) == pytest.approx((0, 1 - 0.025 ** (1 / 10)))


def test_a_label_of_one_participant_has_no_interval() -> None:
    found = label_shares(answers(["a", "b", "b"], [0, 0, 1], [0, 0, 1]))
    assert found is not None
    assert np.isnan(found.low[0]).all()


def test_a_method_that_was_not_offered_for_a_label_has_no_share() -> None:
    data = answers(["a"] * 5 + ["b"] * 5, [0] * 5 + [1] * 5)
    offered = data.offered.copy()
    offered[5:, 0] = False
    found = label_shares(dataclasses.replace(data, offered=offered))
    assert found is not None
    assert np.isnan(found.shares[1, 0])
    assert found.shares[1, 1] == 1


def test_one_label_has_no_table() -> None:
    assert label_shares(answers(["a", "a"], [0, 1])) is None


def test_a_table_without_labels_has_none() -> None:
    data = study(Setting(0, 0, participants=3, labels=2), np.random.default_rng(1))
    assert label_shares(dataclasses.replace(data, labels=None)) is None


@pytest.mark.parametrize("worths", [EQUAL, RARE])
def test_intervals_of_six_participants_cover(worths: tuple[float, ...]) -> None:
    """At least 93%, of 250 intervals for each method."""
    assert label_coverage(6, 2, worths, 25).min() > 0.93
