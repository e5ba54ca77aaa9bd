"""Servers for measurements: the site and the bare floor under gunicorn, and the CPU time of processes."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

ROOT = Path(__file__).resolve().parent.parent
LOG = Path(tempfile.gettempdir()) / f"beholder-servers-{os.getpid()}.log"
KEY = "only for measurements on this machine, of no use anywhere else: 0123456789"


def unused_address():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{one.getsockname()[1]}"


SITE, FLOOR, PEER = unused_address(), unused_address(), unused_address()
PREPARE = """
import sys; sys.path.insert(0, "tests/survey")
from pathlib import Path
import conftest; conftest.SIDE = 28
from survey.importing import import_set
from survey.designing.reference_study import create_reference_study
study = create_reference_study(import_set(conftest.write_set(Path(sys.argv[1]) / "set")), slug="bench")
study.quota = int(sys.argv[2]) or None; study.min_passed = 0; study.save(); study.open()
"""


def site_environment(database_url, folder):
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "MEDIA_ROOT": str(folder / "media"),
        "DEBUG": "off",
        "HTTPS": "off",
        "SECRET_KEY": KEY,
        "ALLOWED_HOSTS": "127.0.0.1",
        "ENROLMENTS_PER_MINUTE": "100000",
        "BIND": urlsplit(SITE).netloc,
        "WEB_CONCURRENCY": "2",
        "DJANGO_SETTINGS_MODULE": "survey.settings",
    }


def prepare_site(environment, folder, quota=0):
    """Migrates, and opens a study of the reference design on random maps of 28 x 28."""
    for arguments in (["migrate", "-v0"], ["collectstatic", "--noinput", "-v0"]):
        subprocess.run([sys.executable, "manage.py", *arguments], env=environment, cwd=ROOT, check=True)
    script = f"import django; django.setup()\n{PREPARE}"
    subprocess.run(
        [sys.executable, "-c", script, str(folder), str(quota)], env=environment, cwd=ROOT, check=True
    )


@contextmanager
def gunicorn(application, address, environment, *options, folder=ROOT):
    """Serves `application` until the block ends; yields the process. What it says is in LOG."""
    command = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "survey/gunicorn_settings.py")]
    with LOG.open("ab") as log:
        server = subprocess.Popen(
            [*command, "--bind", urlsplit(address).netloc, "--log-level", "warning", *options, application],
            env={**environment, "PYTHONPATH": str(ROOT)},
            cwd=folder,
            stderr=log,
        )
    try:
        wait_for(address)
        yield server
    finally:
        server.terminate()
        server.wait(20)


def wait_for(address, seconds=20):
    deadline = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(address, timeout=2)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def floor_environment(database_url):
    address = urlsplit(database_url)
    host = address.hostname or parse_qs(address.query).get("host", [""])[0]
    return {
        **os.environ,
        "FLOOR_HOST": host,
        "FLOOR_PORT": str(address.port or ""),
        "FLOOR_USER": address.username or "postgres",
    }


def prepare_floor(environment):
    subprocess.run(
        [sys.executable, "-c", "import bare_django; bare_django.create_tables()"],
        env=environment,
        cwd=ROOT / "benchmarks",
        check=True,
    )


def tree(pid):
    """A process and all that descend from it."""
    found = [pid]
    for parent in found:
        children = Path(f"/proc/{parent}/task/{parent}/children")
        found += [int(child) for child in children.read_text().split()] if children.exists() else []
    return found


def cpu_seconds(*pids):
    """User and system time of these processes, their descendants and those that have ended."""
    total = 0
    for pid in (one for top in pids for one in tree(top)):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(int(value) for value in fields[11:15])
    return total / os.sysconf("SC_CLK_TCK")
