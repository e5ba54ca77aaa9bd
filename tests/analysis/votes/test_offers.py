from analysis.votes.offers import choice_data
from analysis.votes.table import VoteTable


def table(*rows, **columns):
    """Rows "p ABC B": participant, offered methods ("." for a row that says nothing), chosen method."""
    split = [row.split() for row in rows]
    return VoteTable.from_rows(
        {
            "participant": participant,
            **{f"method_{i}": method for i, method in enumerate("" if offered == "." else offered, start=1)},
            "chosen_method": "" if chosen in "0-" else chosen,
            "chosen_position": "0" if chosen == "0" else "",
            **{name: values[i] for name, values in columns.items()},
        }
        for i, (participant, offered, chosen) in enumerate(split)
    )


def test_offers_are_counted_for_each_participant_and_method():
    counts = table("p ABC A", "p AB A", "q BC C", "q BC B").counts()
    assert counts.methods == ("A", "B", "C")
    assert counts.offered.tolist() == [[2, 2, 1], [0, 2, 2]]
    assert not counts.complete_offers


def test_a_row_that_says_nothing_counts_as_if_everything_was_offered():
    counts = table("p AB A", "p . B").counts()
    assert counts.offered.tolist() == [[2, 2]]
    assert counts.complete_offers


def test_an_unanswered_question_offers_nothing():
    counts = table("p AB A", "p A -", "p AB B").counts()
    assert counts.offered.tolist() == [[2, 2]]
    assert counts.complete_offers


def test_an_answer_none_of_these_counts_as_an_offer():
    assert table("p AB A", "p AC 0").counts().offers == {"A": 2, "B": 1, "C": 1}


def test_a_method_offered_only_to_excluded_participants_is_not_compared():
    counts = table("p AB A", "q ABC C", kept=["true", "false"]).counts()
    assert counts.methods == ("A", "B")
    assert counts.complete_offers


def test_choice_data_has_one_row_for_each_counted_answer():
    votes = table(
        *("p BA A", "p CA 0", "q . B", "q AB -", "r BC C"),
        kept=["true", "true", "true", "true", "false"],
        label=["7", "", "3", "3", "3"],
        question=["q2", "q1", "q2", "q1", "q1"],
    )
    data = choice_data(votes, votes.counts())
    assert data.methods == ("A", "B", "C")
    assert data.participant.tolist() == [0, 0, 1]
    assert data.offered.tolist() == [[True, True, False], [True, False, True], [True, True, True]]
    assert data.chosen.tolist() == [0, data.none_code, 1]
    assert data.position.tolist() == [[2, 1, 0], [2, 0, 1], [0, 0, 0]]
    assert (data.labels.tolist(), data.label_names) == ([1, -1, 0], ("3", "7"))
    assert data.question.tolist() == [1, 0, 1]
    assert data.worst.tolist() == [-1, -1, -1]
    assert data.weights.tolist() == [1, 1, 1]


def test_choice_data_of_some_rows_has_those_only():
    votes = table("p AB A", "p AB B", "q AB B")
    rows = votes.answers.index.to_numpy() != 1
    data = choice_data(votes, votes.counts(rows=rows), rows)
    assert data.chosen.tolist() == [0, 0]  # B has more votes and comes first


def test_a_table_without_questions_and_labels_has_no_codes():
    votes = table("p AB A", "p AB B")
    data = choice_data(votes, votes.counts())
    assert (data.question, data.labels, data.label_names) == (None, None, ())
