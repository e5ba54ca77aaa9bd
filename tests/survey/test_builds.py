import gzip
import sys
import time
from datetime import timedelta

import numpy as np
import pytest
from django.conf import settings as site
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from survey.background import building
from survey.background.building import build_set, command_of, progress_in
from survey.background.working import Shift, Stopped
from survey.models import Classifier, SetBuild
from survey.models.jobs import DEAD_AFTER, Job

pytestmark = pytest.mark.django_db

PAPER_FACTORY = "explanations.models.paper_cnn:PaperCNN"
PAPER_WEIGHTS = site.BASE_DIR / "explanations/data/paper_cnn.safetensors"
FORM = {"name": "digits", "methods": "smoothgrad vargrad", "replicates": 1, "seed": 3}


@pytest.fixture
def queued_build(settings, tmp_path, db):
    settings.DATA_DIR = tmp_path
    build = SetBuild(name="tiny", methods="smoothgrad")
    SetBuild.objects.start(build)
    return build


@pytest.fixture
def running_build(queued_build):
    now = timezone.now()
    SetBuild.objects.update(status=Job.Status.RUNNING, started_at=now, seen_at=now)
    queued_build.refresh_from_db()
    return queued_build


@pytest.fixture
def lost_build(running_build):
    """Its worker was killed a while ago."""
    SetBuild.objects.update(seen_at=timezone.now() - 2 * DEAD_AFTER)
    running_build.refresh_from_db()
    return running_build


def builder(monkeypatch, code):
    """Lets this Python code stand where `python -m explanations build` does."""
    monkeypatch.setattr(building, "command_of", lambda build: [sys.executable, "-u", "-c", code])


def mnist(name, header):
    """The bundled test images or labels, uint8, without the file's header."""
    with gzip.open(site.BASE_DIR / f"explanations/data/mnist/t10k-{name}-ubyte.gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def work(build):
    build_set.call(build.pk, build.attempt)
    build.refresh_from_db()
    return build


def page(client, name, *arguments):
    return client.get(reverse(f"studio:{name}", args=arguments)).content.decode()


@pytest.mark.parametrize("name", ["new_build", "known_methods", "build", "build_progress"])
def test_builds_are_shown_to_researchers_only(researcher, stranger, queued_build, monkeypatch, name):
    monkeypatch.setattr("survey.views.studio.builds.known_methods", lambda: [("lime", "LIME")])
    address = reverse(f"studio:{name}", args=[queued_build.pk] if name.startswith("build") else [])
    assert stranger.get(address).status_code == 302
    assert researcher.get(address).status_code == 200


@pytest.mark.parametrize("name", ["cancel_build", "resume_build"])
def test_a_build_is_changed_by_posts_of_researchers_only(researcher, stranger, queued_build, name):
    address = reverse(f"studio:{name}", args=[queued_build.pk])
    assert stranger.post(address).status_code == 302
    assert researcher.get(address).status_code == 405
    assert researcher.post(reverse(f"studio:{name}", args=[10**9])).status_code == 404
    queued_build.refresh_from_db()
    assert queued_build.status == Job.Status.QUEUED


def test_the_form_queues_a_build_for_the_worker(researcher, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    response = researcher.post(reverse("studio:new_build"), FORM)
    build = SetBuild.objects.get()
    assert response.headers["Location"] == build.get_absolute_url()
    assert (build.status, build.owner) == (Job.Status.QUEUED, researcher.user)
    assert "Waiting" in page(researcher, "build", build.pk)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("methods", "lime --out /etc", "Write the methods’ short names with spaces between them"),
        ("name", "--seed", "Begin with a letter or a digit."),
        ("classes", "0, -1", "The name of a class does not begin with a dash."),
        ("replicates", 0, "greater than or equal to 1"),
    ],
)
def test_no_field_of_the_form_can_become_a_flag_of_the_command(researcher, field, value, message):
    shown = researcher.post(reverse("studio:new_build"), FORM | {field: value}).content.decode()
    assert message in shown
    assert not SetBuild.objects.exists()


def test_the_command_says_what_the_form_said(queued_build):
    queued_build.classes, queued_build.images = "tench fish, 1", 50
    queued_build.classifier = Classifier(factory="own:net", weights="/w.safetensors", data="/images.npz")
    queued_build.classifier.preprocessing = "/a folder/config.json\nsize=224"
    told = " ".join(command_of(queued_build)[1:])
    assert told.startswith(f"-m explanations build --progress json --out {queued_build.folder} --name=tiny")
    assert "--images 50 --model own:net --weights /w.safetensors --data /images.npz --preprocessing" in told
    assert command_of(queued_build)[-2:] == ["/a folder/config.json", "size=224"]
    assert "tench fish" in command_of(queued_build)


