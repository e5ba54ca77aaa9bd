"""Logs as lines of JSON, without a word on who took part.

A line has `time`, `level`, `logger` and `event`, and what the code that logs names besides, say `answers`.
A request is told by its method, status and route, `p/<token:public_id>/` for example, never by its address;
an error by its type and where it happened, never by its message, which may quote what somebody sent or what a
row holds. In anything else, what looks like a network address, a query or the secret part of a link is cut.
"""

import json
import logging
import re
import traceback
from datetime import UTC, datetime

from gunicorn.glogging import Logger

OWN = {"participation", "answers", "study"}  # what our code may give by name
PERSONAL = re.compile(
    r"(?P<ip>\b\d{1,3}(?:\.\d{1,3}){3}\b|\b(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}\b)"
    r"|(?P<query>\?[^\s'\"]+)"
    r"|(?<=/p/)(?P<link>[\w-]+)"
)


class JsonLines(logging.Formatter):
    def format(self, record):
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            **self._told(record),
            **{name: value for name, value in vars(record).items() if name in OWN},
        }
        if record.exc_info and record.exc_info[0]:
            line |= _error(*record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)

    def _told(self, record):
        request = getattr(record, "request", None)
        if request is None:
            return {"event": PERSONAL.sub("…", record.getMessage())}
        match = getattr(request, "resolver_match", None)
        return {
            "event": "request refused" if getattr(record, "status_code", 500) < 500 else "request failed",
            "method": getattr(request, "method", ""),
            "route": match.route if match else "none",
            "status": getattr(record, "status_code", None),
        }


def _error(kind, error, trace):
    """The type of an error and the lines that it came through, without what it says."""
    frames = traceback.extract_tb(trace)
    return {
        "error": f"{kind.__module__}.{kind.__qualname__}",
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames[-12:]],
    }


class GunicornLog(Logger):
    """What gunicorn says of its workers and of requests that are none, as lines like all others."""

    def setup(self, cfg):
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonLines())


# For logging.config.dictConfig: everything on standard error.
CONFIGURATION = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "survey.logs.JsonLines"}},
    "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["lines"], "level": "INFO"},
    "loggers": {"django": {"handlers": ["lines"], "level": "INFO", "propagate": False}},
}
