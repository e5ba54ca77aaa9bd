import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.design_checks.bias import carelessness, chance_to_pass, class_by_method, order, position
from analysis.reporting.report import report
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
    result = position(votes())
    assert sum(result.votes) == 800
    assert result.test.p > 0.01


def test_a_first_place_that_draws_people_is_found():
    result = position(votes(places=[0.4, 0.2, 0.2, 0.2]))
    assert result.shares[0] > 0.35
    assert result.test.p < 1e-6


def test_a_change_of_mind_during_the_study_is_found():
    assert order(votes(), METHODS).test.p > 0.01
    result = order(votes(drift=0.25), METHODS)
    assert result.test.p < 1e-6
    assert result.changes["D"] == pytest.approx(0.25, abs=0.06)
    assert sum(result.changes.values()) == pytest.approx(0, abs=1e-12)


def test_haste_towards_the_end_is_measured():
    middle, low, high = order(votes(slowing=0.7), METHODS).slowing
    assert low < 0.7 < high
    assert middle == pytest.approx(0.7, abs=0.05)


def test_classes_that_differ_are_found():
    assert class_by_method(votes(), METHODS, seed=1).p > 0.01
    result = class_by_method(votes(by_class=0.3), METHODS, seed=1)
    assert result.p == 0.002  # as small as 499 shuffles can be
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
        found += class_by_method(pd.DataFrame(rows), METHODS, seed=1, shuffles=99).p <= 0.1
    assert found / runs < 0.25


def test_straight_lines_and_haste_are_counted():
    frame = votes(n=6)
    frame.loc[frame["participant"] == "p0", "chosen_position"] = "3"
    frame.loc[frame["participant"] == "p1", "response_ms"] = "400"
    result = carelessness(frame)
    assert (result.n_participants, result.n_straight, result.n_fast_people) == (6, 1, 1)
    assert result.n_fast >= 20


def test_a_random_clicker_passes_four_of_five_checks_in_1_6_of_100_cases():
    assert chance_to_pass(5, 4) == pytest.approx(16 / 1024)  # 5 x 3/4 x (1/4)^4 + (1/4)^5
    assert chance_to_pass(5, 0) == 1
    assert chance_to_pass(0, 1) == 0


def test_a_negative_number_of_checks_is_refused():
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the whole sentence is compared
        chance_to_pass(-1, 0)
    assert str(refusal.value) == "0 of -1 checks with 4 options: allowed are 0 or more"


def test_a_table_of_two_columns_has_no_design_checks(cast):
    table = cast("AAB", "ABB")
    answers = table.counted(table.counts())
    assert position(answers) is order(answers, ("A", "B")) is class_by_method(answers, ("A", "B"), 1) is None
    assert carelessness(answers).n_straight is None
    assert [section.slug for section in report(table).sections] == ["estimates", "rankings", "participants"]


def test_the_design_of_the_normlime_table_is_clean(normlime_table):
    design = report(normlime_table).design
    rows = {name: (result, meaning) for name, result, meaning in design.rows}
    assert rows["Place of the chosen picture"][1] == "no sign that places mattered"
    assert rows["Class by method"][1] == "no sign that classes differ"
    assert rows["Nearly always the same place"][0] == "0 of 83 participants"
    assert rows["Somebody who clicks at random"] == (
        "under 0.1 %",
        "chance to pass at least 5 of 5 checks",
    )


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_participants_give_words_and_no_crash(n):
    table = VoteTable.from_frame(votes(n=n, m=4))
    text = report(table).to_text()
    assert "Checks of the design" in text
    assert "nan" not in text.lower()


def test_a_place_that_is_not_given_leaves_nobody_with_half_a_study():
    rows = [{"participant": f"p{i}", "position": place, "chosen_method": "AB"[i % 2]} for i in range(4)
            for place in ("1", "")]  # fmt: skip
    table = VoteTable.from_rows(rows)
    assert order(table.counted(table.counts()), ("A", "B")) is None
