"""Files as other tools write them: each is read with the right counts, or refused in one line.

`cases/faults` holds the first rows of synthetic files; the votes expected here were counted with
`cut | sort | uniq -c`.
"""

from pathlib import Path

import pytest

from analysis.__main__ import main
from analysis.votes.table import VoteTable, VoteTableError

FAULTS = Path(__file__).parents[1] / "cases" / "faults"
OTHERS = {"NormLIME": 15, "SmoothGrad": 8, "VarGrad": 3}
COUNTED = OTHERS | {"LIME": 14}
WITHOUT_NA = {"NormLIME": 14, "LIME": 12, "SmoothGrad": 8, "VarGrad": 3}
AMONG_FIVE = {"NormLIME": 19, "LIME": 18, "SmoothGrad": 8, "VarGrad": 5}


def refusal(file, **settings):
    with pytest.raises(VoteTableError) as error:
        VoteTable.read(FAULTS / file, **settings)
    message = str(error.value)
    assert "\n" not in message
    return message.removeprefix(str(FAULTS / file))


@pytest.mark.parametrize(
    ("file", "settings", "message"),
    [
        (
            "counts_with_age.csv",
            {"shape": "counts"},
            ": columns that do not look like methods: 'age', for example '43' (is about the participant or "
            "the session); name the methods with --methods, such as --methods NormLIME-VarGrad",
        ),
        (
            "decimal_comma_ms.csv",
            {},
            ", row 2, column response_ms: '7032,1' is not a number of milliseconds; allowed is a number "
            "from 0, with a decimal point; add --decimal , if decimals have a comma",
        ),
        (
            "limesurvey_semicolon_bom.csv",
            {},
            ", row 1: the columns are separated by ';', not by ','; add --separator semicolon",
        ),
        (
            "method_case_space.csv",
            {},
            ", column chosen_method: method names that differ only in spelling: 'Lime' (6), 'LIME' (5), "
            "'lime' (3); add --same-names merge to count them as one, or --same-names keep to keep them "
            "apart",
        ),
        (
            "na_as_missing.csv",
            {},
            ", column chosen_method: method names that may mark missing answers: 'NA' (3); add "
            "--missing-marks missing to read them so, or --missing-marks keep if they are names, "
            "--none TEXT if it means "
            '"none of these"',
        ),
        (
            "qualtrics_wide.csv",
            {},
            ", row 1: this looks like an export of Qualtrics; add --column participant=ResponseId "
            "--questions Q1-Q10",
        ),
        (
            "qualtrics_wide.csv",
            {"columns": {"participant": "ResponseId"}},
            ", row 1: this looks like an export of Qualtrics; add --questions Q1-Q10",
        ),
        (
            "totals_row.csv",
            {"shape": "counts"},
            ", row 22, column participant: 'Total' holds the sums of the other rows, not the votes of a "
            "participant; delete the row",
        ),
        ("utf16_tab_excel.tsv", {}, ": the file is in UTF-16, not UTF-8; add --encoding utf-16"),
    ],
)
def test_a_file_that_would_be_miscounted_is_refused_with_the_option_that_reads_it(file, settings, message):
    assert refusal(file, **settings) == message


@pytest.mark.parametrize(
    ("file", "settings", "votes"),
    [
        ("decimal_comma_ms.csv", {"decimal": ","}, COUNTED),
        ("limesurvey_semicolon_bom.csv", {"separator": ";"}, COUNTED),
        ("method_case_space.csv", {"same_names": "merge"}, OTHERS | {"Lime": 14}),
        ("method_case_space.csv", {"same_names": "keep"}, OTHERS | {"Lime": 6, "LIME": 5, "lime": 3}),
        ("na_as_missing.csv", {"missing_marks": "missing"}, WITHOUT_NA),
        ("na_as_missing.csv", {"missing_marks": "keep"}, WITHOUT_NA | {"NA": 3}),
        ("counts_with_age.csv", {"methods": "NormLIME-VarGrad"}, AMONG_FIVE),
        ("seconds_not_ms.csv", {}, COUNTED),
    ],
)
def test_the_option_reads_the_file(file, settings, votes):
    assert VoteTable.read(FAULTS / file, **settings).counts().votes == votes


def test_utf_16_is_read_with_its_encoding():
    assert len(VoteTable.read(FAULTS / "utf16_tab_excel.tsv", encoding="utf-16").answers) == 20


def test_names_that_are_formulas_or_html_are_names():
    votes = VoteTable.read(FAULTS / "formula_and_html.csv").counts().votes
    assert votes['=HYPERLINK("http://x","y")'] == 15
    assert votes["<b>LIME</b>&<script>alert(1)</script>"] == 14


def test_decimal_commas_are_converted():
    assert VoteTable.read(FAULTS / "decimal_comma_ms.csv", decimal=",").response_ms.iloc[0] == 7032.1


def test_seconds_are_converted_and_noted():
    table = VoteTable.read(FAULTS / "seconds_not_ms.csv")
    assert table.response_ms.iloc[0] == 3222
    assert table.notes[0].startswith("response_ms holds seconds (median ")


@pytest.fixture(scope="module")
def qualtrics():
    return VoteTable.read(
        FAULTS / "qualtrics_wide.csv", columns={"participant": "ResponseId"}, questions="Q1-Q10"
    )


def test_the_header_rows_of_qualtrics_are_no_participants(qualtrics):
    assert set(qualtrics.answers["participant"]) == {f"R_{i:03}" for i in range(20)}
    assert qualtrics.notes[0] == (
        "Rows 2 and 3 of the file, Qualtrics' question texts and import ids, were not read."
    )


def test_previews_of_qualtrics_keep_their_status(qualtrics):
    answers = qualtrics.answers
    assert set(answers["status"][answers["participant"] == "R_000"]) == {"Survey Preview"}
    assert set(answers["status"][answers["participant"] != "R_000"]) == {"complete"}


def test_the_command_refuses_a_file_in_one_line_and_reads_it_with_the_option(capfd):
    path = str(FAULTS / "limesurvey_semicolon_bom.csv")
    assert main(["report", path]) == 2
    assert len(capfd.readouterr().err.splitlines()) == 1
    assert main(["report", path, "--separator", "semicolon", "--format", "apa"]) == 0
