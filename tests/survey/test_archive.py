import csv
import hashlib
import io
import json
import shutil
import subprocess
import sys
import zipfile

import pytest
from django.core.management import CommandError, call_command

from analysis import VoteTable, report
from analysis.votes.columns import METHOD_COLUMNS
from survey.exporting import study_report, vote_lines
from survey.files.archive import SCRIPTS, ArchiveRefused, restore_archive, write_archive
from survey.models import Answer, AuditEvent, ExplanationSet, Participation, PlannedQuestion, Study

pytestmark = pytest.mark.django_db


@pytest.fixture
def answered_study(open_study, answer):
    """Closed; four kept who differ, one who failed the checks, one who left."""
    for number in range(4):
        chosen = lambda planned, number=number: 1 + (planned.position * number) % 4  # noqa: E731
        answer(Participation.objects.enrol(open_study, f"person-{number}"), 26, chooses=chosen)
    answer(Participation.objects.enrol(open_study, "careless"), 26, wrong_checks=4)
    answer(Participation.objects.enrol(open_study, "left"), 9)
    open_study.close()
    return open_study


def archived(study):
    file = io.BytesIO()
    write_archive(study, file)
    return file.getvalue()


def emptied():
    """A site as if nothing had ever been imported."""
    AuditEvent.objects.all()._raw_delete("default")
    Answer.objects.all().delete()
    PlannedQuestion.objects.all().delete()
    Participation.objects.all().delete()
    Study.objects.all().delete()
    ExplanationSet.objects.all().delete()


