"""Whether each test controls the type I error, in fewer studies than benchmarks/type_one_error.py runs."""

import importlib
import math

import numpy as np
import pytest

from benchmarks import levels_participants
from benchmarks.type_one_error import (
    FURTHER,
    KINDS,
    NOT_CONTROLLED,
    NULL_HYPOTHESES,
    TITLES,
    rates,
    stopped_early,
)

RUNS = 80


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["4 methods", "4 methods, 5 to 20 votes each"])
def test_every_test_that_is_said_to_control_the_error_does_and_others_do_not(kind):
    found = rates(kind, range(RUNS))
    assert set(found) == set(TITLES)
    for name, rate in found.items():
        if name not in NOT_CONTROLLED and rate is not None:
            assert rate < 0.05 + 3.5 * math.sqrt(0.05 * 0.95 / RUNS), name
    assert min(found["one-way"], found["tukey"], found["chi-square"]) > 0.06


@pytest.mark.slow
def test_with_two_methods_rank_tests_are_undefined():
    found = rates("2 methods", range(40))
    assert [name for name, rate in found.items() if rate is None][:1] == ["friedman"]
    assert found["conover"] is found["nemenyi"] is None
    assert found["holm"] == found["hotelling"]  # both are the paired t test


def test_a_large_difference_stops_a_study_early():
    assert stopped_early(np.tile([[12, 5, 2, 1], [10, 4, 4, 2]], (20, 1)))


def test_all_kinds_are_named_in_the_table():
    with open("docs/type_one_error.md", encoding="utf-8") as file:
        heading = next(line for line in file if line.startswith("| Test |"))
    for kind in KINDS:
        assert f"| {kind} (" in heading


@pytest.mark.parametrize("n", range(1, 12))
@pytest.mark.parametrize("k", [2, 3, 4])
def test_the_sign_test_of_people_who_all_chose_alike_is_not_too_small(n, k):
    # Of people without a preference who stick to one method each, all agree with chance k^(1 - n).
    assert k ** (1.0 - n) <= 0.5 ** (n - 1)


def test_the_levels_by_number_of_participants_run():
    rates = levels_participants.rejection_rates("a quarter always choose A", 6, 3)
    assert set(rates) == set(levels_participants.TITLES)


def test_every_test_in_the_table_has_its_null_hypothesis():
    assert set(NULL_HYPOTHESES) == set(TITLES)


@pytest.mark.parametrize("name", FURTHER)
def test_every_further_benchmark_has_tables(name):
    assert callable(importlib.import_module(f"benchmarks.{name}").tables)
