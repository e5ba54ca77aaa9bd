import subprocess
import sys
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.votes.table import NoVotesError, VoteTable, VoteTableError

HEADER = (
    "participant,question,kind,method_1,method_2,chosen_position,chosen_method,"
    "status,checks_passed,kept,simulated"
)
GOOD = "p1,q1,scored,LIME,CAM,1,LIME,complete,5,true,false"
LAYOUT = "a vote table is a CSV file in UTF-8 with a header row and one row per answer"
ENCODING = "save the file as UTF-8, or name its encoding, "
ENCODING += "such as --encoding cp1252 for a file from Excel on Windows"


def table(*lines, header=HEADER):
    return VoteTable.from_csv("\n".join([header, *lines]).encode(), "votes.csv")


def refusal(content):
    """What is said of a faulty table."""
    with pytest.raises(VoteTableError) as error:
        VoteTable.from_csv(content if isinstance(content, bytes) else content.encode(), "votes.csv").counts()
    return str(error.value)


# What a good table gives


def test_the_normlime_table_has_the_paper_s_totals(normlime_table):
    counts = normlime_table.counts()
    assert counts.votes == {"NormLIME": 939, "LIME": 438, "VarGrad": 151, "SmoothGrad": 132}
    assert (len(counts.participants), counts.n_votes) == (83, 1660)
    assert counts.methods == ("NormLIME", "LIME", "VarGrad", "SmoothGrad")  # most votes first


def test_participant_and_chosen_method_are_enough(normlime_table):
    two = VoteTable.from_frame(normlime_table.answers[["participant", "chosen_method"]])
    assert (two.counts().table == normlime_table.counts().table).all()


def test_a_file_a_frame_and_rows_give_the_same_counts_and_hash(normlime_path):
    frame = pd.read_csv(normlime_path)
    in_memory = [VoteTable.from_frame(frame), VoteTable.from_rows(frame.to_dict("records"))]
    tables = [VoteTable.read(normlime_path), *in_memory]
    assert len({t.sha256 for t in tables}) == 1  # the file has plain quoting, \n, and true in lower case
    assert len({tuple(t.counts().votes.items()) for t in tables}) == 1


def test_values_of_python_are_read_as_a_csv_file_would_hold_them():
    one = {"participant": 7, "chosen_method": "A", "kept": True, "simulated": np.False_, "checks_passed": 4.0}
    two = {"participant": 8, "chosen_method": None, "kept": False, "simulated": False}
    table = VoteTable.from_rows([one, two])
    assert table.counts().participants == ("7",)
    assert table.answers["checks_passed"].tolist() == ["4", ""]


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT, ""])
def test_a_missing_choice_is_no_vote(missing):
    rows = [{"participant": "p", "chosen_method": "A"}, {"participant": "p", "chosen_method": missing}]
    counts = VoteTable.from_rows(rows).counts()
    assert (counts.n_votes, counts.n_unanswered) == (1, 1)


def test_names_that_look_like_numbers_or_missing_values_stay_names():
    data = b"participant,chosen_method\n007,NA\n7,None\n7.0,nan\n"
    counts = VoteTable.from_csv(data, "v", missing_marks="keep").counts()
    assert counts.participants == ("007", "7", "7.0")
    assert set(counts.methods) == {"NA", "None", "nan"}


def test_a_byte_order_mark_windows_lines_blank_lines_and_spaces_are_no_matter():
    content = b'\xef\xbb\xbfparticipant , chosen_method\r\n\r\n p1 , LIME \r\n,\r\n"p2","A, B"\r\n'
    counts = VoteTable.from_csv(content, "v").counts()
    assert counts.participants == ("p1", "p2")
    assert counts.votes == {"A, B": 1, "LIME": 1}


def test_only_scored_questions_are_votes():
    check = "p1,c1,check,class mean,,2,,complete,5,true,false"
    practice = "p1,x1,practice,LIME,CAM,2,CAM,complete,5,true,false"
    counts = table(GOOD, check, practice, practice).counts()
    assert counts.votes == {"LIME": 1, "CAM": 0}


def test_a_method_without_votes_is_a_group_with_zeros():
    counts = table(GOOD, GOOD.replace("q1", "q2")).counts()
    assert counts.votes == {"LIME": 2, "CAM": 0}
    assert counts.proportions() == {"LIME": [Fraction(1)], "CAM": [Fraction(0)]}


def test_proportions_are_exact_and_a_participant_s_add_up_to_1(cast):
    proportions = cast("AAB", "ABBBCCC").counts().proportions()
    assert proportions["A"] == [Fraction(2, 3), Fraction(1, 7)]
    assert [sum(shares) for shares in zip(*proportions.values(), strict=True)] == [1, 1]


