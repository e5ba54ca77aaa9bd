"""What participants see: welcome and consent, instructions, practice, one question a page, thanks.

Every page of a participation is found by the unguessable id in its address, so it works without a login, in a
second tab and on another device. Only POST writes.
"""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..answering import PostedAnswer, stamp
from ..forms import ScreeningForm, WithdrawalForm
from ..invitations import invited_id, is_simulation, new_invitation
from ..languages import wanted_language
from ..models import Option, Participation, PlannedQuestion, Study
from ..models.plans import AnswerRefused, NotOffered
from ..models.studies import StudyFull, StudyNotOpen, frozen_study
from ..models.turns import Turn
from ..question_page import QuestionPage
from ..recruitment import Arrival, NotSentByPlatform, Outcome, PreviewOnly
from ..security import address_of, enrolments, receipts_tried
from .framing import csrf_protected_unless_framed, framed_by_platform

NOT_WHOLE = _("That did not reach us whole. Please choose a picture once more.")
REMEMBERED_FOR = 60 * 60 * 24 * 30  # seconds


@never_cache
@require_safe
@framed_by_platform
def welcome(request, slug):
    study = _study(slug)
    try:
        door = _door(request, study)
    except PreviewOnly:
        return _page(request, "welcome", study, is_platform_preview=True, languages=_switch(request, study))
    except NotSentByPlatform as refusal:
        return _page(request, "not_sent", study, refusal=refusal, status=400)
    if door.begun:
        return redirect(door.begun)
    if not study.is_open:
        return _turned_away(request, study, StudyNotOpen())
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return _page(
        request,
        "welcome",
        study,
        action=reverse("participant:start", args=[slug]) + query,
        decline_url=reverse("participant:decline", args=[slug]) + query,
        invitation=new_invitation(study),
        languages=_switch(request, study),
    )


@csrf_protected_unless_framed
@require_POST
@framed_by_platform
def start(request, slug):
    """Enrols, once for each welcome page that was sent: a double click begins one participation."""
    study = _study(slug)
    try:
        door = _door(request, study)
    except (PreviewOnly, NotSentByPlatform):
        return redirect("participant:welcome", slug=slug)
    if door.begun:
        return redirect(door.begun)
    if not study.is_open:
        return _turned_away(request, study, StudyNotOpen())
    public_id = invited_id(request.POST.get("invitation", ""), study)
    if public_id is None:
        return redirect("participant:welcome", slug=slug)
    if not enrolments.count(address_of(request)):
        return _page(request, "busy", study, status=429)
    try:
        participation = Participation.objects.enrol(
            study,
            public_id,
            arrival=door.arrival,
            simulated=door.is_simulated,
            language=_language(request, study),
        )
    except (StudyNotOpen, StudyFull) as refusal:
        return _turned_away(request, study, refusal)
    response = redirect(_next_url(participation))
    if not door.arrival:
        _remember(request, response, study, public_id)
    return response


@csrf_protected_unless_framed
@require_POST
@framed_by_platform
def decline(request, slug):
    """Who does not consent goes back to the platform; nothing is stored."""
    study = _study(slug)
    try:
        arrival = _door(request, study).arrival
    except (PreviewOnly, NotSentByPlatform):
        return redirect("participant:welcome", slug=slug)
    way_back = study.recruitment.way_back(study, arrival, Outcome.NO_CONSENT)
    return _page(request, "declined", study, way_back=way_back)


@require_POST
def next_person(request, slug):
    """On a shared computer: forgets who has just taken part, so that somebody else can."""
    study = _study(slug)
    response = redirect("participant:welcome", slug=slug)
    response.delete_cookie(_cookie_name(study), samesite="Lax")
    return response


@never_cache
@require_safe
@framed_by_platform
def resume(request, public_id):
    participation = _participation(public_id)
    return redirect(_next_url(participation))


