"""No page has an accessibility fault or scrolls sideways: light, dark, wide, narrow, in every language."""

import pytest
from playwright.sync_api import expect

from survey.models import Participation, SetBuild, Study

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

STUDIO_PAGES = [
    "",
    "sets/tiny/",
    "sets/tiny/?show=signed",
    "sets/tiny/new-study/",
    "builds/new/",
    "builds/{build}/",
    "maps/{map}/",
    "studies/import/",
    "sets/upload/",
    "team/",
    "audit/",
]
DRAFT_PAGES = [
    "",
    "design/",
    "texts/",
    "texts/de/",
    "power/",
    "rehearsal/",
    "results/",
    "files/",
    "files/plan/",
]
OPEN_PAGES = ["design/", "texts/de/", "live/", "live/left-out/", "close/", "results/", "files/"]


@pytest.mark.parametrize("screen", ["desktop", "phone"])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_no_page_of_the_survey_has_an_accessibility_fault_or_scrolls_sideways(
    visit, participation, answer, screen, colours
):
    own = f"/p/{participation.public_id}/"
    page = visit("/s/digits/", screen, color_scheme=colours)
    addresses = ["/s/digits/", own + "instructions/", own + "practice/"]
    for address in addresses:
        page.goto(address)
        page.assert_accessible()
    answer(participation, 3)
    for address in (own + "practice/", own + "1/", own + "3/"):
        page.goto(address)
        page.assert_accessible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    answer(participation, 26)
    page.goto(own + "thanks/")
    page.assert_accessible()
    Study.objects.get().close()
    page.goto("/s/digits/")
    page.assert_accessible()


@pytest.mark.parametrize("screen", ["desktop", "phone"])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_no_page_of_the_studio_has_an_accessibility_fault_or_scrolls_sideways(
    visit, draft_study, researcher, answer, screen, colours
):
    page = visit("/studio/", screen, color_scheme=colours)
    page.assert_accessible()
    page.log_in()
    build = SetBuild.objects.create(name="broken", methods="lime", status="failed", error="What went wrong")
    numbers = {"build": build.pk, "map": draft_study.explanation_set.class_maps.first().pk}
    inspect(page, ["/studio/" + address.format(**numbers) for address in STUDIO_PAGES])
    home = "/studio/studies/digits/"
    inspect(page, [home + address for address in DRAFT_PAGES])
    draft_study.open()
    for number in range(3):
        participation = Participation.objects.enrol(draft_study, f"person-{number}")
        answer(participation, 26, wrong_checks=2 * number, chooses=lambda _, n=number: n + 1)
    inspect(page, [home + address for address in OPEN_PAGES])
    draft_study.close()
    inspect(page, [home + "results/", home + "live/"])


def inspect(page, addresses):
    for address in addresses:
        assert page.goto(address).status == 200, address
        page.wait_for_load_state("networkidle")  # what HTMX fetches is looked at, too
        page.assert_accessible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_no_page_around_the_questions_has_an_accessibility_fault_or_scrolls_sideways(
    visit, open_study, answer, screen
):
    """Screening, every end, withdrawal, a full study, a link without its parameters; at double size, too."""
    done = answer(Participation.objects.enrol(open_study, "done"), 26)
    Study.objects.update(quota=2)
    open_study.texts.update(screening="Have you completed a university degree?")
    asked = Participation.objects.enrol(open_study, "asked")
    page = visit("/s/digits/", screen)
    looks = [
        "/p/asked/screening/",
        "/p/done/instructions/",
        "/p/done/thanks/",
        "/s/digits/withdraw/",
        "/s/digits/withdrawn/",
        "/s/digits/",
    ]
    for address in looks:
        page.goto(address)
        look(page)
    page.get_by_role("button", name="I agree, start").click()
    expect(page.get_by_role("heading", name="All places are taken")).to_be_visible()
    look(page)
    Study.objects.update(platform="prolific", code_complete="DONE", code_screened_out="OUT")
    asked.screen(passed=False)
    for address in ("/p/done/thanks/", "/p/asked/thanks/", "/s/digits/"):
        page.goto(address)
        look(page)
    assert done.kept


@pytest.mark.parametrize("screen", ["desktop", "phone", "zoomed"])
@pytest.mark.parametrize("language", ["de", "es", "zh-hans"])
def test_no_page_in_another_language_has_an_accessibility_fault_or_scrolls_sideways(
    visit, open_study, answer, screen, language
):
    begun = Participation.objects.enrol(open_study, "begun", language=language)
    page = visit(f"/s/digits/?language={language}", screen)
    look(page)
    for position, address in (
        (0, "instructions"),
        (0, "practice"),
        (1, "practice"),
        (1, "1"),
        (26, "thanks"),
    ):
        answer(begun, position)
        page.goto(f"/p/begun/{address}/")
        assert page.evaluate("document.documentElement.lang") == language
        look(page)


def look(page):
    page.assert_accessible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