def changed(archive, name, content):
    """The archive with another content of one member (None: without it), its sums left as they were."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w") as new:
        for member in old.namelist():
            if member != name:
                new.writestr(member, old.read(member))
        if content is not None:
            new.writestr(name, content)
    return io.BytesIO(out.getvalue())


def test_an_archive_restores_the_closed_study_with_the_same_numbers(answered_study):
    archive, votes = archived(answered_study), "".join(vote_lines(answered_study))
    before = study_report(answered_study).as_dict()
    emptied()
    study = restore_archive(io.BytesIO(archive))
    assert (study.slug, study.status) == ("digits", "closed")
    assert "".join(vote_lines(study)) == votes
    assert study_report(study).as_dict() == before


def test_the_same_study_gives_the_same_bytes_also_after_a_restoration(answered_study):
    archive = archived(answered_study)
    assert archived(answered_study) == archive
    emptied()
    assert archived(restore_archive(io.BytesIO(archive))) == archive


def test_an_archive_from_before_the_language_was_told_is_restored(answered_study):
    archive = archived(answered_study)
    before = "".join(vote_lines(answered_study, without={"language"})).encode()
    with zipfile.ZipFile(io.BytesIO(archive)) as members:
        now, sums = members.read("votes.csv"), members.read("SHA256SUMS").decode()
    assert now.splitlines()[0] == before.splitlines()[0] + b",language"
    sums = sums.replace(*(hashlib.sha256(table).hexdigest() for table in (now, before)))
    emptied()
    older = changed(changed(archive, "votes.csv", before).getvalue(), "SHA256SUMS", sums)
    assert "".join(vote_lines(restore_archive(older))).encode() == now


def test_an_archive_holds_no_personal_data_and_no_key_to_a_page(answered_study):
    someone = Participation.objects.first()
    Answer.objects.filter(planned__participation=someone).update(reason="I live next door")
    with zipfile.ZipFile(io.BytesIO(archived(answered_study))) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    for secret in (someone.public_id, someone.completion_code, someone.receipt_code, "next door"):
        assert secret.encode() not in everything


PROGRAMS = [[sys.executable, "recompute.py"], ["Rscript", "recompute.R"]]


def agree(program, folder, report):
    """Asserts that what the script prints in a folder is what the report says."""
    if shutil.which(program[0]) is None:
        pytest.skip(f"there is no {program[0]} here")
    done = subprocess.run(program, cwd=folder, capture_output=True, text=True, check=True)
    header, *lines = done.stdout.splitlines()
    assert header == "method,votes,share,low,high"
    found = {method: list(map(float, row)) for method, *row in (line.split(",") for line in lines[:4])}
    for method, votes in report["votes"].items():
        low, high = report["share_intervals"][method].values()
        assert found[method] == pytest.approx([votes, report["shares"][method], low, high], abs=1e-9)
    tests = [line for line in lines[4:] if "p = " in line]
    for line, test in zip(tests, ("one-way", "friedman"), strict=True):
        assert float(line.split("p = ")[1]) == pytest.approx(report["tests"][test]["p"], rel=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS)
def test_the_scripts_recompute_the_main_table(answered_study, tmp_path, program):
    with zipfile.ZipFile(io.BytesIO(archived(answered_study))) as archive:
        archive.extractall(tmp_path)
    agree(program, tmp_path, json.loads((tmp_path / "report.json").read_text()))


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_scripts_count_none_of_these_and_unequal_numbers_of_answers_as_the_report_does(tmp_path, program):
    """One method has many votes, one has few, and one has none; one person always answers "none of these"."""
    methods, rows = ("A", "B", "C", "D"), []
    for person in range(16):
        for question in range(24 + person % 2):
            chosen = 1 + (0, 0, 1, 0, 1, 2, 0)[(person * question + question // 3) % 7]
            position = 0 if person == 0 or (person + question) % 5 == 0 else chosen
            method = methods[position - 1] if position else ""
            rows.append([f"p{person}", "scored", "true", "a", 1, position, method, *methods])
    columns = ["participant", "kind", "kept", "label", "replicate", "chosen_position", "chosen_method"]
    with open(tmp_path / "votes.csv", "w", newline="") as file:
        csv.writer(file).writerows([[*columns, *METHOD_COLUMNS[:4]], *rows])
    for script in ("recompute.py", "recompute.R"):
        shutil.copy(SCRIPTS / script, tmp_path)
    votes = VoteTable.read(tmp_path / "votes.csv")
    record = report(votes).as_dict()
    assert (record["votes"]["D"], record["none_of_these"]["answers"] > 24) == (0, True)
    agree(program, tmp_path, record)


@pytest.mark.parametrize("status", ["draft", "open"])
def test_only_a_closed_study_has_an_archive(draft_study, status):
    if status == "open":
        draft_study.open()
    with pytest.raises(ArchiveRefused, match=f"is {status}: an archive is of a closed study"):
        archived(draft_study)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("votes.csv", b"changed", "votes.csv is not what SHA256SUMS says"),
        ("plan.csv", None, "The archive has no plan.csv; export it again."),
        ("extra.txt", b"x", "extra.txt is not what SHA256SUMS says"),
        ("SHA256SUMS", None, "The archive has no SHA256SUMS"),
        ("../outside", b"x", "the archive: the name '../outside' leads out of the folder"),
    ],
)
def test_an_archive_that_was_changed_is_refused_and_leaves_nothing(answered_study, name, content, sentence):
    archive = archived(answered_study)
    emptied()
    with pytest.raises(ArchiveRefused) as refused:
        restore_archive(changed(archive, name, content))
    assert str(refused.value).startswith(sentence)
    assert not Study.objects.exists()


def test_an_archive_overwrites_nothing(answered_study):
    with pytest.raises(ArchiveRefused, match="There is a study 'digits' here already"):
        restore_archive(io.BytesIO(archived(answered_study)))


def test_the_commands_write_and_restore_an_archive(answered_study, tmp_path, capsys):
    file = str(tmp_path / "digits.zip")
    call_command("export_archive", "digits", "--out", file)
    emptied()
    call_command("import_archive", file)
    assert capsys.readouterr().out.splitlines()[-1] == "digits: closed, 6 participants, 4 kept"


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["export_archive", "nothing"], "There is no study 'nothing'; there are: digits."),
        (["import_archive", "/no/file.zip"], "/no/file.zip: No such file or directory."),
        (
            ["import_archive", __file__],
            "test_archive.py: no zip file that can be read: File is not a zip file.",
        ),
    ],
)
def test_commands_refuse_in_one_line(draft_study, command, message):
    with pytest.raises(CommandError) as refused:
        call_command(*command)
    assert str(refused.value) == message
