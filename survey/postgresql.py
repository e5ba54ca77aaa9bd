"""Connections to PostgreSQL of which it is known, without asking, whether the server has ended them.

With CONN_HEALTH_CHECKS the pool executes an empty statement on each connection before it hands it out: a
round trip a request. A server that stops or dies closes its side, and then there is something to read; where
there is nothing, nothing has happened, and a look at the socket is enough. A machine that vanishes without a
word is noticed by the statement that waits for it, as without this.
"""

from select import POLLIN, poll

import psycopg
from django.db import connection as of_the_site


class Connection(psycopg.Connection):
    def execute(self, query, params=None, **options):
        """An empty query, the pool's check, is sent only if the server has said something unasked."""
        if not query and self._is_silent():
            return self.cursor()
        try:
            return super().execute(query, params, **options)
        except psycopg.OperationalError:
            if not query:  # the pool's others have ended as well, and it would wait longer after each
                of_the_site.pool.check()
            raise

    def _is_silent(self):
        if self.closed:
            return False
        socket = poll()
        socket.register(self, POLLIN)
        return not socket.poll(0)
