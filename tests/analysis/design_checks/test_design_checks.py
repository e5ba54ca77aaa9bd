import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.design_checks.carelessness import chance_to_pass, check_carelessness
from analysis.design_checks.classes import check_classes, count_as_far
from analysis.design_checks.order import check_order
from analysis.design_checks.position import check_position
from analysis.design_checks.summary import design
from analysis.reporting.sections import design as design_section
from analysis.votes.table import VoteTable

METHODS = ("A", "B", "C", "D")


def votes(n=40, m=20, seed=1, places=None, drift=0.0, by_class=0.0, ms=2000.0, slowing=1.0):
    """Answers of `n` participants to `m` questions, with as much of each bias as asked for."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        for j in range(m):
            shares = np.array([0.4, 0.3, 0.2, 0.1])
            shares = shares + (drift if j >= m / 2 else 0) * np.array([-1, 0, 0, 1])
            shares = shares + (by_class if j % 2 else 0) * np.array([-1, 1, 0, 0])
            rows.append(
                {
                    "participant": f"p{i}",
                    "position": str(j + 1),
                    "question": f"q{j}",
                    "label": str(j % 2),
                    "chosen_position": str(rng.choice(4, p=places) + 1),
                    "chosen_method": METHODS[rng.choice(4, p=shares)],
                    "response_ms": str(int(rng.lognormal(np.log(ms), 0.3) * (slowing if j >= m / 2 else 1))),
                }
            )
    return pd.DataFrame(rows)


def test_places_that_are_chosen_alike_show_no_bias():
    result = check_position(votes())
    assert sum(result.votes) == 800
    assert result.test.p > 0.01


def test_a_first_place_that_draws_people_is_found():
    result = check_position(votes(places=[0.4, 0.2, 0.2, 0.2]))
    assert result.shares[0] > 0.35
    assert result.test.p < 1e-6


def test_a_change_of_mind_during_the_study_is_found():
    assert check_order(votes(), METHODS).test.p > 0.01
    result = check_order(votes(drift=0.25), METHODS)
    assert result.test.p < 1e-6
    assert result.changes["D"] == pytest.approx(0.25, abs=0.06)
    assert sum(result.changes.values()) == pytest.approx(0, abs=1e-12)


def test_haste_towards_the_end_is_measured():
    middle, low, high = check_order(votes(slowing=0.7), METHODS).slowing
    assert low < 0.7 < high
    assert middle == pytest.approx(0.7, abs=0.05)


def test_classes_that_differ_are_found():
    assert check_classes(votes(), METHODS, seed=1).p > 0.01
    result = check_classes(votes(by_class=0.3), METHODS, seed=1)
    assert result.p == 0.002  # as small as 499 permutations can be
    table = pd.crosstab(votes(by_class=0.3)["label"], votes(by_class=0.3)["chosen_method"])
    assert result.cramers_v == pytest.approx(stats.contingency.association(table.to_numpy()), rel=1e-9)
    assert result.votes.tolist() == table.to_numpy().tolist()


def test_people_who_differ_do_not_make_classes_differ():
    rng, found, runs = np.random.default_rng(3), 0, 60
    for _ in range(runs):
        rows = [
            {"participant": str(i), "label": str(j % 3), "chosen_method": METHODS[rng.choice(4, p=shares)]}
            for i, shares in enumerate(rng.dirichlet([1.0] * 4, size=15))
            for j in range(9)
        ]
        found += check_classes(pd.DataFrame(rows), METHODS, seed=1, n_permutations=99).p <= 0.1
    assert found / runs < 0.25


def test_straight_lines_and_haste_are_counted():
    frame = votes(n=6)
    frame.loc[frame["participant"] == "p0", "chosen_position"] = "3"
    frame.loc[frame["participant"] == "p1", "response_ms"] = "400"
    result = check_carelessness(frame)
    assert (result.n_participants, result.n_straight, result.n_fast_people) == (6, 1, 1)
    assert result.n_fast >= 20


def test_a_random_clicker_passes_four_of_five_checks_in_1_6_of_100_cases():
    assert chance_to_pass(5, 4) == pytest.approx(16 / 1024)  # 5 x 3/4 x (1/4)^4 + (1/4)^5
    assert chance_to_pass(5, 0) == 1
    assert chance_to_pass(0, 1) == 0


def test_a_negative_number_of_checks_is_refused():
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the whole sentence is compared
        chance_to_pass(-1, 0)
    assert str(refusal.value) == (
        "checks must be 0 or more and options 1 or more (got 0 of -1 checks with 4 options)"
    )


def test_a_table_of_two_columns_has_no_design_checks(cast):
    table = cast("AAB", "ABB")
    answers = table.counted(table.counts())
    assert check_position(answers) is None
    assert check_order(answers, ("A", "B")) is None
    assert check_classes(answers, ("A", "B"), 1) is None
    assert check_carelessness(answers).n_straight is None
    assert design_section.section(design(table, table.counts(), None, 1)) is None


@pytest.fixture
def normlime_section(normlime_table):
    return design_section.section(design(normlime_table, normlime_table.counts(), None, 1))


def test_the_design_of_the_normlime_table_has_no_warnings(normlime_section):
    assert normlime_section.verdict == "No warnings."


def test_each_check_has_a_result_a_test_and_a_meaning(normlime_section):
    rows = {name: rest for name, *rest in normlime_section.tables[0].rows}
    assert rows["Position of the chosen picture"][2] == "no sign of a position effect"
    assert rows["Class by method"][1].endswith("499 permutations")
    assert rows["Nearly always the same position"][0] == "0 of 83 participants"
    assert rows["Random clicking"][2] == "chance that random clicks pass at least 5 of 5 checks"


def test_the_section_is_strict_json(normlime_section):
    json.dumps(normlime_section.record, allow_nan=False)


def test_a_position_effect_is_a_warning():
    table = VoteTable.from_frame(votes(places=[0.4, 0.2, 0.2, 0.2]))
    result = design_section.section(design(table, table.counts(), None, 1))
    assert result.verdict == "To look at: display positions were not chosen equally often."


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_participants_give_words_and_no_crash(n):
    table = VoteTable.from_frame(votes(n=n, m=4))
    result = design_section.section(design(table, table.counts(), None, 1))
    text = "\n".join(map(str, result.tables))
    assert "Position of the chosen picture" in text
    assert "nan" not in text.lower()


def test_a_place_that_is_not_given_leaves_nobody_with_half_a_study():
    rows = [{"participant": f"p{i}", "position": place, "chosen_method": "AB"[i % 2]} for i in range(4)
            for place in ("1", "")]  # fmt: skip
    table = VoteTable.from_rows(rows)
    assert check_order(table.counted(table.counts()), ("A", "B")) is None


def test_participants_with_unequal_numbers_of_votes_are_permuted_alike():
    rng = np.random.default_rng(6)
    people = np.repeat(np.arange(12), rng.integers(1, 30, 12))
    n = len(people)
    rows, columns = rng.integers(0, 3, n), rng.integers(0, 3, n)
    observed = np.bincount(rows * 3 + columns, minlength=9).reshape(3, 3)
    expected = np.outer(observed.sum(axis=1), observed.sum(axis=0)) / n
    chi_squared = ((observed - expected) ** 2 / expected).sum()
    by_hand = 0
    for _ in range(2000):  # one participant after the other
        mixed = np.concatenate([rng.permutation(columns[people == i]) for i in range(12)])
        table = np.bincount(rows * 3 + mixed, minlength=9).reshape(3, 3)
        by_hand += ((table - expected) ** 2 / expected).sum() >= chi_squared - 1e-9
    found = count_as_far(rows, columns, people, expected, chi_squared, 2000, seed=1)
    assert found == pytest.approx(by_hand, abs=4.5 * np.sqrt(2000) / 2 * np.sqrt(2))
    assert 100 < by_hand < 1900
