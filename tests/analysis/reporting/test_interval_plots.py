import re
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor

import matplotlib as mpl
import pytest

from analysis.reporting import charts
from analysis.reporting.charts import Mark

SVG = "{http://www.w3.org/2000/svg}"
SHARES = [Mark("LIME", "60.0 %", 0.6, 0.5, 0.7), Mark("CAM", "40.0 %", 0.4, 0.3, 0.5)]
PAIRS = [
    Mark("LIME − CAM", "+20.0", 0.2, 0.0, 0.4, filled=True),
    Mark("B − C", "−1.0", -0.01, -0.2, 0.2, filled=False),
]


def texts(svg):
    return ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.fixture(params=[(charts.shares, SHARES), (charts.pairs, PAIRS)], ids=["shares", "pairs"])
def svg(request):
    draw, marks = request.param
    return draw(marks, "What it shows & how.", "A <title>")


def test_a_screen_reader_finds_a_title_and_a_description(svg):
    root = ElementTree.fromstring(svg)
    ids = root.get("aria-labelledby").split()
    named = {element.get("id"): element.text for element in root if element.get("id") in ids}
    assert root.get("role") == "img"
    assert [named[i] for i in ids] == ["A <title>", "What it shows & how."]


def test_text_stays_text_in_the_font_of_the_system(svg):
    assert {"LIME", "CAM"} <= set(texts(svg)) or {"LIME − CAM", "B − C"} <= set(texts(svg))
    assert re.findall(r'font-family: ([^,;"]+)', svg) == ["system-ui"] * len(texts(svg))


def test_the_same_marks_give_the_same_bytes():
    assert charts.shares(SHARES, "d") == charts.shares(SHARES, "d")
    assert not re.search(r"20\d\d-\d\d-\d\d", charts.shares(SHARES, "d"))


def test_two_figures_on_one_page_share_no_id():
    ids = [
        re.findall(r' id="([^"]+)"', svg) for svg in (charts.shares(SHARES, "d"), charts.pairs(PAIRS, "d"))
    ]
    both = ids[0] + ids[1]
    assert len(set(both)) == len(both)


def test_every_reference_inside_a_figure_is_resolved(svg):
    ids = set(re.findall(r' id="([^"]+)"', svg))
    assert set(re.findall(r'href="#([^"]+)"', svg)) <= ids
    assert set(re.findall(r"url\(#([^)]+)\)", svg)) <= ids


def test_the_ground_is_transparent_and_each_colour_has_one_for_dark_pages(svg):
    colours = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", svg.split("</style>")[1]))
    style = svg.split("<style>")[1].split("</style>")[0]
    assert colours
    assert all(f': {colour}"] {{' in style for colour in colours)
    assert "white" not in svg


def test_the_chance_level_is_one_in_so_many_methods():
    assert "chance 50.0 %" in texts(charts.shares(SHARES, "d"))
    assert "chance 25.0 %" in texts(charts.shares([*SHARES, *SHARES], "d"))


def test_a_significant_difference_is_filled_and_another_hollow():
    filled = charts.pairs([Mark("A − B", "", 0.2, 0.1, 0.3, filled=True)], "d")
    hollow = charts.pairs([Mark("A − B", "", 0.2, 0.1, 0.3, filled=False)], "d")
    assert filled.count(f"fill: {charts.ACCENT}; stroke: {charts.ACCENT}") == 1
    assert hollow.count(f"fill: {charts.ACCENT}; stroke: {charts.ACCENT}") == 0


def test_long_names_get_their_own_line_and_an_end():
    long = "A method with quite a long name that goes on and on and on"
    short, tall = (
        charts.shares(SHARES, "d"),
        charts.shares([SHARES[0], Mark(long, "40.0 %", 0.4, None, None)], "d"),
    )
    assert texts(tall)[-3].endswith("…") or any(t.endswith("…") for t in texts(tall))
    heights = [float(ElementTree.fromstring(svg).get("height")) for svg in (short, tall)]
    assert heights[1] == heights[0] + 2 * 18


@pytest.mark.parametrize("name", ["$x_1$", "A & <b>", r"\frac", ' id="x"', "'DejaVu Sans'", "url(#x)"])
def test_any_name_stands_as_it_is(name):
    assert name in texts(charts.shares([Mark(name, "", 0.5, None, None), SHARES[1]], "d"))


@pytest.mark.parametrize("at", [0.0, 1.0])
def test_a_figure_of_extreme_shares_without_intervals_can_be_drawn(at):
    assert texts(charts.shares([Mark("A", "a", at, None, None)] * 2, "d")).count("A") == 2
    assert texts(charts.pairs([Mark("A − B", "a", at, None, None)], "d")).count("A − B") == 1


def test_matplotlib_s_settings_are_left_as_they_were():
    before = dict(mpl.rcParams)
    charts.shares(SHARES, "d")
    assert dict(mpl.rcParams) == before


def test_threads_do_not_disturb_each_other():
    with ThreadPoolExecutor(4) as pool:
        drawn = set(pool.map(lambda _: charts.shares(SHARES, "d"), range(12)))
    assert drawn == {charts.shares(SHARES, "d")}
