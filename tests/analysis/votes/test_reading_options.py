import argparse

import pandas as pd
import pytest

from analysis.votes.reading_options import ReadingOptions, add_arguments, from_arguments
from analysis.votes.table import NoVotesError, VoteTable, VoteTableError


def parsed(*arguments):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return from_arguments(parser.parse_args(arguments), keep_columns=["age"])


def read(text, **settings):
    return VoteTable.from_csv(text if isinstance(text, bytes) else text.encode(), "v.csv", **settings)


def refusal(text, **settings):
    with pytest.raises(VoteTableError) as error:
        read(text, **settings)
    return str(error.value)


def test_the_command_line_sets_every_option():
    options = parsed(
        *(
            "--column",
            "participant=who",
            "--questions",
            "Q1-Q3",
            "--separator",
            "tab",
            "--encoding",
            "cp1252",
        ),
        *("--decimal", ",", "--same-names", "merge", "--missing-marks", "keep", "--none", "keines"),
    )
    assert options == ReadingOptions(
        columns={"participant": "who"},
        questions="Q1-Q3",
        separator="\t",
        encoding="cp1252",
        decimal=",",
        same_names="merge",
        missing_marks="keep",
        none_text="keines",
        keep_columns=("age",),
    )


def test_named_questions_and_methods_imply_the_shape():
    shapes = [parsed(*a).layout for a in ([], ["--questions", "Q1"], ["--methods", "A"])]
    assert shapes == ["long", "questions", "counts"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"shape": "wide"}, "shape must be one of 'long', 'questions', 'counts' (got 'wide')"),
        (
            {"separator": "ab"},
            "separator must be one character or one of comma, semicolon, tab, pipe (got 'ab')",
        ),
        (
            {"encoding": "utf-9"},
            "encoding must be one that Python knows, such as utf-8, utf-16, cp1252 (got 'utf-9')",
        ),
        ({"same_names": "no"}, "same_names must be one of 'refuse', 'merge', 'keep' (got 'no')"),
        (
            {"shape": "long", "questions": "Q1"},
            "questions selects columns of the shape 'questions' (got 'long')",
        ),
    ],
)
def test_a_setting_that_is_not_allowed_is_refused(settings, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole sentence is compared
        ReadingOptions(**settings)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"sep=;\nparticipant;chosen_method\np;A\n", "--separator semicolon"),
        (b'"participant";"chosen_method"\n"p";"A"\n', "--separator semicolon"),
        (b"participant|chosen_method\np|A\n", "--separator pipe"),
        ("participant,chosen_method\np,caf\xe9\n".encode("cp1252"), "--encoding cp1252"),
        ("participant;chosen_method\np;A\n".encode("utf-16"), "--encoding utf-16 --separator semicolon"),
        ("participant,chosen_method\np,A\n".encode("utf-16-be"), "--encoding utf-16-be"),
    ],
)
def test_separator_and_encoding_are_not_guessed_but_named(data, message):
    assert message in refusal(data)


@pytest.mark.parametrize(
    ("data", "settings"),
    [
        (b"sep=;\nparticipant;chosen_method\np;A\n", {"separator": ";"}),
        (b"sep=,\nparticipant,chosen_method\np,A\n", {}),
        ("participant;chosen_method\np;A\n".encode("utf-16"), {"encoding": "utf-16", "separator": ";"}),
        ("participant,chosen_method\np,A\n".encode("utf-16-be"), {"encoding": "utf-16-be"}),
    ],
)
def test_with_the_option_the_file_is_read(data, settings):
    assert read(data, **settings).counts().votes == {"A": 1}


def test_an_encoding_that_does_not_fit_is_refused():
    assert refusal(b"participant,chosen_method\np,A\n\xff", encoding="ascii").startswith(
        "v.csv: not text in --encoding ascii: "
    )


def test_a_column_can_be_kept_that_the_analysis_does_not_know():
    assert list(read("participant,chosen_method,age\np,A,30\n", keep_columns=["age"]).answers["age"]) == [
        "30"
    ]


def test_a_column_to_keep_that_is_not_there_is_refused():
    assert refusal("participant,chosen_method\np,A\n", keep_columns=["age"]) == (
        "v.csv, row 1: no column 'age'; columns are participant, chosen_method"
    )


def test_a_frame_is_read_with_the_same_options():
    frame = pd.DataFrame({"who": ["x", "y"], "q1": ["A", "B"], "q2": ["A", "lime"], "age": [30, 40]})
    table = VoteTable.from_frame(frame, columns={"participant": "who"}, questions="q1-q2")
    assert table.counts().votes == {"A": 2, "B": 1, "lime": 1}


# Numbers


@pytest.mark.parametrize("value", ["abc", "-5", "inf", "1 234", "1e999"])
def test_a_response_time_is_a_number_from_0(value):
    assert refusal(f"participant,chosen_method,response_ms\np,A,500\nq,B,{value}\n") == (
        f"v.csv, row 3, column response_ms: {value!r} is not a number of milliseconds; "
        "allowed is a number from 0, with a decimal point"
    )


def test_small_whole_times_are_left_alone_with_a_warning():
    table = read("participant,chosen_method,response_ms\np,A,7\nq,B,9\n")
    assert table.response_ms.tolist() == [7, 9]
    assert table.notes[0].startswith("Warning: the median of response_ms is 7 ms")


def test_fast_answers_of_programs_are_no_seconds():
    table = read("participant,chosen_method,response_ms,simulated\np,A,0.7,true\nq,B,0.9,true\n")
    assert table.response_ms.tolist() == [0.7, 0.9]


# Question types to come


def test_a_table_of_ratings_is_valid_and_has_no_preference_votes():
    table = read("participant,method,rating\np,A,3\nq,B,4.5\n")
    with pytest.raises(NoVotesError, match="no column 'chosen_method', so there are no preference votes"):
        table.counts()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("participant,rating\np,good\n", "column rating: 'good' is not a number"),
        ("participant,chosen_method,tie\np,A,maybe\n", "column tie: 'maybe' is neither true nor false"),
        (
            "participant,chosen_option,option_1,option_2\np,bird,cat,dog\n",
            "column chosen_option: 'bird' was not offered in this row; allowed are cat, dog",
        ),
        (
            "participant,chosen_method,worst_method,method_1,method_2\np,A,A,A,B\n",
            "column worst_method: 'A' is the chosen method too; allowed is another method",
        ),
    ],
)
def test_an_answer_of_another_type_is_validated(text, message):
    assert refusal(text).startswith(f"v.csv, row 2, {message}")
