"""Sets of maps and pictures made elsewhere are imported, studied, exported and archived like any other."""

import io

import numpy as np
import pytest

from explanations import ExplanationSet as Collected
from survey.designing.reference_study import default_design
from survey.designing.review import risks
from survey.files.archive import restore_archive, write_archive
from survey.files.study_file import create_study
from survey.importing import import_set
from survey.models import Answer, AuditEvent, ExplanationSet, Participation, PlannedQuestion, Study

pytestmark = pytest.mark.django_db

RANDOM = np.random.default_rng(8)
IMAGES, MAPS = RANDOM.random((4, 3, 12, 10)), RANDOM.normal(size=(2, 4, 12, 10))
LABELS = ["owl", "cat", "dog", "fox"]


def of_images(folder):
    return Collected(folder, IMAGES).add("IG", MAPS[0]).add("CAM", MAPS[1])


def of_classes(folder):
    return Collected(folder, labels=LABELS).add("IG", MAPS[0]).add("CAM", MAPS[1])


def of_pictures(folder):
    return Collected(folder, IMAGES).add_pictures("IG", IMAGES[::-1]).add_pictures("CAM", 1 - IMAGES)


def of_pictures_of_classes(folder):
    return Collected(folder, labels=LABELS).add_pictures("IG", IMAGES[::-1]).add_pictures("CAM", 1 - IMAGES)


@pytest.fixture(params=[of_images, of_classes, of_pictures, of_pictures_of_classes])
def explanation_set(request, tmp_path):
    request.param(tmp_path / "set").save()
    return import_set(tmp_path / "set")


@pytest.fixture
def study(explanation_set):
    study = create_study(default_design(explanation_set), slug="ours")
    study.open()
    return study


def test_a_participant_sees_every_picture(study):
    participation = Participation.objects.enrol(study, "one")
    planned = participation.plan.select_related("question")
    assert {one.question.kind for one in planned} == {"practice", "scored", "check"}
    for one in planned:
        for option in one.question.options.all():
            with option.class_map.image.open() as picture:
                assert picture.read(4) == b"\x89PNG"


def test_the_review_says_that_finished_pictures_cannot_be_blind(study):
    named = "pictures-made-elsewhere" in {risk.name for risk in risks(study)}
    assert named == (study.explanation_set.style == "pictures")


def test_the_researcher_sees_what_is_not_stated(explanation_set, researcher):
    page = researcher.get(explanation_set.get_absolute_url())
    assert page.status_code == 200
    assert "not stated" in page.text


def test_it_comes_back_from_its_archive(study):
    Participation.objects.enrol(study, "one")
    study.close()
    archive = io.BytesIO()
    write_archive(study, archive)
    digest = study.explanation_set.digest
    AuditEvent.objects.all()._raw_delete("default")
    for model in (Answer, PlannedQuestion, Participation, Study, ExplanationSet):
        model.objects.all().delete()
    restored = restore_archive(archive)
    assert restored.explanation_set.digest == digest
