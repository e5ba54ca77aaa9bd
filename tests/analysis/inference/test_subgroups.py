import numpy as np
import pandas as pd
import pingouin
import pytest

from analysis.estimation.shares import estimate_shares
from analysis.inference.subgroups import compare_subgroups, group_by_method
from analysis.numerics.exact import ExactGroups
from analysis.reporting.sections import subgroups as printed
from analysis.votes.table import VoteTable, VoteTableError


@pytest.fixture
def experts():
    """Experts mostly choose A, laypeople B; two people are students, and one is of no kind."""
    people = (
        [("expert", "AAAB")] * 3 + [("expert", "AABB")] * 3 + [("lay", "BBBA")] * 4 + [("lay", "BBAA")] * 2
    )
    people += [("student", "ABAB")] * 2 + [("", "AB")]
    return VoteTable.from_rows(
        {"participant": f"p{i}", "condition": kind, "chosen_method": method}
        for i, (kind, ballot) in enumerate(people)
        for method in ballot
    )


@pytest.mark.parametrize("sizes", [(7, 7, 7), (5, 9, 12)])
@pytest.mark.filterwarnings("ignore")
def test_the_interaction_is_pingouin_s_with_equal_and_unequal_groups(sizes):
    rng = np.random.default_rng(3)
    groups, rows = {}, []
    for g, n in enumerate(sizes):
        numbers = rng.integers(0, 20, (n, 4)).astype(float)
        numbers[:, g] += 3
        groups[str(g)] = ExactGroups.convert(dict(zip("ABCD", numbers.T.tolist(), strict=True)))
        rows += [(f"{g}-{i}", g, m, numbers[i, j]) for i in range(n) for j, m in enumerate("ABCD")]
    frame = pd.DataFrame(rows, columns=["person", "group", "method", "y"])
    anova = pingouin.mixed_anova(
        frame, dv="y", within="method", between="group", subject="person", correction=True
    ).set_index("Source")
    test, expected = group_by_method(groups), anova.loc["Interaction"]
    assert test.statistic == pytest.approx(expected["F"], rel=1e-12)
    assert test.df == (expected["DF1"], expected["DF2"])
    assert test.epsilon == pytest.approx(expected["eps"], rel=1e-12)
    assert test.p == pytest.approx(expected["p_GG_corr"], rel=1e-10)
    assert test.partial_eta_squared == pytest.approx(expected["np2"], rel=1e-12)


def test_two_groups_and_two_methods_give_student_s_t_squared():
    # One difference of shares for each participant, so that F is t squared of two samples, by hand:
    # differences 1, .5, .75, .25, .5 and -.5, 0, -.25, -.75, .25: means .6 and -.25.
    first, second = [1, 0.5, 0.75, 0.25, 0.5], [-0.5, 0, -0.25, -0.75, 0.25]
    groups = {
        name: ExactGroups.convert({"A": [(1 + d) / 2 for d in those], "B": [(1 - d) / 2 for d in those]})
        for name, those in (("x", first), ("y", second))
    }
    variance = (np.var(first, ddof=1) + np.var(second, ddof=1)) / 2
    test = group_by_method(groups)
    assert test.statistic == pytest.approx(0.85**2 / (variance * 2 / 5))
    assert (test.df, test.epsilon) == ((1, 8), 1.0)


def test_each_group_of_five_has_its_shares_with_intervals(experts):
    found = compare_subgroups(experts, experts.counts(), "condition")
    assert [(group.name, group.n_participants) for group in found.groups] == [("expert", 6), ("lay", 6)]
    expert = found.groups[0]
    assert {share.method: share.votes for share in expert.shares} == {"A": 15, "B": 9}
    assert expert.shares == estimate_shares(expert.counts).shares


def test_smaller_groups_are_named_and_left_out(experts):
    found = compare_subgroups(experts, experts.counts(), "condition")
    assert (found.left_out, found.n_missing) == ((("student", 2),), 1)


def test_one_large_group_has_no_interaction(experts):
    few = VoteTable.from_frame(experts.answers[experts.answers["condition"] != "lay"])
    test = compare_subgroups(few, few.counts(), "condition").interaction
    assert test.note == "the interaction is undefined: fewer than two groups have 5 participants"


def test_groups_whose_participants_are_all_alike_have_no_interaction():
    groups = {name: ExactGroups.convert({"A": [a] * 5, "B": [1 - a] * 5}) for name, a in (("x", 1), ("y", 0))}
    assert group_by_method(groups).note == "F is undefined: participants do not differ within their groups"


def test_a_column_that_is_not_there_or_varies_within_a_participant_is_refused(experts):
    with pytest.raises(VoteTableError, match="no column 'age' to compare groups by"):
        compare_subgroups(experts, experts.counts(), "age")
    varied = VoteTable.from_rows({"participant": "p", "chosen_method": m} for m in "AB")
    with pytest.raises(VoteTableError, match="row 2, column chosen_method"):
        compare_subgroups(varied, varied.counts(), "chosen_method")


def test_the_section_names_the_test_the_groups_and_who_is_left_out(experts):
    section = printed.section(compare_subgroups(experts, experts.counts(), "condition"))
    assert section.verdict.startswith(
        "Preferences differ between groups: group x method interaction, F(1.00, "
    )
    assert section.tables[0].rows[0][:4] == ("expert", "B", "6", "9")
    assert "Groups of fewer than 5 participants are left out: student (2)." in section.notes
    assert section.record["subgroups"]["interaction"]["df"] == [1, 10]
