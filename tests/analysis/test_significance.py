import math

import pytest

from analysis.significance import check_alpha, confidence, level_suffix


@pytest.mark.parametrize("alpha", [0, 1, -0.1, math.nan])
def test_an_impossible_level_is_refused(alpha):
    with pytest.raises(ValueError, match=r"alpha must lie between 0 and 1, such as 0\.05"):
        check_alpha(alpha)


def test_the_confidence_level_in_words():
    assert [confidence(alpha) for alpha in (0.05, 0.07, 0.005, 1e-9)] == [
        "95%",
        "93%",
        "99.5%",
        "99.9999999%",
    ]


def test_only_an_unusual_level_is_named():
    assert (level_suffix(0.05), level_suffix(0.001)) == ("", " at 0.001")