def test_methods_with_equal_votes_stand_by_name(cast):
    assert cast("bAc", "bAc").counts().methods == ("A", "b", "c")


# Who counts


def test_a_participant_who_is_not_kept_does_not_count():
    counts = table(GOOD, "p2,q1,scored,LIME,CAM,2,CAM,complete,3,False,false").counts()
    assert counts.votes == {"LIME": 1, "CAM": 0}
    assert (counts.n_recruited, counts.excluded) == (2, {"too few checks passed": 1})


def test_a_least_number_of_checks_overrules_kept():
    lines = [
        GOOD.replace(",true,", ",false,"),
        "p2,q1,scored,LIME,CAM,2,CAM,complete,3,true,false",
        "p3,q1,scored,LIME,CAM,2,CAM,started,5,true,false",
    ]
    counts = table(*lines).counts(min_passed=4)
    assert counts.participants == ("p1",)
    assert counts.excluded == {"fewer than 4 checks passed": 1, "not complete": 1}


@pytest.mark.parametrize(("min_passed", "kept"), [(0, 3), (3, 3), (4, 2), (5, 1)])
def test_each_threshold_keeps_who_reaches_it(min_passed, kept):
    lines = [GOOD.replace("p1", f"p{n}").replace(",5,", f",{n},") for n in (3, 4, 5)]
    assert len(table(*lines).counts(min_passed).participants) == kept


@pytest.mark.parametrize(
    ("simulated", "participants", "n_simulated", "n_set_aside"),
    [("include", ("p1", "p2"), 1, 0), ("exclude", ("p1",), 0, 1), ("only", ("p2",), 1, 1)],
)
def test_simulated_participants_are_counted_and_can_be_set_aside(
    simulated, participants, n_simulated, n_set_aside
):
    counts = table(GOOD, "p2,q1,scored,LIME,CAM,2,CAM,complete,5,true,YES").counts(simulated=simulated)
    assert counts.participants == participants
    assert (counts.n_simulated, counts.n_set_aside) == (n_simulated, n_set_aside)


@pytest.mark.parametrize("true", ["true", "TRUE", "1", "yes", "Yes"])
@pytest.mark.parametrize("false", ["false", "False", "0", "no", "NO"])
def test_true_and_false_have_many_spellings(true, false):
    lines = [f"a,X,{true}", f"b,X,{false}"]
    assert table(*lines, header="participant,chosen_method,kept").counts().participants == ("a",)


