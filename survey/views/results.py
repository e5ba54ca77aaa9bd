"""What analysts see and take away: results page, charts, vote table with its codebook, report."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from ..exporting import (
    REPORT_FORMATS,
    SIMULATED,
    chart_of,
    codebook_lines,
    study_report,
    vote_lines,
    votes_file_name,
)
from ..models import Study


@login_required
@require_safe
def results(request, slug):
    study = _study(slug)
    simulated = _simulated(request)
    context = {
        "study": study,
        "tab": "results",
        "report": study_report(study, simulated),
        "report_formats": list(REPORT_FORMATS),
        "simulated": simulated,
        "has_both": study.participations.values("simulated").distinct().count() == 2,
    }
    return render(request, "results/results.html", context)


@login_required
@require_safe
def chart(request, slug, chart):
    drawing = chart_of(_report_or_404(request, slug), chart)
    if drawing is None:
        raise Http404(f"The report has no chart {chart!r}.")
    return HttpResponse(drawing, content_type="image/svg+xml")


@login_required
@require_safe
def report_file(request, slug, extension):
    if extension not in REPORT_FORMATS:
        raise Http404(f"There is no report as {extension!r}; there are {', '.join(REPORT_FORMATS)}.")
    content_type, render_as = REPORT_FORMATS[extension]
    response = HttpResponse(render_as(_report_or_404(request, slug)), content_type=content_type)
    return _as_file(response, f"{slug}-report.{extension}")


@login_required
@require_safe
def votes_csv(request, slug):
    study = _study(slug)
    response = StreamingHttpResponse(vote_lines(study), content_type="text/csv; charset=utf-8")
    return _as_file(response, votes_file_name(study))


@login_required
@require_safe
def codebook_csv(request, slug):
    lines = codebook_lines(_study(slug))
    response = HttpResponse("".join(lines), content_type="text/csv; charset=utf-8")
    return _as_file(response, f"{slug}-codebook.csv")


def _study(slug):
    return get_object_or_404(
        Study.objects.select_related("explanation_set", "rehearsal__study").prefetch_related("texts"),
        slug=slug,
    )


def _simulated(request):
    """Who counts: everybody ("include"), people only ("exclude") or simulated participants only ("only")."""
    chosen = request.GET.get("simulated", "include")
    return chosen if chosen in SIMULATED else "include"


def _report_or_404(request, slug):
    report = study_report(_study(slug), _simulated(request))
    if report is None:
        raise Http404("There are no votes yet.")
    return report


def _as_file(response, name):
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
