"""Every page of the studio with 10,000 participations and their 250,000 answers, on SQLite, in one process.

Run: python benchmarks/live_page.py. It makes a database of its own in a temporary folder. Queries, and the
medians of milliseconds; files and results are timed once. The peer of the same run is the list of studies,
whose counts are of the same table.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from crowd import gather
from servers import prepare_site, site_environment

N, RUNS = 10_000, 15
PAGES = {
    "live page": "/studio/studies/bench/live/",
    "its changing part": "/studio/studies/bench/live/numbers/",
    "who was left out": "/studio/studies/bench/live/left-out/",
    "closing, asked": "/studio/studies/bench/close/",
    "list of studies (the peer)": "/studio/",
    "the set": "/studio/sets/tiny/",
    "a new study": "/studio/sets/tiny/new-study/",
    "design": "/studio/studies/bench/design/",
    "texts": "/studio/studies/bench/texts/",
    "rehearsal": "/studio/studies/bench/rehearsal/",
    "files": "/studio/studies/bench/files/",
    "plan": "/studio/studies/bench/files/plan/",
    "team": "/studio/team/",
    "audit log": "/studio/audit/",
    "API: studies": "/api/v1/studies/",
    "API: the study": "/api/v1/studies/bench/",
    "API: participations": "/api/v1/studies/bench/participations/",
}
ONCE = {  # of the closed study, in this order
    "results, the first time": "/studio/studies/bench/results/",
    "results, again": "/studio/studies/bench/results/",
    "vote table (CSV)": "/studio/studies/bench/results/votes.csv",
    "archive": "/studio/studies/bench/files/archive.zip",
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
    from django.test import Client

    from survey.models import Study

    study = gather(Study.objects.get(), N, N)
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(get_user_model().objects.create_superuser("bench"))
    print(f"{N:,} participations, median of {RUNS}; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name, address in PAGES.items():
        client.get(address)  # whose modules and templates are then loaded
        tell(name, client, address, RUNS)
    study.close()
    for name, address in ONCE.items():
        tell(name, client, address, 1)


def tell(name, client, address, runs):
    from django.db import connection

    queries = Queries()
    with connection.execute_wrapper(queries):
        times = [timed(client, address) for _ in range(runs)]
    wall, cpu = (statistics.median(column) for column in zip(*times, strict=True))
    print(f"{name:<28} {queries.n // runs:>3} queries {wall:>9.1f} ms {cpu:>9.1f} ms of CPU", flush=True)


class Queries:
    """Counts what goes to the database."""

    n = 0

    def __call__(self, execute, sql, params, many, context):
        self.n += 1
        return execute(sql, params, many, context)


def timed(client, address):
    wall, cpu = time.perf_counter(), time.process_time()
    response = client.get(address)
    assert response.status_code == 200, address
    if response.streaming:
        for _ in response.streaming_content:
            pass
    return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000


if __name__ == "__main__":
    main()
