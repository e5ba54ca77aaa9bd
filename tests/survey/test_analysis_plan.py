"""Planned contrasts, a baseline and a smallest difference of interest, from the design to the report."""

import html
import json
import os
import re
import shlex
import subprocess
import sys

import pytest
from django.conf import settings

from survey import exporting
from survey.files.preregistration import preregistration
from survey.files.study_file import StudyFileRefused, create_study, export_study, import_study, study_data
from survey.models import Participation, Study

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
            "analysis.contrasts is refused: Contrast 'NormLIME' is not the difference of two sides; write",
        ),
        (
            {"contrasts": ["NormLIME - Grad-CAM"]},
            "analysis.contrasts is refused: Contrast 'NormLIME - Grad-CAM': there is no method 'Grad-CAM'; "
            "the methods are 'NormLIME', ",
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


def test_the_facts_of_a_design_name_the_smallest_difference_in_points(planned, researcher):
    page = researcher.get("/studio/studies/digits/").content.decode()
    assert "<dt>Smallest difference of interest</dt><dd>5 points</dd>" in page


@pytest.fixture
def planned_and_answered(planned, answer):
    """Six people, who never choose the fourth method."""
    planned.open()
    for number in range(6):
        answer(
            Participation.objects.enrol(planned, f"person-{number}"),
            26,
            chooses=lambda question, number=number: 1 + (question.position + number) ** 2 % 7 % 3,
        )
    planned.close()
    return planned


def test_the_report_follows_the_frozen_plan(planned_and_answered):
    report = exporting.study_report(planned_and_answered)
    tables = {section.slug: section.tables[0] for section in report.document.sections if section.tables}
    assert [row[0] for row in tables["contrasts"].rows] == PLAN["contrasts"]
    assert {row[0] for row in tables["baseline"].rows} == {
        f"{method} \N{MINUS SIGN} SmoothGrad" for method in ("NormLIME", "LIME", "VarGrad")
    }
    assert tables["equivalence"].caption.endswith("against a margin of 5.0 points")


def test_a_planned_contrast_of_a_method_without_votes_is_tested(planned_and_answered):
    report = exporting.study_report(planned_and_answered)
    assert report.counts.votes["VarGrad"] == 0
    contrast = report.contrasts[1]
    assert (contrast.text, contrast.difference.value) == (
        "LIME - VarGrad",
        pytest.approx(report.as_dict()["mean_proportions"]["LIME"]),
    )
    assert contrast.p is not None


def test_the_results_page_shows_the_sections_of_the_plan(planned_and_answered, researcher):
    page = researcher.get("/studio/studies/digits/results/").content.decode()
    for heading in ("Planned contrasts", "Comparison with SmoothGrad", "Equivalence"):
        assert f"<h2>{heading}</h2>" in page


@pytest.mark.slow
def test_the_command_on_the_results_page_gives_its_numbers(planned_and_answered, researcher, tmp_path):
    response = researcher.get("/studio/studies/digits/results/")
    command = html.unescape(
        re.search("<code[^>]*>(python -m analysis .*)</code>", response.content.decode())[1]
    )
    (tmp_path / "digits-votes.csv").write_text("".join(exporting.vote_lines(planned_and_answered)))
    done = subprocess.run(
        [sys.executable, *shlex.split(command)[1:], "--format", "json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(settings.BASE_DIR)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == response.context["report"].as_dict()
