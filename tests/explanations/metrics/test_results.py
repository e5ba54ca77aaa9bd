import csv
import io
import json
from dataclasses import replace

import pytest

from explanations.metrics import figure
from explanations.metrics.results import Results, Value, summarise
from explanations.metrics.retraining_curves import Curve, Point
from explanations.metrics.subject import HIGHER, LOWER, Score

HIT, MISS = Score("hit", "Hit", HIGHER), Score("miss", "Miss", LOWER)


@pytest.fixture
def results() -> Results:
    """Two methods with two maps each, of which one has no value; one score of the method as a whole."""
    values = [
        Value("a", "0", 1, "hit", 0.5, 0.1, 3),
        Value("a", "1", 1, "hit", 0.7, None, 1),
        Value("b", "0", 1, "hit", 0.9, 0.1, 3),
        Value("b", "1", 1, "hit", None, None, 0, "an empty map"),
        Value("a", "", 1, "miss", 3.0, 0.5, 3),
        Value("b", "", 1, "miss", 2.0, 0.5, 3),
    ]
    return Results("A set", {"a": "Alpha", "b": "Beta"}, (HIT, MISS), tuple(values), {"seed": 0})


def test_a_methods_mean_is_over_its_maps_with_a_t_interval(results: Results) -> None:
    found = results.summary("a", "hit")
    assert (found.mean, found.n) == (pytest.approx(0.6), 2)
    assert found.high - found.mean == pytest.approx(12.706 * 0.1, rel=1e-4)  # t(0.975, 1) times 0.1


def test_a_score_of_the_whole_method_keeps_its_own_interval(results: Results) -> None:
    found = results.summary("a", "miss")
    assert found.high - found.mean == pytest.approx(4.3027 * 0.5, rel=1e-4)  # t(0.975, 2) times 0.5


def test_the_best_is_the_highest_or_the_lowest_as_the_score_says(results: Results) -> None:
    assert (results.best(HIT), results.best(MISS)) == ({"b"}, {"b"})


def test_the_table_marks_the_best_and_says_what_is_better(results: Results) -> None:
    text = results.to_text()
    assert "(higher is better)" in text
    [line] = [line for line in text.splitlines() if line.startswith("Beta")]
    assert line.count("*") == 2


def test_the_csv_has_all_digits_and_leaves_the_undefined_empty(results: Results) -> None:
    rows = list(csv.DictReader(io.StringIO(results.to_csv())))
    assert [row["value"] for row in rows] == ["0.5", "0.7", "0.9", "", "3.0", "2.0"]
    assert rows[3]["note"] == "an empty map"
    assert rows[4]["label"] == ""


def test_the_json_agrees_with_the_table(results: Results) -> None:
    record = json.loads(results.to_json())
    assert record["methods"][0]["scores"]["hit"]["mean"] == pytest.approx(0.6)
    assert len(record["values"]) == 6


def test_the_figure_has_a_panel_a_score_and_the_same_bytes_again(results: Results) -> None:
    svg = figure.draw(results)
    assert svg == figure.draw(results)
    assert ">Hit<" in svg
    assert ">Miss<" in svg


@pytest.fixture
def relearned(results: Results) -> Results:
    """The same, with networks of two seeds trained again for the score of the method as a whole."""
    whole = Point(0.0, (0.01, 0.02), (0.0, 0.0))
    curves = [
        Curve("miss", "a", 1, (whole, Point(0.5, (0.02, 0.03), (0.01, 0.01)))),
        Curve("miss", "b", 1, (whole, Point(0.5, (0.01, 0.04), (0.0, 0.02)))),
    ]
    return replace(results, curves=tuple(curves))


def test_what_no_method_has_is_said_with_its_reason(results: Results) -> None:
    lost = [replace(v, value=None, note="masks") if v.score == "miss" else v for v in results.values]
    without = replace(results, values=tuple(lost))
    assert "Miss is not measured: masks" in without.to_text()
    assert "Hit is not measured" not in without.to_text()
    assert figure.draw(without).count(">not measured<") == 1


def test_a_long_title_of_the_figure_is_broken_into_lines(results: Results) -> None:
    long = replace(HIT, title="Overlap of replicates' top pixels")
    drawing = figure.draw(replace(results, scores=(long, MISS)))
    assert ">top pixels<" in drawing


def test_what_was_gained_has_an_interval_over_seeds(relearned: Results) -> None:
    found = relearned.gained(MISS, 0.5)["b"]
    assert (found.mean, found.n) == (pytest.approx(1), 2)
    assert found.high - found.mean == pytest.approx(12.706, rel=1e-4)  # t(0.975, 1), gains of 0 and 2


def test_the_table_of_gains_says_the_error_that_they_begin_from(relearned: Results) -> None:
    lines = relearned.to_text().splitlines()
    assert any(line.startswith("Miss: points beyond 1.5 ±6.4 with nothing removed") for line in lines)
    assert sum(line.split()[:2] == ["Alpha", "+1.00"] for line in lines) == 1


def test_a_gain_of_nearly_nothing_has_no_sign_of_less(relearned: Results) -> None:
    whole, half = relearned.curves[0].points
    nearly = replace(relearned.curves[0], points=(whole, replace(half, gained=(-0.00001, -0.00002))))
    assert "+0.00 ±" in replace(relearned, curves=(nearly,)).to_text()


def test_many_shares_fit_in_a_terminal(relearned: Results) -> None:
    whole, half = relearned.curves[0].points
    grid = (whole, *(replace(half, share=share / 10) for share in range(1, 10)))
    lines = replace(relearned, curves=(replace(relearned.curves[0], points=grid),)).to_text(80).splitlines()
    assert sum(line.startswith("Removed") for line in lines) == 3
    assert max(map(len, lines)) <= 80


def test_the_json_has_every_error_of_every_seed(relearned: Results) -> None:
    [first, _] = json.loads(relearned.to_json())["curves"]
    assert first["points"][1]["errors"] == [0.02, 0.03]
    assert first["points"][1]["gained"] == pytest.approx(0.01)


def test_the_figure_draws_the_gains_below_the_scores(results: Results, relearned: Results) -> None:
    assert ": points gained<" in figure.draw(relearned)
    assert "gained" not in figure.draw(results)


def test_the_unit_of_an_interval_is_said_for_what_is_there(results: Results, relearned: Results) -> None:
    assert "the unit is the map (4 in all)." in " ".join(results.to_text().split())
    networks = replace(relearned, values=tuple(v for v in relearned.values if not v.label))
    assert "the unit is the seed of networks trained again." in " ".join(networks.to_text().split())


def test_values_that_are_not_finite_are_left_out() -> None:
    assert summarise([1.0, float("nan"), 3.0]) == (2.0, 1.0, 2)
    assert summarise([float("nan")]) == (None, None, 0)
