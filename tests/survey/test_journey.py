"""The whole way in a real browser: a study is made and opened, people answer it, the votes come out."""

import csv
import io
import os
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth import get_user_model
from django.core.management import call_command
from playwright.sync_api import expect, sync_playwright

from survey.importing import raw_values
from survey.models import Answer, Membership, Participation, SetBuild, Study
from survey.models.teams import first_team

CHROMIUM = shutil.which("chromium")
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
SETTLED = 350  # milliseconds after which a question takes clicks

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        CHROMIUM is None and "BEHOLDER_SKIP_NOTHING" not in os.environ,
        reason="the system's chromium is not installed",
    ),
]


@pytest.fixture(scope="module")
def chromium():
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = (
        "true"  # Playwright's loop runs in the thread that asks the database
    )
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def visit(chromium, live_server):
    """The function that opens a browser window of its own, as another person's device, at an address."""
    contexts = []

    def open_window(address="/", viewport=DESKTOP, **options):
        context = chromium.new_context(viewport=viewport, base_url=live_server.url, **options)
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(address)
        return page

    yield open_window
    for context in contexts:
        context.close()


def begin(page):
    """From the welcome page through consent and instructions to the practice question."""
    page.get_by_role("button", name="I agree, start").click()
    page.get_by_role("link", name="Start with a practice question").click()


def choose(page, number):
    page.wait_for_timeout(SETTLED)
    page.get_by_role("button", name=f"Picture {number}").click()


def log_in(page):
    page.get_by_label("Username").fill("researcher")
    page.get_by_label("Password").fill("a long password")
    page.get_by_role("button", name="Log in").click()


def assert_accessible(page):
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def answer_all(page, choice):
    """From the practice question to the end; `choice` maps a position to a place."""
    choose(page, 1)
    page.get_by_role("link", name="Go to the first question").click()
    for position in range(1, 26):
        expect(page.get_by_text(f"{position} of 25")).to_be_visible()
        choose(page, choice(position))
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


def right_or(place):
    """Chooses the right picture of a check, and `place` elsewhere, so that the participant is kept."""

    def choice(participation):
        plan = {planned.position: planned for planned in participation.plan.select_related("question")}

        def at(position):
            right = [n for n, option in enumerate(plan[position].shown_options(), 1) if option.is_right]
            return right[0] if right else place

        return at

    return choice


@pytest.fixture
def zipped_set(set_folder, tmp_path):
    """A file as a researcher gets it who zips the folder of a build."""
    return shutil.make_archive(str(tmp_path / "tiny"), "zip", set_folder.parent, set_folder.name)


def test_the_whole_journey_from_an_empty_studio_to_the_same_numbers(
    visit, zipped_set, researcher, work, settings
):
    studio = visit("/studio/")
    log_in(studio)
    studio.get_by_role("link", name="Upload a set").click()
    studio.get_by_label("Explanation set, zipped").set_input_files(zipped_set)
    studio.get_by_role("button", name="Import the set").click()
    expect(studio.get_by_role("heading", name="tiny", exact=True)).to_be_visible()
    studio.get_by_role("link", name="New study").click()
    expect(studio.get_by_text("25 questions a person")).to_be_visible()  # by HTMX
    studio.get_by_label("Title").fill("Pictures of digits")
    studio.get_by_role("button", name="Create the draft").click()
    home = studio.url
    preview(studio)
    rehearse(studio, home, work)

    studio.goto(home)
    studio.get_by_role("button", name="Open the study").click()
    link = studio.locator("code", has_text="/s/").inner_text()
    for name in ("first", "second"):
        person = visit(link, PHONE)
        begin(person)
        participation = Participation.objects.order_by("-pk").first()
        answer_all(person, right_or(1 if name == "first" else 2)(participation))
    expect(figure(studio, "Complete")).to_have_text("2")  # by HTMX

    studio.get_by_role("link", name="Results").click()
    expect(studio.get_by_role("heading", name="Hidden until the study closes")).to_be_visible()
    studio.goto(home)
    studio.get_by_role("link", name="Close the study").click()
    studio.get_by_role("button", name="Close the study").click()
    studio.get_by_role("link", name="Results").first.click()
    shown = studio.locator(".answer").inner_text()
    assert shown.startswith("2 participants cast 40 votes.")
    table = downloaded(studio, "Vote table (CSV)").read_text()
    rows = list(csv.DictReader(io.StringIO(table)))
    assert len(rows) == 2 * 26
    assert [row["chosen_position"] for row in rows if row["kind"] == "scored"] == ["1"] * 20 + ["2"] * 20
    studio.get_by_role("link", name="Files").click()
    archive = downloaded(studio, "Export the archive")

    call_command("flush", interactive=False, verbosity=0)
    shutil.rmtree(settings.MEDIA_ROOT)
    user = get_user_model().objects.create_user("researcher", password="a long password")
    Membership.objects.create(team_id=first_team(), user=user, role="researcher")
    elsewhere = visit("/studio/studies/import/")
    log_in(elsewhere)
    elsewhere.get_by_label("Study file or archive").set_input_files(archive)
    elsewhere.get_by_role("button", name="Import the study").click()
    expect(elsewhere.get_by_text("The archive is restored")).to_be_visible()
    elsewhere.get_by_role("link", name="Results").first.click()
    assert elsewhere.locator(".answer").inner_text() == shown
    assert downloaded(elsewhere, "Vote table (CSV)").read_text() == table
    elsewhere.get_by_role("link", name="Files").click()
    assert downloaded(elsewhere, "Export the archive").read_bytes() == archive.read_bytes()


