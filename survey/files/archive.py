"""The replication archive: one zip from which a closed study can be checked, recomputed and restored.

    study.yaml          the study as it was frozen            set/            pictures, maps, metrics
    votes.csv, .parquet one row per answer, codebook.csv       report.*        HTML, JSON, Markdown
    participants.csv    how each participation went           plan.csv        what each was shown, in order
    recompute.py, .R    the main table from votes.csv         archive.json    versions, dates
    SHA256SUMS          of all of these

The same study gives the same bytes. No personal data: no platform id, no reason, no code, no link.
"""

import csv
import hashlib
import io
import json
import platform
import tempfile
import zipfile
from datetime import datetime
from importlib import metadata
from pathlib import Path

import django
import numpy as np
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from ..exporting import codebook_lines, study_report, vote_lines, vote_table, votes_parquet
from ..importing import ImportRefused, import_set
from ..models import Answer, Participation, PlannedQuestion, Question, Study
from ..models.participations import code_of
from ..models.questions import new_token
from ..moments import BATCH, Moment, in_batches, moments
from .study_file import StudyFileRefused, export_study, import_study, study_sha256
from .zip_reading import ZipRefused, unpack

FORMAT = "beholder-archive/1"
SCRIPTS = Path(__file__).parent / "archive_files"
STAMP = (1980, 1, 1, 0, 0, 0)  # of every member: the day that zip knows first
NEEDED = ("archive.json", "study.yaml", "votes.csv", "participants.csv", "plan.csv", "set/manifest.json")
PARTICIPANT = (
    *("language", "seed", "simulated", "status", "place", "first_position", "next_position", "last_position"),
    *("consented_at", "screened_at", "active_at", "last_answer_at", "finished_at", "withdrawn_at"),
    *("checks_passed", "kept"),
)
PLAN = ("participant", "position", "question", "option_order", "chosen", "shown_at", "answered_at")
ADDED = {"language"}  # columns of the vote table that archives written before them lack


class ArchiveRefused(ValueError):
    """Why there is no archive of this study, or none can be restored from this file; one line."""


# Writing


def write_archive(study, file):
    """Writes the archive of a closed study to a binary file. Raises ArchiveRefused."""
    if not study.is_closed:
        raise ArchiveRefused(f"“{study}” is {study.status}: an archive is of a closed study.")
    if not study.design:
        raise ArchiveRefused(f"“{study}” was opened before designs were frozen, so it has no archive.")
    members = dict(_members(study))
    sums = "".join(f"{hashlib.sha256(members[name]).hexdigest()}  {name}\n" for name in sorted(members))
    members["SHA256SUMS"] = sums.encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name in sorted(members):
            info = zipfile.ZipInfo(name, STAMP)
            info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            archive.writestr(info, members[name])


def archive_name(study):
    return f"{study.slug}-archive.zip"


def _members(study):
    table = vote_table(study)  # made once: with 10,000 participants it takes seconds
    yield "archive.json", _json(_facts(study))
    yield "study.yaml", export_study(study).encode()
    yield from _set_members(study.explanation_set)
    yield "votes.csv", table
    yield "votes.parquet", votes_parquet(study, table)
    yield "codebook.csv", "".join(codebook_lines(study)).encode()
    yield "participants.csv", _table(("participant", *PARTICIPANT), _participants(study))
    yield "plan.csv", _table(PLAN, _plan(study))
    report = study_report(study, table=table)
    if report:
        yield "report.html", report.write("html").encode()
        yield "report.json", report.write("json").encode()
        yield "report.md", report.write("markdown").encode()
    for script in ("recompute.py", "recompute.R"):
        yield script, (SCRIPTS / script).read_bytes()


def _facts(study):
    return {
        "format": FORMAT,
        "study": study.slug,
        "version": study.version,
        "design_sha256": study.design_sha256,
        "quota": study.quota,
        "opened_at": study.opened_at.isoformat(),
        "closed_at": study.closed_at.isoformat(),
        "versions": {
            "python": platform.python_version(),
            "django": django.get_version(),
            **{name: metadata.version(name) for name in ("numpy", "scipy", "pandas", "pyarrow")},
        },
    }


