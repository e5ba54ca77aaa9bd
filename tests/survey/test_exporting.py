import csv
import io
from datetime import datetime

import pyarrow as pa
import pytest
from pyarrow import parquet

from analysis.votes.table import COLUMNS as UNDERSTOOD
from survey import exporting
from survey.exporting import codebook_lines, columns_of, study_report, vote_lines, votes_parquet
from survey.models import Answer, Participation, Study

pytestmark = pytest.mark.django_db


def test_the_vote_table_has_a_row_for_every_answer_of_everybody(
    complete_participation, open_study, answer, votes_of
):
    answer(Participation.objects.enrol(open_study, "dropped-out"), 8)
    answer(Participation.objects.enrol(open_study, "careless"), 26, wrong_checks=3)
    rows = votes_of(open_study)
    assert len(rows) == 26 + 8 + 26 == Answer.objects.count()
    assert {(row["status"], row["kept"]) for row in rows} == {
        ("complete", "true"),
        ("answering", "false"),
        ("complete", "false"),
    }


def test_a_row_says_what_was_shown_where_and_what_was_chosen(participation, answer, votes_of):
    answer(participation, 26, chooses=lambda planned: 1 + planned.position % 4)
    for row in votes_of(participation.study):
        planned = participation.plan.get(position=row["position"])
        shown = [option.class_map.method.title for option in planned.shown_options()]
        assert [row[f"method_{place}"] for place in (1, 2, 3, 4)] == shown
        assert row["chosen_method"] == shown[int(row["chosen_position"]) - 1]
        assert row["chosen_method"] == planned.answer.option.class_map.method.title


def test_a_line_that_another_export_interrupts_stays_whole(open_study, monkeypatch):
    expected, spelled = list(codebook_lines(open_study)), exporting._spelled

    def spell_during_another_export(value):
        with monkeypatch.context() as another:
            another.setattr(exporting, "_spelled", spelled)
            list(codebook_lines(open_study))
        return spelled(value)

    monkeypatch.setattr(exporting, "_spelled", spell_during_another_export)
    assert list(codebook_lines(open_study)) == expected


def test_a_row_of_a_check_says_whether_it_was_passed(participation, answer, votes_of):
    answer(participation, 26, wrong_checks=2)
    checks = [row for row in votes_of(participation.study) if row["kind"] == "check"]
    assert sorted(row["correct"] for row in checks) == ["false", "false", "true", "true", "true"]
    assert {row["checks_passed"] for row in checks} == {"3"}


def test_the_exported_columns_stand_in_the_order_of_the_analysis(draft_study):
    columns = tuple(columns_of(draft_study))
    assert columns == tuple(column for column in UNDERSTOOD if column in columns)


def test_the_exported_table_offers_as_many_methods_as_the_study(draft_study):
    offered = [column for column in columns_of(draft_study) if column.startswith("method_")]
    assert offered == ["method_1", "method_2", "method_3", "method_4"]


def test_the_codebook_describes_the_columns_as_the_analysis_does(draft_study):
    assert columns_of(draft_study).items() <= UNDERSTOOD.items()


def test_a_study_whose_methods_have_nearly_equal_names_has_a_report(complete_participation):
    study = complete_participation.study
    study.explanation_set.methods.filter(slug="lime").update(title="norm-lime")
    assert {"NormLIME", "norm-lime"} <= set(study_report(study).counts.methods)


def test_a_row_says_in_which_language_the_study_was_shown(open_study, answer, votes_of):
    answer(Participation.objects.enrol(open_study, "hier", language="de"), 3)
    assert {row["language"] for row in votes_of(open_study)} == {"de"}


def test_the_parquet_file_holds_the_texts_of_the_csv(complete_participation, open_study):
    table = parquet.read_table(pa.BufferReader(votes_parquet(open_study)))
    assert table.to_pylist() == list(csv.DictReader(io.StringIO("".join(vote_lines(open_study)))))
    assert table.schema.metadata[b"design_sha256"].decode() == open_study.design_sha256


def test_the_csv_spells_truth_in_lower_case_and_absence_as_nothing(complete_participation):
    rows = list(csv.DictReader(io.StringIO("".join(vote_lines(complete_participation.study)))))
    assert {row["kept"] for row in rows} == {"true"}
    assert {row["correct"] for row in rows if row["kind"] == "scored"} == {""}
    assert rows[0]["shown_at"].endswith("+00:00")


@pytest.mark.parametrize(
    ("shown_at", "answered_at", "expected"),
    [
        ("12:00:00", "12:00:01", ("12:00:00.000+00:00", "12:00:01.000+00:00", "1000")),
        ("12:00:00.000999", "12:00:59.999999", ("12:00:00.000+00:00", "12:00:59.999+00:00", "59999")),
        ("12:00:00", "12:00:00.002500", ("12:00:00.000+00:00", "12:00:00.002+00:00", "2")),
        ("12:00:00", "12:00:00.003500", ("12:00:00.000+00:00", "12:00:00.003+00:00", "4")),
    ],
)
def test_moments_are_cut_and_what_lies_between_is_rounded(
    participation, answer, votes_of, shown_at, answered_at, expected
):
    answer(participation, 1)
    moments = (datetime.fromisoformat(f"2026-02-03 {time}+00:00") for time in (shown_at, answered_at))
    Answer.objects.update(**dict(zip(("shown_at", "answered_at"), moments, strict=True)))
    (row,) = votes_of(participation.study)
    assert (row["shown_at"], row["answered_at"], row["response_ms"]) == (
        *(f"2026-02-03T{time}" for time in expected[:2]),
        expected[2],
    )


def test_what_a_line_would_not_survive_is_quoted(participation, answer, votes_of):
    odd = 'LIME, "plain"\nand simple'
    participation.study.explanation_set.methods.filter(slug="lime").update(title=odd)
    answer(participation, participation.last_position + 1)
    scored = [row for row in votes_of(participation.study) if row["kind"] == "scored"]
    assert scored
    assert all(odd in row.values() for row in scored)


def test_lines_of_many_people_come_in_pieces_and_in_order(open_study, answer, monkeypatch, votes_of):
    monkeypatch.setattr("survey.moments.BATCH", 3)
    for name in ("one", "another"):
        answer(Participation.objects.enrol(open_study, name), 4)
    rows = votes_of(open_study)
    codes = [someone.code for someone in Participation.objects.order_by("pk") for _ in range(4)]
    assert [(row["participant"], row["position"]) for row in rows] == list(
        zip(codes, "01230123", strict=True)
    )


def test_nothing_in_the_table_opens_a_participants_pages(complete_participation):
    table = "".join(vote_lines(complete_participation.study))
    assert complete_participation.public_id not in table
    assert complete_participation.completion_code not in table


def test_the_table_takes_three_queries_for_any_number_of_answers(
    complete_participation, django_assert_num_queries, open_study
):
    with django_assert_num_queries(3):
        list(vote_lines(open_study))


def test_a_study_without_votes_has_no_report(open_study):
    assert study_report(open_study) is None


def test_the_report_counts_the_votes_of_kept_participants(complete_participation, open_study, answer):
    answer(Participation.objects.enrol(open_study, "careless"), 26, wrong_checks=3)
    report = study_report(open_study)
    assert (report.n_participants, report.n_votes) == (1, 20)
    assert report.counts.votes["NormLIME"] == 20


def test_the_report_judges_at_the_level_of_the_plan(complete_participation, open_study):
    type(open_study).objects.update(alpha="0.01")
    open_study.refresh_from_db()
    assert study_report(open_study).plan.alpha == 0.01


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
