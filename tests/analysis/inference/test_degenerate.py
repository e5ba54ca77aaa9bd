"""Degenerate votes get the right words: neither a crash, nor NaN, nor a wild number."""

import re

import pytest
from scipy import stats

from analysis.inference.degenerate import substitute_test
from analysis.reporting.report import FORMATS, report
from analysis.votes.table import VoteTable


def offered(*ballots, methods="ABCD"):
    """Participants who could choose among all `methods` in each question."""
    names = {f"method_{i}": method for i, method in enumerate(methods, start=1)}
    return VoteTable.from_rows(
        {"participant": f"p{i}", "chosen_method": method, **names}
        for i, ballot in enumerate(ballots)
        for method in ballot
    )


def test_everybody_for_one_method_gets_the_sign_test():
    result = report(offered(*["AAAA"] * 8))
    assert result.omnibus.one_way.note == "F is undefined: zero variance within groups"
    p = stats.binomtest(8, 8).pvalue
    sentence = "Sign test instead: all 8 participants chose A more often than B, p = 0.00781."
    assert result.substitute_test == sentence
    assert round(p, 5) == 0.00781
    assert [(m.method, m.share) for m in result.shares] == [("A", 1.0), ("B", 0), ("C", 0), ("D", 0)]
    [table] = [table for table in result.document.tables if table.name == "shares"]
    assert table.rows[1][3] == "0.0% to 36.9%"  # Clopper and Pearson's for 0 of 8


def test_everybody_split_evenly_is_0_of_0():
    result = report(offered(*["ABCD"] * 8))
    assert result.omnibus.one_way.note == "F is undefined: zero variance within groups and between them (0/0)"
    assert "Every participant split their votes evenly, so no test is made." in result.answer
    assert substitute_test(result.counts) == ""


def test_one_participant_is_not_generalised():
    result = report(offered("A" * 15 + "BBBCD"))
    assert "One participant says nothing about others, so no test is made." in result.answer
    assert result.substitute_test == (
        "Within this one person, whose 20 votes are taken as independent: p = 1.00e-4 for an even spread "
        "(9,999 simulated ballots). It says nothing about other people."
    )
    assert all(share.low is share.high is None for share in result.shares)


def test_one_participant_has_no_effect_size_and_no_verdict_on_differences():
    text = report(offered("A" * 15 + "BBBCD")).write("text")
    assert "No difference can be tested." in text
    assert re.search(r"partial eta squared.* undefined", text)


def test_two_participants_have_wide_intervals_and_few_tests():
    result = report(offered("AAAB", "AABC"))
    assert result.omnibus.tests["hotelling"].note == (
        "T² is undefined: 4 groups need at least 4 participants, and there are 2"
    )
    assert result.omnibus.tests["repeated-measures"].p is not None


@pytest.mark.parametrize("alpha", [0.05, 1e-6])
@pytest.mark.parametrize("ballots", [("AAAB", "ABBB"), ("AAAABBCD", "AABBBCCD")])
def test_two_participants_have_no_wild_number(ballots, alpha):
    result = report(offered(*ballots, methods=sorted(set("".join(ballots)))), alpha=alpha)
    ends = [(pair.low, pair.high) for pair in result.tukey.pairs if pair.low is not None]
    ends += [(p.difference.low, p.difference.high) for p in result.pairs if p.difference.low]
    assert all(-1 <= low <= high <= 1 for low, high in ends)
    assert all(p.ratio.low is None or p.ratio.low >= 1e-3 for p in result.pairs)
    assert "No interval where" in result.write("markdown")


def test_equal_mean_shares_have_p_1():
    assert report(offered("AAAB", "ABBB", methods="AB")).omnibus.agreement == (
        "Repeated-measures ANOVA does not reject equal mean shares (p = 1)."
    )


def test_unequal_numbers_of_answers_say_what_is_estimated():
    result = report(offered("AAAB", "AB", "ABCCC"))
    assert "differences give every participant equal weight" in " ".join(result.document.notes)


@pytest.mark.parametrize(
    "ballots",
    [
        ("AAAA",), ("ABCD",), ("A",), ("A", "B"), ("AAAA", "AAAA"), ("ABCD", "ABCD"), ("AAB", "AAB"),
        ("AABB", "CCDD"), ("A", "ABCD"), ("AB", "ABABAB"), ("AAAB",) * 5, ("A", "A", "A", "B"),
    ],
)  # fmt: skip
def test_no_form_has_a_number_that_is_none(ballots):
    result = report(offered(*ballots))
    for name in FORMATS:
        text = result.write(name).split("</style>", 1)[-1]
        assert not re.search(r"\b(nan|None|inf|Infinity)\b|[−-]0\.0*(?!\d)", text), name