def _set_members(explanation_set):
    manifest = json.loads(explanation_set.manifest)
    if not explanation_set.maps and any(record.get("array") for record in manifest["maps"]):
        raise ArchiveRefused(
            f"The set {explanation_set} was imported before raw values were kept: import its folder again."
        )
    yield "set/manifest.json", explanation_set.manifest.encode()
    if explanation_set.maps:
        with explanation_set.maps.open() as file:
            yield "set/maps.safetensors", file.read()
    images = {
        (m.method.slug, m.label, m.replicate): m for m in explanation_set.class_maps.select_related("method")
    }
    for name in manifest["metrics"]["files"] if explanation_set.metrics_csv else ():
        yield f"set/{name}", explanation_set.metrics_as(Path(name).suffix[1:])
    originals = explanation_set.originals_by_label
    for record in manifest.get("originals", ()):
        with originals[record["label"]].image.open() as file:
            yield f"set/{record['image']}", file.read()
    for record in manifest["maps"]:
        with images[record["method"], record["label"], record["replicate"]].image.open() as file:
            yield f"set/{record['image']}", file.read()


def _participants(study):
    for participation in study.participations.order_by("pk"):
        yield [participation.code, *(_spelled(getattr(participation, name)) for name in PARTICIPANT)]


def _plan(study):
    plan = PlannedQuestion.objects.filter(participation__study=study).order_by("participation", "position")
    plan = plan.values_list(
        *(Moment("answer__shown_at"), Moment("answer__answered_at")),
        *("participation_id", "participation__archived_code", "position", "option_order"),
        *("answer__option__number", "question__kind", "question__label", "question__replicate"),
    )
    for rows in in_batches(plan.iterator(chunk_size=BATCH)):
        shown_at, answered_at = (_isoformat([row[place] for row in rows]) for place in (0, 1))
        for row, shown, answered in zip(rows, shown_at, answered_at, strict=True):
            number, archived_code, position, order, chosen, *question = row[2:]
            chose = (chosen or 0) if answered else ""
            code = Question.code_of(*question)
            yield code_of(number, archived_code), position, code, order, chose, shown, answered


def _isoformat(microseconds):
    """As `datetime.isoformat` spells each of these moments in UTC; nothing where there is none."""
    told = np.datetime_as_string(moments(microseconds)).tolist()
    return ["" if text == "NaT" else f"{text.removesuffix('.000000')}+00:00" for text in told]


def _spelled(value):
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _table(header, rows):
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


