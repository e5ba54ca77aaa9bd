"""Each platform is played: it sends somebody with its own parameters, and gets them back in its own way."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from survey.models import Answer, Participation, PlatformIdentity, Study

pytestmark = pytest.mark.django_db

PROLIFIC = "?PROLIFIC_PID=5f0000000000000000000001&STUDY_ID=study&SESSION_ID=session-1"
SONA = "?id=48151"
CONNECT = "?participantId=ABCDEF0123&assignmentId=a-1&projectId=p-1"
MTURK = "?assignmentId=A1&hitId=H1&workerId=W1&turkSubmitTo=https%3A%2F%2Fworkersandbox.mturk.com"
CODES = {
    "code_complete": "DONE1",
    "code_failed_checks": "FAILED2",
    "code_screened_out": "SCREEN3",
    "code_no_consent": "NO4",
}
CREDIT = (
    "https://school.sona-systems.com/webstudy_credit.aspx?experiment_id=1&credit_token=abc&survey_code=XXXX"
)


@pytest.fixture
def recruit(open_study):
    """The function that makes the open study recruit by a platform."""

    def by(platform, **fields):
        Study.objects.update(platform=platform, **fields)
        open_study.refresh_from_db()
        return open_study

    return by


def begin(hidden_fields, query, browser=None):
    """Opens the link that a platform made, agrees, and returns the participation."""
    browser = browser or Client()
    page = browser.get(f"/s/digits/{query}")
    action = re.search(r'action="([^"]*start[^"]*)"', page.content.decode())[1].replace("&amp;", "&")
    browser.post(action, hidden_fields(page))
    return Participation.objects.latest("pk")


def end_page(participation):
    return Client().get(f"/p/{participation.public_id}/thanks/").content.decode()


@pytest.mark.parametrize(("wrong", "code"), [(0, "DONE1"), (5, "FAILED2")])
def test_prolific_gets_people_back_with_a_code_by_outcome(recruit, hidden_fields, answer, wrong, code):
    recruit("prolific", **CODES)
    participation = answer(begin(hidden_fields, PROLIFIC), 26, wrong_checks=wrong)
    assert f'href="https://app.prolific.com/submissions/complete?cc={code}"' in end_page(participation)
    identity = PlatformIdentity.objects.get()
    assert (identity.person, identity.submission) == ("5f0000000000000000000001", "session-1")


def test_who_fails_the_checks_is_paid_unless_the_researcher_has_another_code(recruit, hidden_fields, answer):
    recruit("prolific", code_complete="DONE1")
    participation = answer(begin(hidden_fields, PROLIFIC), 26, wrong_checks=5)
    assert "cc=DONE1" in end_page(participation)
    assert participation.exclusion == "0 of 5 attention checks passed, 4 needed"


def test_prolific_gets_back_who_does_not_consent_and_nothing_is_stored(recruit):
    recruit("prolific", **CODES)
    page = Client().post(f"/s/digits/decline/{PROLIFIC}").content.decode()
    assert "https://app.prolific.com/submissions/complete?cc=NO4" in page
    assert not Participation.objects.exists()


def test_prolific_gets_back_who_is_screened_out(recruit, hidden_fields):
    recruit("prolific", **CODES).texts.update(screening="Have you a degree?")
    participation = begin(hidden_fields, PROLIFIC)
    page = Client().post(f"/p/{participation.public_id}/screening/", {"question_1": "no"}, follow=True)
    assert "https://app.prolific.com/submissions/complete?cc=SCREEN3" in page.content.decode()


@pytest.mark.parametrize(
    "query", ["", "?PROLIFIC_PID=", "?PROLIFIC_PID=1&STUDY_ID=2", "?PROLIFIC_PID=%00&STUDY_ID=1"]
)
def test_prolifics_link_without_its_parameters_says_so_kindly(recruit, query):
    recruit("prolific", **CODES)
    response = Client().get(f"/s/digits/{query}")
    assert response.status_code == 400
    assert "Please open the study from Prolific once more." in response.content.decode()


@pytest.mark.parametrize(
    ("platform", "query"), [("prolific", PROLIFIC), ("sona", SONA), ("connect", CONNECT), ("mturk", MTURK)]
)
def test_coming_back_on_another_device_continues_at_the_same_question(
    recruit, hidden_fields, answer, platform, query
):
    recruit(platform, return_url=CREDIT, **CODES)
    participation = answer(begin(hidden_fields, query), 7)
    response = Client().get(f"/s/digits/{query}", follow=True)
    assert response.request["PATH_INFO"] == f"/p/{participation.public_id}/7/"
    assert Participation.objects.count() == 1


def test_two_people_of_a_platform_may_share_a_browser(recruit, hidden_fields):
    recruit("prolific", **CODES)
    browser = Client()
    first = begin(hidden_fields, PROLIFIC, browser)
    second = begin(hidden_fields, PROLIFIC.replace("0001&", "0002&"), browser)
    assert first != second


def test_one_person_of_a_platform_takes_part_once(recruit, hidden_fields, open_study):
    recruit("prolific", **CODES)
    begin(hidden_fields, PROLIFIC)
    other = Participation.objects.enrol(open_study, "other")
    with pytest.raises(IntegrityError), transaction.atomic():
        open_study.identities.create(
            participation=other, platform="prolific", person=PlatformIdentity.objects.get().person
        )


def test_sona_grants_credit_by_an_address_with_the_persons_code(recruit, hidden_fields, answer):
    recruit("sona", return_url=CREDIT)
    page = end_page(answer(begin(hidden_fields, SONA), 26))
    address = re.search(r'href="(https://school[^"]+)"', page)[1].replace("&amp;", "&")
    assert parse_qs(urlsplit(address).query) == {
        "experiment_id": ["1"],
        "credit_token": ["abc"],
        "survey_code": ["48151"],
    }


def test_connect_gets_people_back_by_its_redirect_address(recruit, hidden_fields, answer):
    recruit("connect", return_url="https://connect.cloudresearch.com/participant/project/1/complete")
    page = end_page(answer(begin(hidden_fields, CONNECT), 26))
    assert 'href="https://connect.cloudresearch.com/participant/project/1/complete"' in page


def test_mturk_gets_a_form_back(recruit, hidden_fields, answer):
    recruit("mturk")
    page = end_page(answer(begin(hidden_fields, MTURK), 26))
    assert '<form method="post" action="https://workersandbox.mturk.com/mturk/externalSubmit"' in page
    assert '<input type="hidden" name="assignmentId" value="A1">' in page
    assert '<input type="hidden" name="outcome" value="complete">' in page


def test_a_preview_on_mturk_creates_nothing_and_offers_no_start(recruit):
    recruit("mturk")
    query = "?assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE&hitId=H1"
    page = Client().get(f"/s/digits/{query}")
    Client().post(f"/s/digits/start/{query}", {"invitation": "x"})
    assert "This is a preview." in page.content.decode()
    assert "<form" not in page.content.decode()
    assert not Participation.objects.exists()


def test_mturk_is_answered_nowhere_else(recruit):
    recruit("mturk")
    response = Client().get("/s/digits/" + MTURK.replace("workersandbox.mturk.com", "example.org"))
    assert response.status_code == 400


def test_in_mturks_frame_forms_need_no_cookie(recruit, hidden_fields):
    recruit("mturk")
    browser = Client(enforce_csrf_checks=True)
    participation = begin(hidden_fields, MTURK, browser)
    address = f"/p/{participation.public_id}/practice/"
    fields = hidden_fields(browser.get(address))
    browser.cookies.clear()
    assert browser.post(address, {**fields, "choice": 1}).status_code == 302
    assert Answer.objects.count() == 1


def test_outside_of_frames_forms_need_their_token(participation, hidden_fields):
    browser = Client(enforce_csrf_checks=True)
    address = f"/p/{participation.public_id}/practice/"
    fields = hidden_fields(browser.get(address))
    assert browser.post(address, {**fields, "choice": 1}).status_code == 403
    assert not Answer.objects.exists()


def test_an_invitation_link_is_good_for_one_participation(recruit, hidden_fields, capsys):
    recruit("invitation")
    call_command("invite", "digits", number=2, url="https://study.example.org/")
    site = "https://study.example.org/s/digits/"
    links = [line.removeprefix(site) for line in capsys.readouterr().out.split()]
    people = [begin(hidden_fields, link) for link in links]
    assert len(set(people)) == 2
    assert Client().get(f"/s/digits/{links[0]}").headers["Location"] == people[0].get_absolute_url()


@pytest.mark.parametrize("query", ["", "?ticket=", "?ticket=made:up", "?ticket=%00"])
def test_a_made_up_invitation_is_refused_kindly(recruit, query):
    recruit("invitation")
    response = Client().get(f"/s/digits/{query}")
    assert response.status_code == 400
    assert "Please open the whole link you were sent." in response.content.decode()


def test_inviting_to_a_study_with_a_plain_link_is_refused(open_study):
    with pytest.raises(
        CommandError, match=r"^No study 'digits' recruits by invitation; those that do: none\.$"
    ):
        call_command("invite", "digits")


def test_on_a_shared_computer_the_next_person_can_start(participant, open_study, hidden_fields, answer):
    first = answer(begin(hidden_fields, "", participant), 26)
    page = participant.get(f"/p/{first.public_id}/thanks/")
    assert "Somebody else takes part on this device" in page.content.decode()
    participant.post("/s/digits/next-person/")
    assert begin(hidden_fields, "", participant) != first


@pytest.mark.parametrize(
    ("platform", "field", "message"),
    [
        (
            "prolific",
            "code_complete",
            "Prolific sends people back with a code: enter the one of its completion path.",
        ),
        (
            "sona",
            "return_url",
            "Copy SONA's client-side completion URL here; it looks like https://SCHOOL.sona-systems.com/"
            "webstudy_credit.aspx?experiment_id=1&credit_token=abc&survey_code=XXXX",
        ),
        ("connect", "return_url", "Enter Connect's redirect URL here, or its completion code below."),
    ],
)
def test_a_study_that_could_send_nobody_back_is_refused(draft_study, platform, field, message):
    draft_study.platform = platform
    with pytest.raises(ValidationError) as refusal:
        draft_study.full_clean()
    assert refusal.value.message_dict == {field: [message]}


def test_purging_deletes_who_people_are_and_keeps_what_they_answered(
    recruit, hidden_fields, answer, capsys, open_study
):
    recruit("prolific", **CODES)
    answer(begin(hidden_fields, PROLIFIC), 26)
    open_study.close()
    call_command("purge_identities", "digits")
    assert capsys.readouterr().out == "digits: 1 platform ids deleted\n"
    assert not PlatformIdentity.objects.exists()
    assert Answer.objects.count() == 26


def test_an_open_study_is_not_purged(open_study):
    with pytest.raises(
        CommandError,
        match=r"^The study 'digits' is open: its platform ids keep people from taking part twice\. "
        r"Close it first\.$",
    ):
        call_command("purge_identities", "digits")
    with pytest.raises(CommandError, match=r"^There is no study 'nothing'\.$"):
        call_command("purge_identities", "nothing")


def test_platform_ids_stand_in_no_other_table_and_no_export(recruit, hidden_fields, answer, researcher):
    recruit("prolific", **CODES)
    participation = answer(begin(hidden_fields, PROLIFIC), 26)
    export = b"".join(researcher.get("/studio/studies/digits/results/votes.csv"))
    assert b"5f0000000000000000000001" not in export
    assert "5f0000000000000000000001" not in str(Participation.objects.values().get(pk=participation.pk))
