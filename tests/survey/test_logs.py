"""What production logs: lines of JSON that name nobody."""

import json
import logging
import sys

import pytest
from django.test import Client

from survey.logs import JsonLines
from survey.models import PlatformIdentity

PERSON = "5f00000000000000000000ff"
SECRETS = [PERSON, "192.0.2.77", "2001:db8::7", "begun-participation", "session-of-somebody", "Browser/1.0"]


@pytest.fixture
def lines(caplog):
    """The function that gives all that was logged as production writes it."""
    caplog.set_level(logging.INFO)
    return lambda: [JsonLines().format(record) for record in caplog.records]


def assert_names_nobody(lines):
    assert lines
    for line in lines:
        json.loads(line)
        assert not [secret for secret in SECRETS if secret in line], line


def visit(address, **options):
    browser = Client(
        raise_request_exception=False, REMOTE_ADDR="192.0.2.77", headers={"user-agent": "Browser/1.0"}
    )
    return browser.get(f"{address}?PROLIFIC_PID={PERSON}&SESSION_ID=session-of-somebody", **options)


@pytest.mark.django_db
def test_a_refused_request_is_logged_by_its_route(participation, lines):
    visit("/p/begun-participation/nothing/there/")
    visit("/s/digits/start/")
    assert_names_nobody(lines())
    told = [json.loads(line) for line in lines()]
    assert (told[0]["route"], told[0]["status"]) == ("none", 404)
    assert (told[1]["route"], told[1]["status"]) == ("s/<slug:slug>/start/", 405)
    assert told[1]["event"] == "request refused"


@pytest.mark.django_db
def test_a_failed_request_is_logged_with_where_and_without_what(participation, lines, monkeypatch):
    def fail(*_):
        raise ValueError(f"DETAIL: Key (person)=({PERSON}) of 192.0.2.77 already exists.")

    monkeypatch.setattr("survey.views.participant.Turn.at", fail)
    assert visit("/p/begun-participation/practice/").status_code == 500
    assert_names_nobody(lines())
    [told] = [json.loads(line) for line in lines() if "request failed" in line]
    assert told["error"] == "builtins.ValueError"
    assert "survey/views/participant.py" in " ".join(told["at"])
    assert told["route"] == "p/<token:public_id>/practice/"


@pytest.mark.parametrize(
    "text",
    [
        "Invalid request from ip=192.0.2.77: no header",
        "Invalid request from ip=2001:db8::7: no header",
        "Error handling request /p/begun-participation/3/",
        f"Error handling request /s/digits/?PROLIFIC_PID={PERSON}",
    ],
)
def test_what_others_log_is_freed_of_addresses_queries_and_links(text):
    record = logging.LogRecord("gunicorn.error", logging.WARNING, "", 0, text, (), None)
    assert_names_nobody([JsonLines().format(record)])


@pytest.mark.django_db
def test_a_withdrawal_is_logged_with_what_became_of_the_answers(participation, lines):
    PlatformIdentity.objects.create(
        participation=participation, study=participation.study, platform="prolific", person=PERSON
    )
    participation.withdraw()
    [told] = [json.loads(line) for line in lines()]
    assert (told["event"], told["answers"]) == ("withdrawn", "erase")
    assert_names_nobody(lines())


def test_an_error_without_a_request_is_a_line_too():
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError:
        record = logging.LogRecord("survey", logging.ERROR, "", 0, "failed", (), sys.exc_info())
    told = json.loads(JsonLines().format(record))
    assert (told["event"], told["error"], told["level"]) == ("failed", "builtins.ZeroDivisionError", "error")
