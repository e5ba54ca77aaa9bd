"""gunicorn's threaded worker, which sends pictures from memory without a thread.

A question has four pictures, and all threads may be waiting for the database. Where the bytes of a picture
are there already, the loop that watches the connections sends them itself, at a sixth of the processor time
that gunicorn takes for a request; everything else, and whatever is the least unusual about a request, goes
gunicorn's own way.
"""

from email.utils import formatdate
from functools import partial
from socket import MSG_PEEK

from gunicorn.workers.gthread import ThreadWorker

BEGINNING, LONGEST = b"GET /pictures/", 4096  # bytes of a request
# With one of these a request has a body, or asks for more than an answer.
UNUSUAL = {"connection", "content-length", "transfer-encoding", "expect", "upgrade", "range"}


class PictureWorker(ThreadWorker):
    def on_client_socket_readable(self, conn, client):
        """Answers what has come on a kept connection, if it can be at once."""
        answer = self._answer(client)
        if answer is None:
            super().on_client_socket_readable(conn, client)
            return
        try:
            sent = client.send(answer)
        except BlockingIOError:
            sent = 0
        except OSError:  # gone; gunicorn's own way closes the connection
            super().on_client_socket_readable(conn, client)
            return
        self.keepalived_conns.remove(conn)
        if sent < len(answer):
            self._send_rest(conn, client, answer[sent:])
        else:
            conn.set_timeout()
            self.keepalived_conns.append(conn)

    def _answer(self, client):
        """The bytes to send if all that has come is one whole request for a picture in memory; else None."""
        if self.cfg.is_ssl or not self.alive:
            return None
        try:
            head = client.recv(LONGEST, MSG_PEEK)
        except OSError:
            return None
        if not (head.startswith(BEGINNING) and head.find(b"\r\n\r\n") == len(head) - 4):
            return None
        asked = asked_for(head.decode("latin-1"))
        remembered = asked and self.wsgi.remembered(*asked)
        if not remembered:
            return None
        client.recv(len(head))
        return as_bytes(*remembered)

    def _send_rest(self, conn, client, rest):
        """In a thread, since the other side reads slowly."""
        self.poller.unregister(client)
        sending = self.tpool.submit(self._send, conn, rest)
        sending.add_done_callback(partial(self._sent, conn))

    def _send(self, conn, rest):
        conn.sock.setblocking(True)
        conn.sock.sendall(rest)
        return True

    def _sent(self, conn, sending):
        self.method_queue.defer(self.finish_request, conn, sending)


def asked_for(head):
    """Path, host and X-Forwarded-Proto of a plain GET; None if there is anything unusual about it.

    `head` is a request up to its empty line.
    """
    line, *rest = head.removesuffix("\r\n\r\n").split("\r\n")
    _, _, target = line.partition(" ")
    path, _, version = target.partition(" ")
    headers = {}
    for header in rest:
        name, colon, value = header.partition(":")
        name = name.lower()
        if not colon or name in headers or name in UNUSUAL or name != name.strip():
            return None
        headers[name] = value.strip()
    if version != "HTTP/1.1" or "?" in path or "%" in path:
        return None
    return path, headers.get("host", ""), headers.get("x-forwarded-proto", "")


def as_bytes(status, headers, body):
    """An answer as it goes over the wire."""
    lines = [f"HTTP/1.1 {status}", f"Date: {formatdate(usegmt=True)}", "Connection: keep-alive"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
