import krippendorff
import numpy as np
import pytest
from statsmodels.stats.inter_rater import fleiss_kappa

from analysis.design_checks.agreement import agreement

FLEISS = [  # Fleiss (1971), table 1: 10 subjects, 14 raters, 5 categories
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip


def test_kappa_is_fleiss_s_own():
    assert round(agreement(FLEISS).kappa, 3) == 0.210
    assert agreement(FLEISS).kappa == pytest.approx(fleiss_kappa(np.array(FLEISS)), rel=1e-12)
    assert agreement(FLEISS).p == 0.001


def test_alpha_is_that_of_the_package():
    table = np.random.default_rng(5).integers(0, 6, size=(8, 4))
    expected = krippendorff.alpha(value_counts=table, level_of_measurement="nominal")
    assert agreement(table).alpha == pytest.approx(expected, rel=1e-12)


def test_unequal_numbers_of_answers_have_alpha_and_no_kappa():
    result = agreement([[3, 1], [2, 4], [5, 0]])
    assert result.kappa is None
    assert -1 < result.alpha < 1


def test_votes_that_do_not_look_at_the_question_agree_by_chance():
    rng = np.random.default_rng(8)
    found = [agreement(rng.multinomial(30, [0.5, 0.3, 0.2], size=12)) for _ in range(60)]
    assert np.mean([result.alpha for result in found]) == pytest.approx(0, abs=0.006)
    assert 0 <= np.mean([result.p < 0.1 for result in found]) < 0.22
    assert found[0].same == pytest.approx(found[0].same_by_chance, abs=0.04)


@pytest.mark.parametrize(
    ("table", "note"),
    [
        ([[1, 0], [0, 1]], "fewer than two questions were answered by two participants"),
        ([[3, 0], [2, 0]], "every vote was for one method"),
    ],
)
def test_undefined_agreement_says_why(table, note):
    result = agreement(table)
    assert (result.alpha, result.note) == (None, f"agreement is undefined: {note}")
    assert str(result) == result.note


def test_agreement_prints_as_a_table():
    assert "Krippendorff's alpha" in str(agreement(FLEISS))
