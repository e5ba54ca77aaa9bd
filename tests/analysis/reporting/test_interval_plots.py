import re
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from analysis.reporting.charts import interval_plots
from analysis.reporting.charts.canvas import ACCENT
from analysis.reporting.charts.interval_plots import Mark

SVG = "{http://www.w3.org/2000/svg}"
SHARES = [Mark("LIME", "60.0%", 0.6, 0.5, 0.7), Mark("CAM", "40.0%", 0.4, 0.3, 0.5)]
PAIRS = [
    Mark("LIME − CAM", "+20.0", 0.2, 0.0, 0.4, filled=True),
    Mark("B − C", "−1.0", -0.01, -0.2, 0.2, filled=False),
]


def share_svg(marks, description="d", title="t"):
    return interval_plots.share_chart("shares", title, description, marks).svg


def difference_svg(marks, description="d", title="t"):
    return interval_plots.difference_chart("differences", title, description, marks).svg


def texts(svg):
    return ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.fixture(params=[(share_svg, SHARES), (difference_svg, PAIRS)], ids=["shares", "pairs"])
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
    assert share_svg(SHARES) == share_svg(SHARES)
    assert not re.search(r"20\d\d-\d\d-\d\d", share_svg(SHARES))


def test_two_figures_on_one_page_share_no_id():
    ids = [re.findall(r' id="([^"]+)"', svg) for svg in (share_svg(SHARES), difference_svg(PAIRS))]
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
    assert "chance 50.0%" in texts(share_svg(SHARES))
    assert "chance 25.0%" in texts(share_svg([*SHARES, *SHARES]))


def test_a_significant_difference_is_filled_and_another_hollow():
    filled = difference_svg([Mark("A − B", "", 0.2, 0.1, 0.3, filled=True)])
    hollow = difference_svg([Mark("A − B", "", 0.2, 0.1, 0.3, filled=False)])
    assert filled.count(f"fill: {ACCENT}; stroke: {ACCENT}") == 1
    assert hollow.count(f"fill: {ACCENT}; stroke: {ACCENT}") == 0


def test_no_difference_stands_in_the_middle():
    def reference(marks):
        chart = interval_plots.difference_chart("d", "t", "d", marks)
        axes = Figure().add_subplot()
        chart.draw(axes)
        return axes.get_xlim()

    low, high = reference([Mark("A − B", "", 0.4, 0.3, 0.5)])
    assert low == -high


@pytest.mark.filterwarnings("error")
def test_names_in_any_script_are_drawn_without_a_warning():
    names = ["方法", "शेप", "שיטה", "метод"]
    svg = share_svg([Mark(name, "", 0.25, None, None) for name in names])
    assert set(names) <= set(texts(svg))


def test_a_chart_is_a_pdf_too():
    pdf = interval_plots.share_chart("shares", "t", "d", SHARES).pdf
    assert pdf.startswith(b"%PDF")
    assert pdf == interval_plots.share_chart("shares", "t", "d", SHARES).pdf


def test_long_names_get_their_own_line_and_an_end():
    long = "A method with quite a long name that goes on and on and on"
    short, tall = (
        share_svg(SHARES),
        share_svg([SHARES[0], Mark(long, "40.0%", 0.4, None, None)]),
    )
    assert texts(tall)[-3].endswith("…") or any(t.endswith("…") for t in texts(tall))
    heights = [float(ElementTree.fromstring(svg).get("height")) for svg in (short, tall)]
    assert heights[1] == heights[0] + 2 * 18


@pytest.mark.parametrize("name", ["$x_1$", "A & <b>", r"\frac", ' id="x"', "'DejaVu Sans'", "url(#x)"])
def test_any_name_stands_as_it_is(name):
    assert name in texts(share_svg([Mark(name, "", 0.5, None, None), SHARES[1]]))


@pytest.mark.parametrize("at", [0.0, 1.0])
def test_a_figure_of_extreme_shares_without_intervals_can_be_drawn(at):
    assert texts(share_svg([Mark("A", "a", at, None, None)] * 2)).count("A") == 2
    assert texts(difference_svg([Mark("A − B", "a", at, None, None)])).count("A − B") == 1


def test_matplotlib_s_settings_are_left_as_they_were():
    before = dict(mpl.rcParams)
    share_svg(SHARES)
    assert dict(mpl.rcParams) == before


def test_threads_do_not_disturb_each_other():
    with ThreadPoolExecutor(4) as pool:
        drawn = set(pool.map(lambda _: share_svg(SHARES), range(12)))
    assert drawn == {share_svg(SHARES)}
