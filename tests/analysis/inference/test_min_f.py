"""min F' against hand computation and the mean squares of the full design."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats
from statsmodels.stats.anova import anova_lm

from analysis.inference.min_f import min_f
from analysis.inference.repeated_measures import RepeatedMeasures, repeated_measures


def f_test(F: float, df: tuple[int, int], epsilon: float = 1.0) -> RepeatedMeasures:
    """A repeated-measures ANOVA of which only F, its degrees of freedom and epsilon matter."""
    groups = tuple("ABCDEFG"[: df[0] + 1])
    p = float(stats.f.sf(F, df[0] * epsilon, df[1] * epsilon))
    return RepeatedMeasures(groups, df[1] // df[0] + 1, F, *df, epsilon, p, None, p, None, 0, 0, 0)


def test_min_f_of_6_and_3_is_2_by_hand() -> None:
    """6 x 3 / 9 = 2, with 81 / (36 / 10 + 9 / 20) = 20 degrees of freedom (Clark 1973, p. 347)."""
    test = min_f(f_test(6, (2, 20)), f_test(3, (2, 10)))
    assert (test.F, test.p) == pytest.approx((2, stats.f.sf(2, 2, 20)))
    assert test.df == pytest.approx((2, 20))


def test_each_denominator_is_multiplied_by_its_own_epsilon_and_the_numerator_by_the_smaller() -> None:
    """81 / (36 / 5 + 9 / 16) by hand, with epsilons 0.8 and 0.5."""
    test = min_f(f_test(6, (2, 20), 0.8), f_test(3, (2, 10), 0.5))
    assert test.df == pytest.approx((1, 81 / (36 / 5 + 9 / 16)))


def test_min_f_is_the_mean_square_of_methods_over_the_sum_of_both_interactions() -> None:
    """The mean squares are statsmodels', of participants x stimuli x two treatments."""
    rng = np.random.default_rng(3)
    people, stimuli = 7, 5
    effects = rng.normal(size=(people, 1, 2)) + rng.normal(size=(1, stimuli, 2))
    y = effects + rng.normal(size=(people, stimuli, 2)) + [0, 1.5]
    s, i, t = (codes.ravel() for codes in np.indices(y.shape))
    model = smf.ols("y ~ C(t) * (C(s) + C(i))", pd.DataFrame({"y": y.ravel(), "s": s, "i": i, "t": t})).fit()
    squares = anova_lm(model)["mean_sq"]
    over_people, over_stimuli = (
        repeated_measures({"a": means[:, 0], "b": means[:, 1]}) for means in (y.mean(axis=1), y.mean(axis=0))
    )
    expected = squares["C(t)"] / (squares["C(t):C(s)"] + squares["C(t):C(i)"])
    assert min_f(over_people, over_stimuli).F == pytest.approx(expected)  # noqa: SIM300


def test_min_f_is_undefined_with_a_note_where_one_of_its_tests_is() -> None:
    undefined = dataclasses.replace(
        f_test(3, (2, 10)), F=None, epsilon=None, note="F is undefined: zero variance"
    )
    test = min_f(f_test(6, (2, 20)), undefined)
    assert (test.F, test.p, test.note) == (None, None, "F2: F is undefined: zero variance")


def test_min_f_of_equal_means_is_0() -> None:
    test = min_f(f_test(0, (2, 20)), f_test(0, (2, 10)))
    assert (test.F, test.p) == (0, 1)


def test_min_f_prints_on_one_line() -> None:
    assert min_f(f_test(6, (2, 20)), f_test(3, (2, 10))).statement == "min F'(2.00, 20.00) = 2.00"
