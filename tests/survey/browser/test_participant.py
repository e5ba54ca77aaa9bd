"""A participant's ways through a study: by mouse, finger and keys, back and again, on any screen."""

import pytest
from playwright.sync_api import expect

from survey.models import Answer, Participation

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_keys_answer_and_a_held_key_answers_once(visit, open_study):
    page = visit("/s/digits/")
    page.begin()
    page.choose(1)
    page.get_by_role("link", name="Go to the first question").click()
    for key, position in (("3", 1), ("1", 2)):
        page.settle()
        page.keyboard.down(key)
        page.keyboard.down(key)  # what the browser sends while a key is held
        page.keyboard.up(key)
        expect(page.get_by_text(f"{position + 1} of 25")).to_be_visible()
    stored = [answer.chosen_position for answer in Answer.objects.order_by("planned__position")]
    assert stored == [1, 3, 1]


def test_a_double_click_answers_one_question(visit, open_study):
    page = visit("/s/digits/")
    page.begin()
    page.choose(1)
    page.get_by_role("link", name="Go to the first question").click()
    page.settle()
    page.get_by_role("button", name="Picture 2").dblclick()
    expect(page.get_by_text("2 of 25")).to_be_visible()
    page.settle()
    assert Answer.objects.count() == 2


def test_the_survey_works_without_javascript(visit, open_study):
    page = visit("/s/digits/", java_script_enabled=False)
    page.begin()
    page.get_by_role("button", name="Picture 4").click()
    page.get_by_role("link", name="Go to the first question").click()
    page.get_by_role("button", name="Picture 3").click()
    expect(page.get_by_text("2 of 25")).to_be_visible()
    assert [answer.chosen_position for answer in Answer.objects.order_by("planned__position")] == [4, 3]


def test_tab_and_enter_are_enough(visit, open_study):
    page = visit("/s/digits/")
    for tabs, next_step in ((5, "instructions"), (1, "practice")):  # the four languages come first
        for _ in range(tabs):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/{next_step}/")
    page.settle()
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".chosen")
    assert Answer.objects.get().chosen_position == 3


def test_back_reload_and_a_second_tab_change_nothing(visit, participation, answer):
    answer(participation, 4)
    page = visit(f"/p/{participation.public_id}/")
    tab = page.another_tab()
    page.choose(2)
    expect(page.get_by_text("5 of 25")).to_be_visible()
    tab.choose(3)  # the same question, in the other tab
    expect(
        tab.get_by_text("You had already answered this question. Your first answer is kept.")
    ).to_be_visible()
    page.go_back()
    expect(page.get_by_text("You chose picture 2. An answer can’t be changed.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("You chose picture 2. An answer can’t be changed.")).to_be_visible()
    page.get_by_role("link", name="Continue").click()
    expect(page.get_by_text("5 of 25")).to_be_visible()
    assert Answer.objects.count() == 5


def test_on_a_phone_all_four_pictures_are_seen_at_once_and_large_enough_to_touch(visit, participation):
    page = visit(f"/p/{participation.public_id}/practice/", "phone")
    for number in range(1, 5):
        box = page.get_by_role("button", name=f"Picture {number}").bounding_box()
        assert box["width"] >= 160
        assert box["height"] >= 160
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= page.viewport_size["width"]
        assert box["y"] + box["height"] <= page.viewport_size["height"]


def test_a_notice_above_a_question_keeps_clear_of_a_phones_edges(visit, participation):
    page = visit(f"/p/{participation.public_id}/practice/?told=early", "phone")
    box = page.locator(".told").bounding_box()
    assert (box["x"], box["width"]) == (16, page.viewport_size["width"] - 2 * 16)


def test_at_double_zoom_a_question_is_answered_without_scrolling_sideways(visit, participation):
    page = visit(f"/p/{participation.public_id}/practice/", "zoomed")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.choose(4)
    page.wait_for_selector(".chosen")
    assert Answer.objects.get().chosen_position == 4


@pytest.mark.parametrize(("wish", "seconds"), [("no-preference", {"0s", "0.12s"}), ("reduce", {"0s"})])
def test_nothing_moves_for_who_wants_no_motion(visit, participation, wish, seconds):
    page = visit(f"/p/{participation.public_id}/practice/", reduced_motion=wish)
    durations = page.evaluate(
        "[...document.querySelectorAll('*')].flatMap(e => getComputedStyle(e).transitionDuration.split(', '))"
    )
    assert set(durations) == seconds
    assert page.evaluate("document.getAnimations().length") == 0


def test_the_language_is_chosen_on_the_welcome_page(visit, open_study):
    page = visit("/s/digits/", "phone")
    page.get_by_role("link", name="Deutsch").click()
    expect(page.get_by_role("heading", name="Welches Bild zeigt es am besten?")).to_be_visible()
    page.get_by_role("button", name="Ich bin einverstanden, los geht es").click()
    page.get_by_role("link", name="Mit einer Übungsfrage beginnen").click()
    expect(page.get_by_role("button", name="Bild 1")).to_be_visible()
    assert Participation.objects.get().language == "de"


@pytest.mark.parametrize("screen", ["phone", "desktop"])
def test_an_image_and_its_four_pictures_fit_one_screen(visit, open_image_study, screen):
    page = visit("/s/photos/", screen)
    page.begin()
    image = page.get_by_alt_text("The image that the pictures are about")
    expect(image).to_be_in_viewport(ratio=1)
    for number in range(1, 5):
        expect(page.get_by_role("button", name=f"Picture {number}")).to_be_in_viewport(ratio=1)


def test_the_narrowest_phone_scrolls_an_image_study_in_one_direction_only(visit, open_image_study):
    page = visit("/s/photos/", "narrowest")
    page.begin()
    assert page.evaluate("document.documentElement.scrollWidth") == 320
