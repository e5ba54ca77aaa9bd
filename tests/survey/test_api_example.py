"""The example of the README, as written, against a running site."""

import zipfile

import pytest
from django.conf import settings

from survey.importing import import_set
from survey.models import Membership
from survey.models.teams import first_team


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_readmes_example_makes_opens_and_archives_a_study(
    live_server, set_folder_of, django_user_model, tmp_path, monkeypatch, capsys
):
    import_set(set_folder_of("mnist"))
    user = django_user_model.objects.create_user("researcher", password="a long password")
    Membership.objects.create(team_id=first_team(), user=user)
    monkeypatch.setenv("BEHOLDER_PASSWORD", "a long password")
    monkeypatch.chdir(tmp_path)
    readme = (settings.BASE_DIR / "README.md").read_text(encoding="utf-8")
    [example] = [
        part.split("```")[0] for part in readme.split("```python\n")[1:] if "/api/v1" in part.split("```")[0]
    ]
    exec(compile(example.replace("http://127.0.0.1:8000", live_server.url), "README.md", "exec"), {})
    draft, *_, digest = capsys.readouterr().out.splitlines()
    assert (draft, len(digest)) == ("draft", 64)
    with zipfile.ZipFile("digits-archive.zip") as archive:
        assert "votes.csv" in archive.namelist()
