import html

import pytest
from django.urls import reverse

from survey.background import rehearsing, ways_back
from survey.models import (
    Answer,
    AuditEvent,
    Participation,
    PlannedQuestion,
    PlatformIdentity,
    Rehearsal,
    Study,
    StudyText,
)
from survey.models.jobs import Job

pytestmark = pytest.mark.django_db

PAGE = "/studio/studies/digits/rehearsal/"


def text(response):
    return response.content.decode()


def designs(study):
    questions = study.questions.prefetch_related("options").order_by("pk")
    return [
        (one.kind, one.label, one.replicate, [option.class_map_id for option in one.options.all()])
        for one in questions
    ]


@pytest.fixture
def rehearsal(draft_study):
    """Queued; no worker has taken it up."""
    return rehearsing.begin(draft_study, 3, "http://127.0.0.1:1/", None)


@pytest.fixture
def finished_rehearsal(rehearsal, answer):
    for number in range(3):
        answer(Participation.objects.enrol(rehearsal.copy, f"bot-{number}", simulated=True), 26)
    Rehearsal.objects.update(status=Job.Status.DONE)
    rehearsal.refresh_from_db()
    return rehearsal


def test_a_rehearsal_begins_with_an_open_copy_of_the_same_questions(rehearsal, draft_study):
    assert rehearsal.copy.is_open
    assert designs(rehearsal.copy) == designs(draft_study)
    assert rehearsal.copy.languages() == draft_study.languages()
    assert rehearsal.copy.min_passed == draft_study.min_passed
    assert Study.objects.get(slug="digits").is_draft


def test_the_page_starts_one_in_the_background(researcher, draft_study):
    researcher.post(PAGE, {"participants": 20})
    rehearsal = Rehearsal.objects.get()
    assert (rehearsal.status, rehearsal.participants) == (Job.Status.QUEUED, 20)
    assert rehearsal.site == "http://testserver/"
    assert "Waiting" in text(researcher.get(PAGE))


@pytest.mark.parametrize("participants", ["0", "151", "many", ""])
def test_a_number_that_can_not_be_is_refused_beside_its_field(researcher, draft_study, participants):
    page = text(researcher.post(PAGE, {"participants": participants}))
    assert "errorlist" in page
    assert not Rehearsal.objects.exists()


def test_a_double_click_starts_one_rehearsal(researcher, draft_study):
    for _ in range(2):
        response = researcher.post(PAGE, {"participants": 20}, follow=True)
    assert "A rehearsal is running already" in text(response)
    assert Rehearsal.objects.count() == 1


def test_the_copy_is_in_no_list(researcher, rehearsal):
    assert text(researcher.get("/studio/")).count('<span class="state draft">') == 1
    assert rehearsal.copy.slug not in text(researcher.get("/studio/"))


def test_a_finished_rehearsal_shows_what_came_out(researcher, finished_rehearsal):
    page = text(researcher.get(PAGE))
    assert "<dt>Complete</dt><dd>3</dd>" in page
    results = researcher.get(reverse("studio:results", args=[finished_rehearsal.copy.slug]))
    assert "Programs answered this copy" in text(results)


def test_one_click_asks_and_the_next_erases_everything(researcher, finished_rehearsal):
    erase = reverse("studio:erase_rehearsal", args=["digits"])
    assert "3 simulated participations" in text(researcher.get(erase))
    assert Answer.objects.exists()
    researcher.post(erase)
    for model in (Answer, PlannedQuestion, Participation, Rehearsal):
        assert not model.objects.exists()
    assert [study.slug for study in Study.objects.all()] == ["digits"]
    assert StudyText.objects.exclude(study__slug="digits").count() == 0


@pytest.mark.parametrize("name", ["study_file", "plan_markdown", "votes_csv"])
def test_a_file_of_a_rehearsal_is_in_the_log_of_its_study_and_keeps_nothing(
    researcher, finished_rehearsal, name
):
    researcher.get(reverse(f"studio:{name}", args=[finished_rehearsal.copy.slug]))
    line = AuditEvent.objects.get()
    assert (line.study.slug, line.detail[:18]) == ("digits", "of its rehearsal: ")
    researcher.post(reverse("studio:erase_rehearsal", args=["digits"]))
    assert [study.slug for study in Study.objects.all()] == ["digits"]


@pytest.mark.parametrize("name", ["new_version", "pause_study", "close_study", "rehearsal"])
def test_the_copy_is_only_looked_at(researcher, finished_rehearsal, name):
    address = reverse(f"studio:{name}", args=[finished_rehearsal.copy.slug])
    assert researcher.post(address, {"participants": 1}).status_code == 403
    assert Study.objects.count() == 2


def test_a_look_at_a_rehearsal_is_no_look_at_its_study(researcher, finished_rehearsal):
    reason = {"reason": "To see what programs prefer."}
    assert (
        researcher.post(reverse("studio:look_early", args=[finished_rehearsal.copy.slug]), reason).status_code
        == 400
    )
    assert not AuditEvent.objects.exists()


