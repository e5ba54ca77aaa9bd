"""The paper's study, ready to take part in: what `make demo` runs."""

import logging
import secrets
import subprocess
import sys

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from survey.designing.reference_study import create_reference_study
from survey.importing import ImportRefused, import_set
from survey.models import Membership, Study
from survey.models.teams import first_team

SET_FOLDER = settings.DATA_DIR / "sets" / "mnist-reference"
PASSWORD_FILE = settings.DATA_DIR / "demo-password"
RESEARCHER = "researcher"
STUDY = "reference-study"


class Command(BaseCommand):
    help = "Build the explanation set if there is none, create and open the reference study, and serve it."

    def add_arguments(self, parser):
        parser.add_argument("--bots", type=int, default=0, help="let this many simulated participants answer")
        parser.add_argument("--address", default="127.0.0.1:8000")

    def handle(self, *, bots, address, **options):
        if not settings.DEBUG:
            raise CommandError("The demo makes a login and prints its password: it runs only with DEBUG on.")
        call_command("migrate", verbosity=0)
        study = Study.objects.filter(slug=STUDY).first() or self._create_study()
        password = self._login()
        self._say_where(study, password, address)
        missing = bots - study.participations.filter(simulated=True, status="complete").count()
        simulation = self._simulate(missing, address) if missing > 0 and study.is_open else None
        worker = self._start_worker()
        logging.disable(logging.INFO)  # or a line for each request would scroll the links away
        try:
            call_command("runserver", address, use_reloader=False)
        finally:
            logging.disable(logging.NOTSET)
            for process in filter(None, [simulation, worker]):
                process.terminate()

    def _create_study(self):
        if not (SET_FOLDER / "manifest.json").exists():
            self.stdout.write(
                "Explaining the classifier by the paper's four methods (once; goes on if interrupted):"
            )
            build = [sys.executable, "-m", "explanations", "build", "--out", str(SET_FOLDER)]
            if subprocess.run(build, cwd=settings.BASE_DIR, check=False).returncode:
                raise CommandError("The explanation set was not built; what went wrong is said above.")
        try:
            explanation_set = import_set(SET_FOLDER)
        except ImportRefused as refusal:
            raise CommandError(
                f"{refusal}\nTo build the set anew, remove the folder {SET_FOLDER}."
            ) from refusal
        study = create_reference_study(explanation_set, slug=STUDY)
        study.open()
        return study

    def _login(self):
        if not PASSWORD_FILE.exists():
            PASSWORD_FILE.touch(mode=0o600)
            PASSWORD_FILE.write_text(secrets.token_urlsafe(9))
        password = PASSWORD_FILE.read_text()
        researcher, _ = get_user_model().objects.get_or_create(username=RESEARCHER)
        Membership.objects.get_or_create(
            team_id=first_team(), user=researcher, defaults={"role": Membership.Role.ADMINISTRATOR}
        )
        if not researcher.check_password(password):
            researcher.set_password(password)
            researcher.save()
        return password

    def _say_where(self, study, password, address):
        site = f"http://{address}"
        lines = {
            "Take part": site + reverse("participant:welcome", args=[study.slug]),
            "Studio": site + study.get_absolute_url(),
            "Results": site + reverse("studio:results", args=[study.slug]),
            "Login": f"{RESEARCHER}   password: {password}",
        }
        self.stdout.write("")
        for name, value in lines.items():
            self.stdout.write(f"  {name:<10} {value}")
        self.stdout.write("")
        self.stdout.flush()

    def _start_worker(self):
        """What the studio does in the background: builds and rehearsals."""
        command = [sys.executable, "manage.py", "db_worker", "--no-reload", "--verbosity", "0"]
        return subprocess.Popen(command, cwd=settings.BASE_DIR)

    def _simulate(self, n, address):
        command = [sys.executable, "manage.py", "simulate", STUDY, "--participants", str(n)]
        return subprocess.Popen(
            [*command, "--url", f"http://{address}", "--wait", "30"], cwd=settings.BASE_DIR
        )
