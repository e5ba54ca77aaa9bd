"""Makes a draft from a study file."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from survey.files.study_file import StudyFileRefused, import_study, unused_slug
from survey.models import AuditEvent, Team
from survey.models.teams import first_team


class Command(BaseCommand):
    help = "Make a draft from a study file (YAML)."

    def add_arguments(self, parser):
        parser.add_argument("file")
        parser.add_argument("--slug", help="short name of the new study, as in its link")
        parser.add_argument("--team", help="name of the team that gets it; the site's first by default")

    def handle(self, *, file, slug, team, **options):
        try:
            text = Path(file).read_text(encoding="utf-8")
            slug = slug or unused_slug(Path(file).stem)
            study = import_study(text, slug=slug, name=Path(file).name, team_id=self._team(team))
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{file}: byte {error.start} is not UTF-8.") from error
        except StudyFileRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        AuditEvent.objects.record(None, AuditEvent.Action.IMPORTED, study, detail=Path(file).name[:300])
        self.stdout.write(f"{study.slug}: a draft with {study.questions.count()} questions")

    def _team(self, name):
        if not name:
            return first_team()
        found = Team.objects.filter(name=name).first()
        if found is None:
            names = ", ".join(Team.objects.values_list("name", flat=True))
            raise CommandError(f"There is no team {name!r}; there are: {names or 'none'}.")
        return found.pk
