"""Published descriptions of the files that the site reads and writes."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from ..files.study_file import SCHEMA_FILE


@require_safe
def study_file(request):
    """The JSON Schema of the study file."""
    return HttpResponse(SCHEMA_FILE.read_bytes(), content_type="application/schema+json")
