"""Deletes the personal data of a closed study: who its participants are on the platform that sent them."""

from django.core.management.base import BaseCommand, CommandError

from survey.models import PlatformIdentity, Study


class Command(BaseCommand):
    help = "Delete the platform ids of a closed study's participants; their answers stay, without a person."

    def add_arguments(self, parser):
        parser.add_argument("study", help="short name of the study, as in its link")

    def handle(self, *, study, **options):
        found = Study.objects.filter(slug=study).first()
        if found is None:
            raise CommandError(f"There is no study {study!r}.")
        if found.status != Study.Status.CLOSED:
            raise CommandError(
                f"The study {study!r} is {found.status}: its platform ids keep people from taking part "
                "twice. Close it first."
            )
        purged, _ = PlatformIdentity.objects.filter(study=found).delete()
        self.stdout.write(f"{study}: {purged} platform ids deleted")
