"""Prints personal links to a study, each good for one participation."""

from django.core.management.base import BaseCommand, CommandError

from survey.invitations import personal_path
from survey.models import Study


class Command(BaseCommand):
    help = "Print personal links to a study that is open to invited people; nothing is stored."

    def add_arguments(self, parser):
        parser.add_argument("study", help="short name of the study, as in its link")
        parser.add_argument("--number", type=int, default=1)
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="the site's address")

    def handle(self, *, study, number, url, **options):
        found = Study.objects.filter(slug=study, platform="invitation").first()
        if found is None:
            names = ", ".join(Study.objects.filter(platform="invitation").values_list("slug", flat=True))
            raise CommandError(
                f"No study {study!r} recruits by invitation; those that do: {names or 'none'}."
            )
        for _ in range(number):
            self.stdout.write(url.rstrip("/") + personal_path(found))
