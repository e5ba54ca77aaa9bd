"""A backup of the whole site as a folder, and a site made from one, in an empty place only.

The folder holds `database.sqlite3` (SQLite's backup API) or `database.dump` (pg_dump), the pictures in
`media/`, and `backup.json` with the SHA-256 of each file and the number of rows of each table. The database
is one moment's, while people go on answering; pictures are only ever added, so they are copied after it.
"""

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

FORMAT = 1
RESTORE = ("pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
FILES = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
LEFT_OUT = ("survey_throttlecount", "survey_throttlewindow")  # of use for minutes, and made from addresses


class BackupRefused(Exception):
    """Nothing was written over; the message says why and what to do."""


def back_up(folder):
    """Writes a backup to a folder that does not exist yet; returns the number of rows of each table."""
    folder = Path(folder)
    partial = folder.with_name(f"{folder.name}.partial")
    for path in (folder, partial):
        if path.exists():
            raise BackupRefused(f"{path} exists already: name a folder that does not.")
    partial.mkdir(parents=True)
    try:
        dump = _dump_sqlite if connection.vendor == "sqlite" else _dump_postgresql
        rows = dump(partial / FILES[connection.vendor])
        if Path(settings.MEDIA_ROOT).exists():
            shutil.copytree(settings.MEDIA_ROOT, partial / "media")
        description = {
            "format": FORMAT,
            "database": connection.vendor,
            "made_at": timezone.now().isoformat(timespec="seconds"),
            "rows": rows,
            "sha256": _digests(partial),
        }
        (partial / "backup.json").write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return rows


def restore(folder):
    """Fills the empty database and the empty MEDIA_ROOT from a backup; returns the rows of each table."""
    folder = Path(folder)
    description = _verified(folder)
    _refuse_unless_empty()
    source = folder / FILES[connection.vendor]
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with closing(sqlite3.connect(source)) as saved:
            saved.backup(connection.connection)
    else:
        _run(*RESTORE, str(source))
    if (folder / "media").exists():
        shutil.copytree(folder / "media", settings.MEDIA_ROOT, dirs_exist_ok=True)
    restored = _rows()
    differing = _differing(description["rows"], restored)
    if differing:
        raise BackupRefused(f"The restored database has other numbers of rows than the backup: {differing}")
    return restored


def _dump_sqlite(path):
    connection.ensure_connection()
    with closing(sqlite3.connect(path)) as copy:
        connection.connection.backup(copy)
        for table in LEFT_OUT:
            copy.execute(f"DELETE FROM {table}")
        copy.commit()
        copy.execute("VACUUM")  # or what was deleted would still stand in the file
        tables = connection.introspection.table_names()
        return {table: copy.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0] for table in tables}


def _dump_postgresql(path):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        rows = _rows() | dict.fromkeys(LEFT_OUT, 0)
        without = [f"--exclude-table-data={table}" for table in LEFT_OUT]
        _run("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={path}", *without)
    return rows


def _rows():
    """The number of rows of each table."""
    with connection.cursor() as cursor:
        rows = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT count(*) FROM {connection.ops.quote_name(table)}")
            rows[table] = cursor.fetchone()[0]
    return rows


def _run(program, *arguments):
    """Runs one of PostgreSQL's own programs on the site's database; its password goes by the environment."""
    if shutil.which(program) is None:
        raise BackupRefused(f"{program} is not installed: it comes with PostgreSQL's client programs.")
    connection.ensure_connection()
    info = connection.connection.info
    place = {"PGHOST": info.host, "PGPORT": str(info.port), "PGUSER": info.user, "PGPASSWORD": info.password}
    done = subprocess.run(
        [program, f"--dbname={info.dbname}", *arguments],
        env={**os.environ, **place},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupRefused(f"{program} failed: {' '.join(done.stderr.split()) or done.returncode}")


def _verified(folder):
    """What backup.json says, if all files are there as it says."""
    try:
        description = json.loads((folder / "backup.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BackupRefused(f"{folder} is no backup: backup.json can't be read ({error}).") from error
    if description.get("format") != FORMAT:
        raise BackupRefused(f"{folder} has format {description.get('format')}; this version reads {FORMAT}.")
    if description["database"] != connection.vendor:
        raise BackupRefused(
            f"{folder} is of a {description['database']} database, and DATABASE_URL is {connection.vendor}."
        )
    found = _digests(folder)
    wrong = sorted(path for path, digest in description["sha256"].items() if found.get(path) != digest)
    if wrong:
        raise BackupRefused(f"{folder}: {wrong[0]} is missing or changed ({len(wrong)} files in all).")
    return description


def _refuse_unless_empty():
    tables = connection.introspection.table_names()
    if tables:
        raise BackupRefused(
            f"The database has {len(tables)} tables: restore into an empty one, named by DATABASE_URL."
        )
    media = Path(settings.MEDIA_ROOT)
    if media.exists() and any(media.iterdir()):
        raise BackupRefused(f"{media} is not empty: restore into an empty folder, named by MEDIA_ROOT.")


def _digests(folder):
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "backup.json")
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths
    }


def _differing(saved, restored):
    pairs = {table: (saved.get(table), restored.get(table)) for table in sorted({*saved, *restored})}
    return ", ".join(f"{table} {now} for {was}" for table, (was, now) in pairs.items() if was != now)
