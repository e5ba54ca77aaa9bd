"""Photographs, a network with ImageNet weights, four explanations, metrics, votes: all of it, in little."""

import subprocess
import sys

import pytest
from django.conf import settings

from explanations import manifest as manifests
from explanations.__main__ import main
from survey.designing.reference_study import default_design
from survey.exporting import study_report
from survey.files.study_file import create_study
from survey.importing import import_set
from survey.models import Participation, Study

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

FACTORY = "efficientnet_lite_pytorch:EfficientNet.from_name('efficientnet-lite0')"
METHODS = ["lime-slic", "kernelshap", "grad-cam", "gradientshap"]
PHOTOGRAPHS = ["espresso", "daisy", "tripod"]


@pytest.fixture
def photographs(tmp_path):
    """The folder that the script writes."""
    script = settings.BASE_DIR / "benchmarks/photographs.py"
    subprocess.run([sys.executable, script, str(tmp_path)], check=True)
    return tmp_path


@pytest.fixture
def evaluated(photographs):
    """A set of three photographs by few samples, with its metrics."""
    subject = ["--model", FACTORY, "--weights", str(photographs / "lite0.safetensors")]
    subject += ["--data", str(photographs / "photos")]
    subject += ["--preprocessing", "size=224", "resize=256", "mean=127/255", "std=128/255"]
    out = str(photographs / "set")
    build = ["build", "--out", out, "--each-image", "--classes", *PHOTOGRAPHS, "--methods", *METHODS]
    build += ["--samples", "12", "--set", "gradientshap.samples=2", "--set", "gradientshap.background=2"]
    assert main([*build, "--name", "photographs", *subject]) == 0
    assert (
        main(
            ["evaluate", out, "--metrics", "curves", "--set", "curves.steps=4", "--processes", "1", *subject]
        )
        == 0
    )
    return photographs / "set"


def test_photographs_are_explained_measured_judged_and_reported(evaluated, answer):
    described = manifests.read(evaluated)
    assert {original.seen for original in described.originals} == set(PHOTOGRAPHS)  # the network is right
    study = create_study(default_design(import_set(evaluated)), slug="photographs")
    study.open()
    for number in range(3):
        chosen = lambda planned, number=number: 1 + (planned.position + number) % 4  # noqa: E731
        answer(Participation.objects.enrol(study, f"person-{number}"), 9, chooses=chosen)
    study.close()
    found = study_report(Study.objects.get()).as_dict()["metric_agreement"]
    assert (found["n_maps"], found["n_questions"], found["n_votes"]) == (12, 3, 9)
    assert [row["metric"] for row in found["metrics"]] == ["deletion", "insertion"]
