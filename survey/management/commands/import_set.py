"""Imports an explanation set, as `python -m explanations build` writes it, into the site."""

from django.core.management.base import BaseCommand, CommandError

from survey.importing import ImportRefused, import_set


class Command(BaseCommand):
    help = (
        "Import an explanation set's folder, so that studies can be made from it; "
        "once more, to add the metrics of a set that was evaluated since."
    )

    def add_arguments(self, parser):
        parser.add_argument("folder")

    def handle(self, *, folder, **options):
        try:
            explanation_set = import_set(folder)
        except ImportRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        told = f"{explanation_set.slug}: {explanation_set.class_maps.count()} pictures"
        if explanation_set.metrics:
            told += f", {len(explanation_set.metrics.scores)} metrics"
        self.stdout.write(told)
