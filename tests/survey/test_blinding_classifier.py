"""Can a machine tell the method from everything that a page shows but the pictures' own bytes?"""

import re
from html import unescape

import numpy as np
import pytest
from django.test import Client
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GroupKFold, cross_val_score

from survey.designing.reference_study import create_reference_study
from survey.models import Option, Participation

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

PICTURE = re.compile(r'<img src="([^"]+)" alt="([^"]*)" width="(\d+)" height="(\d+)">')
CHANCE, SIGMAS = 0.25, 4  # of a false alarm: 3 in 100,000


@pytest.fixture
def looked_at(explanation_set, answer):
    """What four people saw in three studies: a row of numbers for each picture, its method, its question."""
    rows, methods, questions = [], [], []
    for number in range(3):
        study = create_reference_study(explanation_set, slug=f"study-{number}")
        study.open()
        options = {
            option.get_absolute_url(): option
            for option in Option.objects.filter(question__study=study).select_related(
                "class_map__method", "question"
            )
        }
        for person in range(4):
            participation = Participation.objects.enrol(study, f"person-{number}-{person}")
            for planned in participation.plan.select_related("question"):
                if planned.question.kind == "scored":
                    for address, features in observe(
                        answer(participation, planned.position), planned.position
                    ):
                        rows.append(features)
                        methods.append(options[address].class_map.method.slug)
                        questions.append(planned.question_id)
    return np.array(rows, dtype=float), np.array(methods), np.array(questions)


def observe(participation, position):
    """Each picture's address, and in numbers: address, order, texts, sizes, headers, the page around it."""
    page = Client().get(f"/p/{participation.public_id}/{position}/").content.decode()
    pictures = PICTURE.findall(page)
    addresses = [unescape(picture[0]) for picture in pictures]
    for place, (address, alt, width, height) in enumerate(pictures):
        headers = Client().get(unescape(address)).headers
        headers = {name: value for name, value in headers.items() if name != "Content-Length"}
        letters = [ord(letter) for letter in address.removeprefix("/pictures/")[:16]]
        rank = sorted(addresses).index(unescape(address))
        facts = [place, position, rank, len(alt), int(width), int(height), len(page), len(str(headers))]
        yield unescape(address), letters + facts


def accuracy(rows, methods, questions):
    """How often a forest names the method of pictures of questions that it has never seen."""
    forest = RandomForestClassifier(n_estimators=100, min_samples_leaf=2, random_state=0, n_jobs=1)
    return cross_val_score(forest, rows, methods, groups=questions, cv=GroupKFold(5)).mean()


def test_a_classifier_can_not_tell_the_method_and_would_find_a_leak(looked_at):
    rows, methods, questions = looked_at
    pictures = len(np.unique(rows[:, :16], axis=0))  # a picture seen by four people is one fact, not four
    bound = CHANCE + SIGMAS * np.sqrt(CHANCE * (1 - CHANCE) / pictures)
    assert accuracy(rows, methods, questions) < bound
    leaking = np.column_stack([rows, [sorted(set(methods)).index(method) for method in methods]])
    assert accuracy(leaking, methods, questions) > 0.9  # the negative control
