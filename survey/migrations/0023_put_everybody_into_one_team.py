from django.conf import settings
from django.db import migrations

from survey.models.teams import FIRST_TEAM


def into_one_team(apps, schema_editor):
    """Until now everybody with a login might do everything with every study: so they may in one team."""
    app, model = settings.AUTH_USER_MODEL.split(".")
    users = list(apps.get_model(app, model).objects.all())
    studies = apps.get_model("survey", "Study").objects.filter(team=None)
    if not users and not studies.exists():
        return
    team, _ = apps.get_model("survey", "Team").objects.get_or_create(name=FIRST_TEAM)
    memberships = apps.get_model("survey", "Membership").objects
    for user in users:
        memberships.get_or_create(team=team, user=user, defaults={"role": "administrator"})
    studies.update(team=team)


class Migration(migrations.Migration):
    dependencies = [("survey", "0022_give_studies_teams_and_an_audit_log")]

    operations = [migrations.RunPython(into_one_team, migrations.RunPython.noop)]
