"""What a question's page sends back is taken whole or not at all."""

from datetime import UTC, datetime

import pytest

from survey.answering import LONGEST_REASON, PLACES, PostedAnswer, stamp

PAGE = "/p/somebody/7/"


def read(**changes):
    return PostedAnswer.read({"choice": "2", "shown": stamp(PAGE)} | changes, PAGE)


def test_an_answer_says_which_place_when_shown_and_why():
    before = datetime.now(UTC)
    posted = read(reason=" It is the sharpest. ")
    assert (posted.place, posted.reason) == (2, "It is the sharpest.")
    assert before <= posted.shown_at <= datetime.now(UTC)


def test_no_reason_is_an_empty_one():
    assert read().reason == ""


@pytest.mark.parametrize("place", PLACES)
def test_every_place_may_be_chosen_and_0_for_none(place):
    assert read(choice=place).place == int(place)


@pytest.mark.parametrize("choice", ["", "7", "-1", "1.0", "+1", "\u0661", "2\0", "none"])
def test_what_is_no_place_is_refused(choice):
    assert read(choice=choice) is None


def test_a_stamp_is_good_for_its_own_page_only():
    assert read(shown=stamp("/p/somebody/8/")) is None


@pytest.mark.parametrize("shown", ["", "now", "1700000000.0", "1700000000.0:signed"])
def test_a_stamp_that_we_did_not_make_is_refused(shown):
    assert read(shown=shown) is None


@pytest.mark.parametrize("reason", ["x" * (LONGEST_REASON + 1), "with a NUL \0 within"])
def test_a_reason_that_can_not_be_stored_is_refused(reason):
    assert read(reason=reason) is None


@pytest.mark.parametrize("field", ["choice", "shown"])
def test_a_field_that_is_missing_is_refused(field):
    fields = {"choice": "2", "shown": stamp(PAGE)}
    del fields[field]
    assert PostedAnswer.read(fields, PAGE) is None
