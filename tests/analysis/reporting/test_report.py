import os
import subprocess
import sys
from dataclasses import FrozenInstanceError

import pandas as pd
import pytest
from scipy import stats

import analysis
from analysis import VoteTable, report


@pytest.fixture(scope="module")
def normlime(normlime_table):
    return report(normlime_table)


def test_the_public_names_are_a_class_and_functions():
    assert isinstance(analysis.VoteTable, type)
    assert all(callable(getattr(analysis, name)) for name in ("one_way", "hsd", "report"))
    assert {"VoteTable", "hsd", "one_way", "report"} <= set(dir(analysis))


def test_an_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = analysis.nothing


def test_importing_the_package_loads_neither_pandas_nor_matplotlib():
    code = "import sys, analysis; print({'pandas', 'matplotlib', 'scipy'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_a_data_frame_is_reported_like_a_vote_table():
    frame = pd.DataFrame({"participant": list("aabb"), "chosen_method": list("ABAB")})
    assert report(frame).answer == report(VoteTable.from_frame(frame)).answer


def test_an_unknown_argument_is_named_with_those_allowed(normlime_table):
    with pytest.raises(TypeError, match="no argument 'alfa'; allowed are all_tests, alpha, baseline"):
        report(normlime_table, alfa=0.1)


def test_an_unknown_format_is_named_with_those_allowed(normlime):
    with pytest.raises(ValueError, match=r"format must be one of text, html, .* \(got 'pdf'\)"):
        normlime.write("pdf")


def test_an_impossible_significance_level_is_refused(normlime_table):
    with pytest.raises(ValueError, match=r"alpha must lie between 0 and 1, such as 0.05 \(got 1\)"):
        report(normlime_table, alpha=1)


def test_a_report_prints_as_text_and_shows_itself_in_a_notebook(normlime):
    assert str(normlime) == normlime.write("text")
    assert normlime._repr_html_().startswith('<div class="beholder-report">')


def test_a_report_cannot_be_changed(normlime):
    with pytest.raises(FrozenInstanceError):
        normlime.plan = None


def test_a_chart_is_found_by_its_name(normlime):
    assert normlime.chart("shares").svg.startswith("<svg")
    assert normlime.chart("nothing") is None


@pytest.mark.slow
def test_another_process_with_another_hash_seed_writes_the_same_bytes(votes_csv):
    path = votes_csv("participant,chosen_method,label\n" + "a,B,1\na,A,2\nb,A,1\nb,C,2\nc,A,1\nc,B,2\n")
    command = [sys.executable, "-m", "analysis", "report", str(path), "--format", "html"]
    first, second = (
        subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed}).stdout
        for seed in ("1", "2")
    )
    assert first == second != b""


def test_equal_ballots_have_the_t_intervals_of_scipy(cast):
    ballots = ["AAAB", "AABB", "AABC", "BBCC", "AAAA", "ABCB"] * 6
    result = report(cast(*ballots))
    interval = stats.ttest_1samp([b.count("A") / 4 for b in ballots], 0).confidence_interval(0.95)
    share = next(share for share in result.shares if share.method == "A")
    assert (share.low, share.high) == pytest.approx((interval.low, interval.high))


def test_excluded_participants_are_counted_by_reason():
    rows = [
        {"participant": p, "chosen_method": "A", "status": "complete", "checks_passed": int(p)}
        for p in ("3", "4", "5")
    ]
    document = report(VoteTable.from_rows(rows), min_passed=4).document
    assert document.notes[0] == "1 of 3 participants excluded (fewer than 4 checks passed: 1)."
    assert "participants with at least 4 checks passed" in document.source


def test_every_heading_and_chart_says_that_participants_are_simulated(cast):
    document = report(cast("AAB", "ABB", "AAA", "ABA", simulated=True)).document
    assert all(section.heading.endswith(" (simulated)") for section in document.sections)
    assert all(chart.title.endswith(" (simulated)") for chart in document.charts)


def test_a_strict_level_is_named_and_its_intervals_are_wider(cast):
    ballots = ["AAAB", "AAAB", "AAAA", "AABB", "AAAB", "AAAB", "AABB"] * 3
    usual, strict = report(cast(*ballots)), report(cast(*ballots), alpha=0.01)
    assert strict.document.notes[0].startswith("The significance level is 0.01.")
    assert strict.pairs[0].difference.low < usual.pairs[0].difference.low
    assert strict.shares == usual.shares
    assert ("alpha" in strict.as_dict(), "alpha" in usual.as_dict()) == (True, False)


def test_unequal_offers_are_compared_by_the_choice_model_alone():
    rows = [
        {
            "participant": f"p{i}",
            "method_1": "A",
            "method_2": "BC"[q % 2],
            "chosen_method": "ABC"[(i + q) % 2],
        }
        for i in range(12)
        for q in range(0, 8, 2)
    ] + [
        {"participant": f"p{i}", "method_1": "A", "method_2": "C", "chosen_method": "AC"[i % 2]}
        for i in range(12)
    ]
    result = report(VoteTable.from_rows(rows))
    slugs = [section.slug for section in result.document.sections]
    assert "choice-model" in slugs
    assert not {"shares", "differences", "tests", "classic"} & set(slugs)
    assert {"votes", "anova", "choice_model"} <= set(result.as_dict())


def test_only_the_classic_section_carries_the_caveat(normlime):
    assert [s.slug for s in normlime.document.sections if s.caveat] == ["classic"]


def test_other_null_hypotheses_are_printed_only_if_asked(normlime_table, normlime):
    assert "Friedman" not in str(normlime)
    assert "Friedman test" in str(report(normlime_table, all_tests=True))
