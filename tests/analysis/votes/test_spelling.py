import pytest

from analysis.votes.spelling import is_none_text, keys_of, spellings
from analysis.votes.table import VoteTable, VoteTableError


def read(*methods, **settings):
    rows = [{"participant": f"p{i}", "chosen_method": method} for i, method in enumerate(methods)]
    return VoteTable.from_rows(rows, **settings)


@pytest.mark.parametrize(
    "names",
    [
        ["LIME", "lime", "Li Me"],
        ["Grad-CAM", "GradCAM", "Grad_CAM", "Grad\u2013CAM", "grad cam"],
        ["Caf\u00e9", "Cafe\u0301"],
        ["LIME", "\uff2c\uff29\uff2d\uff25", "LI\u200bME"],
        ["1", "1.0", "1.00"],
        ["Stra\u00dfe", "STRASSE"],
    ],
)
def test_names_that_differ_only_in_spelling_are_found(names):
    assert spellings(names) == [sorted(names)]


@pytest.mark.parametrize(
    "names", [["LIME", "NormLIME"], ["1", "-1"], ["1", "10"], ["007", "7"], ["Grad", "Grad++"], ["1.5", "15"]]
)
def test_names_that_differ_in_more_are_not(names):
    assert spellings(names) == []


def test_names_in_ascii_have_the_keys_that_they_have_beside_others():
    names = ["LIME", "a-B_c d", "1.0", "-1", "+2", "12", "-", "x1"]
    assert keys_of(names) == keys_of([*names, "\u00e9"])[:-1]


def test_merged_names_take_the_most_frequent_spelling_and_are_noted():
    table = read("lime", "LIME", "lime", "CAM", same_names="merge")
    assert table.counts().votes == {"lime": 3, "CAM": 1}
    assert table.notes == (
        "Method names that differ only in spelling were merged into 'lime': 'lime' (2), 'LIME' (1).",
    )


def test_offered_names_are_merged_with_chosen_ones():
    rows = [{"participant": "p", "method_1": "Lime", "method_2": "CAM", "chosen_method": "LIME"}]
    table = VoteTable.from_rows(rows, same_names="merge")
    assert table.answers["method_1"].iloc[0] == table.answers["chosen_method"].iloc[0]


def test_class_names_that_differ_only_in_spelling_are_refused():
    rows = [{"participant": "p", "chosen_option": "cat"}, {"participant": "q", "chosen_option": "Cat"}]
    with pytest.raises(VoteTableError, match="option names that differ only in spelling: 'Cat'"):
        VoteTable.from_rows(rows)


@pytest.mark.parametrize("mark", ["NA", "N/A", "nan", "NULL", "None", "-", "<NA>"])
def test_a_mark_of_a_missing_answer_is_refused_and_read_as_missing_with_the_option(mark):
    with pytest.raises(VoteTableError, match="method names that may mark missing answers"):
        read("A", "B", mark)
    assert "" in set(read("A", "B", mark, missing_marks="missing").answers["chosen_method"])


def test_participants_that_differ_only_in_spelling_are_kept_apart_with_a_warning():
    rows = [
        {"participant": p, "chosen_method": m}
        for p, m in zip(["A1b2", "a1B2", "7", "7.0"], "ABAB", strict=True)
    ]
    table = VoteTable.from_rows(rows)
    assert len(table.counts().participants) == 4
    assert table.notes == (
        "Warning: participants whose names differ only in spelling are counted apart: '7' and '7.0', "
        "'A1b2' and 'a1B2'. If they are the same people, correct the file.",
    )


@pytest.mark.parametrize(
    "text",
    ["None of these", "none of the above", "None of the pictures.", "NONE OF THEM", "neither of these"],
)
def test_usual_texts_mean_none_of_these(text):
    assert is_none_text(text)


def test_none_of_these_is_position_0_without_a_method_and_noted():
    table = read("A", "B", "None of these")
    assert table.answers["chosen_position"].tolist() == ["", "", "0"]
    assert table.answers["chosen_method"].tolist() == ["A", "B", ""]
    assert table.notes == ("'None of these' in chosen_method was read as \"none of these\" (1 answer).",)


def test_another_text_can_mean_none_of_these():
    table = read("A", "B", "keines", none_text="keines")
    assert table.answers["chosen_position"].tolist() == ["", "", "0"]
