"""`make demo`: everything but the installation and the server itself, which the journey's tests drive."""

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from survey.management.commands import demo
from survey.models import Participation, Study

pytestmark = pytest.mark.django_db


@pytest.fixture
def served(monkeypatch, set_folder, tmp_path, settings):
    """The commands that the demo calls, with the server left out; the explanation set is built already."""
    calls = []
    settings.DEBUG = True
    monkeypatch.setattr(demo, "SET_FOLDER", set_folder)
    monkeypatch.setattr(demo, "PASSWORD_FILE", tmp_path / "password")
    monkeypatch.setattr(demo.Command, "_start_worker", lambda self: None)
    monkeypatch.setattr(demo, "call_command", lambda *arguments, **options: calls.append(arguments))
    return calls


def password_in(output):
    return output.split("password:")[1].split()[0]


def test_the_demo_opens_the_study_and_says_where_everything_is(served, capsys):
    call_command("demo")
    output = capsys.readouterr().out
    assert "http://127.0.0.1:8000/s/reference-study/" in output
    assert "http://127.0.0.1:8000/studio/studies/reference-study/" in output
    assert get_user_model().objects.get(username="researcher").check_password(password_in(output))
    assert Study.objects.get().is_open
    assert served == [("migrate",), ("runserver", "127.0.0.1:8000")]


def test_a_second_demo_keeps_study_and_password(served, capsys):
    call_command("demo")
    first = password_in(capsys.readouterr().out)
    call_command("demo")
    assert password_in(capsys.readouterr().out) == first
    assert Study.objects.count() == 1


def test_a_second_demo_with_bots_adds_only_those_that_are_missing(served, monkeypatch, answer):
    asked = []
    monkeypatch.setattr(demo.Command, "_simulate", lambda self, n, address: asked.append(n))
    call_command("demo", bots=3)
    answer(Participation.objects.enrol(Study.objects.get(), "bot", simulated=True), 26)
    call_command("demo", bots=3)
    call_command("demo", bots=1)
    assert asked == [3, 2]


def test_the_demo_builds_the_set_when_there_is_none(served, monkeypatch, tmp_path, set_folder):
    commands = []

    def build(command, **options):
        commands.append(command[1:])
        monkeypatch.setattr(demo, "SET_FOLDER", set_folder)
        return type("Done", (), {"returncode": 0})

    monkeypatch.setattr(demo, "SET_FOLDER", tmp_path / "new")
    monkeypatch.setattr(demo.subprocess, "run", build)
    call_command("demo")
    assert commands == [["-m", "explanations", "build", "--out", str(tmp_path / "new")]]


def test_a_build_that_fails_stops_the_demo(served, monkeypatch, tmp_path):
    monkeypatch.setattr(demo, "SET_FOLDER", tmp_path / "new")
    monkeypatch.setattr(demo.subprocess, "run", lambda *_, **__: type("Done", (), {"returncode": 2}))
    with pytest.raises(CommandError, match="The explanation set was not built"):
        call_command("demo")
    assert not Study.objects.exists()


def test_the_demo_does_not_run_in_production(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="it runs only with DEBUG on"):
        call_command("demo")
