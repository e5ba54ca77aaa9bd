"""Errors as problem details (RFC 9457): type, title, status, and one sentence that says what is wrong."""

from http import HTTPStatus

from django.core.exceptions import ValidationError
from rest_framework import exceptions, serializers
from rest_framework.views import exception_handler

from ..files.archive import ArchiveRefused
from ..files.study_file import StudyFileRefused
from ..importing import ImportRefused

REFUSALS = (ArchiveRefused, ImportRefused, StudyFileRefused)


class Conflict(exceptions.APIException):
    """The study is in a state in which this can't be done."""

    status_code = HTTPStatus.CONFLICT
    default_detail = "The study is in a state in which this can't be done."


class Problem(serializers.Serializer):
    """What every error looks like, as application/problem+json."""

    type = serializers.CharField(help_text="about:blank: the status says it all")
    title = serializers.CharField(help_text="the status in words")
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text="one sentence: what is wrong, what is allowed")
    errors = serializers.DictField(required=False, help_text="by field, where fields are at fault")


def problem_details(error, context):
    """DRF's handler, whose answers become problem details; refusals of the site's doors are 400."""
    if isinstance(error, ValidationError):
        error = exceptions.ValidationError({"detail": " ".join(error.messages)})
    elif isinstance(error, REFUSALS):
        error = exceptions.ValidationError({"detail": str(error)})
    response = exception_handler(error, context)
    if response is None:
        return None
    found = response.data if isinstance(response.data, dict) else {"detail": response.data}
    detail = found.pop("detail", None)
    problem = {
        "type": "about:blank",
        "title": HTTPStatus(response.status_code).phrase,
        "status": response.status_code,
        "detail": _sentence(detail) if detail else f"Fields at fault: {', '.join(found)}.",
    }
    response.data = {**problem, "errors": found} if found else problem
    response.content_type = "application/problem+json"
    return response


def _sentence(detail):
    return " ".join(map(str, detail)) if isinstance(detail, list) else str(detail)
