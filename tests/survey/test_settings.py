"""The settings as a new process reads them: development runs at once, production starts securely or not."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

KEY = "long enough, and of many different characters: 0123456789"
PRODUCTION = {"DEBUG": "off", "SECRET_KEY": KEY, "ALLOWED_HOSTS": "study.example.org"}

pytestmark = pytest.mark.slow


def check(*arguments, **environment):
    """`manage.py check` with just these variables; returns the exit status and what it printed."""
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    done = subprocess.run(
        [sys.executable, "manage.py", "check", *arguments],
        env=clean | environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_development_needs_no_setting():
    assert check()[0] == 0


def test_production_with_key_and_host_starts_and_passes_djangos_deployment_checks():
    status, output = check(
        "--deploy", "--fail-level", "WARNING", **PRODUCTION, HSTS_SECONDS="3600", HSTS_SUBDOMAINS="on"
    )
    assert status == 0, output


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"SECRET_KEY": ""}, "DEBUG is off and SECRET_KEY has 0 characters, it must have at least 50"),
        ({"SECRET_KEY": "short"}, "DEBUG is off and SECRET_KEY has 5 characters, it must have at least 50"),
        ({"ALLOWED_HOSTS": ""}, "DEBUG is off and ALLOWED_HOSTS names no host (or '*')"),
        ({"ALLOWED_HOSTS": "*"}, "DEBUG is off and ALLOWED_HOSTS names no host (or '*')"),
    ],
)
def test_production_refuses_an_insecure_start(change, message):
    status, output = check(**PRODUCTION | change)
    assert status != 0
    assert message in output


def test_a_database_url_chooses_postgresql():
    status, output = check(DATABASE_URL="mysql://localhost/x")
    assert status != 0
    status, output = check(DATABASE_URL="postgresql://user:word@localhost/beholder")
    assert status == 0, output
