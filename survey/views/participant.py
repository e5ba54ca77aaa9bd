"""What participants see: welcome and consent, instructions, practice, one question a page, thanks.

Every page of a participation is found by the unguessable id in its address, so it works without a login, in a
second tab and on another device. Only POST writes.
"""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..forms import AnswerForm
from ..invitations import invited_id, is_simulation, new_invitation
from ..models import Option, Participation, PlannedQuestion, Study
from ..models.participations import AnswerRefused
from ..question_page import QuestionPage

REMEMBERED_FOR = 60 * 60 * 24 * 30  # seconds


@never_cache
@require_safe
def welcome(request, slug):
    study = get_object_or_404(Study.objects.exclude(status=Study.Status.DRAFT), slug=slug)
    begun = _remembered(request, study)
    if begun:
        return redirect(begun)
    if not study.is_open:
        return render(request, "participant/closed.html", {"study": study}, status=410)
    context = {
        "study": study,
        "action": reverse("participant:start", args=[study.slug]),
        "invitation": new_invitation(),
        "simulation": request.GET.get("simulation", ""),
    }
    return render(request, "participant/welcome.html", context)


@require_POST
def start(request, slug):
    """Enrols, once for each welcome page that was sent: a double click begins one participation."""
    study = get_object_or_404(Study.objects.exclude(status=Study.Status.DRAFT), slug=slug)
    begun = _remembered(request, study)
    if begun:
        return redirect(begun)
    if not study.is_open:
        return render(request, "participant/closed.html", {"study": study}, status=410)
    public_id = invited_id(request.POST.get("invitation", ""))
    if public_id is None:
        return redirect("participant:welcome", slug=slug)
    simulated = is_simulation(request.POST.get("simulation", ""), study)
    participation = Participation.objects.enrol(study, public_id, simulated=simulated)
    response = redirect(participation)
    response.set_signed_cookie(
        _cookie_name(study),
        public_id,
        max_age=REMEMBERED_FOR,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
    return response


@never_cache
@require_safe
def resume(request, public_id):
    participation = _participation(public_id)
    return redirect(_next_url(participation))


@never_cache
@require_safe
def instructions(request, public_id):
    participation = _participation(public_id)
    context = {
        "study": participation.study,
        "next_url": reverse("participant:practice", args=[public_id]),
        "participation": participation,
    }
    return render(request, "participant/instructions.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def question(request, public_id, position):
    participation = _participation(public_id)
    planned = (
        PlannedQuestion.objects.filter(participation=participation, position=position)
        .select_related("question", "answer__option")
        .prefetch_related("question__options")
        .first()
    )
    if planned is None:
        return redirect(participation)
    planned.participation = participation
    if request.method == "POST":
        return _answer(request, planned)
    return _show(request, planned)


def _answer(request, planned):
    form = AnswerForm(request.POST, planned=planned)
    if not form.is_valid():
        messages.error(request, "That did not reach us whole. Please choose a picture once more.")
        return _show(request, planned, status=400)
    try:
        planned.record_answer(form.cleaned_data["choice"], form.cleaned_data["shown"])
    except AnswerRefused as refusal:
        messages.warning(request, str(refusal))
        return redirect(_question_url(planned))
    if planned.position == 0:  # practice ends with its feedback
        return redirect(_question_url(planned))
    return redirect(_next_url(planned.participation))


def _show(request, planned, status=200):
    participation = planned.participation
    study = participation.study
    answer = getattr(planned, "answer", None)
    if answer is None:
        if not study.is_open:
            return render(request, "participant/closed.html", {"study": study}, status=410)
        upcoming = participation.next_planned()
        if upcoming is None or upcoming.position < planned.position:
            return redirect(participation)
    total = participation.plan.filter(position__gt=0).count()
    form = AnswerForm(planned=planned)
    context = {
        "study": study,
        "participation": participation,
        "page": QuestionPage.of(planned, study, total, answer and planned.place_of(answer.option)),
        "shown": form.stamp(),
        "next_url": reverse("participant:resume", args=[participation.public_id]),
    }
    return render(request, "participant/question.html", context, status=status)


@never_cache
@require_safe
def thanks(request, public_id):
    participation = _participation(public_id)
    if not participation.is_complete:
        return redirect(participation)
    context = {"study": participation.study, "participation": participation}
    return render(request, "participant/thanks.html", context)


@cache_control(public=True, max_age=31536000, immutable=True)
@require_safe
def picture(request, token):
    option = get_object_or_404(Option.objects.select_related("class_map"), token=token)
    with option.class_map.image.open() as file:  # no FileResponse: it would send the map's own file name
        return HttpResponse(file.read(), content_type="image/png")


def _participation(public_id):
    participations = Participation.objects.select_related("study__explanation_set")
    return get_object_or_404(participations, public_id=public_id)


def _cookie_name(study):
    return f"participation-{study.pk}"


def _remembered(request, study):
    """The participation in this study that this browser has begun, if any."""
    public_id = request.get_signed_cookie(_cookie_name(study), default=None, max_age=REMEMBERED_FOR)
    return public_id and Participation.objects.filter(study=study, public_id=public_id).first()


def _question_url(planned):
    public_id = planned.participation.public_id
    if planned.position == 0:
        return reverse("participant:practice", args=[public_id])
    return reverse("participant:question", args=[public_id, planned.position])


def _next_url(participation):
    planned = None if participation.is_complete else participation.next_planned()
    if planned is None:
        return reverse("participant:thanks", args=[participation.public_id])
    if planned.position == 0:
        return reverse("participant:instructions", args=[participation.public_id])
    planned.participation = participation
    return _question_url(planned)
