from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("survey", "0013_constrain_kinds_of_checks")]

    operations = [
        migrations.AddField(
            model_name="explanationset",
            name="maps",
            field=models.FileField(
                blank=True, upload_to="sets/", verbose_name="maps.safetensors, the raw values"
            ),
        ),
    ]
