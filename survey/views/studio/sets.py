"""Explanation sets: the gallery, one map with its raw values, metrics of faithfulness, provenance."""

import csv

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from ...importing import ImportRefused, import_zip, raw_values
from ...models import ClassMap, ExplanationSet
from ...raw_maps import RawMap
from ...security import ONLY_A_PICTURE
from ...set_metrics import METRIC_FORMATS
from ...studio_forms import SetForm
from .finding import require_maker

a_day = cache_control(private=True, max_age=86400)  # a map never changes


@login_required
@require_safe
def explanation_set(request, slug):
    found = get_object_or_404(ExplanationSet, slug=slug)
    context = {
        "explanation_set": found,
        "record": found.record(),
        "methods": found.methods.all(),
        "rows": found.sheet(),
        "confusion_rows": found.confusion_rows(),
        "signed": request.GET.get("show") == "signed" and bool(found.maps),
        "metrics": found.metrics,
        "metric_formats": list(METRIC_FORMATS),
        "studies": found.studies.prefetch_related("texts"),
    }
    return render(request, "studio/explanation_set.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request):
    """A zipped explanation set; what is wrong with it is said in one line, and nothing is stored."""
    require_maker(request)
    form = SetForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            return redirect(import_zip(file, file.name))
        except ImportRefused as refusal:
            form.add_error("file", str(refusal))
    return render(request, "studio/upload_set.html", {"form": form})


@login_required
@require_safe
def metrics(request, slug, extension):
    """A file of the set's evaluation, as it came."""
    found = get_object_or_404(ExplanationSet, slug=slug)
    content = found.metrics_as(extension)
    if content is None:
        raise Http404(f"{slug} has no metrics as {extension!r}.")
    response = HttpResponse(content, content_type=METRIC_FORMATS[extension])
    response.headers["Content-Disposition"] = f'inline; filename="{slug}-metrics.{extension}"'
    response.headers["Content-Security-Policy"] = ONLY_A_PICTURE
    return response


@login_required
@require_safe
def class_map(request, pk):
    found = _class_map(pk)
    explanation_set = found.method.explanation_set
    scores = explanation_set.metrics.of_map(*found.key()) if explanation_set.metrics else []
    context = {
        "class_map": found,
        "raw": _raw(found),
        "explanation_set": explanation_set,
        "scores": scores,
    }
    return render(request, "studio/class_map.html", context)


@login_required
@a_day
@require_safe
def picture(request, pk):
    """As participants see it."""
    with _class_map(pk).image.open() as file:
        return HttpResponse(file.read(), content_type="image/png")


@login_required
@a_day
@require_safe
def signed_picture(request, pk):
    return HttpResponse(_raw_or_404(pk).picture(), content_type="image/png")


@login_required
@a_day
@require_safe
def values_json(request, pk):
    return JsonResponse({"rows": _raw_or_404(pk).rows()})


@login_required
@a_day
@require_safe
def values_csv(request, pk):
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="map-{pk}.csv"'
    csv.writer(response, lineterminator="\n").writerows(_raw_or_404(pk).rows())
    return response


def _class_map(pk):
    return get_object_or_404(ClassMap.objects.select_related("method__explanation_set"), pk=pk)


def _raw(found):
    values = raw_values(found)
    return None if values is None else RawMap(values)


def _raw_or_404(pk):
    raw = _raw(_class_map(pk))
    if raw is None:
        raise Http404("The raw values of this set were not imported.")
    return raw
