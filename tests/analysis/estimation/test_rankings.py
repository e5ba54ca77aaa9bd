import numpy as np
import pytest

from analysis.estimation.rankings import count_rankings


def test_rankings_are_counted_and_ties_broken_by_lot():
    sums = np.array([[2.0, 1.0]] * 6000 + [[1.0, 1.0]] * 4000)
    result = count_rankings(sums, ("A", "B"))
    assert result.first["A"] == pytest.approx(0.8, abs=0.03)
    assert [order for order, _ in result.orders] == [("A", "B"), ("B", "A")]
    assert sum(probability for _, probability in result.orders) == pytest.approx(1)


def test_a_ranking_that_always_came_is_not_called_certain():
    assert str(count_rankings(np.array([[2.0, 1.0]] * 10_000), ("A", "B"))).endswith("> 99.9%")