def downloaded(page, link):
    """The file behind a link, under its own name."""
    with page.expect_download() as download:
        page.get_by_role("link", name=link).first.click()
    path = download.value.path()
    return path.rename(path.with_name(download.value.suggested_filename))


def figure(page, name):
    return page.locator(".figures div", has_text=name).locator("dd").first


def preview(studio):
    studio.get_by_role("link", name="Preview", exact=True).click()
    studio.get_by_role("link", name="Preview in English").click()
    studio.get_by_role("link", name="I agree, start").click()
    studio.get_by_role("link", name="Start with a practice question").click()
    choose(studio, 2)
    studio.get_by_role("link", name="Go to the first question").click()
    choose(studio, 2)
    expect(studio.get_by_text("2 of 25")).to_be_visible()
    assert not Participation.objects.exists()


def rehearse(studio, home, work):
    """Twenty programs answer a copy, and one click erases them."""
    studio.goto(home + "rehearsal/")
    studio.get_by_role("button", name="Start the rehearsal").click()
    expect(studio.get_by_text("Waiting")).to_be_visible()
    work()
    expect(studio.get_by_text("Complete").locator("xpath=following-sibling::dd")).to_have_text(
        "20"
    )  # by HTMX
    assert Participation.objects.filter(simulated=True, status="complete").count() == 20
    studio.get_by_role("link", name="Erase the rehearsal").click()
    studio.get_by_role("button", name="Erase the rehearsal").click()
    expect(studio.get_by_text("The rehearsal is erased")).to_be_visible()
    assert not Participation.objects.exists()
    assert Study.objects.count() == 1


def test_keys_answer_and_a_held_key_answers_once(visit, open_study):
    page = visit("/s/digits/")
    begin(page)
    choose(page, 1)
    page.get_by_role("link", name="Go to the first question").click()
    for key, position in (("3", 1), ("1", 2)):
        page.wait_for_timeout(SETTLED)
        page.keyboard.down(key)
        page.keyboard.down(key)  # what the browser sends while a key is held
        page.keyboard.up(key)
        expect(page.get_by_text(f"{position + 1} of 25")).to_be_visible()
    stored = [answer.chosen_position for answer in Answer.objects.order_by("planned__position")]
    assert stored == [1, 3, 1]


def test_a_double_click_answers_one_question(visit, open_study):
    page = visit("/s/digits/")
    begin(page)
    choose(page, 1)
    page.get_by_role("link", name="Go to the first question").click()
    page.wait_for_timeout(SETTLED)
    page.get_by_role("button", name="Picture 2").dblclick()
    expect(page.get_by_text("2 of 25")).to_be_visible()
    page.wait_for_timeout(SETTLED)
    assert Answer.objects.count() == 2


def test_the_survey_works_without_javascript(visit, open_study):
    page = visit("/s/digits/", java_script_enabled=False)
    begin(page)
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
    page.wait_for_timeout(SETTLED)
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".chosen")
    assert Answer.objects.get().chosen_position == 3


def test_back_reload_and_a_second_tab_change_nothing(visit, participation, answer):
    answer(participation, 4)
    page = visit(f"/p/{participation.public_id}/")
    tab = page.context.new_page()
    tab.goto(page.url)
    choose(page, 2)
    expect(page.get_by_text("5 of 25")).to_be_visible()
    choose(tab, 3)  # the same question, in the other tab
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


