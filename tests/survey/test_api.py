import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from survey.files.archive import write_archive
from survey.files.study_file import export_study
from survey.models import AuditEvent, Membership, Participation, Study

pytestmark = pytest.mark.django_db
API = "/api/v1/"
DIGITS = API + "studies/digits/"
WHY = {"reason": "The platform asks whether pay is fair."}
FILES = ["votes.csv", "votes.parquet", "report.json", "study.yaml", "preregistration.md", "archive.zip"]


def post(client, path, data=None):
    return client.post(path, data or {}, content_type="application/json")


def patch(client, path, data):
    return client.patch(path, data, content_type="application/json")


def detail(response, status):
    """The sentence of a problem; with its status and type looked at."""
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert {"type", "title", "detail"} <= set(problem)
    return problem["detail"]


def test_a_study_is_made_opened_paused_resumed_and_closed(researcher, explanation_set):
    made = post(researcher, API + "studies/", {"explanation_set": "tiny", "slug": "mine"})
    assert made.status_code == 201
    assert made.json()["design"]["methods"] == ["normlime", "lime", "smoothgrad", "vargrad"]
    for move, status in (("open", "open"), ("pause", "paused"), ("resume", "open"), ("close", "closed")):
        assert post(researcher, f"{API}studies/mine/{move}/").json()["status"] == status
    events = [line["action"] for line in researcher.get(API + "audit/").json()["results"]]
    assert events == ["closed", "resumed", "paused", "opened", "created"]


def test_a_design_is_given_as_a_patch_of_the_study_file(researcher, explanation_set):
    design = {"methods": ["lime", "normlime"], "participants": {"wanted": 10}}
    body = {"explanation_set": "tiny", "slug": "mine", "design": design}
    made = post(researcher, API + "studies/", body).json()["design"]
    assert (made["methods"], made["participants"]["wanted"]) == (["normlime", "lime"], 10)
    changed = patch(researcher, API + "studies/mine/", {"design": {"participants": {"wanted": None}}})
    assert changed.json()["design"]["participants"]["wanted"] is None
    assert Study.objects.get().questions.count() == 26


def test_a_bad_design_is_refused_with_key_and_value(researcher, draft_study):
    response = patch(researcher, DIGITS, {"design": {"checks": {"number": 99}}})
    assert detail(response, 400) == "the design: checks.number is 99; allowed are numbers from 0 to 50."
    assert Study.objects.get().n_checks == 5


def test_an_opened_study_is_not_changed_but_versioned(researcher, open_study):
    told = detail(patch(researcher, DIGITS, {"design": {}}), 409)
    assert told == "digits is frozen since it opened; make a new version to change it."
    assert post(researcher, DIGITS + "versions/").json()["version"] == 2
    assert "has a new version already" in detail(post(researcher, DIGITS + "versions/"), 400)


def test_the_review_says_what_is_risky(researcher, draft_study):
    assert "no-quota" in {risk["name"] for risk in researcher.get(DIGITS + "review/").json()}


@pytest.mark.parametrize("move", ["open", "pause", "resume", "close"])
def test_a_closed_study_does_not_move(researcher, closed_study, move):
    assert "digits is closed" in detail(post(researcher, f"{DIGITS}{move}/"), 409)


def test_the_quota_only_grows(researcher, draft_study):
    Study.objects.update(quota=5)
    draft_study.refresh_from_db()
    draft_study.open()
    assert "the quota can only grow" in detail(post(researcher, DIGITS + "quota/", {"quota": 4}), 409)
    assert post(researcher, DIGITS + "quota/", {"quota": 6}).json()["quota"] == 6


def test_shares_before_closing_need_a_reason(researcher, complete_participation):
    assert "say why at look/" in detail(researcher.get(DIGITS + "votes.csv"), 403)
    assert post(researcher, DIGITS + "look/", {"reason": "why"}).status_code == 400
    assert post(researcher, DIGITS + "look/", WHY).status_code == 201
    votes = b"".join(researcher.get(DIGITS + "votes.csv"))
    assert len(votes.splitlines()) == 27


@pytest.mark.parametrize("name", FILES)
def test_files_of_a_closed_study_name_its_design(researcher, complete_participation, open_study, name):
    open_study.close()
    response = researcher.get(f"{DIGITS}{name}")
    assert response.status_code == 200
    assert response.headers["X-Design-SHA256"] == open_study.design_sha256
    assert response.headers["Content-Disposition"].startswith('attachment; filename="digits')


def test_an_open_study_has_no_archive(researcher, open_study):
    assert detail(researcher.get(DIGITS + "archive.zip"), 409) == (
        "digits is open: an archive is of a closed study."
    )


def test_participations_tell_no_person(researcher, complete_participation):
    found = researcher.get(DIGITS + "participations/").json()
    assert found["count"] == 1
    text = json.dumps(found)
    for secret in ("public_id", "completion_code", "receipt_code", "seed"):
        assert str(getattr(complete_participation, secret)) not in text


