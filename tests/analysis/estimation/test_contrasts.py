import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.weightstats import DescrStatsW

from analysis.estimation.contrasts import (
    ContrastError,
    assess_equivalence,
    compare_planned,
    compare_with_baseline,
    parse_contrast,
)
from analysis.estimation.pairs import compare

METHODS = ("Grad-CAM", "a, b", "LIME", "Smooth Grad")


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("Grad-CAM - LIME", (1, 0, -1, 0)),
        ("Smooth Grad \N{MINUS SIGN} LIME", (0, 0, -1, 1)),
        ('"a, b" - LIME', (0, 1, -1, 0)),
        ("LIME - mean(others)", (-1 / 3, -1 / 3, 1, -1 / 3)),
        ("mean(others) - LIME", (1 / 3, 1 / 3, -1, 1 / 3)),
        ("mean(LIME, 'Grad-CAM') - mean(\"a, b\", Smooth Grad)", (0.5, -0.5, 0.5, -0.5)),
        ("mean(LIME, Grad-CAM) - mean(others)", (0.5, -0.5, 0.5, -0.5)),
    ],
)
def test_a_contrast_is_read_as_weights(text, weights):
    assert parse_contrast(text, METHODS) == pytest.approx(weights)


def test_a_method_may_be_called_others():
    assert parse_contrast("others - A", ("others", "A", "B")) == (1, -1, 0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("LIME", "contrast 'LIME' is not the difference of two sides; write it as"),
        ("LIME-Grad-CAM", "contrast 'LIME-Grad-CAM' is not the difference of two sides"),
        ("LIME - IG", "contrast 'LIME - IG': there is no method 'IG'; the methods are 'Grad-CAM', 'a, b'"),
        ("LIME - LIME", "contrast 'LIME - LIME' names 'LIME' twice"),
        ("mean(others) - others", 'only one side can be "mean(others)"'),
        ("LIME - mean()", "one side names no method"),
        ("mean(Grad-CAM, LIME, Smooth Grad, 'a, b') - mean(others)", "one side names no method"),
    ],
)
def test_an_error_names_the_contrast_and_the_methods(text, message):
    with pytest.raises(ContrastError) as error:
        parse_contrast(text, METHODS)
    assert message in str(error.value)


def test_a_single_contrast_is_a_paired_t_test(normlime_counts):
    shares = normlime_counts.shares
    expected = stats.ttest_rel(shares[:, 0], shares[:, 1:].mean(axis=1))
    [one] = compare_planned(normlime_counts, ["NormLIME - mean(others)"])
    ends = expected.confidence_interval(0.95)
    assert (one.t, one.p) == (pytest.approx(expected.statistic), pytest.approx(expected.pvalue))
    assert (one.difference.low, one.difference.high) == pytest.approx((ends.low, ends.high))


def test_the_family_of_all_pairs_is_that_of_the_pairs(normlime_counts):
    pairs = compare(normlime_counts)
    family = compare_planned(normlime_counts, [f"{pair.a} - {pair.b}" for pair in pairs])
    assert [one.p for one in family] == pytest.approx([pair.p_simultaneous for pair in pairs])


def test_a_contrast_given_twice_is_refused(normlime_counts):
    with pytest.raises(ContrastError, match="'NormLIME - LIME' is given twice"):
        compare_planned(normlime_counts, ["NormLIME - LIME"] * 2)


def test_fewer_comparisons_with_a_baseline_have_narrower_intervals(normlime_counts):
    all_pairs = {(pair.a, pair.b): pair for pair in compare(normlime_counts)}
    family = compare_with_baseline(normlime_counts, "SmoothGrad")
    assert [one.text for one in family] == [f"{m} − SmoothGrad" for m in ("NormLIME", "LIME", "VarGrad")]
    for one, method in zip(family, normlime_counts.methods[:3], strict=True):
        pair = all_pairs[method, "SmoothGrad"]
        assert one.p < pair.p_simultaneous
        assert one.difference.low > pair.difference.low


def test_an_unknown_baseline_is_refused(normlime_counts):
    with pytest.raises(
        ContrastError, match="the baseline: there is no method 'IG'; the methods are 'NormLIME'"
    ):
        compare_with_baseline(normlime_counts, "IG")


def test_equivalence_is_statsmodels_tost(normlime_counts):
    shares = normlime_counts.shares
    result = assess_equivalence(normlime_counts, 0.05)
    pair = result.pairs[-1]
    gap = shares[:, normlime_counts.methods.index(pair.a)] - shares[:, normlime_counts.methods.index(pair.b)]
    p, *_ = DescrStatsW(gap).ttost_mean(-0.05, 0.05)
    assert (pair.a, pair.p, pair.equivalent) == ("VarGrad", pytest.approx(p, rel=1e-9), True)
    ends = stats.ttest_1samp(gap, 0).confidence_interval(0.90)
    assert (pair.difference.low, pair.difference.high) == pytest.approx((ends.low, ends.high))


def test_a_pair_is_equivalent_exactly_where_the_90_percent_interval_is_within_the_margin(cast):
    rng = np.random.default_rng(3)
    for shares in ([0.4, 0.35, 0.25], [0.9, 0.06, 0.04]):
        votes = rng.multinomial(20, shares, size=15)
        counts = cast(*("".join(c * n for c, n in zip("ABC", row, strict=True)) for row in votes)).counts()
        for margin in (0.1, 0.3, 0.9):
            for pair in assess_equivalence(counts, margin).pairs:
                within = -margin < pair.difference.low and pair.difference.high < margin
                assert (pair.p < 0.05) == pair.equivalent == within


def test_the_largest_difference_is_that_of_the_simultaneous_intervals(normlime_counts):
    ends = [abs(end) for p in compare(normlime_counts) for end in (p.difference.low, p.difference.high)]
    assert assess_equivalence(normlime_counts, 0.05).largest == pytest.approx(max(ends))


@pytest.mark.parametrize("margin", [0, 1, -0.1])
def test_a_margin_that_is_no_difference_is_refused(normlime_counts, margin):
    with pytest.raises(ValueError, match="must lie between 0 and 100 points"):
        assess_equivalence(normlime_counts, margin)


def test_one_participant_has_contrasts_without_interval(cast):
    [one] = compare_planned(cast("AABC").counts(), ["A - mean(others)"])
    assert (one.difference.value, one.difference.low, one.p) == (pytest.approx(0.25), None, None)
    assert assess_equivalence(cast("AABC").counts(), 0.1).largest is None
