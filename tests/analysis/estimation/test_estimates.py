import pytest

from analysis.estimation.estimates import estimate


@pytest.mark.parametrize("ballots", [("AAB",), ("AAB", "AAB"), ("AB", "AB"), ("AA", "AA")])
def test_where_participants_do_not_differ_there_is_an_estimate_and_no_interval(cast, ballots):
    result = estimate(cast(*ballots).counts())
    for pair in result.pairs:
        assert pair.difference.value is not None
        assert (pair.difference.low, pair.p, pair.ratio.low) == (None, None, None)


def test_the_same_seed_gives_the_same_estimates(normlime_counts):
    assert str(estimate(normlime_counts, seed=3)) == str(estimate(normlime_counts, seed=3))
    assert estimate(normlime_counts, seed=3).rankings == estimate(normlime_counts, seed=3).rankings


def test_estimates_print_as_a_table(normlime_counts):
    lines = str(estimate(normlime_counts)).splitlines()
    assert lines[0].split() == ["Pair", "Points", "Ratio", "Cohen's", "h", "p", "(max-t)"]
    assert lines[2].startswith("NormLIME − LIME")
    assert len(lines) == 8