def test_studies_are_filtered_and_come_in_pages(researcher, two_studies):
    two_studies[0].open()
    assert [s["slug"] for s in researcher.get(API + "studies/?status=open").json()["results"]] == ["digits"]
    page = researcher.get(API + "studies/?limit=1").json()
    assert (page["count"], len(page["results"])) == (2, 1)


def test_a_study_file_and_an_archive_come_in(researcher, complete_participation, open_study):
    file = SimpleUploadedFile("again.yaml", export_study(open_study).encode())
    assert researcher.post(API + "study-files/", {"file": file}).json() == {
        "slug": "again",
        "status": "draft",
    }
    open_study.close()
    out = io.BytesIO()
    write_archive(open_study, out)
    again = SimpleUploadedFile("digits.zip", out.getvalue())
    response = researcher.post(API + "archives/", {"file": again})
    assert detail(response, 400) == "There is a study 'digits' here already; an archive overwrites nothing."


def test_a_zip_that_is_no_set_is_refused(researcher, db):
    response = researcher.post(API + "sets/", {"file": SimpleUploadedFile("set.zip", b"nonsense")})
    assert detail(response, 400) == "set.zip: no zip file that can be read: File is not a zip file."


def test_a_token_opens_the_api(stranger, researcher):
    credentials = {"username": "researcher", "password": "a long password"}
    token = post(stranger, API + "tokens/", credentials).json()["token"]
    assert stranger.get(API + "studies/", headers={"Authorization": f"Token {token}"}).status_code == 200


def test_too_many_failed_logins_wait(stranger, researcher):
    wrong = {"username": "researcher", "password": "wrong"}
    for _ in range(10):
        assert detail(post(stranger, API + "tokens/", wrong), 401)
    assert "a quarter of an hour" in detail(post(stranger, API + "tokens/", wrong), 429)


PATHS = ["studies/", "studies/digits/", "sets/", "sets/tiny/", "audit/", "teams/"]
PATHS += [f"studies/digits/{name}" for name in ("review/", "participations/", "texts/", *FILES)]


@pytest.mark.parametrize("path", PATHS)
def test_strangers_see_nothing(stranger, draft_study, path):
    assert detail(stranger.get(API + path), 401) == "Authentication credentials were not provided."


@pytest.mark.parametrize("path", ["", "review/", "participations/", "texts/", "power/", "rehearsal/", *FILES])
def test_outsiders_find_no_study(outsider, draft_study, path):
    assert detail(outsider.get(DIGITS + path), 404)


@pytest.mark.parametrize("move", ["open", "pause", "resume", "close", "quota", "versions"])
def test_an_analyst_runs_nothing(analyst, draft_study, move):
    assert detail(post(analyst, f"{DIGITS}{move}/", {"quota": 5}), 403)
    assert Study.objects.get().is_draft


def test_an_analyst_makes_and_changes_nothing(analyst, draft_study):
    assert detail(post(analyst, API + "studies/", {"explanation_set": "tiny"}), 403)
    assert detail(patch(analyst, DIGITS, {"design": {}}), 403)
    assert researchers_log(analyst) == []


def researchers_log(client):
    return client.get(API + "audit/").json()["results"]


@pytest.mark.parametrize(
    "path", ["studies/nothing/", "sets/nothing/", "teams/99/", "studies/nothing/review/"]
)
def test_what_is_not_there_is_not_found(researcher, db, path):
    assert detail(researcher.get(API + path), 404)


@pytest.mark.parametrize(
    ("method", "path"), [("delete", ""), ("put", ""), ("get", "open/"), ("post", "review/")]
)
def test_a_wrong_verb_is_refused(researcher, draft_study, method, path):
    assert "not allowed" in detail(getattr(researcher, method)(DIGITS + path), 405)


def test_only_administrators_give_roles(researcher, analyst, draft_study, django_user_model):
    django_user_model.objects.create_user("new")
    path = f"{API}teams/{draft_study.team_id}/members/"
    body = {"user": "new", "role": "researcher"}
    assert detail(analyst.put(path, body, content_type="application/json"), 403)
    assert researcher.put(path, body, content_type="application/json").status_code == 200
    assert Membership.objects.get(user__username="new").role == "researcher"
    assert AuditEvent.objects.get().detail == "new is researcher"


def test_a_page_of_studies_takes_few_queries(researcher, two_studies, django_assert_max_num_queries):
    researcher.get(API + "teams/")  # the first request of a minute makes the rows that count
    with django_assert_max_num_queries(12):  # three of them count the request
        researcher.get(API + "studies/")


def test_a_page_of_participations_takes_few_queries(researcher, open_study, django_assert_max_num_queries):
    for number in range(5):
        Participation.objects.enrol(open_study, f"person-{number}")
    researcher.get(API + "teams/")  # the first request of a minute makes the rows that count
    with django_assert_max_num_queries(12):
        researcher.get(DIGITS + "participations/")


def test_the_description_is_valid_and_has_examples(researcher):
    text = researcher.get(API + "schema/")
    assert text.status_code == 200
    assert "digits" in json.dumps(json.loads(text.content)["paths"][API + "studies/"]["post"])