# What is refused, and in which words


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "p1,q1,scored,LIME,CAM,,VarGrad,complete,5,true,false",
            "column chosen_method: 'VarGrad' was not offered in this row; allowed are CAM, LIME",
        ),
        (
            "p1,q1,scored,LIME,CAM,5,LIME,complete,5,true,false",
            "column chosen_position: '5' is not a display position; "
            "allowed are 1, 2, 3, 4, or 0 for none of these",
        ),
        (
            "p1,q1,scored,LIME,CAM,2,LIME,complete,5,true,false",
            "column chosen_position: '2' is where method_2 holds 'CAM', but chosen_method is 'LIME'; "
            "allowed is 1",
        ),
        (
            "p1,q1,scored,LIME,CAM,2,,complete,5,true,false",
            "column chosen_position: '2' is where method_2 holds 'CAM', but chosen_method is ''; "
            "allowed is nothing",
        ),
        (
            "p1,q1,scord,LIME,CAM,1,LIME,complete,5,true,false",
            "column kind: 'scord' is not a kind of question; allowed are scored, check, practice",
        ),
        (
            "p1,q1,scored,LIME,CAM,1,LIME,complete,5,maybe,false",
            "column kept: 'maybe' is neither true nor false; "
            "allowed are true, 1, yes, false, 0, no, in any case",
        ),
        (
            "p1,q1,scored,LIME,CAM,1,LIME,complete,5,true,",
            "column simulated: '' is neither true nor false; "
            "allowed are true, 1, yes, false, 0, no, in any case",
        ),
        (
            "p1,q1,scored,LIME,CAM,1,LIME,complete,-1,true,false",
            "column checks_passed: '-1' is not a number of checks; allowed are 0, 1, 2 and so on",
        ),
        (
            ",q1,scored,LIME,CAM,1,LIME,complete,5,true,false",
            "column participant: '' is not the name of a participant; allowed is any text in one line",
        ),
        (
            'p1,q1,scored,"LI\nME",CAM,2,CAM,complete,5,true,false',
            "column method_1: 'LI\\nME' holds a character that cannot be printed; "
            "allowed is any text in one line",
        ),
        (
            "p9,q1,scored,LIME,CAM,1,LIME,complete,5,true,false",
            "column question: 'q1' was already answered by participant 'p9' in row 2; "
            "allowed is one answer per question",
        ),
        (
            "p9,q2,scored,LIME,CAM,1,LIME,complete,5,false,false",
            "column kept: 'false' differs from 'true' in row 2; allowed is one value for 'p9'",
        ),
        (
            "p9,q2,scored,LIME,CAM,1,LIME,complete,4,true,false",
            "column checks_passed: '4' differs from '5' in row 2; allowed is one value for 'p9'",
        ),
        (
            "p1,q1,check,,,1,,complete,5,true,false",
            "column participant: 'p1' is included but answered no scored question; "
            "give at least one chosen_method, or set kept to false",
        ),
    ],
)
def test_a_faulty_row_is_named_with_its_column_its_value_and_what_is_allowed(line, sentence):
    good = GOOD.replace("p1", "p9")
    assert refusal(f"{HEADER}\n{good}\n\n{line}\n") == f"votes.csv, row 4, {sentence}"  # after a blank line


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", f"votes.csv: the file is empty; {LAYOUT}"),
        (b"\xef\xbb\xbf\r\n \r\n", f"votes.csv: the file is empty; {LAYOUT}"),
        (b",,\n", f"votes.csv: the file is empty; {LAYOUT}"),
        (b"participant,chosen_method\n", f"votes.csv: no answers below the header; {LAYOUT}"),
        (
            b"\x89PNG\r\n\x1a\n\x00\x00",
            f"votes.csv, row 3: byte 0x00 does not belong in a text file; {LAYOUT}",
        ),
        (
            b"participant,chosen_method\np,caf\xe9\n",
            f"votes.csv, row 2: byte 0xe9 is not UTF-8; {ENCODING}",
        ),
        (
            b"\xef\xbb\xbfparticipant,chosen_method\np,caf\xe9\n",
            f"votes.csv, row 2: byte 0xe9 is not UTF-8; {ENCODING}",
        ),
        (b'participant,chosen_method\np,"A\nB\n', f"votes.csv, row 2: unexpected end of data; {LAYOUT}"),
        (
            b"participant,vote\np,A\n",
            "votes.csv, row 1: no column 'chosen_method' among participant, vote; "
            "needed are participant and one of chosen_method, chosen_option, rating: "
            "--column names other columns, --shape a table with one row per participant",
        ),
        (
            b"participant;chosen_method\np;A\n",
            "votes.csv, row 1: the columns are separated by ';', not by ','; add --separator semicolon",
        ),
        (
            b"participant\tchosen_method\np\tA\n",
            "votes.csv, row 1: the columns are separated by a tab, not by ','; add --separator tab",
        ),
        (
            b"participant,chosen_method,participant\np,A,p\n",
            "votes.csv, row 1: two columns are named 'participant'; allowed is one",
        ),
        (
            b"participant,chosen_method\np,A\np,A,A\n",
            "votes.csv, row 3: 3 values; allowed are 2, one for each column",
        ),
        (
            b"study,participant,chosen_method\ns1,p,A\ns2,p,A\n",
            "votes.csv, row 3, column study: 's2' is a second study; "
            "allowed is one in a table, and the first is 's1'",
        ),
        (
            b"participant,chosen_method,kept\np,A,no\n",
            "votes.csv: no participant is included of 1 (kept is false: 1)",
        ),
    ],
)
def test_a_faulty_file_is_refused_in_one_sentence(content, sentence):
    assert refusal(content) == sentence


def test_a_row_after_a_cell_of_two_lines_is_still_found():
    content = 'participant,chosen_method,kept,remark\np,A,yes,"one\ntwo"\np,A,maybe,\n'
    assert refusal(content).startswith("votes.csv, row 4, column kept: 'maybe' is neither")


def test_a_long_value_is_cut():
    message = refusal(f"participant,chosen_method,kept\np,A,{'x' * 5000}\n")
    assert message.startswith(f"votes.csv, row 2, column kept: '{'x' * 57}...' is neither")
    assert len(message) < 200


def test_rows_in_memory_are_counted_from_1():
    with pytest.raises(VoteTableError) as error:
        VoteTable.from_rows([{"participant": "p", "chosen_method": "A", "kept": "?"}], name="study 5")
    assert str(error.value).startswith("study 5, row 1, column kept: '?' is neither")


@pytest.mark.parametrize("rows", [[], [{}]])
def test_no_rows_are_no_votes(rows):
    with pytest.raises(VoteTableError):
        VoteTable.from_rows(rows)
    with pytest.raises(NoVotesError):
        VoteTable.from_rows([])


