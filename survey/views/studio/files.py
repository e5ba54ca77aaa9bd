"""Files: study file, plan and archive of a study, and studies made from files."""

import tempfile
import zipfile

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ...files import versions
from ...files.archive import ArchiveRefused, archive_name, restore_archive, write_archive
from ...files.preregistration import preregistration
from ...files.study_file import StudyFileRefused, export_study, import_study, unused_slug
from ...models import AuditEvent
from ...models.teams import first_team
from ...rights import Action, teams_for
from ...studio_forms import ImportForm
from .finding import find_study, require_maker

LARGEST_STUDY_FILE = 1_000_000  # bytes; texts in four languages are some 20,000


@login_required
@require_safe
def files(request, slug):
    study = find_study(request, slug)
    return render(request, "studio/files.html", {"study": study, "tab": "files"})


@login_required
@require_safe
def study_file(request, slug):
    study = find_study(request, slug, action=Action.EXPORT)
    AuditEvent.objects.record(request.user, AuditEvent.Action.EXPORTED, study, detail="study file")
    response = HttpResponse(export_study(study), content_type="application/yaml; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}.yaml"'
    return response


@login_required
@require_safe
def plan(request, slug):
    """The pre-registration, on a page that prints well."""
    study = find_study(request, slug)
    context = {"study": study, "tab": "files", "plan": preregistration(study), "file": export_study(study)}
    return render(request, "studio/plan.html", context)


@login_required
@require_safe
def plan_markdown(request, slug):
    study = find_study(request, slug)
    written = preregistration(study).to_markdown()
    AuditEvent.objects.record(request.user, AuditEvent.Action.EXPORTED, study, detail="pre-registration")
    response = HttpResponse(written, content_type="text/markdown; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{slug}-preregistration.md"'
    return response


@login_required
@require_safe
def archive(request, slug):
    """Everything from which the closed study can be checked and restored, as one zip."""
    study = find_study(request, slug, action=Action.EXPORT)
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the response closes it when it has been sent)
    try:
        write_archive(study, file)
    except ArchiveRefused as refusal:
        file.close()
        messages.warning(request, str(refusal))
        return redirect("studio:files", slug)
    file.seek(0)
    AuditEvent.objects.record(request.user, AuditEvent.Action.EXPORTED, study, detail="archive")
    return FileResponse(file, as_attachment=True, filename=archive_name(study))


@login_required
@require_POST
def new_version(request, slug):
    """What is changed after the opening is a draft of its own; answers stay with the version they saw."""
    study = find_study(request, slug, action=Action.EDIT)
    try:
        return redirect(versions.new_version(study, request.user))
    except ValidationError as refusal:
        messages.warning(request, refusal.messages[0])
        return redirect("studio:design", slug)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_file(request):
    """A study from a study file or an archive; what is wrong with it is said whole, and nothing is stored."""
    require_maker(request)
    form = ImportForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            return redirect(_made(request, form.cleaned_data["file"]))
        except (StudyFileRefused, ArchiveRefused) as refusal:
            form.add_error("file", str(refusal))
    return render(request, "studio/import_study.html", {"form": form})


def _made(request, file):
    team = next(iter(teams_for(request.user, Action.EDIT)), None)
    columns = {"owner": request.user, "team_id": team or first_team()}
    if zipfile.is_zipfile(file):
        made = restore_archive(file, name=file.name, **columns)
        messages.success(request, "The archive is restored: the closed study with all its answers.")
    else:
        slug = unused_slug(file.name.rsplit(".", 1)[0])
        made = import_study(_text(file), slug=slug, name=file.name, **columns)
        messages.success(request, "The study file is imported as a draft.")
    AuditEvent.objects.record(request.user, AuditEvent.Action.IMPORTED, made, detail=file.name[:300])
    return made


def _text(file):
    if file.size > LARGEST_STUDY_FILE:
        raise StudyFileRefused(
            f"{file.name}: {file.size:,} bytes, but a study file has {LARGEST_STUDY_FILE:,} at most; "
            "and it is no zip, as an archive is."
        )
    file.seek(0)
    try:
        return file.read().decode()
    except UnicodeDecodeError as error:
        raise StudyFileRefused(f"{file.name}: byte {error.start} is not UTF-8.") from None
