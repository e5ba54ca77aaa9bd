import math

import pytest
from scipy import stats

from analysis.estimation.pairs import compare
from analysis.planning.power import power
from analysis.reporting.report import report
from analysis.significance import confidence

BALLOTS = ["AAAB", "AAAB", "AAAA", "AABB", "AAAB", "AAAB", "AABB"]  # paired t: p = 0.0167


@pytest.fixture
def usual(cast):
    return report(cast(*BALLOTS))


@pytest.fixture
def strict(cast):
    return report(cast(*BALLOTS), alpha=0.01)


def test_what_is_found_at_the_usual_level_is_no_evidence_at_a_strict_one(usual, strict):
    assert 0.01 < usual.omnibus.decisive.p < 0.05
    assert "more than B" in usual.answer
    assert (
        "but this is no evidence that the methods differ (repeated-measures ANOVA at 0.01," in strict.answer
    )


def test_agreement_and_rules_are_judged_at_the_same_level(usual, strict):
    assert "difference" in usual.omnibus.agreement
    assert ", judged at 0.01, agree that no difference is shown" in strict.omnibus.agreement
    assert "did not differ significantly" in strict.write("apa").strip()


def test_intervals_of_differences_hold_one_minus_alpha(usual, strict):
    [wide], [narrow] = strict.pair_estimates, usual.pair_estimates
    ratio = stats.t.ppf(0.995, 6) / stats.t.ppf(0.975, 6)
    assert math.isclose(
        wide.difference.high - wide.difference.low, ratio * (narrow.difference.high - narrow.difference.low)
    )
    assert (strict.tukey.confidence, strict.difference_level) == (0.99, "99 %")
    assert strict.methods == usual.methods


def test_the_largest_t_of_several_pairs_follows_alpha(normlime_table):
    counts = normlime_table.counts()
    wide, usual = (compare(counts, alpha=alpha)[0].difference for alpha in (0.01, 0.05))
    assert wide.low < usual.low < usual.value < usual.high < wide.high


def test_a_report_says_its_level_unless_it_is_the_usual_one(usual, strict):
    assert strict.notes[0].startswith("Judged at 0.01: a p below it is a finding")
    assert strict.as_dict()["alpha"] == 0.01
    assert "alpha" not in usual.as_dict()
    for form in (strict.write("text"), strict.write("html"), strict.write("markdown")):
        assert "99 % interval" in form.replace("\xa0", " ")
    assert "p below 0.01" in strict.write("html")


def test_power_falls_with_alpha():
    usual = power((0.4, 0.3, 0.3), [20], 20, 0.05, runs=200)
    strict = power((0.4, 0.3, 0.3), [20], 20, 0.05, runs=200, alpha=0.005)
    assert strict.powers[0].any_difference < usual.powers[0].any_difference
    assert strict.powers[0].best_first < usual.powers[0].best_first
    assert ("alpha 0.05," in str(usual), "alpha 0.005," in str(strict)) == (True, True)


@pytest.mark.parametrize("alpha", [0, 1, -0.1, math.nan])
def test_a_level_that_can_not_be_is_refused(cast, alpha):
    with pytest.raises(ValueError, match="must lie between 0 and 1"):
        report(cast(*BALLOTS), alpha=alpha)


def test_levels_in_words():
    assert [confidence(alpha) for alpha in (0.05, 0.07, 0.005)] == ["95 %", "93 %", "99.5 %"]
    assert (level_suffix(0.05), level_suffix(0.001)) == ("", " at 0.001")
