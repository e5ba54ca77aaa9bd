"""Writes the replication archive of a closed study."""

from django.core.management.base import BaseCommand, CommandError

from survey.files.archive import ArchiveRefused, archive_name, write_archive
from survey.models import AuditEvent, Study


class Command(BaseCommand):
    help = "Write the replication archive (zip) of a closed study."

    def add_arguments(self, parser):
        parser.add_argument("study", help="short name of the study, as in its link")
        parser.add_argument("--out", help="the file to write; by default the study's name in this folder")

    def handle(self, *, study, out, **options):
        found = Study.objects.filter(slug=study).first()
        if found is None:
            names = ", ".join(Study.objects.values_list("slug", flat=True))
            raise CommandError(f"There is no study {study!r}; there are: {names or 'none'}.")
        out = out or archive_name(found)
        try:
            with open(out, "xb") as file:
                write_archive(found, file)
        except OSError as error:
            raise CommandError(f"{out}: {error.strerror}.") from error
        except ArchiveRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        AuditEvent.objects.record(None, AuditEvent.Action.EXPORTED, found, detail="archive")
        self.stdout.write(out)
