import numpy as np
import pytest

from analysis.choice_models.choice_model import fit_worths
from analysis.design_checks.participant_flow import Judgement, beaten_by_leader, flow
from analysis.estimation.pairs import compare, verdicts
from analysis.inference.omnibus import omnibus
from analysis.votes.counting import Counts
from analysis.votes.offers import choice_data
from analysis.votes.table import VoteTable


def flow_of(table, min_passed=None, **options):
    return flow(table, table.counts(min_passed), min_passed, "include", **options)


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
    assert flow_of(table).steps == (
        ("Recruited", 3),
        ("Complete", 2),
        ("Excluded: fewer than 4 checks passed", 1),
        ("Excluded: not complete", 1),
        ("Included", 1),
    )
    assert str(flow_of(table)).splitlines()[-1].split() == ["Included", "1"]


def test_every_threshold_says_who_would_be_counted(build):
    table = build(("AAAB", "complete", 2, True), ("AAAA", "complete", 1, True), ("BBBB", "complete", 0, True))
    rules = [rule for rule in flow_of(table).multiverse if rule.speed == "all answers"]
    assert [(rule.name, rule.n_participants) for rule in rules] == [
        ("complete", 3), ("at least 1 passed", 2), ("at least 2 passed", 1),
    ]  # fmt: skip
    assert rules[0].share == 7 / 12


def test_a_conclusion_that_hangs_on_the_threshold_is_said_to(build):
    careful = [(ballot, "complete", 5, True) for ballot in ("AAAB", "AAAA", "AABB") * 5]
    careless = [("BBBA", "complete", 1, False)] * 10
    line = flow_of(build(*careful, *careless)).stable
    assert line == (
        "The conclusion depends on the rule: A ahead of all others (4 of 6); no difference shown (2 of 6)."
    )


def test_quick_answers_can_be_left_out(build):
    ballots = ("AAAB", "AAAA", "AAAB", "AAAA", "BBBB", "BBBB")
    table = build(*((b, "complete", 5, True) for b in ballots), ms=[3000, 3000, 3000, 4000, 500, 1500])
    result = flow_of(table)
    rules = [rule for rule in result.multiverse if rule.checks == result.reported]
    assert [(rule.speed, rule.n_participants, rule.n_votes) for rule in rules] == [
        ("all answers", 6, 24),
        ("without answers under 1 s", 5, 20),
        ("without answers under 2 s", 4, 16),
        ("without participants whose median is under 2 s", 4, 16),
    ]


def test_a_table_without_those_columns_has_no_rules(cast):
    table = cast("AAB", "ABB")
    result = flow(table, table.counts(), None, "include")
    assert (result.complete, result.multiverse, result.stable) == (None, (), "")


@pytest.fixture
def hasty(build):
    """Six participants with 3 to 5 checks passed, of whom two answer fast and choose B."""
    people = [("AAAB", "complete", passed, True) for passed in (5, 5, 4, 3)]
    people += [("BBBB", "complete", 5, True), ("BBBA", "complete", 3, True)]
    return build(*people, ms=[3000, 3000, 3000, 4000, 500, 1500])


def test_every_number_of_checks_is_crossed_with_every_rule_on_speed(hasty):
    rules = flow_of(hasty).multiverse
    assert len(rules) == 6 * 4  # 0 to 5 checks; all answers and three rules on speed
    assert len({(rule.checks, rule.speed) for rule in rules}) == 24
    n = {(rule.checks, rule.speed): rule.n_participants for rule in rules}
    assert n["at least 4 passed", "all answers"] == 4
    assert n["at least 4 passed", "without answers under 1 s"] == 3
    assert n["complete", "without answers under 2 s"] == 4


def test_the_rule_of_the_report_is_not_counted_twice(hasty):
    assert flow_of(hasty, 4).reported == "at least 4 passed"
    assert len(flow_of(hasty, 4).multiverse) == 24


def test_a_report_that_no_number_of_checks_explains_is_a_rule_of_its_own(build):
    table = build(("AAB", "complete", 5, False), ("ABB", "complete", 4, True), ("AAB", "complete", 5, True))
    assert flow_of(table).reported == "as reported"
    assert flow_of(table).multiverse[0].checks == "as reported"


@pytest.mark.parametrize("primary", ["hotelling", "one-way"])
def test_the_primary_test_judges_every_rule(build, primary):
    table = build(("AAB", "complete", 1, True), ("ABB", "complete", 0, True), ("AAA", "complete", 1, True))
    rules = flow_of(table, primary=primary).multiverse
    assert rules[0].p == omnibus(table.counts(0), primary).decisive.p
    assert rules[1].p == omnibus(table.counts(1), primary).decisive.p


def test_a_judge_that_is_passed_in_replaces_the_primary_test(hasty):
    rules = flow_of(hasty, judge=lambda counts, rows: Judgement(0.01, -2.0, "B", ("A",))).multiverse
    assert {rule.conclusion for rule in rules} == {"B ahead of all others"}


def test_unequal_offers_are_judged_by_the_choice_model():
    sets = ["AB", "BC", "CA"]
    table = VoteTable.from_rows(
        {
            "participant": f"p{i}",
            "method_1": sets[j % 3][0],
            "method_2": sets[j % 3][1],
            "chosen_method": sets[j % 3][0] if (i + j) % 5 else sets[j % 3][1],
            "status": "complete",
            "checks_passed": 4 + i % 2,
        }
        for i in range(20)
        for j in range(12)
    )
    counts = table.counts()
    rules = flow_of(table).multiverse
    data = choice_data(table, counts)
    assert rules[0].p == fit_worths(data).test.p


def test_the_leader_beats_whom_the_single_step_comparisons_say():
    rng = np.random.default_rng(5)
    for _ in range(40):
        votes = rng.multinomial(20, [0.3, 0.26, 0.23, 0.21], size=15)
        votes = votes[:, np.argsort(-votes.sum(axis=0), kind="stable")]
        counts = Counts(tuple(map(str, range(15))), tuple("ABCD"), votes, 15, {}, 0, 0, 0)
        expected = verdicts(compare(counts), "A").ahead
        assert beaten_by_leader(counts) == expected


def test_a_leader_without_a_significant_lead_is_not_said_to_be_ahead(build):
    table = build(*[("AABB", "complete", 5, True), ("ABBA", "complete", 4, True)] * 3)
    assert flow_of(table).stable == "All 6 rules lead to the same conclusion: undefined."
