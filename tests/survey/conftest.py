"""Fixtures of the site's tests, each named by the state that it gives."""

import csv
import hashlib
import io
import json
import re

import numpy as np
import pytest
from django.test import Client
from django_tasks_db.management.commands.db_worker import Worker
from PIL import Image

from explanations import manifest as manifests
from explanations.manifest.records import FORMAT, Classifier, ClassMap, Dataset, Manifest, Method
from survey.designing.reference_study import create_reference_study, default_design
from survey.exporting import vote_lines
from survey.files.study_file import create_study
from survey.importing import import_set
from survey.models import Membership, Participation, PlannedQuestion, Study, Team
from survey.models.teams import first_team

DIGITS = tuple(str(digit) for digit in range(10))
METHODS = {"normlime": "NormLIME", "lime": "LIME", "smoothgrad": "SmoothGrad", "vargrad": "VarGrad"}
SIDE = 8  # pixels of a test picture


@pytest.fixture(autouse=True)
def _site_for_tests(settings, tmp_path):
    """Pictures go to a temporary folder, and passwords are hashed fast."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def write_set(folder, *, seed=0, labels=DIGITS, name="tiny"):
    """A valid explanation set of random 8 x 8 maps: four methods and the class means, two replicates each."""
    rng = np.random.default_rng(seed)
    (folder / "images").mkdir(parents=True)
    slugs = [*METHODS, "class-mean"]
    maps, records = {}, []
    for slug in slugs:
        for label in labels:
            for replicate in (1, 2):
                key = manifests.array_key(slug, label, replicate)
                maps[key] = rng.random((SIDE, SIDE), dtype=np.float32)
                image = _write_picture(folder, maps[key])
                digest = hashlib.sha256((folder / image).read_bytes()).hexdigest()
                records.append(ClassMap(label, slug, replicate, key, image, digest, 10))
    methods = tuple(
        Method(
            slug=slug,
            title=METHODS.get(slug, "Class mean"),
            reference=f"Reference of {slug}",
            purpose="comparison" if slug in METHODS else "check",
            signed=False,
            parameters={},
            forward_passes=1,
            backward_passes=0,
        )
        for slug in slugs
    )
    manifests.write_maps(folder, maps)
    manifests.write(
        folder,
        Manifest(
            format=FORMAT,
            name=name,
            seed=seed,
            dataset=Dataset("random", "train", "0" * 64, labels),
            classifier=Classifier("package.module:factory", "1" * 64, 0.9876),
            rendering={},
            versions={},
            methods=methods,
            maps=tuple(records),
        ),
    )
    return folder


SEEN = {"cat": "tiger cat", "cup": "espresso", "rocket": "missile", "flower": "daisy", "house": "palace"}


def with_originals(folder):
    """The set's folder with an original of 12 x 9 pixels for every label."""
    path = folder / "manifest.json"
    record = json.loads(path.read_text())
    (folder / "originals").mkdir()
    record["originals"] = []
    for number, label in enumerate(record["dataset"]["classes"]):
        out = io.BytesIO()
        Image.new("RGB", (12, 9), (40 * number, 80, 120)).save(out, "PNG")
        digest = hashlib.sha256(out.getvalue()).hexdigest()
        image = f"originals/{digest[:20]}.png"
        (folder / image).write_bytes(out.getvalue())
        record["originals"].append(
            {
                **{"label": label, "number": number, "seen": SEEN[label], "target": SEEN[label]},
                **{"image": image, "sha256": digest},
            }
        )
    path.write_text(json.dumps(record))
    return folder


def _write_picture(folder, importances):
    picture = Image.fromarray((importances * 255).astype(np.uint8), "P")
    picture.putpalette([255 - shade for shade in range(256) for _ in range(3)])
    draft = folder / "draft.png"
    picture.save(draft, compress_level=0)
    name = f"images/{hashlib.sha256(draft.read_bytes()).hexdigest()[:20]}.png"
    draft.rename(folder / name)
    return name


@pytest.fixture(scope="session")
def set_folder(tmp_path_factory):
    return write_set(tmp_path_factory.mktemp("sets") / "tiny")


