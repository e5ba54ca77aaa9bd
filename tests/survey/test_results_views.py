import html
import json
import re
import subprocess
import sys

import pytest
from django.conf import settings as django_settings
from django.urls import reverse

from survey.exporting import REPORT_FORMATS
from survey.models import AuditEvent, Participation, Study
from survey.templatetags.typesetting import unbroken

pytestmark = pytest.mark.django_db

RESULTS = "/studio/studies/digits/results/"


def text(response):
    return b"".join(response).decode() if response.streaming else response.content.decode()


def words(page):
    return html.unescape(re.sub(r"<[^>]*>", "", page))


@pytest.fixture
def answered_study(open_study, answer):
    """Six kept people who mostly prefer the first method, one who failed the checks, two simulated."""
    for number in range(6):
        answer(
            Participation.objects.enrol(open_study, f"person-{number}"),
            26,
            chooses=lambda planned, number=number: 1 if (planned.position + number) % 5 else 2 + number % 3,
        )
    answer(Participation.objects.enrol(open_study, "careless"), 26, wrong_checks=4)
    for number in range(2):
        answer(Participation.objects.enrol(open_study, f"bot-{number}", simulated=True), 26)
    open_study.close()
    return open_study


@pytest.fixture
def running_study(open_study, answer):
    """One person has answered, and the study is open."""
    answer(Participation.objects.enrol(open_study, "person"), 26)
    return open_study


