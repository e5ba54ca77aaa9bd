import re
import xml.etree.ElementTree as ElementTree

import pytest

from analysis.reporting.charts.dot_plots import MOST_DOTS, participant_chart

SVG = "{http://www.w3.org/2000/svg}"


def draw(methods, shares):
    return participant_chart("participants", "Participants", "What & how.", methods, shares).svg


@pytest.fixture(scope="module")
def svg():
    return draw(("A", "B"), [[0.5, 0.5, 1.0], [0.5, 0.5, 0.0]])


def test_methods_are_named_in_text(svg):
    texts = ["".join(e.itertext()) for e in ElementTree.fromstring(svg).iter(f"{SVG}text")]
    assert {"A", "B"} <= set(texts)


def test_each_participant_is_a_mark_for_each_method(svg):
    assert sum(use.count("participants-m") for use in re.findall("<use [^>]*>", svg)) >= 6


def test_a_screen_reader_finds_title_and_description(svg):
    root = ElementTree.fromstring(svg)
    assert [root.find(f"{SVG}title").text, root.find(f"{SVG}desc").text] == ["Participants", "What & how."]


def test_many_participants_are_bars_and_not_dots():
    few, many = ([[i % 21 / 20 for i in range(n)]] for n in (MOST_DOTS, 50_000))
    dots, bars = draw(["A"], few), draw(["A"], many)
    assert dots.count("<use ") > MOST_DOTS
    assert len(bars) < len(dots) / 3
