"""Risks before opening, versions after it, and the pre-registration."""

import re

import pytest
from django.core.exceptions import ValidationError

from survey.designing.review import risks
from survey.files.preregistration import preregistration
from survey.files.study_file import export_study
from survey.files.versions import new_version
from survey.models import ClassMap, Study

pytestmark = pytest.mark.django_db


def named(study, **changes):
    """The names of the risks of a study with these changes."""
    for name, value in changes.items():
        setattr(study, name, value)
    return {risk.name for risk in risks(study)}


def test_the_papers_study_with_84_participants_has_no_risk(draft_study):
    assert named(draft_study, quota=84) == set()


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"n_checks": 0, "min_passed": 0}, "no-checks"),
        ({"min_passed": 1}, "checks-passed-by-chance"),
        ({"min_passed": 5}, "every-check-needed"),
        ({"platform": "prolific", "pay": None}, "no-pay"),
        ({"platform": "prolific", "pay": 0.5, "minutes": 5}, "low-pay"),
        ({"platform": "prolific", "on_failed_checks": "at once", "min_passed": 5}, "sent-away-early"),
        ({"platform": "prolific", "on_failed_checks": "at once"}, "no-return-code"),
        ({"platform": "sona", "on_failed_checks": "at once"}, "sent-away-early"),
        ({"quota": None}, "no-quota"),
        ({"quota": 1}, "too-few"),
        ({"quota": 8, "expected_lead": 0.05}, "too-few"),
        ({"quota": 83}, "unequal-places"),
        ({"quota": 83, "n_shown": 10}, "unequal-questions"),
        ({"primary_test": "one-way"}, "liberal-test"),
    ],
)
def test_what_is_risky_is_said(draft_study, changes, name):
    assert name in named(draft_study, **{"quota": 84, **changes})


def test_screening_on_prolific_needs_its_own_path(draft_study):
    draft_study.texts.update(screening="Have you a degree?")
    assert "screening-without-path" in named(draft_study, platform="prolific", pay=2)
    assert "screening-without-path" not in named(draft_study, code_screened_out="OUT")


def test_two_methods_that_drew_the_same_picture_are_named(draft_study):
    first, second = ClassMap.objects.filter(label="3", replicate=1, method__purpose="comparison")[:2]
    ClassMap.objects.filter(pk=second.pk).update(image=first.image.name)
    [risk] = [risk for risk in risks(draft_study) if risk.name == "identical-pictures"]
    assert risk.sentence == "LIME and NormLIME drew the same picture in 1 questions (3-1)."


def test_a_check_whose_right_picture_is_also_wrong_is_named(draft_study):
    question = draft_study.questions.filter(kind="check").first()
    right = question.options.get(is_right=True)
    question.options.filter(number=2).update(class_map=right.class_map)
    [risk] = [risk for risk in risks(draft_study) if risk.name == "check-without-answer"]
    assert f"Attention check {question.code} can't be passed by looking" in risk.sentence


def test_missing_texts_are_said_by_language(draft_study):
    draft_study.texts.filter(language="de").update(consent=" ", thanks="")
    [risk] = [risk for risk in risks(draft_study) if risk.name == "missing-texts"]
    assert risk.sentence == "Texts in de lack: consent, thanks."


def test_a_new_version_begins_as_the_one_before(open_study):
    second = new_version(open_study)
    assert (second.slug, second.version, second.previous, second.status) == (
        "digits-v2",
        2,
        open_study,
        "draft",
    )
    assert export_study(second) == open_study.design


def test_a_third_version_follows_the_second(open_study):
    second = new_version(open_study)
    second.open()
    assert new_version(second).slug == "digits-v3"


def test_a_study_has_one_next_version(open_study):
    new_version(open_study)
    with pytest.raises(ValidationError, match="has a new version already: digits-v2"):
        new_version(open_study)


def test_a_draft_needs_no_new_version(draft_study):
    with pytest.raises(ValidationError, match="is a draft: change it itself"):
        new_version(draft_study)


def test_the_preregistration_says_design_plan_and_hash(open_study):
    text = preregistration(open_study).to_markdown()
    assert f"under SHA-256 {open_study.design_sha256}." in text
    for fact in (
        "NormLIME, LIME, SmoothGrad, VarGrad",
        "5 attention checks",
        "Repeated-measures ANOVA, at 0.05",
    ):
        assert fact in text
    assert "{label}" in text.replace("\\", "")


def test_the_preregistration_tells_no_code(draft_study):
    Study.objects.update(code_complete="SECRET77")
    assert "SECRET77" not in preregistration(Study.objects.get()).to_markdown()


def test_a_study_with_too_few_participants_is_told_its_chance_and_the_lead_that_it_sees(draft_study):
    Study.objects.update(quota=20)
    [risk] = [risk for risk in risks(Study.objects.get()) if risk.name == "too-few"]
    sentence = (
        r"With 20 participants, the chance to see a 10-point lead over every other method is only \d+%. "
        r"Aim for 80%; a 2\d-point lead would have that chance."
    )
    assert re.fullmatch(sentence, risk.sentence)


def test_a_stricter_level_needs_more_participants(draft_study):
    assert "too-few" not in named(draft_study, quota=16, expected_lead=0.3)
    assert "too-few" in named(draft_study, quota=16, expected_lead=0.3, alpha=0.0001)