@pytest.fixture
def set_folder_of(tmp_path):
    """The function that writes a set of this name."""
    return lambda name: write_set(tmp_path / "sets" / name, name=name)


@pytest.fixture
def explanation_set(db, set_folder):
    return import_set(set_folder)


@pytest.fixture
def draft_study(explanation_set):
    return create_reference_study(explanation_set, slug="digits")


@pytest.fixture
def open_study(draft_study):
    draft_study.open()
    return draft_study


@pytest.fixture
def closed_study(open_study):
    open_study.close()
    return open_study


@pytest.fixture
def participation(open_study):
    """Begun, nothing answered yet."""
    return Participation.objects.enrol(open_study, "begun-participation")


def answer_until(participation, position, *, wrong_checks=0, chooses=None):
    """Answers every question before `position`: scored ones with their first option, checks rightly.

    The first `wrong_checks` checks are failed; `chooses` maps a planned scored question to an option number.
    """
    wrong = wrong_checks
    for planned in participation.plan.filter(position__lt=position, answer=None).select_related("question"):
        options = {option.number: option for option in planned.question.options.all()}
        number = chooses(planned) if chooses and planned.question.kind == "scored" else 1
        if planned.question.kind == "check" and wrong:
            number, wrong = 2, wrong - 1
        place = planned.place_of(options[number])
        PlannedQuestion.objects.record_answer(
            participation.public_id, planned.position, place, participation.consented_at
        )
    participation.refresh_from_db()
    return participation


@pytest.fixture
def answer():
    """The function that answers questions of a participation up to a position."""
    return answer_until


@pytest.fixture
def votes_of():
    """The function that reads a study's vote table: a dict of texts for each answer."""
    return lambda study: list(csv.DictReader(io.StringIO("".join(vote_lines(study)))))


@pytest.fixture
def complete_participation(participation):
    return answer_until(participation, 26)


@pytest.fixture
def participant(client):
    return client


@pytest.fixture
def stranger():
    return Client()


@pytest.fixture
def researcher(django_user_model, db):
    user = django_user_model.objects.create_user("researcher", password="a long password")
    Membership.objects.create(team_id=first_team(), user=user, role="administrator")
    client = Client()
    client.force_login(user)
    client.user = user
    return client


@pytest.fixture
def analyst(django_user_model, db):
    """May see results and take them away, and edit nothing."""
    user = django_user_model.objects.create_user("analyst")
    Membership.objects.create(team_id=first_team(), user=user, role="analyst")
    client = Client()
    client.force_login(user)
    client.user = user
    return client


@pytest.fixture
def outsider(django_user_model, db):
    """With a login, and in a team of their own."""
    user = django_user_model.objects.create_user("outsider")
    first_team()
    Membership.objects.create(team=Team.objects.create(name="Others"), user=user, role="administrator")
    client = Client()
    client.force_login(user)
    client.user = user
    return client


@pytest.fixture
def work():
    """The function that does all queued jobs, as a background worker does."""

    def run():
        Worker(
            queue_names=["*"],
            interval=0,
            batch=True,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id="test",
            excluded_queue_names=[],
        ).run()

    return run


@pytest.fixture
def hidden_fields():
    """The function that reads the hidden fields of a page's form, as a browser would send them."""

    def read(response):
        fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', response.content.decode())
        return {name: value for name, value in fields if name != "csrfmiddlewaretoken"}

    return read


@pytest.fixture
def image_folder(tmp_path):
    """A set of five single images, each with the class that the network sees in it."""
    return with_originals(write_set(tmp_path / "photos", labels=tuple(SEEN), name="photos"))


@pytest.fixture
def image_set(image_folder):
    return import_set(image_folder)


@pytest.fixture
def image_study(image_set):
    return create_study(default_design(image_set), slug="photos")


@pytest.fixture
def open_image_study(image_study):
    image_study.open()
    return image_study


@pytest.fixture
def two_studies(draft_study, explanation_set):
    other = create_reference_study(explanation_set, slug="other")
    return draft_study, Study.objects.get(pk=other.pk)
