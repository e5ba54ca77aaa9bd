import time

import psycopg
import pytest
from django.db import connection

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL"),
]


@pytest.fixture
def pool(transactional_db):
    """The site's pool, none of whose connections is in use."""
    with connection.cursor():
        pass
    connection.close()
    return connection.pool


def end_connections(pool, n):
    """Lets the server end `n` connections that lie in the pool; returns once it has."""
    held = [pool.getconn() for _ in range(n)]
    pids = [one.info.backend_pid for one in held]
    with psycopg.connect(held[0].info.dsn, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", [pids])
        while other.execute("SELECT FROM pg_stat_activity WHERE pid = ANY(%s)", [pids]).fetchall():
            time.sleep(0.01)
    for one in held:
        pool.putconn(one)


def test_nobody_gets_a_connection_that_the_server_has_ended(pool):
    end_connections(pool, 5)
    begin = time.monotonic()
    for _ in range(5):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.close()
    assert time.monotonic() - begin < 2  # checking one after the other, the pool waits for 15 seconds


def test_a_silent_connection_is_not_asked(pool, monkeypatch):
    one = pool.getconn()
    asked = []
    monkeypatch.setattr(psycopg.Connection, "execute", lambda *arguments, **options: asked.append(arguments))
    pool.check_connection(one)
    monkeypatch.undo()
    pool.putconn(one)
    assert not asked


def test_a_connection_on_which_the_server_has_spoken_is_asked_and_stays(pool):
    one = pool.getconn()
    one.execute("LISTEN news")
    with psycopg.connect(one.info.dsn, autocommit=True) as other:
        other.execute("NOTIFY news")
    pool.check_connection(one)
    pool.putconn(one)
    assert not one.closed
