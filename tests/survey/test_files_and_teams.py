import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from survey.files.study_file import export_study, study_sha256
from survey.models import AuditEvent, ExplanationSet, Membership, Study
from survey.models.teams import first_team

pytestmark = pytest.mark.django_db


def text(response):
    return response.content.decode()


def upload(client, content, name="own.yaml"):
    return client.post(reverse("studio:import_study"), {"file": SimpleUploadedFile(name, content)})


@pytest.mark.parametrize("name", ["files", "study_file", "plan", "plan_markdown", "risks"])
def test_files_are_for_the_team_only(researcher, stranger, outsider, draft_study, name):
    address = reverse(f"studio:{name}", args=["digits"])
    assert researcher.get(address).status_code == 200
    assert stranger.get(address).status_code == 302
    assert outsider.get(address).status_code == 404
    assert researcher.post(address).status_code == 405


def test_a_study_file_makes_the_same_study_again(researcher, draft_study):
    exported = researcher.get(reverse("studio:study_file", args=["digits"])).content
    response = upload(researcher, exported)
    made = Study.objects.get(slug="own")
    assert response.headers["Location"] == made.get_absolute_url()
    assert export_study(made).encode() == exported
    assert made.is_draft


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"format: nonsense\n", "own.yaml"),
        (b"\xff\xfe", "byte 0 is not UTF-8"),
        (b"", "The submitted file is empty."),
        (b"x" * 1_000_001, "a study file has 1,000,000 at most"),
        (b"PK\x05\x06" + bytes(18), "SHA256SUMS"),  # a zip with nothing in it
    ],
)
def test_a_file_that_is_none_is_refused_with_its_reason(researcher, explanation_set, content, message):
    assert message in text(upload(researcher, content))
    assert not Study.objects.exists()


def test_an_analyst_imports_nothing(analyst, draft_study):
    assert upload(analyst, export_study(draft_study).encode()).status_code == 403


def test_the_plan_is_frozen_under_the_hash_of_the_study_file(researcher, open_study):
    page = text(researcher.get(reverse("studio:plan", args=["digits"])))
    open_study.refresh_from_db()
    assert open_study.design_sha256 == study_sha256(open_study.design)
    assert open_study.design_sha256 in page
    assert "draft" not in page


def test_an_administrator_gives_roles_and_the_log_keeps_it(researcher, outsider):
    address = reverse("studio:set_role", args=[first_team()])
    researcher.post(address, {"username": outsider.user.username, "role": "analyst"})
    assert Membership.objects.get(team=first_team(), user=outsider.user).role == "analyst"
    assert "is analyst" in text(researcher.get(reverse("studio:audit")))


def test_nobody_with_an_unknown_name_gets_a_role(researcher):
    address = reverse("studio:set_role", args=[first_team()])
    response = researcher.post(address, {"username": "nobody", "role": "analyst"})
    assert response.status_code == 400
    assert "Nobody here is called" in text(response)


def test_the_last_administrator_stays(researcher):
    researcher.post(reverse("studio:remove_member", args=[first_team(), researcher.user.pk]))
    researcher.post(
        reverse("studio:set_role", args=[first_team()]), {"username": "researcher", "role": "analyst"}
    )
    assert Membership.objects.get(user=researcher.user).role == "administrator"


def test_only_administrators_change_a_team(researcher, analyst, outsider):
    address = reverse("studio:remove_member", args=[first_team(), researcher.user.pk])
    assert analyst.post(address).status_code == 403
    assert outsider.post(address).status_code == 404
    assert researcher.get(address).status_code == 405
    assert Membership.objects.filter(user=researcher.user).exists()


def test_a_member_leaves_when_an_administrator_says_so(researcher, analyst):
    researcher.post(reverse("studio:remove_member", args=[first_team(), analyst.user.pk]))
    assert not Membership.objects.filter(user=analyst.user).exists()
    again = researcher.post(reverse("studio:remove_member", args=[first_team(), analyst.user.pk]))
    assert again.status_code == 404


def test_an_analyst_sees_a_study_and_changes_nothing(analyst, draft_study):
    for name in ("study", "design", "texts", "rehearsal", "power", "teams"):
        page = analyst.get(reverse(f"studio:{name}", args=["digits"] if name != "teams" else []))
        assert page.status_code == 200
        assert '<button class="button"' not in text(page)
    for name in ("design", "rehearsal", "open_study", "pause_study", "close_study", "add_language"):
        assert analyst.post(reverse(f"studio:{name}", args=["digits"])).status_code == 403
    assert Study.objects.get().is_draft


def test_what_is_done_in_the_studio_is_in_the_log(researcher, draft_study):
    for name in ("open_study", "pause_study", "resume_study", "close_study"):
        researcher.post(reverse(f"studio:{name}", args=["digits"]))
    done = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
    assert done == ["opened", "paused", "resumed", "closed"]


def test_the_log_is_for_administrators(analyst, open_study):
    AuditEvent.objects.record(analyst.user, AuditEvent.Action.OPENED, open_study)
    assert "opened" not in text(analyst.get(reverse("studio:audit")))


def test_the_log_takes_few_queries_at_any_length(researcher, open_study, django_assert_max_num_queries):
    for _ in range(120):
        AuditEvent.objects.record(researcher.user, AuditEvent.Action.EXPORTED, open_study)
    with django_assert_max_num_queries(8):
        assert "Page 1 of 3" in text(researcher.get(reverse("studio:audit")))


def zipped(folder):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder))
    return file.getvalue()


def test_a_zipped_set_is_uploaded(researcher, set_folder):
    file = SimpleUploadedFile("set.zip", zipped(set_folder))
    response = researcher.post(reverse("studio:upload_set"), {"file": file})
    assert response.headers["Location"] == ExplanationSet.objects.get().get_absolute_url()


def test_a_zip_that_is_no_set_is_refused_in_one_line(researcher, tmp_path):
    (tmp_path / "evil.pkl").write_bytes(b"cos")
    file = SimpleUploadedFile("set.zip", zipped(tmp_path))
    assert "set.zip: 0 files named manifest.json" in text(
        researcher.post(reverse("studio:upload_set"), {"file": file})
    )
    assert not ExplanationSet.objects.exists()


def test_strangers_and_analysts_upload_nothing(stranger, analyst):
    assert stranger.post(reverse("studio:upload_set")).status_code == 302
    assert analyst.get(reverse("studio:upload_set")).status_code == 403


def test_risks_are_told_before_the_opening_with_the_field_to_change(researcher, draft_study):
    draft_study.n_checks, draft_study.min_passed = 0, 0
    draft_study.save()
    page = text(researcher.get(reverse("studio:risks", args=["digits"])))
    assert "Without attention checks nobody can be left out" in page
    assert "/design/#id_n_checks" in page


def test_an_open_study_gets_a_new_version_once(researcher, open_study):
    address = reverse("studio:new_version", args=["digits"])
    assert researcher.post(address).headers["Location"] == "/studio/studies/digits-v2/"
    assert "has a new version already" in text(researcher.post(address, follow=True))
    assert Study.objects.get(slug="digits-v2").previous == open_study


def test_an_archive_is_of_a_closed_study(researcher, open_study):
    response = researcher.get(reverse("studio:archive", args=["digits"]), follow=True)
    assert "an archive is of a closed study" in text(response)
