"""The live page of a study with 10,000 participations, on SQLite, in one process; queries and milliseconds.

Run: python benchmarks/live_page.py. It makes a database of its own in a temporary folder. The peer of the
same run is the list of studies, whose counts join the same table. Participations are generated without
their answers, which neither page reads.
"""

import os
import random
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from servers import prepare_site, site_environment

N, RUNS = 10_000, 15
PAGES = {
    "live page": "/studio/studies/bench/live/",
    "its changing part": "/studio/studies/bench/live/numbers/",
    "who was left out": "/studio/studies/bench/live/left-out/",
    "closing, asked": "/studio/studies/bench/close/",
    "list of studies (the peer)": "/studio/",
}


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        environment = site_environment(f"sqlite:///{folder / 'bench.sqlite3'}", folder)
        prepare_site(environment, folder, quota=N)
        os.environ.update(environment)
        sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
        import django

        django.setup()
        measure()


def measure():
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client

    fill()
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(get_user_model().objects.create_superuser("bench"))
    print(f"{N:,} participations, median of {RUNS}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name, address in PAGES.items():
        client.get(address)  # whose modules and templates are then loaded
        queries = Queries()
        with connection.execute_wrapper(queries):
            assert client.get(address).status_code == 200
        times = [timed(client, address) for _ in range(RUNS)]
        wall, cpu = (statistics.median(column) for column in zip(*times, strict=True))
        print(f"{name:<28} {queries.n:>3} queries {wall:>7.1f} ms {cpu:>7.1f} ms of CPU")


class Queries:
    """Counts what goes to the database."""

    n = 0

    def __call__(self, execute, sql, params, many, context):
        self.n += 1
        return execute(sql, params, many, context)


def timed(client, address):
    wall, cpu = time.perf_counter(), time.process_time()
    client.get(address)
    return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000


def fill():
    """Kept, failed, dropped-out and answering participants over a week."""
    from django.utils import timezone

    from survey.models import Participation, Study
    from survey.models.participations import new_completion_code

    study, rng, now = Study.objects.get(), random.Random(0), timezone.now()
    Study.objects.update(quota=N, opened_at=now - timedelta(days=7))
    rows = []
    for number in range(N):
        begun = now - timedelta(seconds=rng.randrange(7 * 24 * 3600))
        row = Participation(
            study=study, public_id=f"bench-{number}", place=number, last_position=25, consented_at=begun,
            screened_at=begun, active_at=begun, completion_code=new_completion_code(),
        )  # fmt: skip
        chance = rng.random()
        if chance < 0.85:
            row.status, row.next_position, row.kept = "complete", 26, chance < 0.75
            row.checks_passed = rng.choice([4, 5]) if row.kept else rng.randrange(4)
            row.finished_at = begun + timedelta(seconds=rng.randrange(120, 900))
            row.place = number if row.kept else None
        elif chance < 0.95:
            row.status, row.place, row.next_position = "timed out", None, rng.randrange(1, 25)
        else:
            row.status, row.next_position = "answering", rng.randrange(1, 25)
        rows.append(row)
    Participation.objects.bulk_create(rows, batch_size=2000)


if __name__ == "__main__":
    main()
