import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from survey.models import Answer, Participation, Study

pytestmark = pytest.mark.django_db

STEPS = ["resume", "instructions", "practice", "thanks"]


def url(participation, position):
    if position == 0:
        return reverse("participant:practice", args=[participation.public_id])
    return reverse("participant:question", args=[participation.public_id, position])


def choose(client, hidden_fields, address, choice):
    """Opens a question's page and posts a choice on it, as a browser does."""
    page = client.get(address)
    return client.post(address, {**hidden_fields(page), "choice": choice})


def test_the_welcome_page_shows_consent_and_stores_nothing(participant, open_study):
    response = participant.get("/s/digits/")
    assert response.status_code == 200
    assert "Taking part is voluntary." in response.content.decode()
    assert not Participation.objects.exists()


def test_starting_begins_one_participation_and_leads_to_the_instructions(
    participant, open_study, hidden_fields
):
    fields = hidden_fields(participant.get("/s/digits/"))
    response = participant.post("/s/digits/start/", fields, follow=True)
    participation = Participation.objects.get()
    assert response.redirect_chain[-1][0] == reverse(
        "participant:instructions", args=[participation.public_id]
    )
    assert not participation.simulated


def test_a_double_click_on_start_begins_one_participation(open_study, hidden_fields):
    fields = hidden_fields(Client().get("/s/digits/"))
    first, second = Client(), Client()  # neither has the other's cookie yet
    answers = {browser.post("/s/digits/start/", fields).headers["Location"] for browser in (first, second)}
    assert len(answers) == 1
    assert Participation.objects.count() == 1


def test_coming_back_on_the_study_link_goes_on_where_it_was_left(
    participant, open_study, hidden_fields, answer
):
    participant.post("/s/digits/start/", hidden_fields(participant.get("/s/digits/")))
    answer(Participation.objects.get(), 7)
    response = participant.get("/s/digits/", follow=True)
    assert response.request["PATH_INFO"] == url(Participation.objects.get(), 7)
    assert Participation.objects.count() == 1


@pytest.mark.parametrize("invitation", ["", "made-up", "made-up:signature", "\x00"])
def test_a_made_up_invitation_leads_back_to_the_welcome_page(participant, open_study, invitation):
    response = participant.post("/s/digits/start/", {"invitation": invitation})
    assert response.headers["Location"] == "/s/digits/"
    assert not Participation.objects.exists()


def test_a_draft_is_not_there_for_participants(participant, draft_study):
    assert participant.get("/s/digits/").status_code == 404
    assert participant.post("/s/digits/start/").status_code == 404


def test_a_closed_study_says_so_kindly(participant, closed_study):
    for response in (participant.get("/s/digits/"), participant.post("/s/digits/start/")):
        assert response.status_code == 410
        assert "This study has closed" in response.content.decode()


def test_a_study_that_closes_in_between_keeps_what_was_answered(participant, participation, answer):
    answer(participation, 4)
    participation.study.close()
    response = participant.get(url(participation, 4))
    assert response.status_code == 410
    assert "Answers that were given before it closed are kept." in response.content.decode()
    assert participant.get(url(participation, 3)).status_code == 200


def test_practice_gives_feedback(participant, participation, hidden_fields):
    planned = participation.plan.get(position=0)
    right = planned.option_order.index("1") + 1
    choose(participant, hidden_fields, url(participation, 0), right)
    assert "That’s right." in participant.get(url(participation, 0)).content.decode()


def test_practice_says_which_picture_would_have_fitted(participant, participation, hidden_fields):
    right = participation.plan.get(position=0).option_order.index("1") + 1
    wrong = right % 4 + 1
    choose(participant, hidden_fields, url(participation, 0), wrong)
    page = participant.get(url(participation, 0)).content.decode()
    assert f"you chose picture {wrong}, but picture {right} fits the question better" in page


def test_an_answer_leads_to_the_next_question(participant, participation, hidden_fields, answer):
    answer(participation, 7)
    response = choose(participant, hidden_fields, url(participation, 7), 3)
    assert response.headers["Location"] == url(participation, 8)
    assert Answer.objects.get(planned__position=7).chosen_position == 3


