"""Restores a closed study from its replication archive."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from survey.files.archive import ArchiveRefused, restore_archive
from survey.models import AuditEvent


class Command(BaseCommand):
    help = "Restore a closed study, with its set, participants and answers, from its archive (zip)."

    def add_arguments(self, parser):
        parser.add_argument("file")

    def handle(self, *, file, **options):
        try:
            study = restore_archive(file, name=Path(file).name)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from error
        except ArchiveRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        AuditEvent.objects.record(None, AuditEvent.Action.IMPORTED, study, detail=Path(file).name[:300])
        kept = study.participations.filter(kept=True).count()
        self.stdout.write(f"{study.slug}: closed, {study.participations.count()} participants, {kept} kept")
