"""Texts, rehearsals, power, builds, members, tokens and limits of the API."""

import pytest
from django.core.management import call_command

from survey.api import throttles
from survey.models import (
    AuditEvent,
    Classifier,
    ExplanationSet,
    Membership,
    Participation,
    Rehearsal,
    SetBuild,
    Study,
)
from survey.models.jobs import Job
from survey.models.throttles import Limit

pytestmark = pytest.mark.django_db
API = "/api/v1/"
DIGITS = API + "studies/digits/"
BUILD = {"name": "mine", "methods": "smoothgrad", "replicates": 1}
JSON = {"content_type": "application/json"}


@pytest.fixture
def words(draft_study):
    text = draft_study.texts.get(language="en")
    return {name: getattr(text, name) for name in text.WORDS} | {"title": "Welche?"}


@pytest.fixture
def rehearsal(researcher, draft_study):
    """Begun; no worker has taken it up."""
    response = researcher.post(DIGITS + "rehearsal/", {"participants": 2}, **JSON)
    assert response.status_code == 201
    return Rehearsal.objects.get()


@pytest.fixture
def build(researcher, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    response = researcher.post(API + "builds/", BUILD, **JSON)
    assert response.status_code == 201
    return SetBuild.objects.get()


def detail(response, status):
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    return response.json()["detail"]


def log():
    return list(AuditEvent.objects.values_list("action", "detail"))


def test_texts_of_a_language_are_written_read_and_removed(researcher, words):
    for _ in range(2):
        assert researcher.put(DIGITS + "texts/de/", words, **JSON).json()["title"] == "Welche?"
    assert researcher.get(DIGITS + "texts/de/").json()["language"] == "de"
    assert {text["language"] for text in researcher.get(DIGITS + "texts/").json()} >= {"en", "de"}
    assert researcher.delete(DIGITS + "texts/de/").status_code == 204
    assert "no texts in 'de'" in detail(researcher.delete(DIGITS + "texts/de/"), 404)
    assert log()[0] == ("changed", "texts: de removed")


def test_texts_that_can_not_be_are_refused(researcher, words):
    wrong = words | {"question": "Which?"}
    assert researcher.put(DIGITS + "texts/de/", wrong, **JSON).json()["errors"].keys() == {"question"}
    assert "the default language" in detail(researcher.delete(DIGITS + "texts/en/"), 409)
    assert "no language 'xx'" in detail(researcher.put(DIGITS + "texts/xx/", words, **JSON), 404)


def test_texts_of_an_opened_study_are_frozen(researcher, words, draft_study):
    draft_study.open()
    assert "frozen since it opened" in detail(researcher.put(DIGITS + "texts/en/", words, **JSON), 409)


def test_an_analyst_reads_texts_and_writes_none(analyst, words):
    assert analyst.get(DIGITS + "texts/en/").status_code == 200
    assert detail(analyst.put(DIGITS + "texts/en/", words, **JSON), 403)


def test_a_rehearsal_is_begun_once_cancelled_gone_on_with_and_erased(researcher, rehearsal):
    again = researcher.post(DIGITS + "rehearsal/", {"participants": 2}, **JSON)
    assert "running already" in detail(again, 409)
    assert "cancel it first" in detail(researcher.delete(DIGITS + "rehearsal/"), 409)
    assert researcher.post(DIGITS + "rehearsal/cancel/").json()["status"] == "cancelled"
    assert researcher.post(DIGITS + "rehearsal/go-on/").json()["status"] == "queued"
    Rehearsal.objects.update(status=Job.Status.DONE)
    assert researcher.get(DIGITS + "rehearsal/").json()["complete"] == 0
    assert researcher.delete(DIGITS + "rehearsal/").status_code == 204
    assert "has no rehearsal" in detail(researcher.get(DIGITS + "rehearsal/"), 404)


def test_what_is_taken_from_a_rehearsal_is_in_the_log_of_the_study_and_keeps_no_copy(
    researcher, rehearsal, answer
):
    answer(Participation.objects.enrol(rehearsal.copy, "bot", simulated=True), 26)
    assert researcher.get(f"{API}studies/{rehearsal.copy.slug}/votes.csv").status_code == 200
    Rehearsal.objects.update(status=Job.Status.DONE)
    assert researcher.delete(DIGITS + "rehearsal/").status_code == 204
    assert [study.slug for study in Study.objects.all()] == ["digits"]
    line = AuditEvent.objects.get()
    assert (line.study.slug, line.detail) == ("digits", "of its rehearsal: votes.csv")


def test_an_analyst_rehearses_nothing(analyst, draft_study):
    assert detail(analyst.post(DIGITS + "rehearsal/", {"participants": 2}, **JSON), 403)
    assert not Rehearsal.objects.exists()


def test_a_build_is_started_cancelled_and_resumed(researcher, build):
    address = f"{API}builds/{build.pk}/"
    assert (build.owner, build.status) == (researcher.user, Job.Status.QUEUED)
    assert "can't go on" in detail(researcher.post(address + "resume/"), 409)
    assert researcher.post(address + "cancel/").json()["status"] == "cancelled"
    assert "nothing to cancel" in detail(researcher.post(address + "cancel/"), 409)
    assert researcher.post(address + "resume/").json()["status"] == "queued"
    assert researcher.get(address).json()["percent"] == 0


def test_classifiers_are_listed_by_name_without_the_servers_folders(researcher, db):
    Classifier.objects.create(
        name="Birds", factory="own:net", weights="/w", data="/d", preprocessing="size=9"
    )
    (listed,) = researcher.get(API + "classifiers/").json()["results"]
    assert listed == {"name": "Birds", "factory": "own:net", "preprocessing": "size=9"}


@pytest.mark.parametrize(("field", "value"), [("methods", "lime --out /etc"), ("classes", "0, -1")])
def test_no_field_of_a_build_becomes_a_flag(researcher, field, value):
    assert detail(researcher.post(API + "builds/", BUILD | {field: value}, **JSON), 400)
    assert not SetBuild.objects.exists()


def test_an_analyst_builds_nothing(analyst, build):
    assert detail(analyst.post(API + "builds/", BUILD, **JSON), 403)
    assert detail(analyst.post(f"{API}builds/{build.pk}/cancel/"), 403)


@pytest.mark.parametrize(
    "path",
    [
        "classifiers/",
        "builds/",
        "builds/1/",
        "studies/digits/rehearsal/",
        "studies/digits/power/",
        "studies/digits/live/",
        "studies/digits/codebook.csv",
        "studies/digits/preview/",
        "sets/tiny/maps.safetensors",
    ],
)
def test_strangers_see_none_of_it(stranger, draft_study, path):
    assert detail(stranger.get(API + path), 401)


@pytest.mark.parametrize(
    ("method", "path"),
    [("put", "texts/"), ("post", "texts/en/"), ("put", "rehearsal/"), ("get", "rehearsal/cancel/"),
     ("post", "power/")],
)  # fmt: skip
def test_a_wrong_verb_is_refused(researcher, draft_study, method, path):
    assert "not allowed" in detail(getattr(researcher, method)(DIGITS + path), 405)


def test_a_build_that_is_not_there_is_not_found(researcher):
    assert detail(researcher.post(API + "builds/99/cancel/"), 404)


def test_power_and_cost_are_of_the_design_at_its_level(researcher, draft_study):
    Study.objects.update(quota=10, pay=2, alpha="0.01")
    found = researcher.get(DIGITS + "power/?lead=0.4&power=0.8").json()
    assert (found["alpha"], found["votes"]) == (0.01, 20)
    assert 2 < found["any_difference"] <= found["best"] < 40
    assert 20 < found["detectable_lead"] < 60
    assert [cost["pay"] for cost in found["costs"] if cost["participants"] == 10] == ["20.00"]
    assert detail(researcher.get(DIGITS + "power/?lead=2"), 400)


def test_the_live_numbers_tell_how_a_study_fills_and_nothing_of_who_is_ahead(researcher, open_study, answer):
    answer(Participation.objects.enrol(open_study, "kept"), 26)
    answer(Participation.objects.enrol(open_study, "careless"), 26, wrong_checks=3)
    answer(Participation.objects.enrol(open_study, "bot", simulated=True), 26)
    found = researcher.get(DIGITS + "live/").json()
    assert (found["enrolled"], found["complete"], found["kept"], found["quota"]) == (2, 2, 1, None)
    assert found["exclusions"] == [{"reason": "2 of 5 attention checks passed, 4 needed", "people": 1}]
    assert "NormLIME" not in str(found)


def test_the_codebook_explains_the_vote_table(analyst, draft_study):
    response = analyst.get(DIGITS + "codebook.csv")
    assert response.headers["Content-Disposition"] == 'attachment; filename="digits-codebook.csv"'
    assert b'\nlanguage,"language in which the study was shown' in response.content


def test_the_preview_tells_what_a_participant_is_asked_and_stores_nothing(analyst, draft_study):
    practice, *questions = analyst.get(DIGITS + "preview/").json()
    assert (practice["position"], [question["position"] for question in questions]) == (0, list(range(1, 26)))
    assert all(len(question["pictures"]) == 4 for question in questions)
    assert set(practice) == {"position", "heading", "original", "pictures", "may_choose_none", "asks_reason"}
    assert not Participation.objects.exists()


def test_the_preview_speaks_the_languages_of_the_study(analyst, draft_study):
    first, *_ = analyst.get(DIGITS + "preview/?language=de").json()
    assert first["heading"].startswith("Welches Bild")


def test_the_codebook_of_an_opened_study_holds_the_hash_of_its_design(analyst, open_study):
    assert open_study.design_sha256 in analyst.get(DIGITS + "codebook.csv").content.decode()


def test_the_raw_values_of_a_set_are_those_that_were_imported(analyst, explanation_set):
    response = analyst.get(API + "sets/tiny/maps.safetensors")
    with explanation_set.maps.open() as file:
        assert b"".join(response.streaming_content) == file.read()
    assert 'filename="tiny-maps.safetensors"' in response.headers["Content-Disposition"]


def test_a_set_without_raw_values_says_so(analyst, explanation_set):
    ExplanationSet.objects.update(maps="")
    assert "no raw importances" in detail(analyst.get(API + "sets/tiny/maps.safetensors"), 404)


def test_members_are_removed_but_not_the_last_administrator(researcher, analyst):
    team = Membership.objects.first().team_id
    address = f"{API}teams/{team}/members/"
    assert detail(analyst.delete(address + "researcher/"), 403)
    assert "needs an administrator" in detail(researcher.delete(address + "researcher/"), 409)
    demoted = researcher.put(address, {"user": "researcher", "role": "analyst"}, **JSON)
    assert "needs an administrator" in detail(demoted, 409)
    assert researcher.delete(address + "analyst/").status_code == 204
    assert "'analyst' is not in" in detail(researcher.delete(address + "analyst/"), 404)
    assert log() == [("changed the team", "analyst is removed")]


def test_a_revoked_token_opens_nothing(stranger, researcher):
    login = {"username": "researcher", "password": "a long password"}
    token = stranger.post(API + "tokens/", login, **JSON).json()["token"]
    headers = {"Authorization": f"Token {token}"}
    assert detail(stranger.delete(API + "tokens/"), 401)
    assert stranger.delete(API + "tokens/", headers=headers).status_code == 204
    assert detail(stranger.get(API + "studies/", headers=headers), 401)


def test_requests_are_counted_in_the_database_by_account_and_address(
    researcher, analyst, stranger, monkeypatch
):
    for name in ("of_users", "of_strangers"):
        monkeypatch.setattr(throttles, name, Limit(name, 1, 60))
    assert researcher.get(API + "teams/").status_code == 200
    response = researcher.get(API + "teams/")
    assert detail(response, 429)
    assert 0 < int(response.headers["Retry-After"]) <= 61
    assert analyst.get(API + "teams/").status_code == 200
    assert [stranger.get(API + "teams/").status_code for _ in range(2)] == [401, 401]


@pytest.mark.parametrize(
    ("name", "line"), [("study.yaml", "study file"), ("preregistration.md", "pre-registration")]
)
def test_files_that_are_taken_away_are_in_the_log(researcher, draft_study, name, line):
    researcher.get(DIGITS + name)
    assert log() == [("exported", line)]


def test_a_report_that_is_taken_away_is_in_the_log(researcher, complete_participation, open_study):
    open_study.close()
    researcher.get(DIGITS + "report.json")
    assert log() == [("exported", "report.json")]


def test_a_study_file_on_standard_output_is_in_the_log(draft_study, capsys):
    call_command("export_study", "digits")
    assert capsys.readouterr().out
    assert log() == [("exported", "study file")]
