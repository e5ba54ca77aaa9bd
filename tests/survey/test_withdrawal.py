"""Who is screened out before the start, and who withdraws after it."""

import logging

import pytest
from django.test import Client

from survey.models import Answer, Participation, PlatformIdentity, Study
from survey.recruitment import Arrival

pytestmark = pytest.mark.django_db


@pytest.fixture
def screened_study(open_study):
    """Open, with two questions before the start."""
    open_study.texts.update(screening="Have you a degree?\n\nAre you of age?\n")
    open_study.refresh_from_db()
    return open_study


@pytest.fixture
def unscreened(screened_study):
    """Enrolled, and not yet asked."""
    return Participation.objects.enrol(screened_study, "not-screened-yet")


def screen(participation, first, second, **options):
    fields = {"question_1": first, "question_2": second}
    return Client().post(f"/p/{participation.public_id}/screening/", fields, **options)


def test_screening_comes_before_the_instructions(participant, unscreened):
    page = participant.get("/p/not-screened-yet/instructions/", follow=True)
    assert page.request["PATH_INFO"] == "/p/not-screened-yet/screening/"
    assert "Have you a degree?" in page.content.decode()


def test_who_answers_yes_to_all_goes_on(unscreened):
    assert screen(unscreened, "yes", "yes", follow=True).request["PATH_INFO"].endswith("/instructions/")


def test_who_answers_no_is_thanked_and_the_place_is_free(unscreened, screened_study):
    page = screen(unscreened, "yes", "no", follow=True).content.decode()
    unscreened.refresh_from_db()
    assert "so it ends here for you" in page
    assert (unscreened.status, unscreened.place) == ("screened out", None)


def test_the_screening_is_answered_once(unscreened):
    screen(unscreened, "no", "yes")
    screen(unscreened, "yes", "yes")
    assert Participation.objects.get().is_screened_out


@pytest.mark.parametrize(("first", "second"), [("", "yes"), ("perhaps", "yes")])
def test_a_screening_without_an_answer_asks_again(unscreened, first, second):
    assert screen(unscreened, first, second).status_code == 200
    assert Participation.objects.get().screened_at is None


def test_no_question_is_answered_before_the_screening(unscreened, hidden_fields):
    browser = Client()
    address = "/p/not-screened-yet/practice/"
    browser.post(address, {**hidden_fields(browser.get(address)), "choice": 1})
    assert not Answer.objects.exists()


def withdraw(participation, **options):
    return Client().post(
        "/s/digits/withdraw/", {"receipt_code": participation.receipt_code.lower()}, **options
    )


@pytest.mark.parametrize(("policy", "left"), [("erase", 0), ("keep", 26)])
def test_withdrawing_erases_or_keeps_the_answers_as_the_study_says(complete_participation, policy, left):
    Study.objects.update(on_withdrawal=policy)
    page = withdraw(complete_participation, follow=True).content.decode()
    assert "You have withdrawn" in page
    assert Answer.objects.count() == left
    assert Participation.objects.get().status == "withdrawn"


def test_an_erased_participation_is_no_part_of_the_analysis_and_frees_its_place(complete_participation):
    withdraw(complete_participation)
    withdrawn = Participation.objects.get()
    assert (withdrawn.kept, withdrawn.place, withdrawn.next_position) == (False, None, 0)


@pytest.mark.parametrize("policy", ["erase", "keep"])
def test_after_a_withdrawal_nothing_leads_to_the_person(participation, answer, policy):
    Study.objects.update(on_withdrawal=policy)
    study = participation.study
    PlatformIdentity.objects.create(participation=participation, study=study, platform="prolific", person="P")
    answer(participation, 5)
    withdraw(participation)
    assert not PlatformIdentity.objects.exists()
    assert Client().get(f"/p/{participation.public_id}/").status_code == 404
    assert withdraw(participation).status_code == 200  # the receipt is used


def test_a_withdrawal_is_logged_without_a_name(participation, caplog):
    with caplog.at_level(logging.INFO, logger="survey"):
        withdraw(participation)
    record = next(record for record in caplog.records if record.message == "withdrawn")
    assert (record.participation, record.answers) == (participation.code, "erase")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("AAAA-AAAA", "Nobody has this receipt, or it has been used already."),
        ("nonsense", "A receipt code looks like ABCD-2345."),
        ("", "This field is required."),
    ],
)
def test_an_unknown_receipt_withdraws_nobody(participation, code, message):
    page = Client().post("/s/digits/withdraw/", {"receipt_code": code}).content.decode()
    assert message in page
    assert Participation.objects.get().is_under_way


def test_a_closed_study_still_lets_people_withdraw(complete_participation):
    complete_participation.study.close()
    withdraw(complete_participation)
    assert Participation.objects.get().status == "withdrawn"


def test_looking_at_the_withdrawal_page_changes_nothing(participation):
    assert Client().get("/s/digits/withdraw/").status_code == 200
    assert Client().get("/s/digits/withdraw/?receipt_code=" + participation.receipt_code).status_code == 200
    assert Participation.objects.get().is_under_way


def test_an_arrival_holds_what_the_platform_said(open_study):
    participation = Participation.objects.enrol(open_study, "x", arrival=Arrival("person", "visit"))
    assert (participation.identity.person, participation.identity.submission) == ("person", "visit")
