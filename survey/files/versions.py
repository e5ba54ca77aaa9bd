"""A study that has opened never changes: what is edited afterwards is a new version, a draft of its own.

Answers stay with the version that they were given to, and the vote table of each says which it is.
"""

import re

from django.core.exceptions import ValidationError
from django.db import transaction

from ..models import AuditEvent, Study
from .study_file import export_study, import_study


@transaction.atomic
def new_version(study, user=None):
    """A draft that begins as the design of an opened study; the version after it. One only."""
    if study.is_draft:
        raise ValidationError(f"“{study}” is a draft: change it itself.")
    following = Study.objects.filter(previous=study).first()
    if following:
        raise ValidationError(f"“{study}” has a new version already: {following.slug}.")
    version = study.version + 1
    stem = re.sub(r"-v\d+$", "", study.slug)[:70]
    slug = f"{stem}-v{version}"
    if Study.objects.filter(slug=slug).exists():
        raise ValidationError(f"There is a study {slug} already; rename or remove it first.")
    made = import_study(
        export_study(study), slug=slug, version=version, previous=study, team_id=study.team_id, owner=user
    )
    AuditEvent.objects.record(user, AuditEvent.Action.NEW_VERSION, made, detail=f"of {study.slug}")
    return made