@csrf_protected_unless_framed
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@framed_by_platform
def screening(request, public_id):
    """The questions that decide whether somebody may take part, answered once."""
    participation = _participation(public_id)
    if participation.screened_at or not participation.may_answer:
        return redirect(participation)
    text = participation.study.frozen().text_in(participation.language)
    form = ScreeningForm(request.POST or None, text=text)
    if form.is_valid():
        return redirect(participation.screen(passed=form.is_passed()))
    return _page(request, "screening", participation.study, participation, form=form)


@never_cache
@require_safe
@framed_by_platform
def instructions(request, public_id):
    participation = _participation(public_id)
    if participation.screened_at is None:
        return redirect(participation)
    next_url = _question_url(public_id, participation.next_position)
    return _page(request, "instructions", participation.study, participation, next_url=next_url)


@csrf_protected_unless_framed
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@framed_by_platform
def question(request, public_id, position):
    if request.method == "POST":
        return _answer(request, public_id, position)
    return _show(request, public_id, position)


def _answer(request, public_id, position):
    posted = PostedAnswer.read(request.POST, request.path)
    if posted is None:
        return _show(request, public_id, position, status=400, notice=NOT_WHOLE)
    try:
        following = PlannedQuestion.objects.record_answer(
            public_id, position, posted.place, posted.shown_at, posted.reason
        )
    except NotOffered:
        return _show(request, public_id, position, status=400, notice=NOT_WHOLE)
    except PlannedQuestion.DoesNotExist:
        return redirect(_participation(public_id))
    except AnswerRefused as refusal:
        is_kept = refusal.reason == AnswerRefused.Reason.ANSWERED
        address = _question_url(public_id, position) if is_kept else _next_url(_participation(public_id))
        return redirect(f"{address}?told={refusal.reason}")
    except (StudyNotOpen, StudyFull) as refusal:
        participation = _participation(public_id)
        return _turned_away(request, participation.study, refusal, participation)
    if position <= 0:  # practice ends with its feedback
        return HttpResponseRedirect(_question_url(public_id, position))
    if following is None:
        return redirect("participant:thanks", public_id)
    return HttpResponseRedirect(_question_url(public_id, following))


def _show(request, public_id, position, status=200, notice=""):
    turn = Turn.at(public_id, position)
    if turn is None:
        return redirect(_participation(public_id))
    study, questions = frozen_study(*turn.study_key)
    if not turn.is_answered and not turn.study_takes_answers:
        return _turned_away(request, study, StudyNotOpen(), turn)
    if not turn.is_answered and not turn.is_to_answer:
        return redirect("participant:resume", public_id)
    text = study.text_in(turn.language)
    page = QuestionPage.of_turn(turn, questions, study, text)
    shown = stamp(request.path)
    notice = notice or _told(request)
    if page.is_answered or notice:
        next_url = reverse("participant:resume", args=[public_id])
        if turn.is_under_way:
            next_url = _question_url(public_id, turn.next_position)
        context = {"page": page, "shown": shown, "next_url": next_url, "notice": notice}
        return _page(request, "question", study, turn, status=status, **context)
    csrf_token = get_token(request)
    return HttpResponse(
        page.html_to_answer(study, text, simulated=turn.simulated, shown=shown, csrf_token=csrf_token)
    )


@never_cache
@require_safe
@framed_by_platform
def thanks(request, public_id):
    participation = _participation(public_id)
    if participation.may_answer:
        return redirect(participation)
    way_back = participation.way_back()
    return _page(request, "thanks", participation.study, participation, way_back=way_back)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request, slug):
    study = _study(slug)
    form = WithdrawalForm(request.POST or None)
    if request.method == "POST" and not receipts_tried.count(address_of(request)):
        return _page(request, "busy", study, status=429)
    if form.is_valid():
        if Participation.objects.withdraw(study, form.cleaned_data["receipt_code"]):
            response = redirect("participant:withdrawn", slug=slug)
            response.delete_cookie(_cookie_name(study), samesite="Lax")
            return response
        form.add_error("receipt_code", _("Nobody has this receipt, or it has been used already."))
    return _page(request, "withdraw", study, form=form)


