"""Published descriptions of the files that the site reads and writes."""

from django.http import FileResponse
from django.views.decorators.http import require_safe

from ..study_file import SCHEMA_FILE


@require_safe
def study_file(request):
    """The JSON Schema of the study file."""
    return FileResponse(SCHEMA_FILE.open("rb"), content_type="application/schema+json")
