"""Pictures from the process's memory, ahead of Django: a question has four, and each costs as much as a page.

A picture never changes under its address, so what Django answered once is the answer, headers and all.
"""

import re
from threading import Lock

ADDRESS = re.compile(r"/pictures/[^/]+\.png")
ASKED = ("PATH_INFO", "HTTP_HOST", "HTTP_X_FORWARDED_PROTO")  # what an answer depends on
MOST = 4096  # pictures of about 7 kB


class Pictures:
    """WSGI middleware that answers GETs of pictures that `application` has answered before."""

    def __init__(self, application):
        self.application = application
        self.answers = {}
        self.lock = Lock()

    def __call__(self, environ, start_response):
        if not (
            environ["REQUEST_METHOD"] == "GET"
            and not environ.get("QUERY_STRING")
            and ADDRESS.fullmatch(environ["PATH_INFO"])
        ):
            return self.application(environ, start_response)
        key = tuple(environ.get(name, "") for name in ASKED)
        answer = self.answers.get(key)
        if answer is None:
            answer = self._asked(environ)
            self._remember(key, answer)
        status, headers, body = answer
        start_response(status, list(headers))
        return [body]

    def remembered(self, path, host, forwarded_proto):
        """Status line, headers and body of what was answered to this before; None if nothing was."""
        return self.answers.get((path, host, forwarded_proto))

    def _asked(self, environ):
        """Django's status line, headers and body."""
        begun = []
        response = self.application(
            environ, lambda status, headers, error=None: begun.append((status, headers))
        )
        try:
            body = b"".join(response)
        finally:
            if hasattr(response, "close"):
                response.close()
        return *begun[0], body

    def _remember(self, key, answer):
        status, headers, _ = answer
        if not status.startswith("200 ") or any(name.lower() == "set-cookie" for name, _ in headers):
            return
        with self.lock:
            if len(self.answers) >= MOST:
                del self.answers[next(iter(self.answers))]  # the oldest
            self.answers[key] = answer