def report(votes, *options):
    """`python -m analysis report` on an exported table."""
    command = [sys.executable, "-m", "analysis", "report", str(votes), "--format", "json", *options]
    done = subprocess.run(command, capture_output=True, check=True, cwd=django_settings.BASE_DIR)
    return json.loads(done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("simulated", ["include", "exclude", "only"])
def test_the_page_agrees_with_the_command_on_the_exported_table(
    researcher, answered_study, tmp_path, simulated
):
    votes = tmp_path / "digits-votes.csv"
    votes.write_text(text(researcher.get(RESULTS + "votes.csv")))
    from_command = report(votes, "--simulated", simulated)
    page = researcher.get(RESULTS, {"simulated": simulated})
    assert page.context["report"].as_dict() == from_command
    assert from_command["answer"] in words(text(page)).replace("\N{NO-BREAK SPACE}", " ")
    assert json.loads(text(researcher.get(RESULTS + "report.json", {"simulated": simulated}))) == from_command


def test_simulated_participants_are_marked_wherever_they_are_counted(researcher, answered_study):
    page = text(researcher.get(RESULTS))
    assert "2 of the 8 participants counted here are programs: their votes say nothing about people." in page
    assert "Shares of votes (2 of 8 participants simulated)" in page
    assert "simulated" in text(researcher.get(RESULTS + "shares.svg"))


def test_no_number_breaks_before_its_percent_sign_or_after_its_name_and_files_have_plain_spaces(
    researcher, answered_study
):
    page = text(researcher.get(RESULTS))
    assert len(re.findall(r"\d%", words(page))) > 20
    assert not re.search(r"\d\s%", page)
    assert '<span class="whole">p = ' in page
    breakable = words(re.sub(r'<span class="whole">[^<]*</span>', "", page))
    assert not re.search(r"\bp [=<] \d", breakable)
    assert re.search(r'aria-label="[^"<]*95%', page)  # no tag within a tag
    for name in ("report.json", "report.csv", "report.md"):
        assert "\N{NO-BREAK SPACE}" not in text(researcher.get(RESULTS + name))


def test_without_simulated_participants_nothing_is_marked(researcher, answered_study):
    page = text(researcher.get(RESULTS, {"simulated": "exclude"}))
    assert "Simulated." not in page
    assert "Shares of votes</h2>" in page


@pytest.mark.parametrize(
    "statistic",
    [
        "p = 1.00e-4",
        "p &lt; .001",
        "ε = 0.64",
        "κ = \N{MINUS SIGN}0.008",
        "F(1.92, 40.22) = 80.40",
        "t(21) = 4.59",
        "min F&#x27;(2.21, 109.77) = 117.05",
    ],
)
def test_a_statistic_stays_on_one_line(statistic):
    assert unbroken(f"<p>So {statistic}.</p>") == f'<p>So <span class="whole">{statistic}</span>.</p>'


def test_attributes_and_other_equations_stay_as_they_are():
    text = '<p title="p = 0.1">a = b, 56.1%</p>'
    assert unbroken(text) == text


def test_who_failed_the_checks_is_left_out_but_in_the_table(researcher, answered_study):
    assert "1 of 9 participants excluded (too few checks passed: 1)." in text(researcher.get(RESULTS))
    assert len(text(researcher.get(RESULTS + "votes.csv")).splitlines()) == 1 + 9 * 26


def test_an_empty_page_says_when_results_appear(researcher, open_study):
    page = text(researcher.get(RESULTS))
    assert "There are no votes to count yet" in page
    assert "at least 4 of its 5 attention checks" in page


@pytest.mark.parametrize("name", ["shares.svg", "paired-differences.svg", "participants.svg"])
def test_charts_are_pictures_of_their_own(researcher, answered_study, name):
    response = researcher.get(RESULTS + name)
    assert response.headers["Content-Type"] == "image/svg+xml"
    assert "<svg" in text(response)


@pytest.mark.parametrize("name", ["shares.svg", "report.html", "report.json", "report.txt"])
def test_what_needs_votes_is_not_found_without_them(researcher, open_study, name):
    assert researcher.get(RESULTS + name).status_code == 404


@pytest.mark.parametrize("name", ["nothing.svg", "report.pdf"])
def test_unknown_charts_and_formats_are_not_found(researcher, answered_study, name):
    assert researcher.get(RESULTS + name).status_code == 404


@pytest.mark.parametrize("name", ["report.html", "report.json", "report.txt", "shares.svg"])
def test_strangers_take_nothing_away(stranger, answered_study, name):
    assert stranger.get(RESULTS + name).status_code == 302


@pytest.mark.parametrize("name", ["votes.csv", "codebook.csv", "report.html", "report.json", "report.txt"])
def test_files_are_named_after_the_study(researcher, answered_study, name):
    response = researcher.get(RESULTS + name)
    assert response.headers["Content-Disposition"] == f'attachment; filename="digits-{name}"'


def test_the_codebook_explains_every_column_of_the_table(researcher, answered_study):
    header = text(researcher.get(RESULTS + "votes.csv")).splitlines()[0].split(",")
    explained = [
        line.split(",")[0] for line in text(researcher.get(RESULTS + "codebook.csv")).splitlines()[1:]
    ]
    assert explained == header


def test_an_unknown_choice_of_participants_counts_everybody(researcher, answered_study):
    assert researcher.get(RESULTS, {"simulated": "nonsense"}).context["simulated"] == "include"


@pytest.mark.parametrize("n", [1, 2])
def test_one_or_two_participants_give_a_page_without_nonsense(researcher, open_study, answer, n):
    for number in range(n):
        answer(Participation.objects.enrol(open_study, f"person-{number}"), 26)
    open_study.close()
    page = text(researcher.get(RESULTS))
    assert not re.search(r"\bnan\b|\binf\b|None", page)


def test_the_page_takes_few_queries(researcher, answered_study, django_assert_max_num_queries):
    assert reverse("studio:results", args=["digits"]) == RESULTS
    with django_assert_max_num_queries(10):
        researcher.get(RESULTS)


@pytest.mark.parametrize("name", ["", "shares.svg", "report.json", "votes.csv"])
def test_nothing_tells_who_is_ahead_while_the_study_runs(researcher, running_study, name):
    page = text(researcher.get(RESULTS + name, follow=True))
    assert "Hidden until the study closes" in page
    assert "NormLIME" not in page


def test_who_looks_early_says_why_and_the_log_keeps_it(researcher, running_study):
    researcher.post(RESULTS + "look/", {"reason": "The platform asks whether it goes well."})
    assert "Shares of votes" in text(researcher.get(RESULTS))
    look = AuditEvent.objects.get(action="looked early")
    assert (look.user, look.reason) == (researcher.user, "The platform asks whether it goes well.")


def test_no_reason_is_no_look(researcher, running_study):
    response = researcher.post(RESULTS + "look/", {"reason": " so "})
    assert response.status_code == 400
    assert "why you look early" in text(response)
    assert "Hidden until" in text(researcher.get(RESULTS))


def test_programs_votes_are_hidden_from_nobody(researcher, open_study, answer):
    answer(Participation.objects.enrol(open_study, "bot", simulated=True), 26)
    assert "Simulated." in text(researcher.get(RESULTS))


def test_exports_are_in_the_log(researcher, answered_study):
    for name in ("votes.csv", "report.html"):
        researcher.get(RESULTS + name)
    told = AuditEvent.objects.filter(action="exported").values_list("detail", flat=True)
    assert sorted(told) == ["report.html", "vote table"]


@pytest.mark.parametrize(
    "name",
    [
        "votes.csv",
        "codebook.csv",
        "shares.svg",
        "position.svg",
        *(f"report.{kind}" for kind in REPORT_FORMATS),
    ],
)
def test_every_export_shows_the_hash_of_the_design(researcher, answered_study, name):
    assert Study.objects.get().design_sha256 in text(researcher.get(RESULTS + name))