@pytest.mark.parametrize(
    ("line", "progress"),
    [
        ('{"state": "running", "done": 3, "total": 40, "doing": "lime of 3"}', (3, 40, "lime of 3")),
        ('{"state": "finished", "message": "FOLDER: 100 pictures"}', None),
        ('{"state": "running", "done": "all"}', None),
        ("[1]", None),
        ("FOLDER: 100 pictures of 10 classes", None),
        ("{", None),
    ],
)
def test_progress_is_read_from_what_the_build_writes(line, progress):
    assert progress_in(line) == progress


def test_a_finished_build_is_imported(queued_build, set_folder, monkeypatch, researcher):
    copy = f"import shutil; shutil.copytree({str(set_folder)!r}, {str(queued_build.folder)!r})"
    builder(monkeypatch, copy + "; print('done')")
    build = work(queued_build)
    assert (build.status, build.explanation_set.slug) == (Job.Status.DONE, "tiny")
    assert "See the set" in page(researcher, "build", build.pk)
    assert "hx-get" not in page(researcher, "build_progress", build.pk)


def test_an_error_is_shown_whole(queued_build, monkeypatch, researcher):
    says = '{"state": "failed", "message": "line two"}'
    builder(monkeypatch, f"print('line one <b>'); print({says!r}); raise SystemExit(2)")
    build = work(queued_build)
    assert (build.status, build.error) == (Job.Status.FAILED, "line one <b>\nline two")
    assert "line one &lt;b&gt;\nline two" in page(researcher, "build", build.pk)


def test_a_folder_that_is_no_set_fails_with_its_reason(queued_build, monkeypatch):
    builder(monkeypatch, "pass")
    assert "does not exist; name the folder of a finished explanation set" in work(queued_build).error


def test_a_process_is_ended_when_its_build_is_cancelled():
    class Cancelled:
        def tell(self, *progress):
            raise Stopped

    begun = time.monotonic()
    with pytest.raises(Stopped):
        building.run([sys.executable, "-c", "import time; print('begun'); time.sleep(60)"], Cancelled())
    assert time.monotonic() - begun < 30


def test_a_running_build_notices_that_it_is_cancelled(researcher, running_build):
    researcher.post(reverse("studio:cancel_build", args=[running_build.pk]))
    assert "stops in a moment" in page(researcher, "build", running_build.pk)
    with pytest.raises(Stopped):
        Shift(running_build).tell(1, 2)


def test_a_build_that_waits_is_cancelled_at_once_and_never_done(researcher, queued_build, monkeypatch):
    researcher.post(reverse("studio:cancel_build", args=[queued_build.pk]))
    builder(monkeypatch, "raise SystemExit('was run')")
    assert work(queued_build).status == Job.Status.CANCELLED


def test_a_cancelled_build_goes_on_in_its_folder(researcher, queued_build):
    folder = queued_build.folder
    SetBuild.objects.cancel(queued_build)
    researcher.post(reverse("studio:resume_build", args=[queued_build.pk]))
    build = SetBuild.objects.get()
    assert (build.status, build.folder, build.error) == (Job.Status.QUEUED, folder, "")


def test_resuming_twice_starts_one_build(researcher, lost_build):
    for _ in range(2):
        response = researcher.post(reverse("studio:resume_build", args=[lost_build.pk]), follow=True)
    assert "was not started again" in response.content.decode()
    assert SetBuild.objects.get().attempt == 2


def test_a_dead_worker_is_said_and_the_build_can_go_on(researcher, lost_build):
    shown = page(researcher, "build", lost_build.pk)
    assert "The worker stopped in the middle of this build" in shown
    assert "Go on with the build" in shown


def test_a_worker_that_was_thought_dead_stops_when_it_is_replaced(lost_build):
    ghost = Shift(lost_build)
    SetBuild.objects.start(SetBuild.objects.get())
    with pytest.raises(Stopped):
        ghost.tell(1, 2)
    assert SetBuild.objects.get().status == Job.Status.QUEUED


def test_a_build_that_nobody_takes_up_asks_for_a_worker(researcher, queued_build):
    assert "No worker takes this up" not in page(researcher, "build", queued_build.pk)
    SetBuild.objects.update(queued_at=timezone.now() - timedelta(minutes=1))
    assert "No worker takes this up" in page(researcher, "build", queued_build.pk)


