import subprocess
import sys

import pytest
from django.conf import settings
from django.db import connection


@pytest.mark.django_db
def test_the_health_page_asks_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(1):
        response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_without_a_database_the_health_page_fails(client, monkeypatch):
    def fail():
        raise connection.Database.OperationalError("no database")

    monkeypatch.setattr(connection, "cursor", fail)
    client.raise_request_exception = False
    assert client.get("/healthz").status_code == 500


@pytest.mark.slow
def test_gunicorn_accepts_its_settings():
    command = [sys.executable, "-m", "gunicorn", "--config", "survey/gunicorn_settings.py"]
    done = subprocess.run(
        [*command, "--check-config", "survey.wsgi"], cwd=settings.BASE_DIR, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
