import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explanations.methods import aggregation
from explanations.methods.registry import METHODS

# Three explanations of four features; the fourth is never chosen.
WEIGHTS = np.array(
    [
        [3.0, -1.0, 0.0, 0.0],  # ||w||_1 = 4
        [1.0, 0.0, 1.0, 0.0],  # ||w||_1 = 2
        [0.0, 0.0, -5.0, 0.0],  # ||w||_1 = 5
    ]
)


def test_global_normlime_is_the_mean_share_times_size_over_explanations_that_chose_a_feature() -> None:
    """Equations 3-5 by hand.

    Feature 1: explanations 1 and 2 chose it: (3/4 * 3 + 1/2 * 1) / 2 = (2.25 + 0.5) / 2 = 1.375.
    Feature 2: explanation 1: 1/4 * 1 = 0.25.
    Feature 3: explanations 2 and 3: (1/2 * 1 + 5/5 * 5) / 2 = 2.75. Feature 4: nobody, 0.
    """
    np.testing.assert_allclose(aggregation.normlime_global(WEIGHTS), [1.375, 0.25, 2.75, 0])


def test_class_specific_normlime_keeps_the_sign() -> None:
    """Equations 7-9 by hand.

    Feature 1: (3/4 * 3 + 1/2 * 1) / 2 = 1.375. Feature 2: 1/4 * -1 = -0.25.
    Feature 3: (1/2 * 1 + 5/5 * -5) / 2 = -2.25. Feature 4: nobody, 0.
    """
    np.testing.assert_allclose(aggregation.normlime(WEIGHTS), [1.375, -0.25, -2.25, 0])


def test_sp_lime_is_the_root_of_the_sum_of_positive_weights() -> None:
    """Equation 6, positive weights only: sqrt(3 + 1) = 2, sqrt(0), sqrt(1), sqrt(0)."""
    np.testing.assert_allclose(aggregation.sp_lime(WEIGHTS), [2, 0, 1, 0])


def test_the_mean_is_over_images() -> None:
    np.testing.assert_allclose(aggregation.mean(WEIGHTS), [4 / 3, -1 / 3, -4 / 3, 0])


def test_the_mean_of_sizes_forgets_signs() -> None:
    np.testing.assert_allclose(aggregation.mean_absolute(WEIGHTS), [4 / 3, 1 / 3, 2, 0])


def test_the_support_is_the_number_of_explanations_that_chose_a_feature() -> None:
    assert aggregation.support(WEIGHTS).tolist() == [2, 1, 2, 0]


def test_a_feature_below_the_minimum_support_is_left_out() -> None:
    counts = aggregation.support(WEIGHTS)
    importance = aggregation.supported(aggregation.normlime(WEIGHTS), counts, 2)
    np.testing.assert_allclose(importance, [1.375, 0, -2.25, 0])


def test_an_explanation_without_weights_changes_nothing() -> None:
    longer = np.vstack([WEIGHTS, np.zeros(4)])
    np.testing.assert_array_equal(aggregation.normlime(longer), aggregation.normlime(WEIGHTS))


@given(arrays(np.float64, (4, 5), elements=st.floats(0, 1e6)))
def test_global_and_class_specific_normlime_agree_where_no_weight_is_negative(weights: np.ndarray) -> None:
    np.testing.assert_array_equal(aggregation.normlime(weights), aggregation.normlime_global(weights))


def test_sp_limes_pick_covers_important_features_first_and_nothing_twice() -> None:
    """Feature importances: root of 4, 1, 6, 0.

    The first image covers the features 1 and 2 (2 + 1), the second 1 and 3 (2 + 2.45), the third 3. So the
    second comes first, then the first, which adds feature 2; the third adds nothing.
    """
    assert aggregation.submodular_pick(WEIGHTS, 3) == [1, 0]
    assert aggregation.submodular_pick(WEIGHTS, 1) == [1]


def test_the_method_that_picks_tells_the_numbers_of_its_images() -> None:
    assert METHODS["sp-lime-pick"].picked(WEIGHTS, (70, 50, 60)) == (50, 70)
    assert METHODS["lime"].picked(WEIGHTS, (70, 50, 60)) == ()


def test_the_map_of_sp_limes_pick_is_the_mean_over_the_images_that_it_picks() -> None:
    np.testing.assert_allclose(aggregation.sp_lime_pick(WEIGHTS), WEIGHTS[[1, 0]].mean(axis=0))
