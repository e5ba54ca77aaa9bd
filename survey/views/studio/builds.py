"""Builds of explanation sets, started, watched, cancelled and resumed from the studio."""

import subprocess

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ...background.building import known_methods
from ...models import SetBuild
from ...studio_forms import BuildForm
from .finding import require_maker


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_build(request):
    require_maker(request)
    form = BuildForm(request.POST or None, instance=SetBuild(owner=request.user))
    if form.is_valid():
        build = form.save(commit=False)
        SetBuild.objects.start(build)
        return redirect(build)
    return render(request, "studio/new_build.html", {"form": form})


@login_required
@require_safe
def methods(request):
    """What can be built, for the form to show when it has arrived: asking takes seconds the first time."""
    try:
        known = known_methods()
    except (subprocess.SubprocessError, OSError):
        known = []
    return render(request, "studio/known_methods.html", {"known": known})


@login_required
@never_cache
@require_safe
def build(request, pk):
    return render(request, "studio/build.html", _context(pk))


@login_required
@never_cache
@require_safe
def progress(request, pk):
    """The changing part of a build's page."""
    return render(request, "studio/build_progress.html", _context(pk))


@login_required
@require_POST
def cancel(request, pk):
    require_maker(request)
    found = get_object_or_404(SetBuild, pk=pk)
    if SetBuild.objects.cancel(found):
        messages.success(request, "The build is asked to stop. What it has computed is kept: it can go on.")
    else:
        messages.warning(request, "The build was not cancelled: it has ended already.")
    return redirect(found)


@login_required
@require_POST
def resume(request, pk):
    require_maker(request)
    found = get_object_or_404(SetBuild, pk=pk)
    if not SetBuild.objects.start(found):
        messages.warning(request, "The build was not started again: it is running or done already.")
    return redirect(found)


def _context(pk):
    found = get_object_or_404(SetBuild.objects.select_related("classifier", "explanation_set"), pk=pk)
    return {"build": found, "job": found, "worker_busy": SetBuild.objects.alive().exclude(pk=pk).exists()}
