"""What analysts see and take away: results page, charts, vote table with its codebook, report."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from ..exporting import (
    REPORT_FORMATS,
    SIMULATED,
    chart_of,
    codebook_lines,
    command_of,
    study_report,
    vote_lines,
    votes_file_name,
)
from ..models import AuditEvent, Study
from ..rights import Action, find_study, look_early, must_say_why

OPEN_SECTIONS = ("choice-model", "shares", "differences", "tests")  # the others are folded at first


@login_required
@require_safe
def results(request, slug):
    study = _study(request, slug, Action.RESULTS)
    simulated = _simulated(request, study)
    if _is_hidden(request, study, simulated):
        return render(request, "results/hidden.html", {"study": study, "tab": "results"})
    report = study_report(study, simulated)
    context = {
        "study": study,
        "tab": "results",
        "report": report,
        "apa": report and report.write("apa"),
        "command": report and command_of(report),
        "open_sections": OPEN_SECTIONS,
        "report_formats": list(REPORT_FORMATS),
        "simulated": simulated,
        "has_both": study.participations.values("simulated").distinct().count() == 2,
    }
    return render(request, "results/results.html", context)


@login_required
@require_POST
def look(request, slug):
    """Shows results before the study closes to who says why; the audit log keeps it."""
    study = _study(request, slug, Action.RESULTS)
    reason = request.POST.get("reason", "")
    try:
        look_early(request.user, study, reason)
    except ValidationError as refusal:
        context = {"study": study, "tab": "results", "error": refusal.messages[0], "reason": reason}
        return render(request, "results/hidden.html", context, status=400)
    return redirect("studio:results", slug)


@login_required
@require_safe
def chart(request, slug, chart):
    study = _study(request, slug, Action.RESULTS)
    simulated = _simulated(request, study)
    if _is_hidden(request, study, simulated):
        return redirect("studio:results", slug)
    drawing = chart_of(_report_or_404(study, simulated), chart)
    if drawing is None:
        raise Http404(f"The report has no chart {chart!r}.")
    return HttpResponse(drawing, content_type="image/svg+xml")


@login_required
@require_safe
def report_file(request, slug, extension):
    if extension not in REPORT_FORMATS:
        raise Http404(f"There is no report as {extension!r}; there are {', '.join(REPORT_FORMATS)}.")
    content_type, report_format = REPORT_FORMATS[extension]
    study = _study(request, slug, Action.EXPORT)
    simulated = _simulated(request, study)
    if _is_hidden(request, study, simulated):
        return redirect("studio:results", slug)
    response = HttpResponse(_report_or_404(study, simulated).write(report_format), content_type=content_type)
    _record_export(request, study, f"report.{extension}")
    return _as_file(response, f"{slug}-report.{extension}")


@login_required
@require_safe
def votes_csv(request, slug):
    study = _study(request, slug, Action.EXPORT)
    if _is_hidden(request, study, "include"):
        return redirect("studio:results", slug)
    _record_export(request, study, "vote table")
    response = StreamingHttpResponse(vote_lines(study), content_type="text/csv; charset=utf-8")
    return _as_file(response, votes_file_name(study))


@login_required
@require_safe
def codebook_csv(request, slug):
    lines = codebook_lines(_study(request, slug, Action.RESULTS))
    response = HttpResponse("".join(lines), content_type="text/csv; charset=utf-8")
    return _as_file(response, f"{slug}-codebook.csv")


def _study(request, slug, action):
    studies = Study.objects.select_related("explanation_set", "team", "rehearsal__study")
    return find_study(request.user, slug, action, studies.prefetch_related("texts"))


def _simulated(request, study):
    """Who counts: everybody ("include"), people only ("exclude") or simulated participants only ("only").

    Everybody, unless the address says otherwise or programs alone have come.
    """
    chosen = request.GET.get("simulated")
    if chosen in SIMULATED:
        return chosen
    if study.is_draft or study.is_closed or study.is_rehearsal:
        return "include"
    return "include" if study.participations.filter(simulated=False).exists() else "only"


def _is_hidden(request, study, simulated):
    """Whether this person must say why before votes of a study that still runs are shown."""
    return not study.is_rehearsal and must_say_why(request.user, study, simulated)


def _record_export(request, study, what):
    AuditEvent.objects.record(request.user, AuditEvent.Action.EXPORTED, study, detail=what)


def _report_or_404(study, simulated):
    report = study_report(study, simulated)
    if report is None:
        raise Http404("There are no votes yet.")
    return report


def _as_file(response, name):
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
