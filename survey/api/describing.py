"""What the OpenAPI description says of every operation: its summary, its body, its answers and its errors."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema

from .problems import Problem
from .serializers import StudyWithDesign

ERRORS = {(code, "application/problem+json"): Problem for code in (400, 401, 403, 404, 409, 429)}


def described(summary, request=None, response=StudyWithDesign, code=200, **more):
    return extend_schema(summary=summary, request=request, responses={code: response, **ERRORS}, **more)


def file_described(summary, kind, **more):
    return extend_schema(
        summary=summary, request=None, responses={(200, kind): OpenApiTypes.BINARY, **ERRORS}, **more
    )
