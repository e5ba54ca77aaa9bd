"""Files: the study file and the plan of a study, and studies made from files."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from ...forms import unused_slug
from ...models import AuditEvent, Study
from ...models.teams import first_team
from ...rights import Action, teams_for
from ...studio_forms import StudyFileForm
from ...study_file import StudyFileRefused, export_study, import_study, study_sha256
from .finding import find_study, require_maker


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
    study = find_study(request, slug, Study.objects.select_related("owner"))
    written = export_study(study)
    context = {
        "study": study,
        "tab": "files",
        "text": study.text_in(None),
        "methods": list(study.methods()),
        "labels": study.labels(),
        "n_scored": study.questions.filter(kind="scored").count(),
        "study_file": written,
        "sha256": study_sha256(written),
    }
    return render(request, "studio/plan.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def import_file(request):
    """A draft from a study file; what is wrong with the file is said whole, and nothing is stored."""
    require_maker(request)
    form = StudyFileForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            return redirect(_made(request, form))
        except StudyFileRefused as refusal:
            form.add_error("file", str(refusal))
    return render(request, "studio/import_study.html", {"form": form})


def _made(request, form):
    name, team = form.cleaned_data["file"].name, next(iter(teams_for(request.user, Action.EDIT)), None)
    made = import_study(
        form.text, slug=unused_slug(name.rsplit(".", 1)[0]), name=name, owner=request.user,
        team_id=team or first_team(),
    )  # fmt: skip
    AuditEvent.objects.record(request.user, AuditEvent.Action.IMPORTED, made, detail=name[:300])
    messages.success(request, "The study file is imported as a draft.")
    return made