def test_a_question_shows_the_stored_order_of_its_pictures(participant, participation, answer):
    answer(participation, 5)
    planned = participation.plan.get(position=5)
    shown = re.findall(r'src="(/pictures/[^"]+)"', participant.get(url(participation, 5)).content.decode())
    assert shown == [option.get_absolute_url() for option in planned.shown_options()]


def test_a_reload_shows_the_same_question(participant, participation, answer):
    answer(participation, 5)
    first, second = (participant.get(url(participation, 5)).content.decode() for _ in range(2))
    for pattern in (r'src="(/pictures/[^"]+)"', r"<h1[^>]*>(.*?)</h1>"):
        assert re.findall(pattern, first) == re.findall(pattern, second)


def test_going_back_shows_the_answer_and_no_form(participant, participation, answer):
    answer(participation, 9)
    page = participant.get(url(participation, 3)).content.decode()
    place = Answer.objects.get(planned__position=3).chosen_position
    assert f"You chose picture {place}. An answer can’t be changed." in page
    assert "<form" not in page


def test_a_double_click_stores_one_answer(participant, participation, hidden_fields, answer):
    answer(participation, 2)
    fields = {**hidden_fields(participant.get(url(participation, 2))), "choice": 4}
    for _ in range(2):
        assert participant.post(url(participation, 2), fields).headers["Location"] == url(participation, 3)
    assert Answer.objects.filter(planned__position=2).count() == 1


def test_a_second_tab_cannot_change_an_answer_and_says_so(participant, participation, hidden_fields, answer):
    answer(participation, 2)
    tab = hidden_fields(participant.get(url(participation, 2)))
    choose(participant, hidden_fields, url(participation, 2), 4)
    response = participant.post(url(participation, 2), {**tab, "choice": 1}, follow=True)
    page = response.content.decode()
    assert "You had already answered this question. Your first answer is kept." in page
    assert "You chose picture 4." in page
    assert Answer.objects.get(planned__position=2).chosen_position == 4


def test_a_question_out_of_turn_leads_to_the_next_one_in_turn(participant, participation, answer):
    answer(participation, 5)
    response = participant.get(url(participation, 20), follow=True)
    assert response.request["PATH_INFO"] == url(participation, 5)


def test_an_answer_out_of_turn_is_not_stored(participant, participation, hidden_fields, answer):
    answer(participation, 5)
    fields = hidden_fields(participant.get(url(participation, 5)))
    response = participant.post(url(participation, 6), {**fields, "choice": 1}, follow=True)
    assert response.request["PATH_INFO"] == url(participation, 5)
    assert not Answer.objects.filter(planned__position=6).exists()


@pytest.mark.parametrize("choice", ["", "0", "5", "-1", "two", "1.5", "9" * 5000])
def test_a_choice_that_is_none_shows_the_question_again(participant, participation, hidden_fields, choice):
    response = choose(participant, hidden_fields, url(participation, 0), choice)
    assert response.status_code == 400
    assert "Please choose a picture once more." in response.content.decode()
    assert not Answer.objects.exists()


@pytest.mark.parametrize("shown", ["", "1", "1:forged", "\x00"])
def test_a_forged_time_is_refused(participant, participation, shown):
    response = participant.post(url(participation, 0), {"choice": 1, "shown": shown})
    assert response.status_code == 400
    assert not Answer.objects.exists()


def test_the_end_shows_the_completion_code(participant, complete_participation):
    response = participant.get(
        reverse("participant:resume", args=[complete_participation.public_id]), follow=True
    )
    assert complete_participation.completion_code in response.content.decode()


def test_the_completion_code_is_not_shown_before_the_end(participant, participation, answer):
    answer(participation, 25)
    response = participant.get(reverse("participant:thanks", args=[participation.public_id]), follow=True)
    assert response.request["PATH_INFO"] == url(participation, 25)
    assert participation.completion_code not in response.content.decode()


def test_a_position_beyond_the_end_leads_back(participant, participation):
    response = participant.get(url(participation, 99), follow=True)
    assert response.status_code == 200


@pytest.mark.parametrize("step", STEPS)
def test_an_unknown_participation_is_not_found(participant, open_study, step):
    response = participant.get(reverse(f"participant:{step}", args=["nobody"]))
    assert response.status_code == 404
    assert "There is no page here" in response.content.decode()


@pytest.mark.parametrize("step", ["resume", "instructions", "thanks"])
def test_pages_to_look_at_refuse_post(participant, participation, step):
    assert participant.post(reverse(f"participant:{step}", args=[participation.public_id])).status_code == 405


