"""Writes a backup of database and pictures, while the site runs."""

from django.core.management.base import BaseCommand, CommandError

from survey.files.backups import BackupRefused, back_up


class Command(BaseCommand):
    help = "Write database and pictures to a new folder; the site may go on running."

    def add_arguments(self, parser):
        parser.add_argument("folder")

    def handle(self, *, folder, **options):
        try:
            rows = back_up(folder)
        except (BackupRefused, OSError) as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{folder}: {rows['survey_answer']} answers, {sum(rows.values())} rows in all")
