"""statsmodels' ConditionalLogit is the oracle."""

import numpy as np
import pytest
from statsmodels.discrete.conditional_models import ConditionalLogit

from analysis.choice_models.conditional_logit import fit


@pytest.fixture
def drawn():
    """300 votes of 30 people between four options with two properties, of which the first is liked."""
    rng = np.random.default_rng(0)
    options = rng.standard_normal((300, 4, 2))
    utility = options @ [0.8, -0.3] + rng.gumbel(size=(300, 4))
    return options, utility.argmax(axis=1), np.arange(300) // 10


def by_statsmodels(options, chosen):
    votes, places, k = options.shape
    took = (np.arange(places) == chosen[:, None]).astype(int).ravel()
    groups = np.repeat(np.arange(votes), places)
    return ConditionalLogit(took, options.reshape(-1, k), groups=groups).fit(method="newton", disp=0)


def test_coefficients_errors_and_likelihood_are_those_of_statsmodels(drawn):
    options, chosen, people = drawn
    expected, found = by_statsmodels(options, chosen), fit(options, chosen, people)
    assert found.coefficients == pytest.approx(expected.params, abs=1e-7)
    assert np.sqrt(np.diag(found.covariance)) == pytest.approx(expected.bse, rel=1e-6)
    assert found.log_likelihood == pytest.approx(expected.llf, abs=1e-6)


def test_chance_gives_one_in_four_to_every_option(drawn):
    options, chosen, people = drawn
    found = fit(options, chosen, people)
    assert found.log_likelihood_of_chance == pytest.approx(300 * np.log(1 / 4))
    assert 0 < found.pseudo_r_squared < 1


def test_a_person_who_votes_everything_twice_is_not_two_people(drawn):
    options, chosen, people = drawn
    once = fit(options, chosen, people)
    twice = fit(np.concatenate([options] * 2), np.tile(chosen, 2), np.tile(people, 2))
    assert twice.covariance == pytest.approx(once.covariance / 2, rel=1e-3)
    assert twice.robust == pytest.approx(once.robust, rel=1e-3)


def test_a_vote_of_its_own_person_gives_the_robust_errors_of_white(drawn):
    options, chosen, _ = drawn
    found = fit(options, chosen, np.arange(300))
    shares = np.exp(options @ found.coefficients)
    shares /= shares.sum(axis=1, keepdims=True)
    scores = options[np.arange(300), chosen] - np.einsum("vj,vjk->vk", shares, options)
    expected = 300 / 299 * found.covariance @ (scores.T @ scores) @ found.covariance
    assert found.robust == pytest.approx(expected)


def test_the_scores_of_a_persons_votes_are_added_before_they_are_squared(drawn):
    options, chosen, people = drawn
    found = fit(options, chosen, people)
    shares = np.exp(options @ found.coefficients)
    shares /= shares.sum(axis=1, keepdims=True)
    scores = options[np.arange(300), chosen] - np.einsum("vj,vjk->vk", shares, options)
    of_people = scores.reshape(30, 10, 2).sum(axis=1)  # ten votes each, one after another
    expected = 30 / 29 * found.covariance @ (of_people.T @ of_people) @ found.covariance
    assert found.robust == pytest.approx(expected)


def test_a_missing_option_is_one_that_can_not_be_chosen(drawn):
    options, chosen, people = drawn
    fifth = np.concatenate([options, np.full((300, 1, 2), np.nan)], axis=1)
    assert fit(fifth, chosen, people).coefficients == pytest.approx(fit(options, chosen, people).coefficients)


def test_options_that_do_not_differ_have_no_coefficient(drawn):
    _, chosen, people = drawn
    assert fit(np.ones((300, 4, 1)), chosen, people).startswith("undefined: the options do not differ")


def test_choices_without_exception_have_no_coefficient(drawn):
    options, _, people = drawn
    chosen = options[..., 0].argmax(axis=1)
    assert fit(options[..., :1], chosen, people).startswith("undefined: some options, or a method, were")
