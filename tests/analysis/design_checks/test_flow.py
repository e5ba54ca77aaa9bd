import pytest

from analysis.design_checks.participant_flow import flow
from analysis.reporting.report import report
from analysis.votes.table import VoteTable


@pytest.fixture
def build():
    """A table of participants, each with ballot, status, checks passed, kept and milliseconds an answer."""

    def table(*people, ms=None):
        return VoteTable.from_rows(
            {
                "participant": f"p{i}",
                "chosen_method": method,
                "status": status,
                "checks_passed": passed,
                "kept": kept,
                **({} if ms is None else {"response_ms": ms[i]}),
            }
            for i, (ballot, status, passed, kept) in enumerate(people)
            for method in ballot
        )

    return table


def test_who_is_left_out_has_a_reason_where_the_table_tells_it(build):
    table = build(
        ("AAB", "complete", 5, True),
        ("AAB", "complete", 4, True),
        ("ABB", "complete", 3, False),
        ("ABB", "complete", 0, False),
        ("A", "answering", None, False),
    )
    assert table.counts().excluded == {"fewer than 4 checks passed": 2, "not complete": 1}
    assert report(table).notes == (
        "3 of 5 participants left out (fewer than 4 checks passed: 2; not complete: 1).",
    )


def test_where_the_threshold_is_not_sure_it_is_not_named(build):
    table = build(("AAB", "complete", 5, True), ("ABB", "complete", 2, False))
    assert table.counts().excluded == {"too few checks passed": 1}


def test_where_checks_do_not_explain_it_the_column_is_quoted(build):
    table = build(("AAB", "complete", 4, True), ("ABB", "complete", 5, False))
    assert table.counts().excluded == {"kept is false": 1}


def test_the_flow_is_counted_step_by_step(build):
    table = build(
        ("AAB", "complete", 4, True), ("ABB", "complete", 3, False), ("A", "answering", None, False)
    )
    assert report(table).flow.steps == (
        ("Recruited", 3),
        ("Complete", 2),
        ("Left out: fewer than 4 checks passed", 1),
        ("Left out: not complete", 1),
        ("Counted", 1),
    )
    assert str(report(table).flow).splitlines()[-1].split() == ["Counted", "1"]


def test_every_threshold_says_who_would_be_counted(build):
    table = build(("AAAB", "complete", 2, True), ("AAAA", "complete", 1, True), ("BBBB", "complete", 0, True))
    rules = report(table).flow.thresholds
    assert [(rule.name, rule.n_participants) for rule in rules] == [
        ("complete", 3), ("at least 1 passed", 2), ("at least 2 passed", 1),
    ]  # fmt: skip
    assert rules[0].shares[0].share == 7 / 12


def test_a_conclusion_that_hangs_on_the_threshold_is_said_to(build):
    careful = [(ballot, "complete", 5, True) for ballot in ("AAAB", "AAAA", "AAAB", "AAAA", "AAAB")]
    careless = [("BBBA", "complete", 1, False)] * 4
    line = report(build(*careful, *careless)).flow.stable
    assert line == (
        "The conclusion depends on the rule: A ahead of all others (4 of 6); no difference shown (2 of 6)."
    )


def test_quick_answers_can_be_left_out(build):
    ballots = ("AAAB", "AAAA", "AAAB", "AAAA", "BBBB", "BBBB")
    table = build(*((b, "complete", 5, True) for b in ballots), ms=[3000, 3000, 3000, 4000, 500, 1500])
    rules = report(table).flow.speeds
    assert [(rule.name, rule.n_participants, rule.n_votes) for rule in rules] == [
        ("all answers", 6, 24),
        ("without answers under 1 s", 5, 20),
        ("without answers under 2 s", 4, 16),
        ("without people whose median is under 2 s", 4, 16),
    ]


def test_a_table_without_those_columns_has_no_rules(cast):
    table = cast("AAB", "ABB")
    result = flow(table, table.counts(), None, "include")
    assert (result.complete, result.thresholds, result.speeds, result.stable) == (None, (), (), "")
