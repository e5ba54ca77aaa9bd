"""The omnibus test against Hotelling's T squared and the repeated-measures ANOVA, where they are the same."""

import numpy as np
import pytest

from analysis.choice_models.choice_model import fit_worths
from analysis.choice_models.equal_choice import null_scores, trace_test, wald_test
from analysis.inference.repeated_measures import repeated_measures
from benchmarks.levels_offers import study

ADDED = "one added after half the questions"
LETTERS = np.array(["A", "B", "C", "D"])


@pytest.fixture(scope="module")
def complete(build):
    """20 answers of each of 15 people, all of which offer four methods."""
    rng = np.random.default_rng(8)
    tastes = rng.dirichlet([4, 3, 3, 2], 15)
    chosen = [LETTERS[rng.choice(4, 20, p=taste)] for taste in tastes]
    table = np.array([[(row == name).sum() for name in LETTERS] for row in chosen])
    answers = [("ABCD", str(name)) for row in chosen for name in row]
    return build(answers, np.repeat(np.arange(15), 20)), table


def test_the_trace_test_of_complete_offers_is_the_repeated_measures_anova(complete):
    data, table = complete
    expected = repeated_measures(dict(zip("ABCD", (table / 20).T.tolist(), strict=True)))
    found = trace_test(data)
    assert (found.F, found.p) == (pytest.approx(expected.F), pytest.approx(expected.p))
    assert found.df == pytest.approx(expected.df_corrected)


def test_the_wald_statistic_is_referred_to_hotellings_f(subsets):
    found = fit_worths(subsets)
    assert found.test.df == (4, 26)
    at, spread = np.array([one.log_worth for one in found.worths[1:]]), found.covariance[1:, 1:]
    expected = at @ np.linalg.inv(spread) @ at * 26 / (29 * 4)  # T squared (n - r) / ((n - 1) r)
    assert pytest.approx(float(expected)) == found.test.F


def test_the_direction_that_no_choice_informs_does_not_count():
    # the benchmark's design "one added after half the questions": F without that direction is moderate
    found = trace_test(study(ADDED, 40, 0.1, np.random.default_rng((1, 0))))
    scores, information = null_scores(study(ADDED, 40, 0.1, np.random.default_rng((1, 0))))
    contrasts = np.linalg.svd(np.ones((1, 6)))[2][1:]  # (5, 6), orthogonal to equal worths
    moves = scores @ contrasts.T @ np.linalg.inv(contrasts @ information @ contrasts.T / 40)
    mean, trace = moves.mean(axis=0), np.trace(np.cov(moves, rowvar=False))
    assert pytest.approx(40 * mean @ mean / trace) == found.F


def test_fewer_participants_than_methods_are_judged_by_the_trace_test(build):
    answers = [("ABCD", name) for name in "ABCDABAB"]
    assert fit_worths(build(answers, [0] * 4 + [1] * 4)).test.statistic == "trace"


def test_the_wald_test_says_how_many_participants_it_needs():
    note = wald_test(np.zeros(3), np.eye(3), 3).note
    assert note == "4 methods need more than 3 participants (got 3)"


def test_participants_who_all_choose_alike_are_judged_by_a_sign_test(build):
    found = trace_test(build([("AB", "A")] * 12, np.arange(12) // 2))
    assert (found.statistic, found.p) == ("sign", 2.0**-5)


def test_one_participant_gives_no_test(build):
    assert trace_test(build([("AB", "A"), ("AB", "B")], [0, 0])).p is None


def test_ties_and_none_of_these_say_nothing_about_differences(build):
    answers = [("AB", "A"), ("AB", "B"), ("AB", "A"), ("AB", "A"), ("AB", "B"), ("AB", "B")]
    people = [0, 0, 1, 1, 2, 2]
    more = [("AB", "tie"), ("AB", "none")]
    found, expected = trace_test(build(answers + more, [*people, 0, 1])), trace_test(build(answers, people))
    assert found.p == pytest.approx(expected.p)
