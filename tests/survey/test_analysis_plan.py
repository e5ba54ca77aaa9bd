"""Planned contrasts, a baseline and a smallest difference of interest, from the design to the report."""

import pytest

from survey import exporting
from survey.files.preregistration import preregistration
from survey.files.study_file import StudyFileRefused, create_study, export_study, import_study, study_data
from survey.models import Study

PLAN = {
    "contrasts": ["NormLIME - mean(others)", "LIME - VarGrad"],
    "baseline": "SmoothGrad",
    "smallest_difference": 0.05,
}


@pytest.fixture
def planned(draft_study):
    for column, value in PLAN.items():
        setattr(draft_study, column, value)
    draft_study.save()
    return Study.objects.get()


def test_a_plan_comes_back_from_the_study_file_byte_by_byte(planned):
    text = export_study(planned)
    again = import_study(text, slug="again")
    assert export_study(again) == text
    assert {column: getattr(Study.objects.get(slug="again"), column) for column in PLAN} == {
        **PLAN,
        "smallest_difference": planned.smallest_difference,
    }


def test_a_plan_without_them_leaves_the_study_file_as_it_was(draft_study):
    assert not set(PLAN) & set(study_data(draft_study)["analysis"])


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (
            {"baseline": "Grad-CAM"},
            "analysis.baseline is refused: There is no method 'Grad-CAM'; choose from",
        ),
        (
            {"contrasts": ["NormLIME"]},
            "analysis.contrasts is refused: 'NormLIME' is not a contrast of NormLIME",
        ),
        ({"contrasts": "NormLIME - LIME"}, "analysis.contrasts is 'NormLIME - LIME'; allowed is a list."),
        (
            {"smallest_difference": 2},
            "analysis.smallest_difference is 2; allowed are numbers",
        ),
    ],
)
def test_an_impossible_plan_is_refused_with_its_key(draft_study, plan, message):
    data = study_data(draft_study)
    data["analysis"] |= plan
    with pytest.raises(StudyFileRefused, match="analysis") as refusal:
        create_study(data, slug="again")
    assert message in str(refusal.value)


def test_the_preregistration_names_the_plan(planned):
    text = preregistration(planned).to_markdown()
    assert "Planned contrast: NormLIME - mean(others)." in text
    assert "Every other method is compared with SmoothGrad." in text
    assert "Smallest difference of interest: 5 points." in text


def test_the_report_gets_the_plan(planned, monkeypatch):
    got = {}
    monkeypatch.setattr(exporting, "report", lambda table, **options: got.update(options))
    exporting.study_report(planned, table=b"participant,chosen_method\np1,LIME\n")
    assert (got["contrasts"], got["baseline"], got["smallest_difference"]) == (
        tuple(PLAN["contrasts"]),
        "SmoothGrad",
        0.05,
    )
