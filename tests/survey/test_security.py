"""What browsers are told, how often one may knock, and that no request ends in an error of ours."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as site
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from survey.models import Participation, Study, ThrottleCount, ThrottleWindow
from survey.models.throttles import Limit
from survey.security import enrolments

pytestmark = pytest.mark.django_db

FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
TEXT = st.text(max_size=40) | st.sampled_from(["\x00", "' OR 1=1 --", "9" * 400, "-1", "\ud7ff", "{label}"])


def test_no_page_allows_inline_code(participant, open_study):
    policy = participant.get("/s/digits/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none';")


def test_no_template_holds_inline_code():
    for path in (Path(site.BASE_DIR) / "templates").rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", html), path


@pytest.mark.parametrize("address", ["/s/digits/", "/studio/login/", "/nowhere/"])
def test_no_page_may_be_framed(participant, open_study, address):
    headers = participant.get(address).headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_only_mturk_may_frame_only_its_studies(participant, open_study):
    Study.objects.update(platform="mturk")
    headers = participant.get("/s/digits/?assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE").headers
    assert (
        "frame-ancestors https://www.mturk.com https://workersandbox.mturk.com"
        in headers["Content-Security-Policy"]
    )
    assert "X-Frame-Options" not in headers
    assert "frame-ancestors 'none'" in participant.get("/studio/login/").headers["Content-Security-Policy"]


def log_in(password):
    return Client().post("/studio/login/", {"username": "researcher", "password": password})


def test_after_ten_failed_logins_even_the_right_password_waits(researcher):
    for _ in range(10):
        assert log_in("wrong").status_code == 200
    response = log_in("a long password")
    assert response.status_code == 429
    assert "Too many logins failed. Please try again in a quarter of an hour." in response.content.decode()


def test_nine_failed_logins_are_forgiven(researcher):
    for _ in range(9):
        log_in("wrong")
    assert log_in("a long password").status_code == 302


def test_too_many_enrolments_from_one_address_are_asked_to_wait(open_study, hidden_fields, monkeypatch):
    monkeypatch.setattr(enrolments, "times", 2)
    statuses = [
        Client().post("/s/digits/start/", hidden_fields(Client().get("/s/digits/"))).status_code
        for _ in range(3)
    ]
    assert statuses == [302, 302, 429]
    assert Participation.objects.count() == 2


def later(monkeypatch, minutes):
    """Lets that much time pass for the limits."""
    then = timezone.now() + timedelta(minutes=minutes)
    monkeypatch.setattr("survey.models.throttles.timezone.now", lambda: then)


def test_a_limit_counts_each_knocker_apart_and_fades(monkeypatch):
    limit = Limit("knocks", times=1, seconds=60)
    knocks = ["192.0.2.7", "192.0.2.7", "192.0.2.8"]
    assert [limit.count(address) for address in knocks] == [True, False, True]
    later(monkeypatch, minutes=1)
    assert limit.count("192.0.2.7")


def test_a_limit_stores_no_address_and_its_salt_dies(monkeypatch):
    limit = Limit("knocks", times=1, seconds=60)
    limit.count("192.0.2.7")
    window = ThrottleWindow.objects.get()
    assert "192.0.2.7" not in str(ThrottleCount.objects.values())
    later(monkeypatch, minutes=3)
    limit.count("192.0.2.8")
    assert ThrottleWindow.objects.get().salt != window.salt
    assert ThrottleCount.objects.count() == 1


def test_no_table_has_a_column_for_a_network_address():
    from django.apps import apps

    names = {field.name for model in apps.get_models() for field in model._meta.get_fields()}
    assert not [name for name in names if re.search(r"(^|_)(ip|addr|address|host)($|_)", name)]


def posted_addresses(participation):
    own = f"/p/{participation.public_id}/"
    return [
        "/s/digits/start/",
        "/s/digits/decline/",
        "/s/digits/withdraw/",
        "/s/digits/next-person/",
        *(own + step for step in ("practice/", "1/", "25/", "screening/")),
    ]


@pytest.mark.slow
@FUZZ
@given(
    which=st.integers(0, 7),
    query=st.dictionaries(st.sampled_from(["simulation", "ticket", "PROLIFIC_PID", "id"]), TEXT),
    fields=st.dictionaries(
        st.sampled_from(["choice", "shown", "invitation", "receipt_code", "question_1"]), TEXT
    ),
    platform=st.sampled_from(["link", "prolific", "sona", "connect", "mturk", "invitation"]),
)
def test_no_form_of_participants_ends_in_an_error(participation, which, query, fields, platform):
    Study.objects.update(platform=platform)
    address = posted_addresses(participation)[which]
    response = Client().post(address, fields, query_params=query)
    assert response.status_code < 500


@pytest.mark.slow
@FUZZ
@given(text=TEXT, number=st.integers(0, 10**12), which=st.integers(0, 10**6), posts=st.booleans())
def test_no_address_ends_in_an_error(researcher, participation, text, number, which, posts):
    """Every pattern of the site, its parts filled with anything at all."""
    patterns = sorted(_patterns(get_resolver().url_patterns))
    address = re.sub(
        r"<(\w+):\w+>",
        lambda part: str(number) if part[1] in ("int", "position") else text,
        patterns[which % len(patterns)],
    )
    method = researcher.post if posts else researcher.get
    assert method("/" + address.replace("?", "").replace("#", "")).status_code < 500


def _patterns(patterns, before=""):
    for pattern in patterns:
        path = before + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from _patterns(pattern.url_patterns, path)
        else:
            yield path


@pytest.mark.slow
@FUZZ
@given(changes=st.dictionaries(st.integers(0, 100), TEXT, min_size=1, max_size=4))
def test_no_study_form_ends_in_an_error(researcher, draft_study, changes):
    page = researcher.get("/studio/studies/digits/design/")
    form = page.context["form"]
    values = {name: "" if form[name].value() is None else form[name].value() for name in form.fields}
    for place, text in changes.items():
        values[list(values)[place % len(values)]] = text
    response = researcher.post("/studio/studies/digits/design/", values)
    assert response.status_code < 500
