"""Pictures sent by gunicorn's own loop: the same bytes, and nothing else taken for one."""

import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from django.conf import settings

from survey.picture_worker import asked_for

PLAIN = ["GET /pictures/a.png HTTP/1.1", "Host: example.org", "Cookie: a=1"]
SITE = """
import sys
sys.path.insert(0, {root!r})
from survey.pictures import Pictures

asked = 0

def site(environ, start_response):
    global asked
    asked += 1
    body = environ["wsgi.input"].read() or b"%d" % asked
    if "large" in environ["PATH_INFO"]:
        body = body * 8_000_000
    start_response("200 OK", [("Content-Type", "image/png"), ("Content-Length", str(len(body)))])
    return [body]

application = Pictures(site)
"""


def head(*lines):
    return "\r\n".join([*lines, "", ""])


def test_a_plain_request_says_path_host_and_scheme():
    assert asked_for(head(*PLAIN, "X-Forwarded-Proto: https")) == ("/pictures/a.png", "example.org", "https")


@pytest.mark.parametrize(
    "line",
    [
        "Content-Length: 3",
        "transfer-encoding: chunked",
        "Connection: close",
        "Expect: 100-continue",
        "Range: bytes=0-1",
        "Host: elsewhere.org",
        "Cookie : a=1",
        " folded: 1",
        "no header",
    ],
)
def test_anything_unusual_is_left_to_gunicorn(line):
    assert asked_for(head(*PLAIN, line)) is None


@pytest.mark.parametrize("target", ["/pictures/a.png?b=1 HTTP/1.1", "/pictures/%61.png HTTP/1.1"])
def test_an_address_that_is_not_plain_is_left_to_gunicorn(target):
    assert asked_for(head(f"GET {target}", *PLAIN[1:])) is None


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/2", ""])
def test_another_version_of_http_is_left_to_gunicorn(version):
    assert asked_for(head(f"GET /pictures/a.png {version}", *PLAIN[1:])) is None


@contextmanager
def served(folder):
    """The port at which gunicorn serves SITE with our settings, in one process."""
    (folder / "shown.py").write_text(SITE.format(root=str(settings.BASE_DIR)))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--config", "survey/gunicorn_settings.py", "--workers", "1"]
    command += ["--bind", f"127.0.0.1:{port}", "--chdir", str(folder), "shown:application"]
    server = subprocess.Popen(command, cwd=settings.BASE_DIR, stderr=subprocess.DEVNULL)
    try:
        yield port
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with served(tmp_path_factory.mktemp("site")) as port:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert time.monotonic() < deadline, "gunicorn did not come up"
                time.sleep(0.1)
        yield port


@pytest.fixture
def line(port):
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        yield line


def ask(line, path, body=b""):
    length = [f"Content-Length: {len(body)}"] if body else []
    line.sendall(head(f"GET {path} HTTP/1.1", "Host: example.org", *length).encode() + body)


def answer(line):
    """Status line, headers but for the date, and body of the next answer."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += line.recv(1)
    status, *headers = received.decode().strip().split("\r\n")
    headers = {name.lower(): value for name, value in (header.split(": ") for header in headers)}
    body = b""
    while len(body) < int(headers["content-length"]):
        body += line.recv(1 << 20)
    return status, {name: headers[name] for name in headers.keys() - {"date", "server"}}, body


@pytest.mark.slow
def test_a_picture_from_memory_is_the_one_that_the_site_sent(line):
    answers = []
    for _ in range(3):
        ask(line, "/pictures/same.png")
        answers.append(answer(line))
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.slow
def test_a_large_picture_reaches_who_reads_slowly(line):
    for _ in range(2):
        ask(line, "/pictures/large.png")
        time.sleep(0.2)  # the second, from memory, does not fit into the connection's buffer
        status, _, body = answer(line)
        assert (status, len(body)) == ("HTTP/1.1 200 OK", 8_000_000 * len(str(int(body[:1]))))
    ask(line, "/pictures/after.png")
    assert answer(line)[0] == "HTTP/1.1 200 OK"


@pytest.mark.slow
def test_a_request_in_pieces_is_answered(line):
    ask(line, "/pictures/pieces.png")
    whole = answer(line)
    line.sendall(b"GET /pictures/pieces.png HTTP/1.1\r\nHo")
    time.sleep(0.1)
    line.sendall(b"st: example.org\r\n\r\n")
    assert answer(line) == whole


@pytest.mark.slow
def test_a_request_with_a_body_is_not_answered_from_memory(line):
    ask(line, "/pictures/body.png")
    answer(line)
    ask(line, "/pictures/body.png", b"sent")
    assert answer(line)[0] == "HTTP/1.1 200 OK"
    ask(line, "/pictures/body.png")
    assert answer(line)[0] == "HTTP/1.1 200 OK"  # nothing of the body was taken for a request
