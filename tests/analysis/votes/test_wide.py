import pytest

from analysis.votes.table import VoteTable, VoteTableError
from analysis.votes.wide import selected

COLUMNS = ["participant", "Q1", "Q2", "Q-3", "age", "Q7"]
OTREE = (
    "participant.id_in_session,participant.code,maps.1.player.id_in_group,maps.1.player.choice,"
    "maps.2.player.id_in_group,maps.2.player.choice\n1,abc,1,LIME,1,CAM\n2,abd,2,CAM,2,CAM\n"
)
LIMESURVEY = (
    "id,submitdate,lastpage,startlanguage,seed,G1Q1,G1Q2,G1Q3\n"
    "1,2024-01-01 10:00:00,3,en,1234,LIME,CAM,LIME\n2,2024-01-01 11:00:00,3,en,12345,CAM,CAM,LIME\n"
)


def read(text, **settings):
    return VoteTable.from_csv(text.encode(), "v.csv", **settings)


def refusal(text, **settings):
    with pytest.raises(VoteTableError) as error:
        read(text, **settings)
    return str(error.value)


# Selections


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("Q1-Q7", ["Q1", "Q2", "Q-3", "age", "Q7"]),
        ("Q2-Q-3", ["Q2", "Q-3"]),
        ("Q-3", ["Q-3"]),
        ("Q7,Q1", ["Q1", "Q7"]),
        ("Q1-Q2, Q7", ["Q1", "Q2", "Q7"]),
        ("Q*", ["Q1", "Q2", "Q-3", "Q7"]),
    ],
)
def test_a_selection_names_columns_ranges_and_patterns_in_the_order_of_the_file(text, columns):
    assert selected(text, COLUMNS, "v.csv", "--questions") == columns


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Q1-Q9", "'Q1-Q9' is neither a column nor a range; columns are participant, Q1, Q2, Q-3, age, Q7"),
        ("Q7-Q1", "'Q7-Q1': 'Q1' comes first in the file"),
        (",", "',' selects no column"),
    ],
)
def test_a_selection_that_names_no_column_is_refused(text, message):
    with pytest.raises(VoteTableError) as error:
        selected(text, COLUMNS, "v.csv", "--questions")
    assert str(error.value) == f"v.csv: --questions {message}"


def test_named_questions_are_read_and_other_columns_are_not():
    table = read("participant,age,q1,q2,age2\nx,30,A,B,7\ny,41,B,B,8\n", questions="q1-q2")
    assert table.counts().votes == {"B": 3, "A": 1}


# Columns that cannot be votes


@pytest.mark.parametrize(
    ("header", "values", "reason"),
    [
        ("visit", ("2024-01-01", "2024-01-02", "2024-01-02"), "holds dates or times"),
        ("years", ("30", "41", "25"), "holds numbers where others hold names"),
        ("attention", ("ok", "ok", "ok"), "holds values that no other column holds"),
        ("Gender", ("A", "B", "A"), "is about the participant or the session"),
        ("Duration (in seconds)", ("300", "310", "300"), "is about the participant or the session"),
    ],
)
def test_a_column_that_cannot_hold_choices_is_refused_by_name(header, values, reason):
    rows = "".join(
        f"p{i},{value},A,{chosen}\n" for i, (value, chosen) in enumerate(zip(values, "BAB", strict=True))
    )
    assert refusal(f"participant,{header},q1,q2\n{rows}", shape="questions") == (
        f"v.csv: columns that do not look like questions: {header!r}, for example {values[0]!r} ({reason}); "
        "name the questions with --questions, such as --questions q1,q2"
    )


def test_codes_of_methods_are_choices():
    table = read("participant,q1,q2\nx,1,2\ny,2,2\n", shape="questions")
    assert table.counts().votes == {"2": 3, "1": 1}


def test_a_number_of_votes_that_breaks_constant_totals_is_refused_by_name():
    text = "participant,visits,A,B,C\na,30,3,7,2\nb,41,6,4,2\nc,25,5,5,2\nd,30,1,1,10\n"
    assert "'visits', for example '30' (breaks the totals of 12 votes per participant)" in refusal(
        text, shape="counts"
    )


def test_a_column_of_sums_is_refused_by_name():
    text = "participant,A,B,n\na,3,7,10\nb,6,4,10\nc,5,4,9\n"
    assert "'n', for example '10' (is the sum of the others)" in refusal(text, shape="counts")


def test_a_text_column_among_counts_is_refused_by_name():
    assert "'hand', for example 'left' (holds no numbers)" in refusal(
        "participant,hand,A,B\na,left,3,7\nb,right,4,6\n", shape="counts"
    )


def test_an_empty_column_is_not_read_and_noted():
    table = read("participant,q1,q2,other\nx,A,B,\ny,B,B,\n", shape="questions")
    assert table.notes == ("Columns without a value were not read: 'other'.",)
    assert set(table.answers["question"]) == {"q1", "q2"}


def test_a_column_of_none_is_an_answer_without_a_method():
    table = read("participant,A,B,none of these\np,3,4,3\nq,5,5,0\n", shape="counts")
    assert (table.answers["chosen_position"] == "0").sum() == 3
    assert set(table.counts().votes) == {"A", "B"}


# Exports of other tools


def test_an_export_of_otree_is_refused_with_the_options_that_read_it():
    assert refusal(OTREE) == (
        "v.csv, row 1: this looks like an export of oTree; add --column participant=participant.code "
        "--questions 'maps.*.player.choice'"
    )


def test_these_options_read_the_export_of_otree():
    table = read(OTREE, columns={"participant": "participant.code"}, questions="maps.*.player.choice")
    assert table.counts().votes == {"CAM": 3, "LIME": 1}


def test_an_export_of_limesurvey_is_refused_with_the_options_that_read_it():
    assert refusal(LIMESURVEY) == (
        "v.csv, row 1: this looks like an export of LimeSurvey; add --column participant=id "
        "--questions G1Q1-G1Q3"
    )


def test_these_options_read_the_export_of_limesurvey():
    table = read(LIMESURVEY, columns={"participant": "id"}, questions="G1Q1-G1Q3")
    assert table.counts().votes == {"CAM": 3, "LIME": 3}


def test_the_header_rows_of_qualtrics_are_skipped_in_long_form_too():
    rows = 'Name,Which picture?\n"{""ImportId"":""x""}","{""ImportId"":""QID1""}"\np,A\nq,B\n'
    table = read(f"participant,chosen_method\n{rows}")
    assert table.counts().votes == {"A": 1, "B": 1}
    assert list(table.answers.index) == [4, 5]


@pytest.mark.parametrize("shape", ["questions", "counts"])
def test_a_wide_table_without_rows_has_no_answers(shape):
    assert refusal("participant,A,B\n", shape=shape).startswith("v.csv: no answers below the header")
