"""Requests made from the API's own description: nothing breaks it, and it answers as it says."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from rest_framework.authtoken.models import Token
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]
BOUNDED = settings(
    max_examples=3,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_every_request_that_the_description_allows_is_answered_as_it_says(
    live_server, researcher, draft_study
):
    token = Token.objects.create(user=researcher.user)
    headers = {"Authorization": f"Token {token.key}"}
    description = schemathesis.openapi.from_dict(researcher.get("/api/v1/schema/").json())
    faults, asked = [], 0
    for found in description.get_all_operations():
        operation = found.ok()

        @BOUNDED
        @given(case=operation.as_strategy())
        def answered(case):
            case.call_and_validate(base_url=live_server.url, headers=headers, checks=CHECKS)

        try:
            answered()
        except (Exception, FailureGroup) as error:
            faults.append(f"{operation.label}: {error}")
        asked += 1
    assert faults == []
    assert asked > 25
