import numpy as np
import pytest

from analysis.estimation.pairs import compare
from analysis.inference.repeated_measures import repeated_measures as exact_repeated_measures
from analysis.numerics.studentised_range import range_tail
from analysis.planning import verdicts
from analysis.planning.few_votes import are_ahead
from analysis.planning.simulation import draw
from analysis.planning.verdicts import FTest, judge, largest_t_tail, lead_statistics, min_f, moments
from analysis.votes.table import Counts

SETTINGS = [
    ((0.34, 0.22, 0.22, 0.22), 40, 0.036),
    ((0.4, 0.3, 0.2, 0.1), 60, 0.05),
    ((0.3, 0.2, 0.2, 0.15, 0.15), 40, 0.1),
]


def tables(shares, n, icc, runs=15, seed=1):
    return draw(np.array(shares), n, 20, icc, runs, np.random.default_rng(seed))


def reported(table, alpha=0.05):
    """The report's verdicts on one study: any difference, and the first method ahead of every other."""
    people, methods = (tuple(map(str, range(n))) for n in table.shape)
    counts = Counts(people, methods, table, len(people), {}, 0, 0, 0)
    shares = (table / table.sum(axis=1, keepdims=True)).T.tolist()
    p = exact_repeated_measures(dict(zip(methods, shares, strict=True))).p
    lows = [pair.difference.low for pair in compare(counts, alpha=alpha) if pair.a == "0"]
    return p < alpha, p < alpha and all(low is not None and low > 0 for low in lows)


@pytest.mark.parametrize("setting", SETTINGS)
def test_verdicts_on_many_studies_are_those_of_the_report_on_each(setting):
    studies = tables(*setting)
    omnibus, claim = judge(moments(studies), np.array(setting[0]), 0.05)
    expected = [reported(table) for table in studies]
    assert omnibus.tolist() == [found for found, _ in expected]
    assert claim.tolist() == [claimed for _, claimed in expected]


def test_a_lead_over_a_method_without_votes_needs_more_than_its_t():
    # Nobody of 6 chose C: at 0.05 / 3 its Clopper-Pearson interval ends at 1 - 0.00833^(1/6) = 0.55, above
    # the leader's 0.54. t of the lead is 15.
    study = moments(np.array([[12, 8, 0], [9, 11, 0], [13, 7, 0], [9, 11, 0], [12, 8, 0], [10, 10, 0]])[None])
    covariances = study.products / (6 * 5)
    assert lead_statistics(study.means, covariances, 0)[0, 2] == pytest.approx(15.4, abs=0.1)
    ahead = are_ahead(study.means, covariances, np.array([[60.0, 60.0, 6.0]]), 5, np.array([0.05 / 3]), 0)
    assert not ahead[0, 2]


def test_the_p_of_many_studies_is_that_of_each():
    studies = tables((0.4, 0.3, 0.2, 0.1), 12, 0.05, runs=5)
    for table, p in zip(studies, verdicts.repeated_measures(moments(studies)).p, strict=True):
        groups = {str(i): column for i, column in enumerate((table / 20).T.tolist())}
        assert p == pytest.approx(exact_repeated_measures(groups).p, rel=1e-8)


@pytest.mark.parametrize(("k", "df", "t"), [(3, 11, 2.5), (4, 82, 2.62), (6, 5, 4.0)])
def test_the_largest_of_equally_correlated_t_has_the_tail_of_the_studentised_range(k, df, t):
    covariance = (np.eye(k) - 1 / k)[None]
    expected = range_tail(t * np.sqrt(2), k, df)[0]
    assert largest_t_tail(np.array([t]), covariance, df, 4096)[0] == pytest.approx(expected, rel=0.01)


def test_min_f_is_that_of_clarks_formula():
    # F1(3, 246) = 10 and F2(3, 27) = 4: min F' = 40 / 14, df2 = 14^2 / (10^2 / 27 + 4^2 / 246)
    result = min_f(
        FTest(*map(np.array, ([10.0], [3.0], [246.0]))), FTest(*map(np.array, ([4.0], [2.4], [27.0])))
    )
    assert (result.F[0], result.df1[0]) == (pytest.approx(2.857142857), 2.4)
    assert result.df2[0] == pytest.approx(52.00669, abs=1e-4)


@pytest.mark.parametrize(("n", "finds"), [(5, False), (6, True)])  # 2 * 0.5^5 = 0.0625, 2 * 0.5^6 = 0.03125
def test_participants_who_all_answer_alike_are_judged_by_the_sign_test(n, finds):
    unanimous = np.tile([20, 0, 0], (1, n, 1))
    omnibus, claim = judge(moments(unanimous), np.array([1.0, 0.0, 0.0]), 0.05)
    assert (omnibus[0], claim[0]) == (finds, finds)


def test_unanimity_for_a_method_that_does_not_lead_is_not_the_claim():
    unanimous = np.tile([0, 20, 0], (1, 10, 1))
    assert not judge(moments(unanimous), np.array([0.5, 0.3, 0.2]), 0.05)[1][0]
