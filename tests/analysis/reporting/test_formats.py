import csv
import io
import json
import re
from html.parser import HTMLParser

import jsonschema
import pytest

from analysis import VoteTable, report
from analysis.__main__ import main
from analysis.reporting.formats.json import schema
from analysis.reporting.report import FORMATS

NONSENSE = re.compile(r"\b(nan|inf|None)\b|-0\.0+(?![0-9])")


@pytest.fixture(scope="module")
def normlime(normlime_table):
    return report(
        normlime_table, contrasts=("NormLIME - mean(others)",), baseline="LIME", smallest_difference=0.05
    )


class Cells(HTMLParser):
    """The text of a page's table cells."""

    def __init__(self):
        super().__init__()
        self.cells, self.inside = [], False

    def handle_starttag(self, tag, attrs):
        self.inside = tag in ("td", "th")

    def handle_data(self, data):
        if self.inside and data.strip():
            self.cells.append(data.replace("\xa0", " "))
            self.inside = False


def test_every_cell_of_every_table_is_in_text_page_and_markdown(normlime):
    page, text, markdown = Cells(), normlime.write("text"), normlime.write("markdown").replace("\\", "")
    page.feed(normlime.write("html"))
    for cell in {cell for table in normlime.document.tables for row in table.rows for cell in row if cell}:
        assert cell in text
        assert cell in page.cells
        assert f"| {cell} " in markdown


def test_every_heading_stands_in_every_printed_format(normlime):
    for name in ("text", "html", "markdown", "latex"):
        written = normlime.write(name).replace("&#x27;", "'")
        assert all(section.heading in written for section in normlime.document.sections)


def test_the_caveat_is_never_separated_from_the_classic_numbers(normlime):
    for name in ("text", "html", "markdown", "latex"):
        assert "These tests are anticonservative." in " ".join(normlime.write(name).split())


@pytest.mark.parametrize(
    "ballots", [("A",), ("A", "A"), ("AB",), ("AB", "AB"), ("AAB", "AAB"), ("AB", "ABC", "C"), ("AA", "AA")]
)
def test_degenerate_votes_are_written_in_every_format_without_nonsense(cast, ballots):
    result = report(cast(*ballots))
    for name in FORMATS:
        written = result.write(name).split("</style>", 1)[-1]
        assert written.strip()
        assert not NONSENSE.search(written.replace("null", ""))
    jsonschema.validate(result.as_dict(), schema())


# JSON


def test_the_json_follows_its_schema(normlime):
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(json.loads(normlime.write("json"), parse_constant=pytest.fail), schema())


def test_every_key_of_the_json_is_described(normlime):
    assert set(normlime.as_dict()) <= set(schema()["properties"])


def test_the_json_has_the_numbers_of_r(normlime, expected_by_r):
    data = normlime.as_dict()
    assert data["votes"] == {"NormLIME": 939, "LIME": 438, "VarGrad": 151, "SmoothGrad": 132}
    assert data["shares"]["NormLIME"] == 939 / 1660
    assert data["anova"]["F"] == pytest.approx(expected_by_r["oneway"]["F"], rel=1e-12)
    assert data["anova"]["p"] == pytest.approx(expected_by_r["oneway"]["p"], rel=1e-9)


def test_a_difference_in_the_json_is_that_of_a_minus_b(normlime):
    data = normlime.as_dict()
    for pair in data["tukey"]:
        expected = data["mean_proportions"][pair["a"]] - data["mean_proportions"][pair["b"]]
        assert pair["difference"] == pytest.approx(expected, rel=1e-12)


def test_shares_in_the_json_are_of_votes_where_none_of_these_was_answered():
    rows = [
        {"participant": f"p{i}", "chosen_method": m, "chosen_position": 0 if m == "" else 1}
        for i in range(6)
        for m in ["A", "B" if i % 2 else "A", "", ""]
    ]
    data = report(VoteTable.from_rows(rows)).as_dict()
    assert data["shares"] == {"A": 9 / 12, "B": 3 / 12}
    assert data["shares_of_answers"]["A"]["share"] == 9 / 24
    assert data["none_of_these"]["share"] == 12 / 24


def test_what_is_undefined_is_null_and_a_note_says_why(cast):
    data = report(cast("AAB", "AAB")).as_dict()
    assert data["anova"]["F"] is data["anova"]["p"] is data["tukey"][0]["p"] is None
    assert data["anova"]["note"] == "F is undefined: zero variance within groups"


def test_with_one_method_the_keys_of_tests_stay(cast):
    data = report(cast("AA", "A")).as_dict()
    assert (data["anova"]["F"], data["anova"]["note"]) == (None, "undefined: there is only one method")
    assert (data["tukey"], data["tests"]) == ([], {})


# CSV