def _json(data):
    return (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode()


# Reading


def restore_archive(file, *, name="the archive", **columns):
    """The closed Study of an archive (a path or a binary file), with its set, participations and answers.

    `columns` are those that no archive tells: `team_id` and `owner`. All or nothing: the restored study must
    give the vote table of the archive, byte by byte. Raises ArchiveRefused.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            unpack(file, folder, name=name)
            _check_sums(Path(folder))
            return _Restoration(Path(folder), columns).study()
        except (ZipRefused, ImportRefused, StudyFileRefused) as refusal:
            raise ArchiveRefused(str(refusal)) from None
        except (IntegrityError, ValidationError) as error:
            told = " ".join(str(error).split())
            raise ArchiveRefused(f"{name}: its participants contradict themselves: {told}") from None
        except (KeyError, ValueError, TypeError) as error:
            if isinstance(error, ArchiveRefused):
                raise
            raise ArchiveRefused(
                f"{name}: is no archive of a study: {' '.join(str(error).split())}."
            ) from None


def _check_sums(folder):
    sums = folder / "SHA256SUMS"
    if not sums.is_file():
        raise ArchiveRefused("The archive has no SHA256SUMS: it is no archive of a study.")
    promised = {}
    for line in sums.read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        promised[name] = digest
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"SHA256SUMS"}
    for name in sorted({*promised, *there, *NEEDED}):
        if name not in there:
            raise ArchiveRefused(f"The archive has no {name}; export it again.")
        if promised.get(name) != hashlib.sha256((folder / name).read_bytes()).hexdigest():
            raise ArchiveRefused(
                f"{name} is not what SHA256SUMS says: the archive was changed; export it again."
            )


class _Restoration:
    def __init__(self, folder, columns):
        self.folder, self.columns = folder, columns
        self.facts = json.loads(self._text("archive.json"))
        if self.facts["format"] != FORMAT:
            raise ArchiveRefused(f"archive.json: format is {self.facts['format']!r}; allowed is {FORMAT!r}.")

    def _text(self, name):
        return (self.folder / name).read_text(encoding="utf-8")

    def _rows(self, name):
        return list(csv.DictReader(io.StringIO(self._text(name), newline="")))

    @transaction.atomic
    def study(self):
        slug = self.facts["study"]
        if Study.objects.filter(slug=slug).exists():
            raise ArchiveRefused(f"There is a study {slug!r} here already; an archive overwrites nothing.")
        import_set(self.folder / "set", renews_metrics=False)  # other studies' reports stay as they are
        study = self._closed(slug)
        self._answers(study, self._participations(study))
        told = self._text("votes.csv")
        unknown = ADDED - set(told.partition("\n")[0].split(","))
        if "".join(vote_lines(study, without=unknown)) != told:
            raise ArchiveRefused(
                "The restored study gives another vote table than votes.csv: the archive is of a version of "
                "Beholder that wrote questions differently."
            )
        return study

    def _closed(self, slug):
        design = self._text("study.yaml")
        study = import_study(design, slug=slug, name="study.yaml", **self.columns)
        if study_sha256(design) != self.facts["design_sha256"]:
            raise ArchiveRefused("study.yaml is not what archive.json calls it by its SHA-256.")
        Study.objects.filter(pk=study.pk).update(
            status=Study.Status.CLOSED,
            version=self.facts["version"],
            quota=self.facts["quota"],
            opened_at=datetime.fromisoformat(self.facts["opened_at"]),
            closed_at=datetime.fromisoformat(self.facts["closed_at"]),
            design=design,
            design_sha256=self.facts["design_sha256"],
        )
        study.refresh_from_db()
        return study

    def _participations(self, study):
        fields = {name: Participation._meta.get_field(name) for name in PARTICIPANT}
        found = []
        for row in self._rows("participants.csv"):
            values = {name: self._value(field, row[name]) for name, field in fields.items()}
            found.append(
                Participation(study=study, public_id=new_token(), archived_code=row["participant"], **values)
            )
        Participation.objects.bulk_create(found, batch_size=BATCH)
        return {someone.archived_code: someone for someone in found}

    def _value(self, field, text):
        if text == "":
            return None if field.null else ""
        if field.get_internal_type() == "BooleanField":
            return {"True": True, "False": False}[text]
        return field.to_python(text)

    def _answers(self, study, people):
        questions = {q.code: q for q in study.questions.prefetch_related("options")}
        rows = self._rows("plan.csv")
        planned = [
            PlannedQuestion(
                participation=people[row["participant"]],
                question=questions[row["question"]],
                position=int(row["position"]),
                option_order=row["option_order"],
            )
            for row in rows
        ]
        PlannedQuestion.objects.bulk_create(planned, batch_size=BATCH)
        Answer.objects.bulk_create(
            (
                Answer(
                    planned=place,
                    option=place.question.in_order(row["chosen"])[0] if row["chosen"] != "0" else None,
                    shown_at=datetime.fromisoformat(row["shown_at"]),
                    answered_at=datetime.fromisoformat(row["answered_at"]),
                )
                for place, row in zip(planned, rows, strict=True)
                if row["chosen"]
            ),
            batch_size=BATCH,
        )
