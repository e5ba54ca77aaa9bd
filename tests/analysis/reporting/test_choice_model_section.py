"""The report's section on choices from what was offered, and its headline."""

import random

import numpy as np
import pandas as pd
import pytest

from analysis.choice_models.choice_model import fit_worths
from analysis.reporting.sections.choice_model import headline, section
from analysis.votes.offers import ChoiceData


def choice_data_of(frame):
    """From a table with method_1 and so on, participant and chosen_method."""
    shown = frame[[name for name in frame if name.startswith("method_")]].to_numpy()
    methods = tuple(sorted(set(shown.ravel()) - {""}))
    offered = np.array([[name in row for name in methods] for row in shown])
    chosen = np.array([methods.index(name) for name in frame["chosen_method"]])
    n, people = len(frame), pd.factorize(frame["participant"])[0]
    position = np.zeros(offered.shape, dtype=np.int64)
    return ChoiceData(methods, people, None, None, (), offered, chosen, np.full(n, -1), position, np.ones(n))


@pytest.fixture(scope="module")
def blind():
    """The review's F1: 30 people choose blindly, and the last 10 of them are not offered C."""
    rng = random.Random(1)
    rows = []
    for person in range(30):
        for _ in range(20):
            shown = ["A", "B", "C"] if person < 20 else ["A", "B", ""]
            chosen = rng.choice([name for name in shown if name])
            rows.append([person, *shown, chosen])
    names = ["participant", "method_1", "method_2", "method_3", "chosen_method"]
    return fit_worths(choice_data_of(pd.DataFrame(rows, columns=names)))


@pytest.fixture(scope="module")
def preferred(subsets):
    return fit_worths(subsets)


@pytest.fixture(scope="session")
def subsets():
    """40 people who are offered random 3 of 4 methods and choose A in four of five answers that offer it."""
    rng = np.random.default_rng(4)
    offered = rng.random((800, 4)).argsort(axis=1) < 3
    odds = np.where(offered, [8.0, 1.0, 1.0, 1.0], 0.0).cumsum(axis=1)
    chosen = (rng.random((800, 1)) * odds[:, -1:] > odds).sum(axis=1)
    return ChoiceData(
        tuple("ABCD"), np.arange(800) // 20, None, None, (),
        offered, chosen, np.full(800, -1), np.zeros((800, 4), np.int64), np.ones(800),
    )  # fmt: skip


def test_people_who_choose_blindly_are_not_said_to_prefer_what_was_offered_more_often(blind):
    assert headline(blind, blind.test, 0.05) == (
        "Methods were not offered equally often. There is no evidence that the methods differ (choice model, "
        "F(2, 28) = 0.07, p = 0.937)."
    )


def test_a_method_ahead_of_all_others_is_named_with_its_share_of_offers(preferred):
    share = preferred.offers[0].share.value
    assert headline(preferred, preferred.test, 0.05) == (
        "Methods were not offered equally often. A was preferred to each of the others (simultaneous max-t, "
        f"every p < 0.001) and was chosen in {share * 100:.1f}% of its offers."
    )


def test_the_test_is_the_verdict(preferred):
    assert section(preferred).verdict.startswith("F(3, 37) = ")


def test_the_notes_say_what_shares_are(preferred):
    assert section(preferred).notes[0].startswith("Shares are votes divided by offers.")


def test_every_pair_has_an_odds_ratio_with_its_interval_in_the_csv(preferred):
    rows = [row for row in section(preferred).quantities if row.name == "odds ratio (choice model)"]
    assert len(rows) == 6
    assert all(row.low < row.value < row.high for row in rows)


def test_the_record_holds_the_test(preferred):
    test = section(preferred).record["choice_model"]["test"]
    assert (test["statistic"], test["df"], test["p"]) == ("Wald", [3, 37], preferred.test.p)


def test_the_apa_sentence_has_statistic_df_and_p(blind):
    first = section(blind).apa[0]
    assert first == (
        "Methods were not offered equally often. There is no evidence that choices depended on the method, "
        "F(2, 28) = 0.07, p = .937."
    )


def test_a_method_never_chosen_is_reported_by_its_bound(subsets):
    never = ChoiceData(
        ("A", "B", "C", "D", "E"), subsets.participant, None, None, (),
        np.column_stack([subsets.offered, np.ones(800, dtype=bool)]),
        subsets.chosen, subsets.worst, np.zeros((800, 5), np.int64), subsets.weights,
    )  # fmt: skip
    worths = fit_worths(never)
    assert "None of 40 participants chose E over A, B, C or D" in headline(worths, worths.test, 0.05)
