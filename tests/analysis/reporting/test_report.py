import json
import math
import re
from dataclasses import FrozenInstanceError
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.reporting.report import report
from analysis.votes.table import VoteTable


@pytest.fixture
def normlime(normlime_table):
    return report(normlime_table)


# The answer


def test_the_normlime_report_begins_with_the_answer(normlime):
    answer = (
        "83 participants cast 1,660 votes. NormLIME was chosen most often (56.6 %), "
        "more than each of the others (Holm-adjusted paired t, every p < 0.001)."
    )
    assert normlime.answer == answer
    assert " ".join(normlime.write("text").split()).startswith(answer)
    assert next(iter(json.loads(normlime.write("json")).values())) == answer
    assert re.search(r"<body>\s*<main>\s*<h1>(.*)</h1>", normlime.write("html"))[1].replace("\xa0", " ") == (
        answer.replace("<", "&lt;")
    )


@pytest.mark.parametrize(
    ("ballots", "finding"),
    [
        (
            ("AAB", "ABC", "BCA", "CBA"),
            "A was chosen most often (41.7 %), but this is no evidence that the methods differ "
            "(repeated-measures ANOVA, p = 0.391).",
        ),
        (
            ("AAAAB", "AAABB", "AABBC", "AABBB", "AAAAB", "AABBC"),
            "A was chosen most often (56.7 %), more than C (Holm-adjusted paired t, p = 0.0202); "
            "its lead over B is not significant (p = 0.203).",
        ),
        (
            ("AAAB", "AAAA", "AAAB", "AAAA"),
            "A was chosen most often (87.5 %), more than B (Holm-adjusted paired t, p = 0.0138).",
        ),
        (
            ("AB", "AB"),
            "A and B were chosen equally often (50.0 % each); every participant split their votes evenly, "
            "so F is undefined (0/0).",
        ),
        (
            ("AAB", "AAB"),
            "A was chosen most often (66.7 %); every participant split their votes alike, "
            "so F is undefined (zero variance within the methods).",
        ),
        (
            ("AB", "BA", "AAB", "ABB"),
            "A and B were chosen equally often (50.0 % each); nothing shows that the methods differ "
            "(repeated-measures ANOVA, p = 1).",
        ),
        (
            ("BBA", "BBA", "BBC", "BBB", "BBA", "BBA", "A" * 38 + "BB"),
            "A was chosen most often (72.4 %); the methods differ (repeated-measures ANOVA, p = 0.0376), "
            "but it was not chosen significantly more than any other.",
        ),
        (
            (*("BBC", "BBB", "BBA") * 6, "A" * 80 + "BB"),
            "A was chosen most often (63.2 %), but less than B where participants weigh equally "
            "(Holm-adjusted paired t, p < 0.001).",
        ),
        (
            ("AAB",),
            "A was chosen most often (66.7 %); one participant says nothing about others, "
            "so no test is made.",
        ),
        (("AA", "A"), "All were for A: with one method there is nothing to compare."),
        (
            ("AABBC", "AABB", "ABAB", "BBAA", "ABABC"),
            "A and B were chosen most often (45.5 % each); the methods differ "
            "(repeated-measures ANOVA, p = 0.00665), but none was chosen more than every other.",
        ),
    ],
)
def test_the_answer_claims_no_more_than_the_tests_do(cast, ballots, finding):
    assert report(cast(*ballots)).answer.split(". ", 1)[1] == finding


@settings(max_examples=20)
@given(st.lists(st.text("ABCD", min_size=1, max_size=6), min_size=1, max_size=8))
def test_a_lead_is_claimed_only_where_both_tests_find_it(ballots):
    rows = [{"participant": str(i), "chosen_method": m} for i, ballot in enumerate(ballots) for m in ballot]
    result = report(VoteTable.from_rows(rows))
    if ", more than" in result.answer:
        assert result.repeated_measures.p < 0.05
        assert any(
            p.p < 0.05 and p.difference.value > 0
            for p in result.pair_estimates
            if p.a == result.methods[0].method and p.p is not None
        )
    assert json.loads(result.write("json"), parse_constant=pytest.fail)["answer"] == result.answer
    assert not re.search(r"\b(nan|inf|None)\b|-0\.0+(?![0-9])", result.write("text"))


@pytest.mark.parametrize(
    "ballots", [("A",), ("A", "A"), ("AB",), ("AB", "AB"), ("AAB", "AAB"), ("AB", "ABC", "C")]
)
def test_degenerate_votes_give_every_form_without_nonsense(cast, ballots):
    result = report(cast(*ballots))
    forms = (
        result.write("text")
        + result.write("json").replace("null", "")
        + result.write("html").split("</style>", 1)[1]
    )
    assert not re.search(r"\b(nan|inf|None)\b|-0\.0+(?![0-9])", forms)


