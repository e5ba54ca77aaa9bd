import csv
import io

import pyarrow as pa
import pytest
from pyarrow import parquet

from analysis.votes import COLUMNS as UNDERSTOOD
from survey.exporting import columns_of, study_report, vote_lines, vote_rows, votes_parquet
from survey.models import Answer, Participation, Study

pytestmark = pytest.mark.django_db


def test_the_vote_table_has_a_row_for_every_answer_of_everybody(complete_participation, open_study, answer):
    answer(Participation.objects.enrol(open_study, "dropped-out"), 8)
    answer(Participation.objects.enrol(open_study, "careless"), 26, wrong_checks=3)
    rows = list(vote_rows(open_study))
    assert len(rows) == 26 + 8 + 26 == Answer.objects.count()
    assert {(row["status"], row["kept"]) for row in rows} == {
        ("complete", True),
        ("answering", False),
        ("complete", False),
    }


def test_a_row_says_what_was_shown_where_and_what_was_chosen(participation, answer):
    answer(participation, 26)
    for row in vote_rows(participation.study):
        planned = participation.plan.get(position=row["position"])
        shown = [option.class_map.method.title for option in planned.shown_options()]
        assert [row[f"method_{place}"] for place in (1, 2, 3, 4)] == shown
        assert row["chosen_method"] == shown[row["chosen_position"] - 1]
        assert row["chosen_method"] == planned.answer.option.class_map.method.title


def test_a_row_of_a_check_says_whether_it_was_passed(participation, answer):
    answer(participation, 26, wrong_checks=2)
    checks = [row for row in vote_rows(participation.study) if row["kind"] == "check"]
    assert sorted(row["correct"] for row in checks) == [False, False, True, True, True]
    assert {row["checks_passed"] for row in checks} == {3}


def test_the_exported_columns_are_those_that_the_analysis_understands_and_the_language(draft_study):
    columns = tuple(columns_of(draft_study))
    assert columns == (*(column for column in UNDERSTOOD if column in columns), "language")
    assert set(UNDERSTOOD) - set(columns) == {f"method_{place}" for place in range(5, 13)}


def test_a_row_says_in_which_language_the_study_was_shown(open_study, answer):
    answer(Participation.objects.enrol(open_study, "hier", language="de"), 3)
    assert {row["language"] for row in vote_rows(open_study)} == {"de"}


def test_the_parquet_file_holds_the_texts_of_the_csv(complete_participation, open_study):
    table = parquet.read_table(pa.BufferReader(votes_parquet(open_study)))
    assert table.to_pylist() == list(csv.DictReader(io.StringIO("".join(vote_lines(open_study)))))
    assert table.schema.metadata[b"design_sha256"].decode() == open_study.design_sha256


def test_the_csv_spells_truth_in_lower_case_and_absence_as_nothing(complete_participation):
    rows = list(csv.DictReader(io.StringIO("".join(vote_lines(complete_participation.study)))))
    assert {row["kept"] for row in rows} == {"true"}
    assert {row["correct"] for row in rows if row["kind"] == "scored"} == {""}
    assert rows[0]["shown_at"].endswith("+00:00")


def test_nothing_in_the_table_opens_a_participants_pages(complete_participation):
    table = "".join(vote_lines(complete_participation.study))
    assert complete_participation.public_id not in table
    assert complete_participation.completion_code not in table


def test_the_table_takes_two_queries_for_any_number_of_answers(
    complete_participation, django_assert_num_queries, open_study
):
    with django_assert_num_queries(2):
        list(vote_rows(open_study))


def test_a_study_without_votes_has_no_report(open_study):
    assert study_report(open_study) is None


def test_the_report_counts_the_votes_of_kept_participants(complete_participation, open_study, answer):
    answer(Participation.objects.enrol(open_study, "careless"), 26, wrong_checks=3)
    report = study_report(open_study)
    assert (report.n_participants, report.n_votes) == (1, 20)
    assert {share.method: share.votes for share in report.methods}["NormLIME"] == 20


def test_the_report_judges_at_the_level_of_the_plan(complete_participation, open_study):
    type(open_study).objects.update(alpha="0.01")
    open_study.refresh_from_db()
    assert study_report(open_study).alpha == 0.01


def test_a_report_is_made_again_once_anything_has_changed(complete_participation, django_assert_num_queries):
    study = Study.objects.get()
    first = study_report(study)
    with django_assert_num_queries(1):
        assert study_report(study) is first
    Participation.objects.withdraw(study, complete_participation.receipt_code)
    assert study_report(study) is not first


def test_a_report_tells_two_studies_in_the_same_state_apart(complete_participation):
    study = Study.objects.get()
    first = study_report(study)
    study.slug = "renamed"
    assert study_report(study) is not first
