"""The whole way: a study is made, rehearsed and opened, people answer, the same votes come out elsewhere."""

import csv
import io
import shutil

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from playwright.sync_api import expect

from survey.models import Membership, Participation, Study
from survey.models.teams import first_team

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def answer_all(page, choice):
    """From the practice question to the end; `choice` maps a position to a place."""
    page.choose(1)
    page.get_by_role("link", name="Go to the first question").click()
    for position in range(1, 26):
        expect(page.get_by_text(f"{position} of 25")).to_be_visible()
        page.choose(choice(position))
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
    studio.log_in()
    studio.get_by_role("link", name="Upload a set").click()
    studio.get_by_label("Explanation set, zipped").set_input_files(zipped_set)
    studio.get_by_role("button", name="Import the set").click()
    expect(studio.get_by_role("heading", name="tiny", exact=True)).to_be_visible()
    studio.get_by_role("link", name="New study").click()
    expect(studio.get_by_text("25 questions per person")).to_be_visible()  # by HTMX
    studio.get_by_label("Title").fill("Pictures of digits")
    studio.get_by_role("button", name="Create the draft").click()
    home = studio.url
    preview(studio)
    rehearse(studio, home, work)

    studio.goto(home)
    studio.get_by_role("button", name="Open the study").click()
    link = studio.locator("code", has_text="/s/").inner_text()
    for name in ("first", "second"):
        person = visit(link, "phone")
        person.begin()
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
    elsewhere.log_in()
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
    studio.choose(2)
    studio.get_by_role("link", name="Go to the first question").click()
    studio.choose(2)
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