@require_safe
def withdrawn(request, slug):
    return _page(request, "withdrawn", _study(slug))


@cache_control(public=True, max_age=31536000, immutable=True)
@require_safe
def picture(request, token):
    option = get_object_or_404(Option.objects.select_related("class_map"), token=token)
    with option.class_map.image.open() as file:  # no FileResponse: it would send the map's own file name
        return HttpResponse(file.read(), content_type="image/png")


def _study(slug):
    return get_object_or_404(Study.objects.exclude(status=Study.Status.DRAFT), slug=slug)


def _participation(public_id):
    participations = Participation.objects.select_related("study", "identity")
    return get_object_or_404(participations, public_id=public_id)


@dataclass(frozen=True)
class Door:
    """How somebody comes in: sent by a platform, remembered by the browser, or a program."""

    arrival: Arrival | None
    is_simulated: bool
    begun: Participation | None


def _door(request, study):
    """Raises PreviewOnly, NotSentByPlatform. Programs need no platform: their link is signed."""
    if is_simulation(request.GET.get("simulation", ""), study):
        return Door(None, True, _remembered(request, study))
    arrival = study.recruitment.arrival(request.GET, study.slug)
    if arrival:
        return Door(arrival, False, Participation.objects.begun(study, None, arrival))
    return Door(None, False, _remembered(request, study))


def _cookie_name(study):
    return f"participation-{study.pk}"


def _remember(request, response, study, public_id):
    response.set_signed_cookie(
        _cookie_name(study),
        public_id,
        max_age=REMEMBERED_FOR,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )


def _remembered(request, study):
    """The participation in this study that this browser has begun, if any."""
    public_id = request.get_signed_cookie(_cookie_name(study), default=None, max_age=REMEMBERED_FOR)
    return public_id and Participation.objects.begun(study, public_id)


def _question_url(public_id, position):
    if position == 0:
        return reverse("participant:practice", args=[public_id])
    if position < 0:
        return reverse("participant:early_practice", args=[public_id, position])
    return reverse("participant:question", args=[public_id, position])


def _next_url(participation):
    if not participation.may_answer:
        return reverse("participant:thanks", args=[participation.public_id])
    if participation.screened_at is None:
        return reverse("participant:screening", args=[participation.public_id])
    if participation.next_position == participation.first_position:
        return reverse("participant:instructions", args=[participation.public_id])
    return _question_url(participation.public_id, participation.next_position)


def _turned_away(request, study, refusal, participation=None):
    """The page for who can't go on: the study has closed (410), or all its places are taken (409)."""
    if isinstance(refusal, StudyFull):
        return _page(request, "full", study, participation, status=409)
    return _page(request, "closed", study, participation, status=410)


def _page(request, name, study, participation=None, *, status=200, **context):
    """A page in the participation's language; without one, in that of the request."""
    text = study.frozen().text_in(participation.language if participation else _language(request, study))
    context = {
        "study": study,
        "text": text,
        "participation": participation,
        "notice": _told(request),
    } | context
    with override(text.language):
        return render(request, f"participant/{name}.html", context, status=status)


def _told(request):
    """Why the answer that led here was not stored, if that is so: the address carries the reason."""
    reason = request.GET.get("told")
    return AnswerRefused.Reason(reason).label if reason and reason in AnswerRefused.Reason else ""


def _language(request, study):
    return wanted_language(request, study.frozen().languages())


def _switch(request, study):
    """Each language of a study that has several, with the address that shows this page in it."""
    codes = study.frozen().languages()
    names = dict(settings.LANGUAGES)
    query = request.GET.copy()
    switch = []
    for code in codes if len(codes) > 1 else ():
        query["language"] = code
        switch.append({"code": code, "name": names[code], "address": f"?{query.urlencode()}"})
    return switch