def test_starting_refuses_get(participant, open_study):
    assert participant.get("/s/digits/start/").status_code == 405


def test_no_get_changes_anything(participant, participation, answer):
    answer(participation, 3)
    for position in range(27):
        participant.get(url(participation, position))
    for step in STEPS:
        participant.get(reverse(f"participant:{step}", args=[participation.public_id]))
    assert Answer.objects.count() == 3
    assert Participation.objects.get().last_answer_at == Answer.objects.latest("answered_at").answered_at


def test_a_form_without_its_token_is_turned_away_with_a_way_back(open_study):
    browser = Client(enforce_csrf_checks=True)
    response = browser.post("/s/digits/start/", {"invitation": "x"})
    page = response.content.decode()
    assert response.status_code == 403
    assert "Please try once more" in page
    assert 'href="/s/digits/"' in page


def test_only_a_signed_link_marks_a_participation_as_simulated(participant, open_study, hidden_fields):
    fields = hidden_fields(participant.get("/s/digits/?simulation=digits"))
    participant.post("/s/digits/start/", fields)
    assert not Participation.objects.get().simulated


def test_showing_a_question_takes_few_queries(
    participant, participation, answer, django_assert_max_num_queries
):
    answer(participation, 10)
    participant.get(url(participation, 9))  # from now on the process knows the frozen study
    with django_assert_max_num_queries(1):
        participant.get(url(participation, 10))


def asked(captured):
    """The queries of a captured context, without the transactions' marks."""
    marks = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    return [query["sql"] for query in captured if not query["sql"].startswith(marks)]


@pytest.mark.parametrize("n_checks", [5, 50])
@pytest.mark.parametrize("position", [0, 1, 13, 24])
def test_an_answer_and_the_next_question_take_two_queries(
    participant, draft_study, hidden_fields, answer, n_checks, position
):
    """At any number of questions; the frozen questions are in the process's memory after its first page."""
    Study.objects.update(n_checks=n_checks)
    draft_study.refresh_from_db()
    draft_study.write_questions(draft_study.methods(), draft_study.labels())
    draft_study.open()
    participation = answer(Participation.objects.enrol(draft_study, "begun"), position)
    fields = hidden_fields(participant.get(url(participation, position)))
    with CaptureQueriesContext(connection) as captured:
        response = participant.post(url(participation, position), {**fields, "choice": 1}, follow=True)
    assert response.status_code == 200
    at_most = 2 if connection.vendor == "postgresql" else 3  # SQLite moves on and stores one after the other
    assert len(asked(captured)) <= at_most, "\n".join(asked(captured))


def test_a_question_fetches_the_pictures_of_the_next(participant, participation, answer):
    answer(participation, 5)
    page = participant.get(url(participation, 5)).content.decode()
    following = participation.plan.get(position=6)
    fetched = re.findall(r'<link rel="prefetch" as="image" href="([^"]+)">', page)
    assert fetched == [option.get_absolute_url() for option in following.shown_options()]


def test_a_page_with_its_pictures_is_small(participant, participation):
    page = participant.get(url(participation, 0)).content
    pictures = re.findall(r'src="(/pictures/[^"]+)"', page.decode())
    assert len(page) + sum(len(participant.get(address).content) for address in pictures) < 30_000


def test_a_full_study_says_so_kindly(participant, open_study, hidden_fields):
    Study.objects.update(quota=1)
    fields = hidden_fields(participant.get("/s/digits/"))
    Participation.objects.enrol(open_study, "somebody-else")
    response = participant.post("/s/digits/start/", fields)
    assert response.status_code == 409
    assert "All places are taken" in response.content.decode()
    assert Participation.objects.count() == 1


def test_an_answer_after_too_long_a_pause_in_a_full_study_is_told_kindly(
    participant, participation, hidden_fields
):
    Study.objects.update(quota=1)
    fields = hidden_fields(participant.get(url(participation, 0)))
    Participation.objects.update(active_at=timezone.now() - timedelta(days=1))
    Participation.objects.enrol(participation.study, "somebody-else")
    response = participant.post(url(participation, 0), {**fields, "choice": 1})
    assert response.status_code == 409
    assert not Answer.objects.exists()
