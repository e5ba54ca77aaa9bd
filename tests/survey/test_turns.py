"""The statements of a turn do what nearly always happens, and decline all else without a trace."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from survey.models import Answer, Participation, PlannedQuestion
from survey.models.turns import Turn, answer_in_turn
from survey.stencils import Stencil

pytestmark = pytest.mark.django_db


def is_stored(participation, position=0, place=1):
    before = Participation.objects.filter(pk=participation.pk).values().get()
    stored = answer_in_turn(participation.public_id, position, place, timezone.now())
    assert Answer.objects.filter(planned__position=position).exists() == stored
    if not stored:
        assert Participation.objects.filter(pk=participation.pk).values().get() == before
    return stored


def test_an_answer_in_turn_is_stored_and_moves_the_participation_on(participation):
    assert is_stored(participation, place=3)
    participation.refresh_from_db()
    assert (participation.status, participation.next_position) == ("answering", 1)
    answer = Answer.objects.get()
    assert answer.chosen_position == 3
    assert participation.last_answer_at == participation.active_at == answer.answered_at


@pytest.mark.parametrize("place", [0, 5, 9])
def test_a_place_without_a_picture_stores_nothing(participation, place):
    assert not is_stored(participation, place=place)


def test_a_position_out_of_turn_is_declined(participation):
    assert not is_stored(participation, position=1)


def test_a_closed_study_is_declined(participation):
    participation.study.close()
    assert not is_stored(participation)


@pytest.mark.parametrize("state", [{"status": "timed out", "place": None}, {"screened_at": None}])
def test_who_holds_no_place_or_was_not_screened_is_declined(participation, state):
    Participation.objects.update(**state)
    assert not is_stored(participation)


def test_the_last_answer_is_left_to_what_ends_a_participation(participation, answer):
    answer(participation, 25)
    assert not is_stored(participation, position=25)
    assert PlannedQuestion.objects.record_answer(participation.public_id, 25, 1, timezone.now()) is None
    assert Participation.objects.get().is_complete


def test_both_ways_of_storing_an_answer_store_the_same(open_study, monkeypatch):
    """The statement of SQL against the models, for every column but the moments."""
    shown_at = timezone.now() - timedelta(seconds=3)
    for public_id in ("by-statement", "by-models"):
        Participation.objects.enrol(open_study, public_id)
    Participation.objects.update(seed=1)
    PlannedQuestion.objects.record_answer("by-statement", 0, 2, shown_at)
    monkeypatch.setattr("survey.models.plans.answer_in_turn", lambda *_: False)
    PlannedQuestion.objects.record_answer("by-models", 0, 2, shown_at)
    own = ("id", "public_id", "place", "completion_code", "receipt_code")
    rows = list(Participation.objects.order_by("pk").values())
    first, second = [{name: value for name, value in row.items() if name not in own} for row in rows]
    for moment in ("consented_at", "screened_at", "active_at", "last_answer_at"):
        assert abs(first.pop(moment) - second.pop(moment)) < timedelta(seconds=5)
    assert first == second
    assert {answer.chosen_position for answer in Answer.objects.all()} == {2}
    assert {answer.shown_at for answer in Answer.objects.all()} == {shown_at}


def test_a_position_that_is_not_there_has_no_turn(participation):
    assert Turn.at(participation.public_id, 26) is None
    assert Turn.at("nobody", 0) is None


def test_after_the_last_question_nothing_follows(participation, answer):
    answer(participation, 25)
    assert Turn.at(participation.public_id, 25).following is None


def test_a_stencil_gives_the_page_that_its_template_gives(participation, hidden_fields, monkeypatch):
    """But for the tokens, which differ each time."""
    address = "/p/begun-participation/practice/"
    by_stencil = Client().get(address)
    monkeypatch.setattr("survey.views.participant._told", lambda request: " ")
    by_template = Client().get(address)
    pages = []
    for response in (by_stencil, by_template):
        page = response.content.decode()
        for token in (*hidden_fields(response).values(), page.split('csrfmiddlewaretoken" value="')[1][:64]):
            page = page.replace(token, "TOKEN")
        pages.append([line for line in page.splitlines() if line.strip() and "notice" not in line])
    assert pages[0] == pages[1]


def test_what_fills_a_stencil_is_escaped():
    stencil = Stencil(lambda marks: f"<p>{marks['word']}, {marks['word']}</p>", ["word"])
    assert stencil.fill({"word": "<&>"}) == "<p>&lt;&amp;&gt;, &lt;&amp;&gt;</p>"