def test_erasing_a_rehearsal_leaves_the_studys_own_answers(open_study, answer, researcher):
    answer(Participation.objects.enrol(open_study, "person"), 26)
    rehearsal = rehearsing.begin(open_study, 1, "http://127.0.0.1:1/", None)
    answer(Participation.objects.enrol(rehearsal.copy, "bot", simulated=True), 26)
    Rehearsal.objects.update(status=Job.Status.DONE)
    researcher.post(reverse("studio:erase_rehearsal", args=["digits"]))
    assert Answer.objects.count() == 26


def test_nothing_is_erased_while_programs_answer(researcher, rehearsal):
    response = researcher.post(reverse("studio:erase_rehearsal", args=["digits"]), follow=True)
    assert "Nothing was erased" in text(response)
    assert Rehearsal.objects.exists()


def test_a_site_that_does_not_answer_fails_the_rehearsal_with_its_address(rehearsal):
    rehearsing.rehearse.call(rehearsal.pk, rehearsal.attempt)
    rehearsal.refresh_from_db()
    assert rehearsal.status == Job.Status.FAILED
    assert "http://127.0.0.1:1/" in rehearsal.error


def test_a_cancelled_rehearsal_goes_on_where_it_stopped(researcher, rehearsal):
    researcher.post(reverse("studio:cancel_rehearsal", args=["digits"]))
    assert Rehearsal.objects.get().status == Job.Status.CANCELLED
    researcher.post(reverse("studio:go_on_rehearsing", args=["digits"]))
    assert Rehearsal.objects.get().status == Job.Status.QUEUED


@pytest.mark.parametrize("name", ["cancel_rehearsal", "go_on_rehearsing", "erase_rehearsal", "rehearsal"])
def test_strangers_change_no_rehearsal(stranger, rehearsal, name):
    assert stranger.post(reverse(f"studio:{name}", args=["digits"])).status_code == 302
    assert Rehearsal.objects.get().attempt == 1


WAYS_BACK = {
    "link": ({}, "by a code of their own"),
    "invitation": ({"code_complete": "DONE"}, "by the code DONE"),
    "prolific": (
        {"code_complete": "C1"},
        "by https://app.prolific.com/submissions/complete?cc=C1 and the code C1",
    ),
    "connect": (
        {"return_url": "https://connect.cloudresearch.com/x"},
        "by https://connect.cloudresearch.com/x",
    ),
    "sona": (
        {"return_url": "https://school.sona-systems.com/webstudy_credit.aspx?experiment_id=1&credit_token=a"},
        "&credit_token=a&survey_code=rehearsal-PERSON",
    ),
    "mturk": ({}, "by https://workersandbox.mturk.com/mturk/externalSubmit"),
}


@pytest.fixture(params=WAYS_BACK)
def ended_participation(request, draft_study, answer):
    """Of a program in a rehearsal, with each platform; the way back that the page of the rehearsal tells."""
    columns, told = WAYS_BACK[request.param]
    Study.objects.update(platform=request.param, **columns)
    draft_study.refresh_from_db()
    copy = rehearsing.begin(draft_study, 1, "http://127.0.0.1:1/", None).copy
    return answer(Participation.objects.enrol(copy, "frame-bot", simulated=True), 26), told


def test_the_way_back_of_each_platform_is_found_on_the_last_page(ended_participation, stranger, researcher):
    participation, told = ended_participation
    ways_back.identify(participation)
    ways_back.check(participation, text(stranger.get("/p/frame-bot/thanks/")))
    assert told in html.unescape(text(researcher.get(PAGE)))


def test_a_last_page_that_leads_nowhere_fails_the_rehearsal(ended_participation):
    participation, _ = ended_participation
    with pytest.raises(ways_back.NoWayBack, match=f"^The last page of {participation.code}, who is complete"):
        ways_back.check(participation, "<main><p>Thank you</p></main>")


def test_the_identity_of_a_program_goes_with_the_rehearsal(ended_participation):
    participation, _ = ended_participation
    ways_back.identify(participation)
    Rehearsal.objects.update(status=Job.Status.DONE)
    rehearsing.erase(Rehearsal.objects.get())
    assert not PlatformIdentity.objects.exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_programs_answer_over_http(draft_study, live_server):
    draft_study.texts.update(screening="Do you see well?")
    Study.objects.update(platform="mturk")
    draft_study.refresh_from_db()
    rehearsal = rehearsing.begin(draft_study, 2, live_server.url, None)
    rehearsing.rehearse.call(rehearsal.pk, rehearsal.attempt)
    rehearsal.refresh_from_db()
    assert (rehearsal.error, rehearsal.status, rehearsal.percent) == ("", Job.Status.DONE, 100)
    assert rehearsal.copy.participations.filter(simulated=True, status="complete").count() == 2
