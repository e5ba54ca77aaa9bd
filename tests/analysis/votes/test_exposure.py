import numpy as np
import pytest

from analysis.numerics.clusters import effective_number
from analysis.votes.exposure import measure_exposure, question_weights
from analysis.votes.offers import choice_data
from analysis.votes.table import VoteTable
from benchmarks.levels_exposure import rejection_rates


def answers(*rows):
    """ "p q1q2 AB": a participant, questions and choices."""
    return VoteTable.from_rows(
        {"participant": participant, "question": question, "chosen_method": choice}
        for participant, questions, choices in (row.split() for row in rows)
        for question, choice in zip(questions, choices, strict=True)
    )


def test_the_statistic_compares_the_spread_with_that_of_random_subsets():
    # By hand: n_q = 3, 2, 1, mean 2, spread 2; each of 3 people saw 2 of 3: V = 3 * 2/3 * 1/3 = 2/3;
    # chi-squared = 2/3 * 2 / (2/3) = 2 on 2 df, p = exp(-1).
    exposure = measure_exposure(np.array([0, 1, 0, 1, 0, 2]), np.array([2, 2, 2]))
    assert exposure.chi_squared == pytest.approx(2)
    assert (exposure.df, exposure.fewest, exposure.most) == (2, 1, 3)
    assert exposure.p == pytest.approx(np.exp(-1))


def test_the_statistic_is_pearson_s_where_each_saw_one_of_many_questions():
    # Sampling one question each: f = 1/Q, and the statistic is sum (n_q - mean)^2 / mean.
    question = np.repeat([0, 1, 2, 3], [7, 2, 5, 6])
    exposure = measure_exposure(question, np.ones(20))
    assert exposure.chi_squared == pytest.approx(((np.array([7, 2, 5, 6]) - 5) ** 2 / 5).sum())


def test_everybody_answering_every_question_is_equal_exposure():
    assert measure_exposure(np.array([0, 1, 0, 1]), np.array([2, 2])) is None


def test_weights_let_each_question_count_equally_with_mean_1():
    weights = question_weights(np.array([0, 0, 0, 1]))
    assert weights.tolist() == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2])


def test_participants_of_equal_weight_count_as_many_as_they_are():
    assert effective_number(np.full(7, 3.0)) == pytest.approx(7)
    assert effective_number(np.array([1.0, 0.0, 0.0])) == 1


def test_counts_of_unequally_shown_questions_are_weighted():
    rows = [f"p{i} ab AB" for i in range(4)] + [f"q{i} ac AB" for i in range(2)] + ["r bc AA"]
    table = answers(*rows, *(f"s{i} a A" for i in range(20)))
    counts = table.counts()
    assert counts.unequal_exposure
    # a, b, c were answered 26, 5 and 3 times; A was chosen in all of a, 1 of 5 of b, 1 of 3 of c.
    shares = counts.weighted.sum(axis=0) / counts.weighted_answers.sum()
    assert dict(zip(counts.methods, shares, strict=True))["A"] == pytest.approx((1 + 1 / 5 + 1 / 3) / 3)
    assert counts.weighted_answers.sum() == pytest.approx(counts.n_answers)
    assert counts.weighted_offered == pytest.approx(np.repeat(counts.weighted_answers[:, None], 2, axis=1))


def test_choice_data_carries_the_same_weights_as_the_counts():
    table = answers("p ab AB", "q ac AB", *(f"s{i} a A" for i in range(20)))
    counts = table.counts()
    data = choice_data(table, counts)
    by_hand = np.zeros(counts.weighted.shape)
    np.add.at(by_hand, (data.participant, data.chosen), data.weights)
    assert counts.weighted == pytest.approx(by_hand)


def test_balanced_subsets_are_not_weighted():
    counts = answers("p ab AB", "q bc AB", "r ca AB").counts()
    assert counts.exposure.chi_squared == 0
    assert not counts.unequal_exposure
    assert counts.weighted.tolist() == counts.table.tolist()


def test_a_question_that_was_shown_and_not_answered_is_not_unequal_exposure():
    table = VoteTable.from_rows(
        {"participant": f"p{i}", "question": question, "chosen_method": "" if question == "b" and i else "A"}
        for i in range(9)
        for question in "abc"
    )
    assert table.counts().exposure is None


def test_answers_to_a_question_without_a_name_are_not_weighted():
    table = VoteTable.from_rows(
        {"participant": f"p{i}", "question": question, "chosen_method": "AB"[i % 2]}
        for i, question in enumerate(["a"] * 9 + ["b", ""])
    )
    assert table.counts().exposure is None


def test_the_simulation_of_unequal_exposure_runs():
    rates = rejection_rates(n=20, runs=20, seed=1)
    assert rates["weighted"] <= rates["unweighted"]