# JSON


def test_the_json_has_the_numbers_of_r(normlime, expected_by_r):
    data = json.loads(normlime.write("json"))
    assert (data["n_participants"], data["n_votes"]) == (83, 1660)
    assert data["votes"] == {"NormLIME": 939, "LIME": 438, "VarGrad": 151, "SmoothGrad": 132}
    assert list(data["shares"]) == list(data["votes"])
    assert data["shares"]["NormLIME"] == 939 / 1660
    assert data["anova"]["F"] == pytest.approx(expected_by_r["oneway"]["F"], rel=1e-12)
    assert data["anova"]["p"] == pytest.approx(expected_by_r["oneway"]["p"], rel=1e-9)


def test_the_json_keeps_its_keys(normlime):
    data = json.loads(normlime.write("json"))
    assert {"n_participants", "n_votes", "votes", "shares", "anova", "tukey"} <= set(data)
    assert {"F", "df_between", "df_within", "p", "log10_p", "eta_squared"} <= set(data["anova"])
    assert all({"a", "b", "difference", "low", "high", "p"} <= set(pair) for pair in data["tukey"])
    assert {"n_simulated", "excluded", "repeated_measures", "friedman", "share_intervals", "source"} <= set(
        data
    )


def test_a_difference_in_the_json_is_that_of_a_minus_b(normlime):
    data = json.loads(normlime.write("json"))
    for pair in data["tukey"]:
        expected = data["mean_proportions"][pair["a"]] - data["mean_proportions"][pair["b"]]
        assert pair["difference"] == pytest.approx(expected, rel=1e-12)


def test_what_is_undefined_is_null_and_a_note_says_why(cast):
    data = json.loads(report(cast("AAB", "AAB")).write("json"), parse_constant=pytest.fail)
    assert data["anova"]["F"] is data["anova"]["p"] is data["tukey"][0]["p"] is None
    assert data["anova"]["note"] == "F is undefined: zero variance within groups"
    assert data["share_intervals"] == {"A": None, "B": None}


def test_with_one_method_there_is_no_test(cast):
    data = json.loads(report(cast("AA", "A")).write("json"))
    assert (data["anova"]["F"], data["anova"]["note"]) == (None, "undefined: there is only one method")
    assert data["tukey"] == []
    assert report(cast("AA", "A")).pairs_svg == ""


# Shares


def test_intervals_of_equal_ballots_are_t_intervals_of_the_proportions(cast):
    result = report(cast("AAAB", "AABB", "AABC", "BBCC", "AAAA"))
    t = stats.ttest_1samp([3 / 4, 2 / 4, 2 / 4, 0, 1], 0).confidence_interval(0.95)
    share = next(m for m in result.methods if m.method == "A")
    assert (share.low, share.high) == pytest.approx((max(0, t.low), min(1, t.high)))


def test_intervals_of_unequal_ballots_are_around_the_pooled_share(cast):
    share = report(cast("AAAB", "AAB", "ABB", "AB")).methods[0]
    # By hand: each share with one participant left out, and 38^2 / 434 participants, who weigh as votes^2.
    moves = [left - 7 / 12 for left in (4 / 8, 5 / 9, 6 / 9, 6 / 10)]
    error = math.sqrt(3 / 4 * sum(move**2 for move in moves))
    margin = stats.t.ppf(0.975, 38**2 / 434 - 1) * error
    assert (share.share, share.low) == (7 / 12, pytest.approx(7 / 12 - margin, rel=1e-9))


def test_one_participant_with_most_of_the_votes_leaves_a_share_open(cast):
    result = report(cast("AAAB", "AB", "B", "AAAAAB"))
    share = result.methods[0]
    assert (share.low, share.share, share.high) == (0, 9 / 13, 1)
    assert "Participants cast between 1 and 6 votes" in result.notes[0]


@pytest.mark.parametrize("ballots", [("AAB",), ("AAB", "AAB"), ("A", "A")])
def test_where_participants_do_not_differ_a_share_has_no_interval(cast, ballots):
    assert all(share.low is share.high is None for share in report(cast(*ballots)).methods)


# Rows that a page prints


