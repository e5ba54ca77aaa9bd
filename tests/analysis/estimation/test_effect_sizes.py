import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from analysis.estimation.effect_sizes import effect_sizes, lower_end, one_sided_effects
from analysis.inference.anova import one_way


def test_effect_sizes_are_those_of_r(normlime_counts, expected_by_r):
    effects = effect_sizes(normlime_counts)
    assert effects["eta squared"].value == pytest.approx(expected_by_r["eta"][0]["Eta2"], rel=1e-9)
    assert effects["omega squared"].value == pytest.approx(expected_by_r["omega"][0]["Omega2"], rel=1e-9)
    assert effects["Kendall's W"].value == pytest.approx(expected_by_r["friedman"]["W"], rel=1e-9)


def test_effect_sizes_have_no_interval(normlime_counts):
    assert {(effect.low, effect.high) for effect in effect_sizes(normlime_counts).values()} == {(None, None)}


@pytest.mark.parametrize("ballots", [("AAB",), ("AA", "AA")])
def test_one_participant_or_one_method_has_no_effect_size(cast, ballots):
    assert effect_sizes(cast(*ballots).counts()) == {}


def test_effect_sizes_of_even_votes_are_undefined(cast):
    assert {effect.value for effect in effect_sizes(cast("AB", "AB").counts()).values()} == {None}


def test_the_normlime_table_gives_r_s_one_sided_intervals(normlime_table, expected_by_r):
    effects = one_sided_effects(one_way(normlime_table.counts().exact))
    for name, key, column in (("eta squared", "eta", "Eta2"), ("omega squared", "omega", "Omega2")):
        [r] = expected_by_r[key]
        effect = effects[name]
        assert effect.value == pytest.approx(r[column], rel=1e-9)
        assert (effect.low, effect.high) == (pytest.approx(r["CI_low"], abs=5e-8), r["CI_high"])  # R's search


@given(st.floats(0.001, 0.999), st.integers(1, 9), st.integers(2, 5000))
def test_at_the_lower_end_so_large_an_f_has_a_chance_of_5_in_100(effect, between, within):
    end = lower_end(effect, between, within)
    F = effect / (1 - effect) * within / between
    half = end / (1 - end) * within / 2
    # The noncentral F is a Poisson mixture of betas (Johnson, Kotz and Balakrishnan 1995, chapter 30).
    j = np.arange(max(0, int(half - 15 * half**0.5 - 60)), half + 15 * half**0.5 + 60)
    weights = np.exp(-half + special.xlogy(j, half) - special.gammaln(j + 1))
    below = weights @ special.betainc(between / 2 + j, within / 2, between * F / (between * F + within))
    assert below == pytest.approx(0.95, abs=1e-8) or (end == 0 and below <= 0.95)


@pytest.mark.parametrize(("effect", "end"), [(-0.1, 0.0), (0.0, 0.0), (1.0, 1.0)])
def test_an_effect_at_its_bounds_has_them_as_its_end(effect, end):
    assert lower_end(effect, 3, 20) == end


def test_where_f_is_undefined_there_is_no_interval():
    assert one_sided_effects(one_way({"a": [1, 1], "b": [2, 2]})) == {}
