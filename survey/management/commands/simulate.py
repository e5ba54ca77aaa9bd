"""Lets simulated participants answer an open study over HTTP."""

import time

import requests
from django.core.management.base import BaseCommand, CommandError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from survey.background.simulation import SimulationFailed, simulate
from survey.models import Study


class Command(BaseCommand):
    help = "Let simulated participants answer an open study over HTTP; every table marks them."

    def add_arguments(self, parser):
        parser.add_argument("study", help="short name of the study, as in its link")
        parser.add_argument("--participants", type=int, default=83)
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the site is running")
        parser.add_argument("--seed", type=int, default=0, help="of what they choose")
        parser.add_argument("--workers", type=int, default=4, help="how many answer at the same time")
        parser.add_argument("--wait", type=float, default=0, help="seconds to wait for the site to come up")

    def handle(self, *, study, participants, url, seed, workers, wait, **options):
        found = Study.objects.filter(slug=study).first()
        if found is None or not found.is_open:
            names = ", ".join(Study.objects.filter(status=Study.Status.OPEN).values_list("slug", flat=True))
            raise CommandError(f"There is no open study {study!r}; open are: {names or 'none'}.")
        if participants < 1 or workers < 1:
            raise CommandError("--participants and --workers must be at least 1.")
        self._wait_for(url, wait)
        columns = (
            TextColumn("Simulated participants"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns) as progress:
            task = progress.add_task("", total=participants)
            try:
                for _ in simulate(found, url, participants, seed=seed, workers=workers):
                    progress.advance(task)
            except SimulationFailed as failure:
                raise CommandError(str(failure)) from failure

    def _wait_for(self, url, seconds):
        deadline = time.monotonic() + seconds
        while True:
            try:
                requests.get(url, timeout=10)
                return
            except requests.RequestException as error:
                if time.monotonic() >= deadline:
                    raise CommandError(f"{url} does not answer: is the site running there?") from error
                time.sleep(0.2)
