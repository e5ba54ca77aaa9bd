"""Makes the site anew from a backup, in an empty place."""

from django.core.management.base import BaseCommand, CommandError

from survey.files.backups import BackupRefused, restore


class Command(BaseCommand):
    help = "Fill an empty database and an empty MEDIA_ROOT from a backup, and verify every file and table."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser):
        parser.add_argument("folder")

    def handle(self, *, folder, **options):
        try:
            rows = restore(folder)
        except (BackupRefused, OSError) as refusal:
            raise CommandError(str(refusal)) from refusal
        answers, all_rows = rows["survey_answer"], sum(rows.values())
        self.stdout.write(f"{folder}: {answers} answers restored, {all_rows} rows in all")
