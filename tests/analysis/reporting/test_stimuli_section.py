"""The section on new stimuli, and the chart of labels by method."""

import json
import random
import re

import numpy as np
import pytest

from analysis.estimation.label_shares import LabelShares, label_shares
from analysis.estimation.stimuli import beyond_stimuli
from analysis.reporting.charts.label_shares import label_chart
from analysis.reporting.elements import Section
from analysis.reporting.sections import stimuli
from analysis.votes.offers import choice_data
from analysis.votes.table import VoteTable


def section_of(table: VoteTable) -> Section:
    data = choice_data(table, table.counts())
    intervals = dict.fromkeys(data.methods, (0.1, 0.2))
    return stimuli.section(beyond_stimuli(data), intervals, label_shares(data))


@pytest.fixture(scope="module")
def normlime(normlime_table: VoteTable) -> Section:
    return section_of(normlime_table)


def chance(n_labels: int) -> VoteTable:
    """Votes of ten people for three methods, drawn at random."""
    rng = random.Random(1)
    return VoteTable.from_rows(
        {
            "participant": f"p{i}",
            "label": f"c{label}",
            "chosen_method": rng.choice("ABC"),
        }
        for i in range(10)
        for label in range(n_labels)
    )


def test_the_verdict_names_the_leader_over_new_classes(normlime: Section) -> None:
    assert normlime.verdict.startswith(
        "Over new classes as well: NormLIME 56.6% [52.2, 60.8]; min F'(1.65, 97.12)"
    )


def test_a_verdict_without_a_difference_names_no_leader() -> None:
    verdict = section_of(chance(6)).verdict
    assert verdict.startswith("No difference between methods is shown over new classes or images: min F'(")
    assert not re.search(r"\b[ABC]\b", verdict)


def test_with_few_labels_the_verdict_limits_the_results_to_them() -> None:
    section = section_of(chance(3))
    assert section.verdict == "These results hold for these 3 classes or images only."
    assert "too few labels" in section.notes[0]


def test_each_share_stands_beside_both_intervals(normlime: Section) -> None:
    table = next(table for table in normlime.tables if table.name == "shares-beyond")
    assert table.rows[0] == ("NormLIME", "56.6%", "10.0% to 20.0%", "52.2% to 60.8%")


def test_the_section_has_shares_pairs_tests_and_labels(normlime: Section) -> None:
    names = [table.name for table in normlime.tables]
    assert names == ["shares-beyond", "differences-beyond", "min-f", "label-shares"]


def test_the_record_is_json(normlime: Section) -> None:
    record = json.loads(json.dumps(normlime.record, allow_nan=False))
    assert record["stimuli"]["scope"]["phrase"] == "for these 20 questions about 10 classes"
    assert record["stimuli"]["min_f"]["F"] == pytest.approx(167.83, abs=0.005)
    assert record["label_shares"]["4"]["NormLIME"]["share"] == pytest.approx(104 / 166)


def test_the_apa_sentence_cites_min_f(normlime: Section) -> None:
    assert "min F'(1.65, 97.12) = 167.83, p < .001" in normlime.apa[0]


def test_quantities_hold_each_share_pair_and_label(normlime: Section) -> None:
    names = [quantity.name for quantity in normlime.quantities]
    assert [names.count(name) for name in dict.fromkeys(names)] == [4, 6, 1, 40]


def shares_of(methods: tuple[str, ...], labels: tuple[str, ...]) -> LabelShares:
    shares = np.full((len(labels), len(methods)), 1 / len(methods))
    answers = np.full(len(labels), 10)
    return LabelShares(labels, methods, answers, shares, shares * 0.8, shares * 1.2)


def test_the_chart_cuts_long_names_and_shows_any_script() -> None:
    labels = ("積分勾配法と背景画像", "a", "great white shark")
    chart = label_chart("c", "", "", shares_of(("A" * 40, "B"), labels), (0.5, 0.5), "classes")
    assert chart is not None
    assert "積分勾…" in chart.svg
    assert "great w…" in chart.svg
    assert "A" * 40 not in chart.svg


def test_many_labels_are_sorted_and_have_no_names() -> None:
    labels = tuple(f"image{i}" for i in range(60))
    chart = label_chart("c", "", "", shares_of(("A", "B"), labels), (0.5, 0.5), "images")
    assert chart is not None
    assert "image7" not in chart.svg
    assert "Sorted by share. Line: share over all images." in chart.svg


def test_more_labels_than_a_page_holds_have_no_chart() -> None:
    labels = tuple(map(str, range(201)))
    assert label_chart("c", "", "", shares_of(("A", "B"), labels), (0.5, 0.5), "images") is None


def test_the_chart_says_whether_one_method_leads_everywhere(normlime: Section) -> None:
    assert normlime.charts[0].title == "NormLIME has the largest share for all 10 classes"
    assert section_of(chance(6)).charts[0].title.startswith("3 of 3 methods have the largest share")
