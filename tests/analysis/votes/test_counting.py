from fractions import Fraction

import numpy as np
import pytest

from analysis.votes.counting import Counts
from analysis.votes.table import NoVotesError, VoteTable, VoteTableError


@pytest.fixture
def ballots():
    """A table in which "0" is "none of these" and "-" is no answer: ballots("AB0", "A-")."""

    def build(*ballots, offered="AB"):
        places = {f"method_{i}": method for i, method in enumerate(offered, start=1)}
        return VoteTable.from_rows(
            {
                "participant": f"p{i}",
                **places,
                "chosen_position": {"0": 0, "-": None}.get(choice, offered.find(choice) + 1),
                "chosen_method": "" if choice in "0-" else choice,
            }
            for i, ballot in enumerate(ballots)
            for choice in ballot
        )

    return build


def test_none_of_these_is_an_answer_and_a_blank_is_not(ballots):
    counts = ballots("AB0", "A--").counts()
    assert counts.none.tolist() == [1, 0]
    assert counts.answers.tolist() == [3, 1]
    assert (counts.n_votes, counts.n_answers, counts.n_unanswered) == (3, 4, 2)


def test_a_participant_who_always_chose_none_stays_with_shares_of_zero(ballots):
    counts = ballots("AB", "000").counts()
    assert counts.participants == ("p0", "p1")
    assert counts.shares.tolist() == [[0.5, 0.5], [0.0, 0.0]]
    assert counts.excluded == {}


def test_shares_are_of_all_answers_and_exact(ballots):
    counts = ballots("AAB000", "A").counts()
    assert counts.proportions() == {"A": [Fraction(1, 3), 1], "B": [Fraction(1, 6), 0]}
    assert counts.exact.mean(0) == Fraction(2, 3)


def test_none_of_these_is_possible_where_anybody_chose_it(ballots):
    assert ballots("A0").counts().none_possible
    assert not ballots("A-").counts().none_possible


def test_none_against_any_method_is_a_table_of_two_answers(ballots):
    assert ballots("AB0", "000").counts().none_counts.table.tolist() == [[1, 2], [3, 0]]


def test_a_study_in_which_nobody_chose_a_method_is_refused(ballots):
    with pytest.raises(NoVotesError) as refusal:
        ballots("00", "0").counts()
    assert str(refusal.value) == "votes: no method was chosen in any of the 3 counted answers"


def test_a_participant_without_any_answer_is_refused_by_row(ballots):
    with pytest.raises(VoteTableError, match="votes, row 2, column participant: 'p1'"):
        ballots("A", "-").counts()


def test_counts_of_a_table_alone_offer_every_method_in_every_answer():
    counts = Counts(("p", "q"), ("A", "B"), np.array([[1, 2], [0, 4]]), 2, {}, 0, 0, 0)
    assert counts.offered.tolist() == [[3, 3], [4, 4]]
    assert counts.complete_offers
    assert not counts.none_possible
    assert counts.weighted_answers.tolist() == [3, 4]


def test_a_rating_is_neither_an_answer_nor_an_unanswered_choice():
    rows = [{"participant": "p", "question_type": "choice", "chosen_method": "A"}]
    rows.append({"participant": "p", "question_type": "rating", "chosen_method": "", "rating": "4"})
    counts = VoteTable.from_rows(rows).counts()
    assert (counts.n_answers, counts.n_unanswered) == (1, 0)


def test_a_tie_is_an_answer_that_chose_no_method():
    rows = [{"participant": "p", "chosen_method": method, "tie": not method} for method in ("A", "B", "")]
    counts = VoteTable.from_rows(rows).counts()
    assert (counts.n_votes, counts.ties.tolist(), counts.answers.tolist()) == (2, [1], [3])
