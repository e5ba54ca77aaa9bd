"""Methods that were never or always chosen, and methods that no choice compares."""

import numpy as np
import pytest

from analysis.choice_models.choice_model import fit_worths
from analysis.choice_models.separation import Bound, find_components

EVEN = [("ABC", "A"), ("ABC", "B")] * 10


def test_a_method_never_chosen_has_a_bound_over_participants_and_the_rest_is_estimated(build):
    found = fit_worths(build(EVEN, np.arange(20) // 2))
    assert [one.worth.value for one in found.worths] == pytest.approx([0.5, 0.5, 0.0])
    assert found.bounds == (Bound(("C",), ("A", "B"), 10),)


def test_the_bound_is_that_of_clopper_and_pearson():
    # 0 of 10, two-sided 95%: 0 to 0.3085 (R: binom.test(0, 10)$conf.int)
    assert Bound(("C",), ("A",), 10).limit == pytest.approx(0.3084971, abs=1e-7)


def test_a_method_always_chosen_has_a_bound_and_no_worth(build):
    found = fit_worths(build([("ABC", "C")] * 10 + [("AB", "A"), ("AB", "B")] * 5))
    assert found.bounds == (Bound(("A", "B"), ("C",), 10),)
    assert [one.worth.value for one in found.worths] == [pytest.approx(0.5), pytest.approx(0.5), None]


def test_sets_of_methods_that_always_lose_are_bounded_together(build):
    answers = [("AC", "A"), ("BD", "B"), ("AB", "A"), ("AB", "B"), ("CD", "C"), ("CD", "D")] * 4
    found = find_components(build(answers))
    assert (found.estimated, found.never) == ((0, 1), ((2, 3),))


def test_a_tie_connects_methods(build):
    assert find_components(build([("AB", "A"), ("AB", "tie")])).estimated == (0, 1)


def test_none_of_these_connects_methods_that_were_never_offered_together(build):
    answers = [("A", "A"), ("A", "none"), ("B", "B"), ("B", "none")]
    assert find_components(build(answers)).estimated == (0, 1)


def test_a_disconnected_table_says_so_in_words(build):
    answers = [("AB", "A"), ("AB", "B"), ("CD", "C"), ("CD", "D")] * 5
    notes = " ".join(fit_worths(build(answers)).notes)
    assert "never offered together" in notes
    assert "No chain of choices connects C, D with A, B" in notes


def test_without_any_choice_in_both_directions_nothing_is_estimated(build):
    found = fit_worths(build([("AB", "A")] * 6, np.arange(6) // 2))
    assert (found.estimated, found.pairs, found.rankings) == ((), (), None)
    assert found.bounds == (Bound(("B",), ("A",), 3),)


def test_a_bound_says_how_many_participants_it_rests_on():
    assert str(Bound(("C",), ("A", "B"), 30)).startswith(
        "None of 30 participants chose C over A or B: at most"
    )


def test_a_bound_counts_participants_who_were_offered_any_of_the_methods(build):
    answers = [("AC", "A"), ("BD", "B"), ("AB", "A"), ("AB", "B"), ("CD", "C"), ("CD", "D")] * 4
    assert fit_worths(build(answers)).bounds == (Bound(("C", "D"), ("A", "B"), 8),)