@pytest.mark.parametrize("column", ["status", "checks_passed"])
def test_a_threshold_needs_the_columns_that_it_is_about(column):
    without = table(GOOD).answers.drop(columns=column)
    with pytest.raises(VoteTableError) as error:
        VoteTable.from_frame(without, "votes.csv").counts(min_passed=4)
    assert (
        str(error.value)
        == f"votes.csv: no column '{column}'; needed for min_passed are status and checks_passed"
    )


def test_a_threshold_needs_the_checks_of_each_who_is_complete():
    with pytest.raises(VoteTableError) as error:
        table(GOOD.replace(",5,", ",,")).counts(min_passed=4)
    assert str(error.value) == (
        "votes.csv, row 2, column checks_passed: '' is not a number of checks; allowed are 0, 1, 2 and so on"
    )


def test_nobody_left_by_the_simulated_option_is_said():
    with pytest.raises(NoVotesError) as error:
        table(GOOD).counts(simulated="only")
    assert str(error.value) == "votes.csv: no simulated participant among 1"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"min_passed": -1}, "min_passed must be at least 0 (got -1)"),
        ({"simulated": "both"}, "simulated is 'both'; allowed are include, exclude, only"),
    ],
)
def test_an_option_outside_its_range_is_refused(options, sentence):
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole sentence is compared
        table(GOOD).counts(**options)
    assert str(error.value) == sentence


def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path):
    for path, sentence in [
        (tmp_path / "no.csv", "no such file; name a vote table in CSV"),
        (tmp_path, "a folder; name a vote table in CSV inside it"),
    ]:
        with pytest.raises(VoteTableError) as error:
            VoteTable.read(path)
        assert str(error.value) == f"{path}: {sentence}"


# Nonsense


def only_tables_or_refusals(data):
    try:
        counts = VoteTable.from_csv(data, "votes.csv").counts()
    except VoteTableError as error:
        lines = str(error).splitlines()
    else:
        lines = ["a table"]
        assert counts.answers.min() > 0
    assert len(lines) == 1


@given(st.binary(max_size=300))
def test_any_bytes_give_a_table_or_one_line(data):
    only_tables_or_refusals(data)
    only_tables_or_refusals(b"participant,chosen_method\n" + data)


@given(st.text(st.sampled_from('p1,"\n\r;\t \ufeff\x00Aé\x85\u2028'), max_size=60))
def test_any_text_below_a_header_gives_a_table_or_one_line(text):
    only_tables_or_refusals(f"participant,chosen_method\n{text}".encode())


@given(st.data())
def test_a_damaged_table_gives_a_table_or_one_line(data):
    content = bytearray(f"{HEADER}\n{GOOD}\n{GOOD.replace('q1', 'q2')}\n".encode())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(start, min(len(content), start + 5)))
        content[start:end] = data.draw(
            st.binary(max_size=4) | st.sampled_from([b",", b"\n", b'"', b"NaN", b"\xff"])
        )
    only_tables_or_refusals(bytes(content))


cells = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.just([1])
    | st.just(pd.NaT)
)


@given(st.lists(st.dictionaries(st.sampled_from(HEADER.split(",")), cells), max_size=4))
def test_any_rows_give_a_table_or_one_line(rows):
    try:
        VoteTable.from_rows(rows).counts()
        lines = ["a table"]
    except VoteTableError as error:
        lines = str(error).splitlines()
    assert len(lines) == 1


def test_the_analysis_needs_neither_django_nor_torch():
    strangers = "{'django', 'torch', 'survey', 'explanations'}"
    code = f"import sys, analysis.__main__; sys.exit(bool({strangers} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_question_may_offer_as_many_pictures_as_the_table_has_columns():
    methods = ["A", "B", "C", "D", "E", "F"]
    offered = {f"method_{place}": method for place, method in enumerate(methods, start=1)}
    table = VoteTable.from_rows([{"participant": "p", "chosen_method": "F", "chosen_position": 6, **offered}])
    assert table.counts().votes == {"F": 1, "A": 0, "B": 0, "C": 0, "D": 0, "E": 0}


def test_none_of_the_pictures_with_a_method_is_refused():
    with pytest.raises(VoteTableError) as refusal:
        VoteTable.from_rows([{"participant": "p", "chosen_method": "A", "chosen_position": 0}])
    assert str(refusal.value) == (
        "votes, row 1, column chosen_method: 'A' is a method, but chosen_position 0 means \"none of these\"; "
        "allowed is nothing"
    )
