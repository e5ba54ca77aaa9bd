"""Every address of the studio and of the API that can be read, with 10,000 participations in the study."""

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from benchmarks.crowd import gather
from survey.background import rehearsing
from survey.models import AuditEvent, Rehearsal, SetBuild, Team

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

MANY, MOST = 10_000, 12
ANSWERED = 100  # people with all their answers: 2,600 rows, more than are read at once
ELSEWHERE = {
    *("login", "logout", "known_methods"),  # not about studies, or asks another process
    "study-archive",  # no page: the API's file of all that there is, which reads each table once
}


@pytest.fixture
def crowded_study(researcher, open_study):
    """A study of which many take part, with a log, a rehearsal, a failed build, and a team of sixty."""
    gather(open_study, MANY, ANSWERED)
    rehearsing.begin(open_study, 1, "http://127.0.0.1:1/", researcher.user)
    Rehearsal.objects.update(status="done")
    SetBuild.objects.create(name="broken", methods="lime", status="failed", error="What went wrong")
    for number in range(60):
        AuditEvent.objects.record(researcher.user, "changed", open_study, detail=str(number))
        colleague = get_user_model().objects.create_user(f"colleague-{number}")
        Team.objects.get().memberships.create(user=colleague, role="analyst")
    return open_study


def addresses(namespace, study):
    """Every address of the studio or the API, filled in."""
    prefix, resolver = get_resolver().namespace_dict[namespace]
    rooms = {
        "sets": {"slug": study.explanation_set.slug, "extension": "csv"},
        "maps": {"pk": study.explanation_set.class_maps.first().pk},
        "builds": {"pk": SetBuild.objects.get().pk},
        "team": {"pk": study.team_id, "user_pk": 1},
        "teams": {"pk": study.team_id, "username": "colleague-1"},
        "studies": {
            "slug": study.slug,
            "language": "en",
            "position": 1,
            "chart": "shares",
            "extension": "html",
        },
    }
    for name in resolver.reverse_dict:
        if isinstance(name, str) and name not in ELSEWHERE:
            [(template, _)] = resolver.reverse_dict[name][0]
            yield f"/{prefix}{template % rooms.get(template.partition('/')[0], {})}"


def queries_of(client, address):
    with CaptureQueriesContext(connection) as queries:
        response = client.get(address)
        if response.streaming:
            b"".join(response.streaming_content)
    assert response.status_code < 500, address
    return len(queries), response.status_code


def test_no_page_takes_over_twelve_queries_with_ten_thousand_participations(researcher, crowded_study):
    """While the study is open, and when it has closed."""
    found = {}
    for state in ("open", "closed"):
        for address in [*addresses("studio", crowded_study), *addresses("api", crowded_study)]:
            found[state, address] = queries_of(researcher, address)
        crowded_study.close()
    assert {key: n for key, (n, _) in found.items() if n > MOST} == {}
    assert sum(status == 200 for _, status in found.values()) > 110
