import math

import pandas as pd
import pytest

from analysis.inference.rank_tests import friedman, rank_pairs


@pytest.fixture
def proportions(normlime_table):
    return normlime_table.counts().proportions()


def test_the_normlime_table_gives_r_s_friedman_test(normlime_table, expected_by_r):
    result, r = friedman(normlime_table.counts().proportions()), expected_by_r["friedman"]
    assert (result.Q, result.p, result.W) == pytest.approx((r["Q"], r["p"], r["W"]), rel=1e-9)
    assert result.log10_p == pytest.approx(math.log10(r["p"]), rel=1e-12)


def test_friedman_ranks_numbers_that_floats_cannot_tell_apart():
    big = 10**40
    result = friedman(
        {"a": [big, big, big], "b": [big + 1, big + 1, big + 1], "c": [big + 2, big + 2, big + 2]}
    )
    assert pytest.approx((6.0, 1.0)) == (result.Q, result.W)


@pytest.mark.parametrize(
    ("groups", "note"),
    [
        ({"a": [1, 2], "b": [2, 3]}, "Friedman's test needs at least three groups"),
        (
            {"a": [1], "b": [2], "c": [3]},
            "Friedman's test is undefined: one participant says nothing about others",
        ),
        (
            {"a": [1, 2], "b": [1, 2], "c": [1, 2]},
            "Friedman's test is undefined: every participant's numbers are all tied",
        ),
    ],
)
def test_an_undefined_friedman_test_says_why(groups, note):
    result = friedman(groups)
    assert (result.Q, result.p, result.W, result.note) == (None, None, None, note)
    assert str(result).endswith(note)


@pytest.mark.filterwarnings("ignore")
def test_pairs_of_ranks_are_those_of_scikit_posthocs(proportions):
    posthocs = pytest.importorskip("scikit_posthocs")
    wide = pd.DataFrame({name: list(map(float, values)) for name, values in proportions.items()})
    conover = posthocs.posthoc_conover_friedman(wide, p_adjust="holm")
    nemenyi = posthocs.posthoc_nemenyi_friedman(wide)
    for pair in rank_pairs(proportions).pairs:
        assert pair.conover_p == pytest.approx(conover.loc[pair.a, pair.b], rel=1e-7)
        assert pair.nemenyi_p == pytest.approx(nemenyi.loc[pair.a, pair.b], rel=1e-6, abs=1e-12)


def test_where_all_rank_alike_conover_s_test_is_undefined():
    [*pairs] = rank_pairs({"a": [3, 3, 3], "b": [2, 2, 2], "c": [1, 1, 1]}).pairs
    assert [pair.conover_p for pair in pairs] == [None] * 3
    assert pairs[1].nemenyi_p < 0.05
    assert str(rank_pairs({"a": [3, 3], "b": [2, 1], "c": [1, 2]})).splitlines()[2].startswith("a − b")


def test_friedman_s_test_prints_as_a_table(proportions):
    assert str(friedman(proportions)).splitlines() == [
        "Friedman test of 83 participants and 4 groups",
        "                       p  Kendall's W",
        "--------------  --------  -----------",
        "χ²(3) = 182.09  3.13e-39        0.731",
    ]
