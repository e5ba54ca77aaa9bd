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
from ..models.participations import AnswerRefused, StudyFull, StudyNotOpen
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
        return _turned_away(request, study, StudyNotOpen())
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
        return _turned_away(request, study, StudyNotOpen())
    public_id = invited_id(request.POST.get("invitation", ""))
    if public_id is None:
        return redirect("participant:welcome", slug=slug)
    simulated = is_simulation(request.POST.get("simulation", ""), study)
    try:
        participation = Participation.objects.enrol(study, public_id, simulated=simulated)
    except (StudyNotOpen, StudyFull) as refusal:
        return _turned_away(request, study, refusal)
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
    if request.method == "POST":
        return _answer(request, public_id, position)
    return _show(request, public_id, position)


def _answer(request, public_id, position):
    form = AnswerForm(request.POST, page=request.path)
    if not form.is_valid():
        messages.error(request, "That did not reach us whole. Please choose a picture once more.")
        return _show(request, public_id, position, status=400)
    try:
        answer = PlannedQuestion.objects.record_answer(
            public_id, position, form.cleaned_data["choice"], form.cleaned_data["shown"]
        )
    except PlannedQuestion.DoesNotExist:
        return redirect(_participation(public_id))
    except AnswerRefused as refusal:
        messages.warning(request, str(refusal))
        return redirect(_question_url(public_id, position))
    except (StudyNotOpen, StudyFull) as refusal:
        return _turned_away(request, _participation(public_id).study, refusal)
    if position == 0:  # practice ends with its feedback
        return redirect(_question_url(public_id, position))
    return redirect(_next_url(answer.planned.participation))


def _show(request, public_id, position, status=200):
    planned, following = PlannedQuestion.objects.for_page(public_id, position)
    if planned is None:
        return redirect(_participation(public_id))
    participation, study = planned.participation, planned.participation.study
    chosen = planned.chosen_position()
    if chosen is None and not study.is_open:
        return _turned_away(request, study, StudyNotOpen())
    if chosen is None and (position > participation.next_position or not participation.may_answer):
        return redirect(participation)
    context = {
        "study": study,
        "participation": participation,
        "page": QuestionPage.of(planned, study, participation.last_position, chosen, following),
        "shown": AnswerForm(page=request.path).stamp(),
        "next_url": participation.get_absolute_url(),
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


def _question_url(public_id, position):
    if position == 0:
        return reverse("participant:practice", args=[public_id])
    return reverse("participant:question", args=[public_id, position])


def _next_url(participation):
    if not participation.may_answer:
        return reverse("participant:thanks", args=[participation.public_id])
    if participation.next_position == 0:
        return reverse("participant:instructions", args=[participation.public_id])
    return _question_url(participation.public_id, participation.next_position)


def _turned_away(request, study, refusal):
    """The page for who can't go on: the study has closed (410), or all its places are taken (409)."""
    if isinstance(refusal, StudyFull):
        return render(request, "participant/full.html", {"study": study}, status=409)
    return render(request, "participant/closed.html", {"study": study}, status=410)