def test_a_preview_in_the_browser_stores_nothing(visit, draft_study, researcher):
    page = visit("/studio/studies/digits/preview/")
    log_in(page)
    page.get_by_role("link", name="I agree, start").click()
    page.get_by_role("link", name="Start with a practice question").click()
    choose(page, 2)
    page.get_by_role("link", name="Go to the first question").click()
    choose(page, 2)
    expect(page.get_by_text("2 of 25")).to_be_visible()
    assert not Participation.objects.exists()


def test_on_a_phone_all_four_pictures_are_seen_at_once_and_large_enough_to_touch(visit, participation):
    page = visit(f"/p/{participation.public_id}/practice/", PHONE)
    for number in range(1, 5):
        box = page.get_by_role("button", name=f"Picture {number}").bounding_box()
        assert box["width"] >= 160
        assert box["height"] >= 160
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
        assert box["y"] + box["height"] <= PHONE["height"]


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_no_page_of_the_survey_has_an_accessibility_fault_or_scrolls_sideways(
    visit, participation, answer, viewport, colours
):
    own = f"/p/{participation.public_id}/"
    page = visit("/s/digits/", viewport, color_scheme=colours)
    addresses = ["/s/digits/", own + "instructions/", own + "practice/"]
    for address in addresses:
        page.goto(address)
        assert_accessible(page)
    answer(participation, 3)
    for address in (own + "practice/", own + "1/", own + "3/"):
        page.goto(address)
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    answer(participation, 26)
    page.goto(own + "thanks/")
    assert_accessible(page)
    Study.objects.get().close()
    page.goto("/s/digits/")
    assert_accessible(page)


def test_the_arrow_keys_and_the_pointer_read_raw_values(visit, explanation_set, researcher):
    page = visit("/studio/sets/tiny/")
    log_in(page)
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
    log_in(page)
    page.get_by_label("Question").fill("Where is the {label}?")
    page.get_by_label("Question").press("End")
    expect(page.get_by_role("region", name="Preview")).to_contain_text("Where is the 0?")


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


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_no_page_of_the_studio_has_an_accessibility_fault_or_scrolls_sideways(
    visit, draft_study, researcher, answer, viewport, colours
):
    page = visit("/studio/", viewport, color_scheme=colours)
    assert_accessible(page)
    log_in(page)
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
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_no_page_around_the_questions_has_an_accessibility_fault_or_scrolls_sideways(
    visit, open_study, answer, viewport
):
    """Screening, every end, withdrawal, a full study, a link without its parameters; at double size, too."""
    done = answer(Participation.objects.enrol(open_study, "done"), 26)
    Study.objects.update(quota=2)
    open_study.texts.update(screening="Have you completed a university degree?")
    asked = Participation.objects.enrol(open_study, "asked")
    page = visit("/s/digits/", viewport)
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


def look(page):
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


ZOOMED = {"width": 640, "height": 400}  # what is left of a laptop's window at 200 %


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE, ZOOMED], ids=["desktop", "phone", "zoomed"])
@pytest.mark.parametrize("language", ["de", "es", "zh-hans"])
def test_no_page_in_another_language_has_an_accessibility_fault_or_scrolls_sideways(
    visit, open_study, answer, viewport, language
):
    begun = Participation.objects.enrol(open_study, "begun", language=language)
    page = visit(f"/s/digits/?language={language}", viewport)
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


def test_at_double_zoom_a_question_is_answered_without_scrolling_sideways(visit, participation):
    page = visit(f"/p/{participation.public_id}/practice/", ZOOMED)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    choose(page, 4)
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
    page = visit("/s/digits/", PHONE)
    page.get_by_role("link", name="Deutsch").click()
    expect(page.get_by_role("heading", name="Welches Bild zeigt es am besten?")).to_be_visible()
    page.get_by_role("button", name="Ich bin einverstanden, los geht es").click()
    page.get_by_role("link", name="Mit einer Übungsfrage beginnen").click()
    expect(page.get_by_role("button", name="Bild 1")).to_be_visible()
    assert Participation.objects.get().language == "de"


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP])
def test_an_image_and_its_four_pictures_fit_one_screen(visit, open_image_study, viewport):
    page = visit("/s/photos/", viewport)
    begin(page)
    image = page.get_by_alt_text("The image that the pictures are about")
    expect(image).to_be_in_viewport(ratio=1)
    for number in range(1, 5):
        expect(page.get_by_role("button", name=f"Picture {number}")).to_be_in_viewport(ratio=1)


def test_the_narrowest_phone_scrolls_an_image_study_in_one_direction_only(visit, open_image_study):
    page = visit("/s/photos/", {"width": 320, "height": 640})
    begin(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 320
