from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("survey", "0007_constrain_screening_and_withdrawal")]

    operations = [
        migrations.AddField(
            model_name="explanationset",
            name="maps",
            field=models.FileField(
                blank=True, upload_to="sets/", verbose_name="maps.safetensors, the raw values"
            ),
        ),
    ]
