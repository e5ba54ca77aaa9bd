import re
import xml.etree.ElementTree as ElementTree

import pytest

from analysis.reporting import dot_plots as strips
from analysis.reporting.report import report
from analysis.votes.table import VoteTable

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def people():
    return strips.participants(("A", "B"), [[0.5, 0.5, 1.0], [0.5, 0.5, 0.0]], "What & how.", "People")


@pytest.fixture
def classes():
    return strips.classes(("0", "1"), ("A", "B"), [[0.7, 0.3], [0.6, 0.4]], "What.", "Classes")


def texts(svg):
    return ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_methods_and_classes_are_named_in_text(people, classes):
    assert {"A", "B"} <= set(texts(people))
    assert {"A", "B", "0", "1"} <= set(texts(classes))


def test_each_participant_is_a_dot_for_each_method(people):
    assert len(re.findall("<use ", people)) - len(texts(people)) >= 0
    assert sum(use.count("participants-m") for use in re.findall("<use [^>]*>", people)) >= 6


def test_a_screen_reader_finds_title_and_description(people):
    root = ElementTree.fromstring(people)
    assert [root.find(f"{SVG}title").text, root.find(f"{SVG}desc").text] == ["People", "What & how."]


def test_methods_differ_by_shape_and_not_by_colour_alone(classes):
    shapes = {
        re.sub(r"[-\d.]+", "", path) for path in re.findall(r'<path id="classes-m[^"]*" d="([^"]*)"', classes)
    }
    assert len(shapes) >= 2


def test_the_normlime_report_has_a_figure_for_each_question_once(normlime_table):
    result = report(normlime_table)
    drawn = {name: drawing for section in result.sections for name, drawing in section.figures.items()}
    assert list(drawn) == [
        "paired-differences", "participants", "thresholds", "speeds", "position", "classes",
    ]  # fmt: skip
    page = result.write("html")
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(set(ids)) == len(ids)
    assert all(drawing.svg in page for drawing in drawn.values())


def test_figures_give_the_same_bytes(normlime_path):
    first, second = (report(VoteTable.read(normlime_path)).sections for _ in range(2))
    assert [s.figures for s in first] == [s.figures for s in second]


def test_many_participants_are_bars_and_not_dots():
    few, many = ([[i % 21 / 20 for i in range(n)]] for n in (strips.MOST_DOTS, 50_000))
    dots, bars = (strips.participants(["A"], shares, "about", "title") for shares in (few, many))
    assert dots.count("<use ") > strips.MOST_DOTS
    assert len(bars) < len(dots) / 3