def test_the_csv_has_all_digits_and_the_statistics_of_tests(normlime):
    rows = list(csv.DictReader(io.StringIO(normlime.write("csv"))))
    [within] = [row for row in rows if row["quantity"] == "Repeated-measures ANOVA"]
    test = normlime.omnibus.repeated_measures
    assert (float(within["statistic"]), float(within["p"])) == (test.F, test.p)
    assert (float(within["df1"]), float(within["df2"])) == pytest.approx(test.df_corrected)
    assert {"share", "ratio", "Cohen's h", "eta squared", "min F'"} <= {row["quantity"] for row in rows}


def test_a_name_that_a_spreadsheet_would_run_is_quoted(cast):
    names = ["=HYPERLINK(1)", "+A", "-B", "@C"]
    rows = csv.reader(io.StringIO(report(cast(names, names, [*names[::-1], "+A"])).write("csv")))
    cells = [cell for row in rows for cell in row[1:3] if cell]
    assert {f"'{name}" for name in names} <= set(cells)
    assert not set(names) & set(cells)


# LaTeX, HTML, APA


def test_latex_escapes_its_own_signs(cast):
    latex = report(cast(["a_b", "50%", "c"], ["a_b", "a_b", "c"], ["a_b", "50%", "50%"])).write("latex")
    assert r"a\_b" in latex
    assert r"50\%" in latex
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") > 4


def test_the_page_needs_nothing_from_elsewhere(normlime):
    page = normlime.write("html")
    assert not re.search(r'(?:src|href)="(?!#)', page.replace("xlink:href", "href"))
    assert not re.search(r"@import|<script|<link", page)


def test_names_are_escaped_on_the_page(cast):
    page = report(cast(["<script>", "B"], ["<script>", "B", "B"])).write("html")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_no_two_elements_of_the_page_share_an_id(normlime):
    ids = re.findall(r' id="([^"]+)"', normlime.write("html"))
    assert len(set(ids)) == len(ids)


def test_the_apa_paragraph_of_the_normlime_table(normlime):
    apa = normlime.write("apa")
    assert (
        "Shares differed between methods (repeated-measures ANOVA), F(2.07, 170.05) = 253.66, p < .001, "
        "partial η² = .76, Greenhouse–Geisser ε = .69." in apa
    )
    assert "NormLIME (56.6%, 95% CI [53.6, 59.6])" in apa
    assert "NormLIME vs. LIME: +30.2, 95% CI [+22.9, +37.4], t(82) = 10.78, p < .001" in apa


def test_the_apa_paragraph_of_a_classic_primary_test_carries_the_caveat(normlime_table):
    apa = report(normlime_table, primary="one-way").write("apa")
    assert "F(3, 328) = 338.22, p < .001, η² = .76. These tests are anticonservative." in apa


def test_the_apa_paragraph_says_why_pairs_without_variance_are_not_tested(cast):
    table = cast(*["AABBCCD", "AABBCDD"] * 4)
    apa = report(table, contrasts=["A - B"], smallest_difference=0.1).write("apa")
    assert "undefined" not in apa
    assert "A vs. B: 0.0, not tested because it does not vary between participants; A vs. C: +7.1" in apa
    assert "A - B: 0.0 points, not tested because it does not vary between participants." in apa
    assert (
        "Whether A and B are equivalent was not tested: their difference (0.0 points) does not vary between "
        "participants." in apa
    )


def test_the_apa_paragraph_gives_no_t_where_few_votes_give_the_p(cast):
    assert "A vs. C: +7.1, 95% CI [−23.1, +36.2], p > .999" in report(
        cast(*["AABBCCD", "AABBCDD"] * 4)
    ).write("apa")


def test_the_apa_paragraph_speaks_of_a_single_participant(cast):
    assert report(cast("AAB")).write("apa").startswith("The participant was included.")


def test_the_apa_paragraph_says_who_was_excluded():
    rows = [
        {"participant": f"p{i}", "chosen_method": m, "status": "complete" if i else "returned"}
        for i in range(8)
        for m in ["A", "AB"[i % 2], "B"]
    ]
    assert "1 of 8 participants" in report(VoteTable.from_rows(rows)).write("apa")


# The command line


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_comes_from_the_shell(cast, votes_csv, name, capfdbinary):
    path = votes_csv("participant,chosen_method\na,A\na,B\nb,A\nb,A\nc,B\nc,A\n")
    assert main(["report", str(path), "--format", name]) == 0
    assert capfdbinary.readouterr().out.decode() == report(VoteTable.read(path)).write(name)


def test_planned_questions_come_from_the_shell(normlime_path, capfd):
    options = ["--contrast", "NormLIME - LIME", "--baseline", "LIME", "--smallest-difference", "5"]
    assert main(["report", str(normlime_path), *options]) == 0
    out = capfd.readouterr().out
    assert all(heading in out for heading in ("Planned contrasts", "Comparison with LIME", "Equivalence"))


def test_an_unknown_baseline_is_one_line_and_status_2(normlime_path, capfd):
    assert main(["report", str(normlime_path), "--baseline", "CAM"]) == 2
    err = capfd.readouterr().err
    assert "'CAM'" in err
    assert err.count("\n") == 1
