import pytest

from analysis.design_checks.participant_flow import flow
from analysis.reporting.sections import participants
from analysis.votes.table import VoteTable


@pytest.fixture
def section():
    people = [("complete", 5)] * 6 + [("complete", 3), ("Returned", 0), ("timed-out", 0)]
    table = VoteTable.from_rows(
        {
            "participant": f"p{i}",
            "chosen_method": method,
            "status": status,
            "checks_passed": passed,
        }
        for i, (status, passed) in enumerate(people)
        for method in ("AAB", "AAA", "ABA")[i % 3]
    )
    return participants.section(flow(table, table.counts(4), 4, "include"))


def test_the_flow_goes_from_recruited_by_reason_to_included(section):
    assert section.tables[0].rows == (
        ("Recruited", "9"),
        ("Complete", "7"),
        ("Excluded: fewer than 4 checks passed", "1"),
        ("Excluded: returned", "1"),
        ("Excluded: timed out", "1"),
        ("Included", "6"),
    )


def test_the_methods_paragraph_says_who_was_excluded_and_why(section):
    assert section.method == (
        "9 participants took part, of whom 7 completed the study. Of these, 3 were excluded (fewer than 4 "
        "checks passed, n = 1; returned, n = 1; timed out, n = 1) and 6 were analysed.",
    )


def test_the_multiverse_is_a_table_and_a_record_of_every_rule(section):
    assert [row[0] for row in section.tables[1].rows][:2] == [
        "at least 4 passed",
        "complete to at least 3 passed",
    ]
    assert len(section.record["flow"]["multiverse"]) == 6
    assert len(section.tables[1].rows) == 3  # neighbours that include the same answers share a row
    assert section.record["flow"]["excluded"]["returned"] == 1