def test_time_left_is_at_the_pace_so_far(queued_build):
    now = timezone.now()
    queued_build.status, queued_build.started_at = Job.Status.RUNNING, now - timedelta(seconds=30)
    queued_build.seen_at, queued_build.done, queued_build.total = now, 25, 100
    assert (queued_build.percent, queued_build.seconds_left) == (25, 90)


def test_a_job_whose_kind_knows_no_task_can_not_be_queued():
    with pytest.raises(NotImplementedError):
        Job.enqueue(None)


def test_a_classifier_is_registered_in_a_shell_and_offered_in_the_form(researcher, tmp_path, capsys):
    weights = tmp_path / "own.safetensors"
    weights.touch()
    call_command("register_classifier", "Our network", model="own.module:net", weights=str(weights))
    assert "Our network: registered" in capsys.readouterr().out
    assert "Our network" in page(researcher, "new_build")


def test_a_classifier_is_registered_with_a_data_file_and_what_it_wants_of_pictures(db, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("own.safetensors", "birds.npz", "own config.json"):
        (tmp_path / name).touch()
    words = ["--preprocessing", "own config.json", "size=224", "mean=0.485,0.456,0.406", "std=1"]
    files = ["--weights", "own.safetensors", "--data", "birds.npz"]
    call_command("register_classifier", "Ours", "--model", "own:net(classes=12)", *files, *words)
    classifier = Classifier.objects.get()
    assert classifier.data == str(tmp_path / "birds.npz")
    assert classifier.preprocessing.splitlines() == [str(tmp_path / "own config.json"), *words[2:]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"data": "nowhere"}, "^--data: there is no folder and no .npz file nowhere$"),
        ({"data": __file__}, "^--data: there is no folder and no .npz file .*test_builds.py$"),
        (
            {"preprocessing": ["size=28", "sise=224"]},
            "^--preprocessing: there is no 'sise'; allowed: size, resize, interpolation, crop, channels, ",
        ),
        ({"preprocessing": ["size"]}, "^--preprocessing: 'size' is no key=value, and there is no file"),
        ({"model": "own.module", "weights": "x"}, "write package.module:factory"),
        ({"model": "own:net", "weights": "nowhere"}, "there is no file nowhere"),
    ],
)
def test_a_classifier_that_can_not_be_is_refused(db, options, message):
    with pytest.raises(CommandError, match=message):
        call_command("register_classifier", "Ours", **{"model": "own:net", "weights": __file__} | options)
    assert not Classifier.objects.exists()


def test_the_fields_are_checked_in_the_model_too():
    with pytest.raises(ValidationError):
        SetBuild(name="x", methods="--seed").full_clean()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_builds_a_set_of_a_registered_classifier_from_an_npz_file(
    settings, tmp_path, work, monkeypatch
):
    """The paper's network on pictures of twice its size, which its preprocessing shrinks."""
    settings.DATA_DIR = tmp_path
    pixels, numbers = mnist("images-idx3", 16).reshape(-1, 28, 28)[:100], mnist("labels-idx1", 8)[:100]
    pixels = pixels.repeat(2, axis=1).repeat(2, axis=2)
    np.savez(tmp_path / "big.npz", x_train=pixels, y_train=numbers, x_test=pixels, y_test=numbers)
    words = ["--data", str(tmp_path / "big.npz"), "--preprocessing", "size=28", "interpolation=bilinear"]
    call_command(
        "register_classifier", "Ours", "--model", PAPER_FACTORY, "--weights", str(PAPER_WEIGHTS), *words
    )
    build = SetBuild(name="mine", methods="gradient", classes="3, 7", replicates=1, images=2)
    build.classifier = Classifier.objects.get()
    SetBuild.objects.start(build)
    work()
    build.refresh_from_db()
    assert (build.error, build.status) == ("", Job.Status.DONE)
    made = build.explanation_set
    assert made.record()["classifier"]["preprocessing"]["size"] == [28, 28]
    assert made.labels() == ["3", "7"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_builds_a_real_set_as_a_process(settings, tmp_path, work):
    settings.DATA_DIR = tmp_path
    build = SetBuild(name="real", methods="smoothgrad", classes="3, 7", replicates=1, images=4, samples=4)
    SetBuild.objects.start(build)
    work()
    build.refresh_from_db()
    assert (build.error, build.status) == ("", Job.Status.DONE)
    assert build.explanation_set.labels() == ["3", "7"]
