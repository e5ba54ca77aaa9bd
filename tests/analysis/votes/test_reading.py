import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.__main__ import main
from analysis.reporting.report import report
from analysis.votes import file_formats
from analysis.votes.table import VoteTable, VoteTableError

HEAD = "participant,question,chosen_method,kept\n"
cells = st.sampled_from(
    ["p1", "p2", " p3 ", "", '"a,b"', '"x""y"', '"', "é", "A", "B", "true", "1.0", "a\rb"]
)
lines = st.lists(st.lists(cells, min_size=3, max_size=5).map(",".join), max_size=6)


@given(lines, st.sampled_from(["\n", "\r\n", "\r", "\n\n"]), st.booleans())
def test_the_fast_reader_reads_what_the_careful_one_reads_or_leaves_it_to_it(records, end, closed):
    text = HEAD + end.join(records) + (end if closed else "")
    fast = file_formats.fast_csv(text.encode(), ",")
    if fast is not None:
        careful = file_formats.careful_csv(text.encode(), "votes.csv", ",")
        assert fast.astype(object).to_dict("index") == careful.to_dict("index")


def test_a_plain_file_takes_the_fast_way(normlime_path):
    assert file_formats.fast_csv(normlime_path.read_bytes(), ",") is not None
    quoted = HEAD + '"p1","1","A B","true"\n'
    assert file_formats.fast_csv(quoted.encode(), ",")["chosen_method"].tolist() == ["A B"]


@pytest.mark.parametrize(
    "text",
    [HEAD + '"p1",1,A\n', HEAD + "p1,1,A,true\n\np2,1,A,true\n", HEAD + 'p"1,1,A,true\n', HEAD, "a,b\n1,2\n"],
)
def test_what_needs_a_message_takes_the_careful_way(text):
    assert file_formats.fast_csv(text.encode(), ",") is None


def test_an_error_names_the_same_row_on_both_ways(monkeypatch):
    data = (HEAD + "p1,1,A,true\np2,1,B,perhaps\n").encode()
    with pytest.raises(VoteTableError) as fast:
        VoteTable.from_csv(data, "votes.csv")
    monkeypatch.setattr(file_formats, "fast_csv", lambda *arguments: None)
    with pytest.raises(VoteTableError) as careful:
        VoteTable.from_csv(data, "votes.csv")
    assert str(fast.value) == str(careful.value)
    assert str(fast.value).startswith("votes.csv, row 3, column kept: 'perhaps' is neither true nor false")


@pytest.mark.parametrize("suffix", [".parquet", ".tsv"])
def test_other_files_give_the_same_counts(normlime_table, normlime_path, tmp_path, suffix):
    frame, path = pd.read_csv(normlime_path), tmp_path / f"votes{suffix}"
    frame.to_parquet(path) if suffix == ".parquet" else frame.to_csv(path, sep="\t", index=False)
    read = VoteTable.read(path)
    assert (read.counts().table == normlime_table.counts().table).all()


def test_parquet_with_gaps_and_types_is_read_as_csv_would_be(tmp_path):
    frame = pd.DataFrame(
        {
            "participant": [1, 1, 2],
            "chosen_method": ["A", None, "B"],
            "checks_passed": [4.0, 4.0, None],
            "kept": [True, True, False],
            "status": pd.Categorical(["complete", "complete", "answering"]),
        }
    )
    frame.to_parquet(tmp_path / "votes.parquet")
    answers = VoteTable.read(tmp_path / "votes.parquet").answers.astype(object)
    assert answers.to_numpy().tolist() == [
        ["1", "A", "4", "true", "complete"],
        ["1", "", "4", "true", "complete"],
        ["2", "B", "", "false", "answering"],
    ]  # fmt: skip