def test_the_rows_are_ready_to_print(normlime):
    first, last = normlime.share_rows[0], normlime.pair_rows[-1]
    assert (first.method, first.votes, first.share, first.interval) == (
        "NormLIME", "939", "56.6 %", "53.6 % to 59.6 %",
    )  # fmt: skip
    assert (last.label, last.difference, last.interval, last.p, last.significant) == (
        "VarGrad − SmoothGrad", "+1.1", "−3.4 to +5.6", "0.913", False,
    )  # fmt: skip
    assert [(row.name, row.statistic, row.p, row.holds_its_level) for row in normlime.test_rows] == [
        ("One-way ANOVA", "F(3, 328) = 338.22", "5.22e-100", False),
        ("Welch's ANOVA", "F(3, 177.44) = 304.51", "1.03e-69", False),
        ("Repeated-measures ANOVA (primary)", "F(2.07, 170.05) = 253.66", "1.08e-52", True),
        ("Hotelling's T²", "F(3, 80) = 327.26", "8.38e-45", True),
        ("Friedman test", "Q(3) = 182.09", "3.13e-39", True),
        ("Permutation within participants", "9,999 shuffles", "1.00e-4", True),
        ("Dirichlet-multinomial likelihood ratio", "χ²(3) = 290.71", "1.02e-62", True),
    ]


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


def test_every_form_prints_the_same_digits(normlime):
    page, text = Cells(), normlime.write("text")
    page.feed(normlime.write("html"))
    rows = [*normlime.anova_rows]
    rows += [(r.method, r.votes, r.share, r.interval) for r in normlime.share_rows]
    rows += [(r.label, r.difference, r.interval, r.p) for r in normlime.pair_rows]
    rows += [(r.name, r.statistic, r.p, r.effect) for r in normlime.test_rows]
    for cell in {cell for row in rows for cell in row if cell}:
        assert cell in text
        assert cell in page.cells


def test_a_p_of_5e_100_never_prints_as_zero(normlime):
    assert "5.22e-100" in normlime.write("text")
    assert "5.22e-100" in normlime.write("html")
    assert all(pair["p"] > 0 for pair in json.loads(normlime.write("json"))["tukey"])


def test_the_caveat_stands_beside_the_classic_numbers(normlime):
    caveat = (
        "Where the methods do not differ, these tests therefore find a difference in about 12 % of studies"
    )
    for form in (normlime.write("text"), normlime.write("html")):
        assert caveat in " ".join(form.replace("\xa0", " ").split())


# Simulated participants and exclusions


def test_simulated_votes_are_called_so_in_every_heading(cast):
    result = report(cast("AAB", "ABB", "AAA", simulated=True))
    assert result.answer.startswith("3 simulated participants cast 9 votes.")
    headings = re.findall(r"<h2>(.*?)</h2>", result.write("html"))
    assert len(headings) == 7
    assert all(heading.endswith("(simulated)") for heading in headings)
    assert all(f"{heading}\n===" in result.write("text") for heading in headings)
    assert "(simulated)" in re.search("<title[^>]*>(.*?)</title>", result.shares_svg)[1]


def test_some_simulated_participants_are_counted(cast):
    rows = [{"participant": p, "chosen_method": m, "simulated": p == "x"} for p in "xyz" for m in "AAB"]
    result = report(VoteTable.from_rows(rows))
    assert result.answer.startswith("3 participants (1 of them simulated) cast 9 votes.")
    assert result.simulated_label == "1 of 3 participants simulated"
    assert json.loads(result.write("json"))["n_simulated"] == 1


def test_who_was_left_out_and_why_is_said(cast):
    rows = [
        {"participant": p, "chosen_method": "A", "status": "complete", "checks_passed": int(p)}
        for p in ("3", "4", "5")
    ]
    result = report(VoteTable.from_rows(rows), min_passed=4)
    assert result.notes == ("1 of 3 participants left out (fewer than 4 checks passed: 1).",)
    assert json.loads(result.write("json"))["excluded"] == {"fewer than 4 checks passed": 1}
    assert "kept by at least 4 checks passed" in result.source


# The object


def test_the_same_votes_give_the_same_bytes(normlime_path):
    first, second = report(VoteTable.read(normlime_path)), report(VoteTable.read(normlime_path))
    for form in ("to_text", "to_json", "to_html"):
        assert getattr(first, form)() == getattr(second, form)()


def test_a_report_cannot_be_changed(normlime):
    with pytest.raises(FrozenInstanceError):
        normlime.n_votes = 0


def test_the_page_needs_nothing_from_elsewhere(normlime):
    page = normlime.write("html")
    assert not re.search(r'(?:src|href)="(?!#)', page.replace("xlink:href", "href"))
    assert not re.search(r"@import|<script|<link", page)


def test_names_are_escaped_on_the_page(cast):
    page = report(cast(["<script>", "B"], ["<script>", "B", "B"])).write("html")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_statistic_in_a_sentence_is_not_broken_over_lines(normlime_table):
    page = report(normlime_table).write("html")
    assert '(largest <span class="whole">p = 1.00e-4</span>)' in page
    assert '<span class="whole">ε = 0.691</span>' in page
