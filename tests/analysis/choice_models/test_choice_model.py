"""Worths against R's BradleyTerry2, choix, statsmodels and a direct maximisation by SciPy."""

import csv
import json
import math
from pathlib import Path

import choix
import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.discrete.conditional_models import ConditionalLogit

from analysis.choice_models.choice_model import fit_model, fit_worths
from analysis.choice_models.separation import find_components
from analysis.votes.offers import ChoiceData

CASES = Path(__file__).parents[1] / "cases" / "choice"


def rows(name):
    with (CASES / name).open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def citations():
    """Stigler (1994): one answer for each direction, weighted by the number of citations."""
    table = rows("citations.csv")
    methods = tuple(sorted({row["p1"] for row in table} | {row["p2"] for row in table}))
    pairs = [(methods.index(row["p1"]), methods.index(row["p2"])) for row in table for _ in range(2)]
    offered = np.zeros((len(pairs), len(methods)), dtype=bool)
    for answer, pair in enumerate(pairs):
        offered[answer, list(pair)] = True
    chosen = np.array([pair[answer % 2] for answer, pair in enumerate(pairs)])
    wins = np.array([float(row[name]) for row in table for name in ("win1", "win2")])
    n, nothing = len(pairs), np.full(len(pairs), -1)
    return ChoiceData(
        methods, np.arange(n), None, None, (), offered, chosen, nothing, np.zeros((n, 4), np.int64), wins
    )


@pytest.fixture(scope="module")
def expected():
    return json.loads((CASES / "expected.json").read_text())["citations"]


def test_log_worths_of_the_citations_are_the_abilities_of_r(citations, expected):
    found = {one.method: one.log_worth for one in fit_worths(citations).worths}
    for name, ability in expected["ability"].items():
        assert found[name.removeprefix("..")] == pytest.approx(ability, abs=1e-6)


def test_worths_of_the_citations_are_those_of_r(citations, expected):
    found = {one.method: one.worth.value for one in fit_worths(citations).worths}
    assert found == pytest.approx(expected["worth"], abs=1e-6)


def test_model_based_errors_of_the_citations_are_those_of_r(citations, expected):
    fitted, _ = fit_model(citations, find_components(citations))
    errors = np.sqrt(fitted.model.covariance.diagonal())
    assert errors == pytest.approx(list(expected["se"].values()), abs=1e-6)


def test_deviance_of_the_citations_is_that_of_r(citations, expected):
    wins = citations.weights.reshape(-1, 2)
    saturated = float((wins * np.log(wins / wins.sum(axis=1, keepdims=True))).sum())
    deviance = 2 * (saturated - fit_worths(citations).log_likelihood)
    assert deviance == pytest.approx(expected["deviance"], abs=1e-6)


@pytest.fixture(scope="module")
def puddings():
    """Davidson (1970): wins of both puddings and ties."""
    return [
        tuple(int(row[name]) for name in ("i", "j", "w_ij", "w_ji", "t_ij")) for row in rows("pudding.csv")
    ]


@pytest.fixture(scope="module")
def puddings_by_scipy(puddings):
    """Davidson's likelihood, maximised directly: log-worths over pudding 1, and log nu."""

    def loss(x):
        log_worth, log_nu, total = np.concatenate([[0.0], x[:5]]), x[5], 0.0
        for i, j, first, second, ties in puddings:
            a, b = log_worth[i - 1], log_worth[j - 1]
            tie = log_nu + (a + b) / 2
            whole = math.log(math.exp(a) + math.exp(b) + math.exp(tie))
            total -= first * (a - whole) + second * (b - whole) + ties * (tie - whole)
        return total

    return optimize.minimize(loss, np.zeros(6), method="BFGS", options={"gtol": 1e-9}).x


@pytest.fixture(scope="module")
def pudding_worths(puddings, build):
    answers = []
    for i, j, first, second, ties in puddings:
        pair = f"{i}{j}"
        answers += [(pair, str(i))] * first + [(pair, str(j))] * second + [(pair, "tie")] * ties
    return fit_worths(build(answers))


def test_log_worths_of_the_puddings_maximise_davidsons_likelihood(pudding_worths, puddings_by_scipy):
    found = [one.log_worth for one in pudding_worths.worths[1:]]
    assert found == pytest.approx(puddings_by_scipy[:5], abs=1e-6)


def test_the_tie_constant_of_the_puddings_maximises_davidsons_likelihood(pudding_worths, puddings_by_scipy):
    (tie,) = pudding_worths.constants
    assert (tie.name, tie.log_odds.value) == ("tie", pytest.approx(puddings_by_scipy[5], abs=1e-6))


def test_worths_from_subsets_are_those_of_choix(subsets):
    data = [
        (int(chosen), tuple(int(i) for i in np.flatnonzero(offered) if i != chosen))
        for offered, chosen in zip(subsets.offered, subsets.chosen, strict=True)
    ]
    log_worths = choix.ilsr_top1(5, data, tol=1e-12)
    assert np.array([one.log_worth for one in fit_worths(subsets).worths]) == pytest.approx(
        log_worths - log_worths[0], abs=1e-6
    )


def test_a_constant_of_none_of_these_is_that_of_statsmodels(build):
    rng = np.random.default_rng(0)
    sets = ["ABC", "ABD", "ACD", "BCD"]
    answers = [(one := str(rng.choice(sets)), str(rng.choice([*one, "none"]))) for _ in range(100)]
    found = fit_worths(build(answers))
    taken, features, groups = [], [], []
    for number, (offered, chosen) in enumerate(answers):
        for alternative in [*offered, "none"]:
            taken.append(alternative == chosen)
            features.append([alternative == name for name in ("B", "C", "D", "none")])
            groups.append(number)
    oracle = ConditionalLogit(np.array(taken, int), np.array(features, float), groups=np.array(groups))
    expected = oracle.fit(method="newton", disp=0).params
    mean = (0 + expected[:3].sum()) / 4
    assert [one.log_worth for one in found.worths[1:]] == pytest.approx(expected[:3], abs=1e-6)
    assert found.constants[0].log_odds.value == pytest.approx(expected[3] - mean, abs=1e-6)


