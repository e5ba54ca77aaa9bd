import django.db.models.deletion
from django.db import migrations, models

import survey.models.teams


class Migration(migrations.Migration):
    dependencies = [("survey", "0023_put_everybody_into_one_team")]

    operations = [
        migrations.AlterField(
            model_name="study",
            name="team",
            field=models.ForeignKey(
                default=survey.models.teams.first_team,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="studies",
                to="survey.team",
            ),
        ),
    ]
