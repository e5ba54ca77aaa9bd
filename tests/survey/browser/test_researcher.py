"""What pages of the studio do while a researcher looks, points and types."""

import pytest
from playwright.sync_api import expect

from survey.importing import raw_values
from survey.models import Participation

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_a_preview_in_the_browser_stores_nothing(visit, draft_study, researcher):
    page = visit("/studio/studies/digits/preview/")
    page.log_in()
    page.get_by_role("link", name="I agree, start").click()
    page.get_by_role("link", name="Start with a practice question").click()
    page.choose(2)
    page.get_by_role("link", name="Go to the first question").click()
    page.choose(2)
    expect(page.get_by_text("2 of 25")).to_be_visible()
    assert not Participation.objects.exists()


def test_the_arrow_keys_and_the_pointer_read_raw_values(visit, explanation_set, researcher):
    page = visit("/studio/sets/tiny/")
    page.log_in()
    class_map = explanation_set.class_maps.select_related("method").first()
    rows = [[float(f"{value:.6g}") for value in row] for row in raw_values(class_map).tolist()]
    page.locator("[data-values]").first.focus()
    page.keyboard.press("ArrowRight")
    readout = page.locator("[data-readout]")
    expect(readout).to_have_text(f"{class_map}, row 5, column 6: {rows[4][5]}")  # from the middle of 8 x 8
    page.locator("[data-values]").first.hover(position={"x": 2, "y": 2})
    expect(readout).to_have_text(f"{class_map}, row 1, column 1: {rows[0][0]}")


def test_the_preview_of_the_texts_follows_the_typing(visit, draft_study, researcher):
    page = visit("/studio/studies/digits/texts/en/")
    page.log_in()
    page.get_by_label("Question").fill("Where is the {label}?")
    page.get_by_label("Question").press("End")
    expect(page.get_by_role("region", name="Preview")).to_contain_text("Where is the 0?")