def test_a_broken_parquet_file_is_one_line(tmp_path, capfd):
    (tmp_path / "votes.parquet").write_bytes(b"PAR1 and nothing of it PAR1")
    assert main(["report", str(tmp_path / "votes.parquet")]) == 2
    message = capfd.readouterr().err
    assert len(message.splitlines()) == 1
    assert "votes.parquet: a Parquet file that cannot be read: " in message


def test_parquet_without_the_columns_says_which_there_are(tmp_path, capfd):
    pd.DataFrame({"worker": ["p"], "A": [1]}).to_parquet(tmp_path / "votes.parquet")
    assert main(["report", str(tmp_path / "votes.parquet")]) == 2
    assert "no column 'participant' among worker, A; needed are" in capfd.readouterr().err


def test_counts_by_participant_are_a_table_too(normlime_path, normlime_table):
    wide = VoteTable.read(normlime_path.parent / "counts.csv", shape="counts")
    assert report(wide).omnibus.one_way == report(normlime_table).omnibus.one_way


def test_a_column_a_question_is_a_table_too(votes_csv):
    path = votes_csv("participant,q1,q2,q3\nx,A,B,A\ny,B,,B\n")
    counts = VoteTable.read(path, shape="questions").counts()
    assert counts.votes == {"B": 3, "A": 2}
    assert counts.n_unanswered == 1


def test_a_method_without_votes_in_a_table_of_counts_is_kept(votes_csv):
    counts = VoteTable.read(votes_csv("participant,A,B,C\nx,2,1,0\ny,3,0,0\n"), shape="counts").counts()
    assert counts.votes == {"A": 5, "B": 1, "C": 0}


@pytest.mark.parametrize(
    ("content", "shape", "message"),
    [
        (
            "participant,A,B\nx,2,many\n",
            "counts",
            ", row 2, column B: 'many' is not a number of votes; allowed are 0, 1, 2 and so on",
        ),
        (
            "participant,A\nx,2\nx,3\n",
            "counts",
            ", row 3, column participant: 'x' has a row already; allowed is one row per participant in "
            "a wide table",
        ),
        ("participant,kept\nx,true\n", "questions", ": no column of a question besides participant, kept"),
        ("who,A\nx,2\n", "counts", ": no column 'participant' among who, A; name it with --column"),
    ],
)  # fmt: skip
def test_a_faulty_wide_table_is_one_line(votes_csv, content, shape, message):
    path = votes_csv(content)
    with pytest.raises(VoteTableError) as refusal:
        VoteTable.read(path, shape=shape)
    assert str(refusal.value) == f"{path}{message}"


def test_columns_of_other_names_are_mapped(votes_csv, capfdbinary):
    path = votes_csv("worker,answer,kind\nx,A,mine\ny,B,mine\n")
    mapping = ["--column", "participant=worker", "--column", "chosen_method=answer", "--column", "kind=kind"]
    assert main(["report", str(path), "--format", "json", *mapping[:4]]) == 2  # 'mine' is no kind of question
    path = votes_csv("worker,answer\nx,A\ny,B\n")
    capfdbinary.readouterr()
    assert main(["report", str(path), "--format", "json", *mapping[:4]]) == 0
    assert json.loads(capfdbinary.readouterr().out)["votes"] == {"A": 1, "B": 1}


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"voter": "a"}, "'voter' is not a column of a vote table; allowed are study, participant, "),
        ({"participant": "who"}, "no column 'who'; columns are a, b"),
    ],
)
def test_a_mapping_that_names_nothing_is_refused(votes_csv, mapping, message):
    with pytest.raises(VoteTableError) as refusal:
        VoteTable.read(votes_csv("a,b\n1,2\n"), columns=mapping)
    assert message in str(refusal.value)


def test_a_mapping_without_a_sign_is_refused(votes_csv, capfd):
    with pytest.raises(SystemExit):
        main(["report", "votes.csv", "--column", "participant"])
    assert "'participant' must be OURS=THEIRS, such as participant=worker_id" in capfd.readouterr().err
