"""Power and cost before launch: how many participants a study needs to see the expected lead."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ...designing.needed import cost, lead_of, needed
from ...planning import ICC
from ...studio_forms import PowerForm
from .finding import find_study


@login_required
@require_safe
def power(request, slug):
    """Show the form; the answer takes a moment and is loaded as a fragment."""
    study = find_study(request, slug)
    return render(
        request, "studio/power.html", {"study": study, "tab": "design", "form": _form(request, study)}
    )


@login_required
@require_safe
def estimate(request, slug):
    study = find_study(request, slug)
    form = _form(request, study)
    context = {"study": study, "form": form, "query": request.GET.urlencode()}
    if form.is_valid():
        found = _needed(study, form)
        context |= {"found": found, "wanted": f"{form.cleaned_data['power']:.0%}"}
        context["costs"] = [cost(study, n) for n in dict.fromkeys([found.claim, study.quota]) if n]
        if study.quota and study.quota > 1 and study.n_votes:
            context["detectable"] = lead_of(study, study.quota)
    return render(request, "studio/power_estimate.html", context)


@login_required
@require_safe
def curve(request, slug):
    study = find_study(request, slug)
    form = _form(request, study)
    if not form.is_valid():
        raise Http404("These values cannot be simulated.")
    return HttpResponse(_needed(study, form).svg, content_type="image/svg+xml")


def _needed(study, form):
    lead, alike, wanted = (float(form.cleaned_data[name]) for name in ("lead", "alike", "power"))
    return needed(study.n_options, lead, study.n_votes, alike, wanted, float(study.alpha))


def _form(request, study):
    usual = {"lead": study.expected_lead.normalize(), "alike": f"{ICC:.2f}", "power": "0.9"}
    return PowerForm(usual | request.GET.dict())