def test_display_positions_are_those_of_statsmodels(build):
    rng = np.random.default_rng(2)
    answers = []
    for _ in range(100):
        offered = "".join(rng.permutation(list("ABC")))
        answers.append((offered, str(rng.choice(list(offered), p=[0.5, 0.3, 0.2]))))
    taken = np.array([shown == chosen for offered, chosen in answers for shown in offered], dtype=int)
    features = [
        [shown == "B", shown == "C", place == 1, place == 2]
        for offered, _ in answers
        for place, shown in enumerate(offered)
    ]
    oracle = ConditionalLogit(taken, np.array(features, float), groups=np.repeat(np.arange(100), 3))
    expected = oracle.fit(method="newton", disp=0).params
    found = fit_worths(build(answers), position=True)
    assert [one.name for one in found.constants] == ["position 2", "position 3"]
    assert [one.log_odds.value for one in found.constants] == pytest.approx(expected[2:], abs=1e-6)
    assert [one.log_worth for one in found.worths[1:]] == pytest.approx(expected[:2], abs=1e-6)


def test_best_and_worst_maximise_the_likelihood_of_both_choices(build):
    rng = np.random.default_rng(1)
    drawn = [rng.permutation(list("ABCD"))[:3] for _ in range(60)]
    answers = [("".join(sorted(three)), str(three[0])) for three in drawn]
    worst = [str(three[1]) for three in drawn]

    def loss(x):
        utility = dict(zip("ABCD", [0.0, *x], strict=True))
        total = 0.0
        for (offered, best), last in zip(answers, worst, strict=True):
            rest = [name for name in offered if name != best]
            total -= utility[best] - np.logaddexp.reduce([utility[name] for name in offered])
            total -= -utility[last] - np.logaddexp.reduce([-utility[name] for name in rest])
        return total

    expected = optimize.minimize(loss, np.zeros(3), options={"gtol": 1e-7}).x
    found = fit_worths(build(answers, worst=worst))
    assert [one.log_worth for one in found.worths[1:]] == pytest.approx(expected, abs=1e-6)


def test_two_methods_offered_together_have_the_shares_of_votes_as_worths(build):
    found = fit_worths(build([("AB", "A")] * 30 + [("BA", "B")] * 10))
    assert [one.worth.value for one in found.worths] == pytest.approx([0.75, 0.25])


def test_complete_offers_have_the_shares_of_votes_as_worths(build):
    answers = [("ABC", "A")] * 6 + [("ABC", "B")] * 3 + [("ABC", "C")]
    assert [one.worth.value for one in fit_worths(build(answers)).worths] == pytest.approx([0.6, 0.3, 0.1])


def test_p_is_below_alpha_exactly_where_the_interval_excludes_one(subsets):
    for alpha in (0.3, 0.05, 0.001):
        for pair in fit_worths(subsets, alpha).pairs:
            excluded = not pair.odds_ratio.low <= 1 <= pair.odds_ratio.high
            assert (pair.p < alpha) == excluded


def test_a_pair_of_two_methods_has_the_interval_of_t_with_n_minus_1_degrees_of_freedom(build):
    rng = np.random.default_rng(5)
    answers = [("AB", str(name)) for name in rng.choice(["A", "B"], 80, p=[0.7, 0.3])]
    (pair,) = fit_worths(build(answers, np.arange(80) // 10)).pairs
    assert pair.log_odds.high - pair.log_odds.value == pytest.approx(stats.t.ppf(0.975, 7) * pair.error)


def test_an_answer_given_twice_by_the_same_person_does_not_narrow_the_intervals(subsets):
    twice = ChoiceData(
        subsets.methods,
        *(np.tile(subsets.participant, 2), None, None, ()),
        *(np.tile(subsets.offered, (2, 1)), np.tile(subsets.chosen, 2), np.tile(subsets.worst, 2)),
        *(np.tile(subsets.position, (2, 1)), np.tile(subsets.weights, 2)),
    )
    once, again = fit_worths(subsets), fit_worths(twice)
    assert [one.error for one in again.worths] == pytest.approx([one.error for one in once.worths])


def test_rankings_are_probabilities_that_sum_to_one(subsets):
    found = fit_worths(subsets).rankings
    assert sum(p for _, p in found.orders) == pytest.approx(1)
    assert max(found.first, key=found.first.get) == "A"


def test_the_same_seed_gives_the_same_rankings(subsets):
    assert fit_worths(subsets, seed=1).rankings == fit_worths(subsets, seed=1).rankings


def test_no_answers_are_refused():
    empty = np.zeros((0, 2))
    data = ChoiceData(
        ("A", "B"), *([empty[:, 0].astype(int)]), None, None, (), empty > 0,
        *([empty[:, 0].astype(int)] * 2), empty.astype(int), empty[:, 0],
    )  # fmt: skip
    with pytest.raises(ValueError, match=r"at least one answer \(got 0\)"):
        fit_worths(data)


def test_the_result_prints_as_a_table(subsets):
    text = str(fit_worths(subsets))
    assert "Share of offers" in text
    assert "A : B" in text
    assert "Test of equal choice (Wald): F(4, 26)" in text
