"""Writes a study's file: its whole definition, from which the same study can be made again."""

from django.core.management.base import BaseCommand, CommandError

from survey.files.study_file import export_study
from survey.models import AuditEvent, Study


class Command(BaseCommand):
    help = "Write a study's file (YAML) to standard output, or to --out."

    def add_arguments(self, parser):
        parser.add_argument("study", help="short name of the study, as in its link")
        parser.add_argument("--out", help="the file to write")

    def handle(self, *, study, out, **options):
        found = Study.objects.filter(slug=study).first()
        if found is None:
            names = ", ".join(Study.objects.values_list("slug", flat=True))
            raise CommandError(f"There is no study {study!r}; there are: {names or 'none'}.")
        text = export_study(found)
        if out:
            _write(out, text)
        else:
            self.stdout.write(text, ending="")
        AuditEvent.objects.record(None, AuditEvent.Action.EXPORTED, found, detail="study file")


def _write(out, text):
    try:
        with open(out, "x", encoding="utf-8", newline="") as file:
            file.write(text)
    except OSError as error:
        raise CommandError(f"{out}: {error.strerror}.") from error
