import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import VoteTable, report


def finding(result):
    return result.answer.split(". ", 1)[1]


def test_the_normlime_headline_names_share_interval_and_lead(normlime_table):
    assert report(normlime_table).answer == (
        "83 participants cast 1,660 votes. NormLIME was chosen most often (56.6%, 95% CI [53.6, 59.6]), more "
        "often than each of the others (simultaneous max-t, every p < 0.001)."
    )


@pytest.mark.parametrize(
    ("ballots", "sentence"),
    [
        (
            ("AAB", "ABC", "BCA", "CBA"),
            "There is no evidence that the methods differ (repeated-measures ANOVA, p = 0.391).",
        ),
        (("AB", "AB"), "Every participant split their votes evenly, so no test is made."),
        (
            ("AAB", "AAB"),
            "A was chosen most often (66.7%). Every participant split their votes alike, so no other test is "
            "made.",
        ),
        (
            ("AAB",) * 7,
            "A was chosen most often (66.7%), by every participant more often than B (sign test, "
            "p = 0.0156).",
        ),
        (
            ("AAB",),
            "One participant says nothing about others, so no test is made. A was chosen most often (66.7%).",
        ),
        (("AA", "A"), "All votes were for A. With one method there is nothing to compare."),
        (
            ("AABBC", "AABB", "ABAB", "BBAA", "ABABC"),
            "The methods differ (repeated-measures ANOVA, p = 0.00665). A and B were chosen most often "
            "(45.5% each), but none of them more often than every other.",
        ),
        (
            ("BBA", "BBA", "BBC", "BBB", "BBA", "BBA", "A" * 38 + "BB"),
            "The methods differ (repeated-measures ANOVA, p = 0.0376), but none was chosen significantly "
            "more often than any other.",
        ),
    ],
)
def test_a_headline_claims_no_more_than_the_tests(cast, ballots, sentence):
    assert finding(report(cast(*ballots))) == sentence


def test_a_lead_that_only_many_votes_of_one_participant_make_is_qualified(cast):
    answer = report(cast(*("BBC", "BBB", "BBA") * 6, "A" * 80 + "BB")).answer
    assert "but less often than B if every participant has equal weight" in answer


def test_a_lead_that_is_the_same_for_all_participants_is_said_not_to_be_tested(cast):
    answer = report(cast(*["AAAAACCBBB", "AAAAAACCCB"] * 6)).answer
    assert answer.endswith("; its lead over C does not vary between participants and is not tested.")


def test_without_a_significant_difference_no_leader_is_named(cast):
    answer = finding(report(cast("AAAB", "ABBA", "ABAB", "BAAB", "AABB")))
    assert not re.search(r"\b[AB]\b", answer)


def test_a_planned_margin_bounds_the_difference_that_remains(cast):
    result = report(cast(*["AABB", "ABAB", "AAAB", "ABBB"] * 6), smallest_difference=0.2)
    assert re.search(r"No difference is larger than \d+\.\d points \(simultaneous 95% CI\)\.$", result.answer)


def test_simulated_participants_are_named(cast):
    assert report(cast("AAB", "ABB", "AAA", simulated=True)).answer.startswith(
        "3 simulated participants cast"
    )


def test_some_simulated_participants_are_counted():
    rows = [{"participant": p, "chosen_method": m, "simulated": p == "x"} for p in "xyz" for m in "AAB"]
    assert report(VoteTable.from_rows(rows)).answer.startswith("3 participants (1 of them simulated) cast 9")


def test_answers_of_none_of_these_lead_the_headline():
    rows = [
        {"participant": f"p{i}", "chosen_method": m, "chosen_position": 0 if m == "" else 1}
        for i, ballot in enumerate(["A", "AB", "B", "AA"] * 5)
        for m in [*ballot, "", "", ""]
    ]
    answer = report(VoteTable.from_rows(rows)).answer
    assert answer.startswith("20 participants gave 90 answers. 66.7% (95% CI [")
    assert 'were "none of these". ' in answer


def test_the_scope_names_the_stimuli(normlime_table):
    assert report(normlime_table).document.scope.startswith(
        "The result holds for these 20 questions about 10 classes."
    )


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text("ABCD", min_size=1, max_size=6), min_size=1, max_size=8))
def test_a_lead_is_claimed_only_if_both_tests_are_significant(ballots):
    rows = [{"participant": str(i), "chosen_method": m} for i, ballot in enumerate(ballots) for m in ballot]
    result = report(VoteTable.from_rows(rows))
    if "), more often than" in result.answer:
        assert result.omnibus.decisive.p < 0.05
        assert any(pair.p_simultaneous < 0.05 for pair in result.pairs if pair.p_simultaneous is not None)
